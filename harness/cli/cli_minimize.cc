// `crashlab minimize`: a smaller finding from a finding.
#include <fmt/format.h>

#include <ostream>
#include <string>
#include <utility>

#include "harness/cli/internal/cli.h"
#include "harness/explore/explorer.h"
#include "harness/explore/minimizer.h"
#include "harness/report/internal/finding_files.h"
#include "harness/report/report.h"
#include "harness/runner/internal/one_job.h"
#include "harness/runner/internal/wire.h"

namespace crashlab {
namespace {

std::string DefaultOut(const std::string& file) {
  constexpr std::string_view kEnding = ".toml";
  const std::string stem =
      file.ends_with(kEnding) ? file.substr(0, file.size() - kEnding.size()) : file;
  return stem + "-min.toml";
}

/// The finding that the file's chain gives now; without a chain the first of the exploration.
Result<Finding> FindingOf(const Target& target, Monitor& monitor) {
  CaseResult result = Explore(target.c, *target.adapter, {}, monitor);
  if (!result.findings.empty()) return std::move(result.findings.front());
  return Status::Error(Code::kNotFound, "the finding does not show: there is nothing to minimize");
}

}  // namespace

int Execute(const MinimizeCommand& command, const Console& console) {
  const auto target = FindTarget(command.file, console.adapters);
  if (!target.ok()) return console.WrongUse(target.status());
  const auto work = [&](Monitor& monitor) -> Result<std::string> {
    FAULTFS_ASSIGN_OR_RETURN(const Finding finding, FindingOf(*target, monitor));
    Minimized minimized = Minimize(finding, *target->adapter, {}, {}, monitor);
    CaseResult result;
    // The counts carry what it cost, in the fields that mean the same.
    result.counts.programs = minimized.program_runs;
    result.counts.recoveries = minimized.recoveries;
    result.counts.exhausted_programs = minimized.one_minimal ? 1 : 0;
    result.findings.push_back(std::move(minimized.finding));
    return Encode(result);
  };
  const auto answer = RunOneJob(work, {});
  if (!answer.ok() || !answer->status.ok()) {
    console.err << "crashlab: " << OneLine(answer.ok() ? answer->status : answer.status()) << "\n";
    return kExitNotDecided;
  }
  const std::optional<CaseResult> result = DecodeCaseResult(answer->text);
  if (answer->death || !result) {
    console.err << "crashlab: the engine died while the finding was made smaller: "
                << (answer->death ? answer->death->how : "no answer") << "\n";
    return kExitNotDecided;
  }
  const Finding& finding = result->findings.front();
  const std::string out = command.out.empty() ? DefaultOut(command.file) : command.out;
  const Status written = WriteWhole(out, PrintScenario(ScenarioOf(finding, target->scenario.name)));
  if (!written.ok()) return console.WrongUse(written);
  console.out << FindingText(finding, out, console.program_name)
              << fmt::format("{} operations, from {}; {}; {} program runs, {} recoveries\n",
                             finding.reproducer.program.size(), target->c.program.size(),
                             result->counts.exhausted_programs == 1
                                 ? "nothing more can be left out"
                                 : "cut short: more might be left out",
                             result->counts.programs, result->counts.recoveries);
  return kExitAsExpected;
}

}  // namespace crashlab
