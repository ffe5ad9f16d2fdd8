// `crashlab run`.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>
#include <utility>

#include "faultfs/env/clock.h"
#include "harness/cli/internal/cli.h"
#include "harness/report/internal/finding_files.h"
#include "harness/report/internal/progress.h"
#include "harness/report/report.h"
#include "harness/runner/internal/decision.h"
#include "harness/runner/internal/interrupt.h"

namespace crashlab {
namespace {

/// The folder that a report goes to.
std::string FolderOf(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return folder.empty() ? "." : folder.string();
}

/// Before anything is run: an hour of work must not end in "permission denied".
std::string CheckTargets(const RunCommand& command) {
  if (command.out) {
    const Status status = CheckWritable(*command.out);
    if (!status.ok()) return fmt::format("run: --out {}: {}", *command.out, OneLine(status));
  }
  for (const auto& [option, file] :
       {std::pair("--junit", &command.junit), std::pair("--json", &command.json)}) {
    if (file->empty()) continue;
    if (std::filesystem::is_directory(*file)) {
      return fmt::format("run: {} {}: is a folder", option, *file);
    }
    if (!std::filesystem::is_directory(FolderOf(*file))) {
      return fmt::format("run: {} {}: there is no such folder", option, *file);
    }
    const Status status = CheckWritable(FolderOf(*file));
    if (!status.ok()) return fmt::format("run: {} {}: {}", option, *file, OneLine(status));
  }
  return {};
}

/// What a scenario says itself was checked when it was read.
std::string CheckFaults(const RunCommand& command, const std::vector<Scenario>& scenarios) {
  const std::string rule = RuleOfTheSimulator(command.options.faults);
  if (rule.empty()) return {};
  for (const Scenario& scenario : scenarios) {
    if (!scenario.process) continue;
    return fmt::format("run: --fault {}: {} has [process], and the rule needs the simulator", rule,
                       scenario.name);
  }
  return {};
}

/// Prints what the runner tells.
class RunPrinter {
 public:
  RunPrinter(const RunCommand& command, const Console& console)
      : console_(console),
        models_given_(!command.models.empty()),
        files_(command.out.value_or(std::string(kDefaultOut))),
        progress_(command.progress && isatty(STDERR_FILENO) == 1, command.options.budget_ms) {}

  RunEvents Events() {
    return {.on_outcome = [this](const ScenarioOutcome& outcome) { Ended(outcome); },
            .on_finding =
                [this](const Scenario& scenario, uint64_t case_seed, const Finding& finding) {
                  files_.Write(scenario, case_seed, finding);
                },
            .on_minimized = [this](const ScenarioOutcome& outcome,
                                   size_t finding) { Smaller(outcome, finding); },
            .on_progress = [this](const Progress& progress) { progress_.Show(progress); }};
  }

  void ClearProgress() { progress_.Clear(); }

 private:
  void Ended(const ScenarioOutcome& outcome) {
    ClearProgress();
    console_.out << OutcomeLine(outcome);
    for (const Finding& finding : outcome.findings) {
      const std::string file = files_.PathOf(*outcome.scenario, finding);
      if (IsExpected(outcome.scenario->expect, finding)) {
        console_.out << ExpectedFindingText(*outcome.scenario, finding, file,
                                            console_.program_name);
      } else if (told_.insert({outcome.scenario, finding.signature}).second || !models_given_) {
        console_.out << "\n" << FindingText(finding, file, console_.program_name) << "\n";
      } else {
        console_.out << fmt::format("the same on {}, {}\n", finding.model, file);
      }
      PrintUnwritten(outcome, finding);
    }
    console_.out.flush();
  }

  void Smaller(const ScenarioOutcome& outcome, size_t index) {
    ClearProgress();
    const Finding& found = outcome.findings[index];
    const Minimized& minimized = *outcome.minimized[index];
    files_.Replace(*outcome.scenario, found, outcome.finding_seeds[index], minimized.finding);
    if (!any_smaller_) console_.out << "\nmade smaller:\n";
    any_smaller_ = true;
    const std::string file = files_.PathOf(*outcome.scenario, found);
    console_.out << "\n" << MinimizedText(found, minimized, file, console_.program_name);
    PrintUnwritten(outcome, found);
    console_.out.flush();
  }

