// `crashlab minimize`: a smaller finding from a finding.
#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>

#include "harness/cli/internal/cli.h"
#include "harness/explore/minimizer.h"
#include "harness/report/internal/finding_files.h"
#include "harness/report/report.h"
#include "harness/runner/internal/minimize_findings.h"

namespace crashlab {
namespace {

std::string DefaultOut(const std::string& file) {
  constexpr std::string_view kEnding = ".toml";
  const std::string stem =
      file.ends_with(kEnding) ? file.substr(0, file.size() - kEnding.size()) : file;
  return stem + "-min.toml";
}

/// What the file's chain gives now; without a chain the first finding of the exploration.
Result<Minimized> MinimizeTarget(const Target& target) {
  FAULTFS_ASSIGN_OR_RETURN(const CaseResult result, ExploreApart(target));
  if (result.findings.empty()) {
    return Status::Error(Code::kNotFound,
                         "the finding does not show: there is nothing to minimize");
  }
  RunOptions options;
  options.minimize = MinimizeOptions();
  return MinimizeApart(result.findings.front(), *target.adapter, options);
}

}  // namespace

int Execute(const MinimizeCommand& command, const Console& console) {
  const auto target = FindTarget(command.file, console.adapters);
  if (!target.ok()) return console.WrongUse(target.status());
  const Result<Minimized> minimized = MinimizeTarget(*target);
  if (!minimized.ok()) {
    console.err << "crashlab: " << OneLine(minimized.status()) << "\n";
    return kExitNotDecided;
  }
  const Finding& finding = minimized->finding;
  const std::string out = command.out.empty() ? DefaultOut(command.file) : command.out;
  const Status written = WriteWhole(out, PrintScenario(ScenarioOf(finding, target->scenario.name)));
  if (!written.ok()) return console.WrongUse(written);
  Finding found = finding;
  found.reproducer.program = target->c.program;
  console.out << MinimizedText(found, *minimized, out, console.program_name);
  return kExitAsExpected;
}

}  // namespace crashlab
