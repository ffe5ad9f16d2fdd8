#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/report/report.h"
#include "harness/runner/internal/decision.h"

namespace crashlab {
namespace {

std::string Number(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Count(uint64_t value, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", Number(value), value == 1 ? singular : plural);
}

uint64_t Percent(uint64_t part, uint64_t whole) { return whole == 0 ? 0 : part * 100 / whole; }

std::string_view Mark(ScenarioStatus status) {
  switch (status) {
    case ScenarioStatus::kAsExpected:
      return "ok";
    case ScenarioStatus::kUnexpected:
      return "FAIL";
    case ScenarioStatus::kNotDecided:
      return "open";
    case ScenarioStatus::kLeftOut:
      return "left";
  }
  return "?";
}

uint64_t Recoveries(const Counts& counts) {
  return counts.recoveries + counts.inner_recoveries + counts.rotten_recoveries + counts.reopened +
         counts.inner_reopened;
}

std::string Rate(const Counts& counts, double seconds) {
  if (seconds <= 0) return fmt::format("{:.1f} s", seconds);
  const auto rate = static_cast<uint64_t>(static_cast<double>(Recoveries(counts)) / seconds);
  return fmt::format("{:.1f} s, {}/s", seconds, Number(rate));
}

/// Of real processes; empty if there were none.
std::string CountedOnDisk(const Counts& counts) {
  std::string text;
  if (counts.kills > 0) {
    text +=
        ", " + Count(counts.kills, "kill", "kills") + ", " + Number(counts.reopened) + " reopened";
  }
  if (counts.inner_kills > 0) {
    text += ", " + Count(counts.inner_kills, "inner kill", "inner kills") + ", " +
            Number(counts.inner_reopened) + " reopened";
  }
  if (counts.left_out > 0) text += ", " + Number(counts.left_out) + " left out";
  return text;
}

std::string Counted(const Counts& counts) {
  const std::string on_disk = CountedOnDisk(counts);
  if (!on_disk.empty() && counts.crash_points == 0) {
    const std::string unknown =
        counts.unknown > 0 ? ", " + Number(counts.unknown) + " unknown" : std::string();
    return Count(counts.programs, "program", "programs") + on_disk + unknown;
  }
  std::string text = Count(counts.programs, "program", "programs") + ", ";
  if (counts.schedules > 0) text += Count(counts.schedules, "schedule", "schedules") + ", ";
  text += Count(counts.crash_points, "point", "points") + ", " +
          Count(counts.states, "state", "states") + ", " +
          Count(counts.recoveries, "recovery", "recoveries") + ", " +
          Count(counts.judgements, "judgement", "judgements");
  if (counts.judgements > 0) {
    text +=
        fmt::format(" ({}% with loss)", Percent(counts.judgements_with_loss, counts.judgements));
  }
  if (counts.unknown > 0) text += ", " + Number(counts.unknown) + " unknown";
  if (counts.inner_recoveries > 0) text += ", " + Number(counts.inner_recoveries) + " inner";
  if (counts.rotten_recoveries > 0) text += ", " + Number(counts.rotten_recoveries) + " rotten";
  return text + on_disk;
}

std::string Extent(const ScenarioOutcome& outcome) {
  if (outcome.exhausted) return "exhausted";
  const Counts& counts = outcome.counts;
  if (counts.exhausted_programs == 0) return "sampled";
  return fmt::format("sampled ({} of {} exhausted)", Number(counts.exhausted_programs),
                     Number(counts.programs));
}

/// "LOST_ACKED on posix, btrfs; clean on xfs": verdicts in their order, then what is clean, then
/// what nobody looked at; and, if only some are, the models of which all states were seen.
std::string ByModel(const ScenarioOutcome& outcome) {
  std::map<Verdict, std::string> models_of;
  std::string clean;
  std::string unjudged;
  std::string exhausted;
  const auto add = [](std::string& list, const std::string& name) {
    list += (list.empty() ? "" : ", ") + name;
  };
  size_t sampled = 0;
  for (const ModelOutcome& model : outcome.models) {
    const std::vector<Verdict> verdicts = outcome.VerdictsOn(model.name);
    for (const Verdict verdict : verdicts) add(models_of[verdict], model.name);
    if (verdicts.empty()) add(model.counts.judged() ? clean : unjudged, model.name);
    if (model.counts.programs > 0 && model.counts.exhausted_programs == model.counts.programs) {
      add(exhausted, model.name);
    } else {
      ++sampled;
    }
  }
  std::string text;
  const auto part = [&text](std::string_view what, const std::string& names) {
    if (!names.empty()) text += fmt::format("{}{}{}", text.empty() ? "" : "; ", what, names);
  };
  for (const auto& [verdict, names] : models_of) part(fmt::format("{} on ", Name(verdict)), names);
  part("clean on ", clean);
  part("not judged: ", unjudged);
  if (sampled > 0) part("exhausted: ", exhausted);
  return text;
}

std::string Indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string Seeds(const std::vector<Scenario>& scenarios, const RunOptions& options) {
  if (options.seed) return fmt::format("{} (--seed, for all)", *options.seed);
  std::map<uint64_t, std::vector<std::string_view>> by_seed;
  for (const Scenario& scenario : scenarios) {
    by_seed[scenario.workload ? scenario.workload->seed : scenario.seed].push_back(scenario.name);
  }
  std::string text;
  for (const auto& [seed, names] : by_seed) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", seed,
                        names.size() == 1 ? std::string(names.front())
                                          : Count(names.size(), "scenario", "scenarios"));
  }
  return text;
}

std::string Names(const std::vector<ScenarioOutcome>& outcomes, ScenarioStatus status) {
  std::string text;
  for (const ScenarioOutcome& outcome : outcomes) {
    if (outcome.status != status) continue;
    text += fmt::format("  {}: {}\n", outcome.scenario->name, outcome.reason);
  }
  return text;
}

std::string ReplayLine(const Finding& finding, std::string_view file,
                       std::string_view program_name) {
  if (OnRealThreads(finding.reproducer)) {
    return fmt::format("  again:  {} run {}\n", ShellWord(program_name), ShellWord(file));
  }
  return fmt::format("  replay: {} replay {}\n", ShellWord(program_name), ShellWord(file));
}

}  // namespace