  /// A finding without a file is not lost: its file's text is here.
  void PrintUnwritten(const ScenarioOutcome& outcome, const Finding& finding) {
    const std::string text = files_.Unwritten(*outcome.scenario, finding);
    if (text.empty()) return;
    console_.out << "  no file: " << OneLine(files_.error()) << "; its text:\n"
                 << "--- begin of finding\n"
                 << text << "--- end of finding\n";
  }

  const Console& console_;
  const bool models_given_;
  std::set<std::pair<const Scenario*, std::string>> told_;  // signatures that were told whole
  FindingFiles files_;
  ProgressLine progress_;
  bool any_smaller_ = false;
};

int WriteReports(const RunCommand& command, const Console& console,
                 const std::vector<ScenarioOutcome>& outcomes) {
  int exit_code = kExitAsExpected;
  const auto write = [&](const std::string& file, const std::string& text) {
    if (file.empty()) return;
    const Status status = WriteWhole(file, text);
    if (status.ok()) return;
    exit_code = console.WrongUse(status);
    console.out << text;
  };
  write(command.junit, JUnitXml(outcomes));
  write(command.json, JsonLines(outcomes, /*timings=*/true));
  return exit_code;
}

/// Leaves out what models have no say in, if it came with a folder.
Status UseModels(const RunCommand& command, std::vector<Scenario>& scenarios) {
  std::erase_if(scenarios, [&](const Scenario& scenario) {
    return scenario.process && std::find(command.paths.begin(), command.paths.end(),
                                         scenario.file) == command.paths.end();
  });
  for (Scenario& scenario : scenarios) {
    const Status status = AskUnderModels(command.models, scenario);
    if (!status.ok()) return status;
  }
  return {};
}

/// What --models makes of the run.
std::string ModelsText(const RunCommand& command, size_t left_out) {
  if (command.models.empty()) return {};
  std::string names;
  for (const faultfs::PersistenceModel& model : command.models) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", model.name);
  }
  std::string text =
      fmt::format("models    {}; of a finding not its chain, but up to {} states each\n", names,
                  kStatesUnderModels);
  if (left_out > 0) text += fmt::format("          without {} of real processes\n", left_out);
  return text;
}

uint32_t Cores() {
  return static_cast<uint32_t>(std::max<int64_t>(1, sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

int Execute(const RunCommand& command, const Console& console) {
  auto scenarios = LoadScenarios(command.paths, console.adapters);
  if (!scenarios.ok()) return console.WrongUse(scenarios.status());
  const size_t loaded = scenarios->size();
  if (!command.models.empty()) {
    const Status status = UseModels(command, *scenarios);
    if (!status.ok()) return console.WrongUse(status);
  }
  if (scenarios->empty()) return console.WrongUse("run: there is no scenario to run");
  if (const std::string error = CheckTargets(command); !error.empty()) {
    return console.WrongUse(error);
  }
  if (const std::string error = CheckFaults(command, *scenarios); !error.empty()) {
    return console.WrongUse(error);
  }

  const InterruptFlag interrupt;
  RunOptions options = command.options;
  if (options.jobs == 0) options.jobs = Cores();
  options.interrupted = &interrupt.flag();
  console.out << HeaderText(*scenarios, options, Version())
              << ModelsText(command, loaded - scenarios->size()) << "\n"
              << std::flush;

  faultfs::SystemClock clock;
  const uint64_t begin_ns = clock.NowNanos();
  RunPrinter printer(command, console);
  const auto outcomes = RunScenarios(*scenarios, console.adapters, options, printer.Events());
  printer.ClearProgress();
  if (!outcomes.ok()) {
    console.err << "crashlab: " << OneLine(outcomes.status()) << "\n";
    return kExitNotDecided;
  }
  const double seconds = static_cast<double>(clock.NowNanos() - begin_ns) / 1e9;
  if (command.coverage) {
    Coverage coverage;
    for (const ScenarioOutcome& outcome : *outcomes) coverage.Add(outcome.coverage);
    console.out << "\n" << CoverageText(coverage);
  }
  console.out << "\n" << SummaryText(*outcomes, seconds) << std::flush;
  const int reports = WriteReports(command, console, *outcomes);
  const int exit_code = ExitCode(*outcomes);
  return exit_code != kExitAsExpected ? exit_code : reports;
}

}  // namespace crashlab