std::string HeaderText(const std::vector<Scenario>& scenarios, const RunOptions& options,
                       std::string_view version) {
  std::string text = fmt::format("seed      {}\n", Seeds(scenarios, options));
  text +=
      fmt::format("crashlab  {}, {}", version, Count(scenarios.size(), "scenario", "scenarios"));
  if (options.runs) text += fmt::format(", --runs {}", *options.runs);
  for (const std::string& rule : options.faults) text += fmt::format(", --fault \"{}\"", rule);
  if (options.shards > 1) text += fmt::format(", shard {}/{}", options.shard, options.shards);
  text += fmt::format(", {}\n", Count(options.jobs, "worker", "workers"));
  return text;
}

std::string OutcomeLine(const ScenarioOutcome& outcome) {
  std::string text =
      fmt::format("{:<4}  {}  {}  {}, {}\n", Mark(outcome.status), outcome.scenario->name,
                  Extent(outcome), Counted(outcome.counts), Rate(outcome.counts, outcome.seconds));
  if (!outcome.reason.empty()) text += fmt::format("      {}\n", outcome.reason);
  if (outcome.models.size() > 1) text += fmt::format("      {}\n", ByModel(outcome));
  return text;
}

std::string DiskFolderOf(std::string_view file) {
  if (file.ends_with(".toml")) file.remove_suffix(5);
  return std::string(file) + ".disk";
}

std::string FindingText(const Finding& finding, std::string_view file,
                        std::string_view program_name) {
  const Case& c = finding.reproducer;
  std::string text = fmt::format("{}\n", finding.signature);
  text += Indented(finding.detail, "  ");
  text += fmt::format("  engine {}, {}, seed {}{}{}\n", c.store.adapter, Name(c.store.durability),
                      c.seed, finding.model.empty() ? "" : ", model ", finding.model);
  for (const std::string& fault : c.faults) text += fmt::format("  fault: {}\n", fault);
  text += "  program:\n" + Indented(Print(c.program), "    ");
  if (!finding.story.empty()) text += "  story:\n";
  for (const std::string& line : finding.story) text += fmt::format("    {}\n", line);
  if (!file.empty()) {
    text += fmt::format("  file:   {}\n", file);
    if (!finding.disk.empty()) text += fmt::format("  disk:   {}\n", DiskFolderOf(file));
    text += ReplayLine(finding, file, program_name);
  }
  return text;
}

std::string MinimizedText(const Finding& found, const Minimized& minimized, std::string_view file,
                          std::string_view program_name) {
  const Finding& finding = minimized.finding;
  const size_t operations = finding.reproducer.program.size();
  const std::string size = fmt::format("{}, from {}", Count(operations, "operation", "operations"),
                                       found.reproducer.program.size());
  const std::string how =
      minimized.one_minimal ? "nothing more can be left out" : "cut short: more might be left out";
  std::string text = FindingText(finding, file, program_name);
  if (finding.signature != found.signature) {
    text += fmt::format("  found as: {}\n", found.signature);
  }
  return text + fmt::format("  {}; {}; {}, {}\n", size, how,
                            Count(minimized.program_runs, "program run", "program runs"),
                            Count(minimized.recoveries, "recovery", "recoveries"));
}

std::string ExpectedFindingText(const Scenario& scenario, const Finding& finding,
                                std::string_view file, std::string_view program_name) {
  const bool several = scenario.crash.models.size() > 1 && !finding.model.empty();
  std::string text = fmt::format("      found as expected: {}{}{}\n", finding.signature,
                                 several ? ", on " : "", several ? finding.model : "");
  if (!file.empty()) text += "    " + ReplayLine(finding, file, program_name);
  return text;
}

std::string SummaryText(const std::vector<ScenarioOutcome>& outcomes, double seconds) {
  Counts total;
  std::map<ScenarioStatus, size_t> by_status;
  const ScenarioOutcome* largest = nullptr;
  for (const ScenarioOutcome& outcome : outcomes) {
    total += outcome.counts;
    ++by_status[outcome.status];
    if (largest == nullptr || outcome.counts.recoveries > largest->counts.recoveries) {
      largest = &outcome;
    }
  }
  const size_t left_out = by_status[ScenarioStatus::kLeftOut];
  std::string text = fmt::format(
      "{}: {} as expected, {} unexpected, {} not decided{}\n",
      Count(outcomes.size(), "scenario", "scenarios"), by_status[ScenarioStatus::kAsExpected],
      by_status[ScenarioStatus::kUnexpected], by_status[ScenarioStatus::kNotDecided],
      left_out == 0 ? "" : fmt::format(", {} left out", left_out));
  text += fmt::format("{}, {}\n", Counted(total), Rate(total, seconds));
  if (largest != nullptr && total.recoveries > 0) {
    text +=
        fmt::format("largest share: {}% of the recoveries in {}\n",
                    Percent(largest->counts.recoveries, total.recoveries), largest->scenario->name);
  }
  if (by_status[ScenarioStatus::kUnexpected] > 0) {
    text += "unexpected:\n" + Names(outcomes, ScenarioStatus::kUnexpected);
  }
  if (by_status[ScenarioStatus::kNotDecided] > 0) {
    text += "not decided:\n" + Names(outcomes, ScenarioStatus::kNotDecided);
  }
  if (left_out > 0) text += "left out:\n" + Names(outcomes, ScenarioStatus::kLeftOut);
  if (total.recoveries + total.reopened == 0) {
    text += "\n*** NOTHING WAS RECOVERED: this run judged no recovery and shows nothing ***\n\n";
  }
  switch (ExitCode(outcomes)) {
    case 0:
      text += fmt::format("exit 0: every scenario gave what it expects{}\n",
                          left_out == 0 ? "" : ", but for those left out");
      break;
    case 1:
      text += "exit 1: not everything is as expected\n";
      break;
    default:
      text += "exit 3: not everything was decided\n";
  }
  return text;
}

int ExitCode(const std::vector<ScenarioOutcome>& outcomes) {
  const auto any = [&](ScenarioStatus status) {
    return std::any_of(outcomes.begin(), outcomes.end(),
                       [&](const ScenarioOutcome& outcome) { return outcome.status == status; });
  };
  if (any(ScenarioStatus::kUnexpected)) return 1;
  const bool nothing_else = any(ScenarioStatus::kLeftOut) && !any(ScenarioStatus::kAsExpected);
  return any(ScenarioStatus::kNotDecided) || nothing_else ? 3 : 0;
}

std::string ShellWord(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace crashlab
