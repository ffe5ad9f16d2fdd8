// From a finding to the scenario that reproduces it.
#include <algorithm>

#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

/// One line of printable ASCII: what was seen may hold any bytes.
std::string OneLine(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      line += c;
    } else if (c == '\n') {
      line += ' ';
    } else {
      line += "\\x";
      line += kHexDigits[byte >> 4];
      line += kHexDigits[byte & 15];
    }
  }
  return line;
}

/// A name of a file on any system.
std::string FileSafe(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      safe += c;
    } else if (!safe.ends_with('-')) {
      safe += '-';
    }
  }
  const size_t first = safe.find_first_not_of(".-");
  return first == std::string::npos ? "finding" : safe.substr(first);
}

/// The plan that gives the chain of the finding, or, of a live one, runs the program.
CrashPlan PlanOf(const CrashPlan& explored) {
  CrashPlan plan;
  plan.models = {explored.models.front()};
  plan.probe = explored.probe;
  plan.chain = explored.chain;
  for (CrashStep& step : plan.chain) {
    if (step.kind == CrashKind::kPowerLoss) continue;
    faultfs::CrashStateText plain;
    plain.at = step.state.at;
    step.state = plain;
  }
  if (plan.chain.empty()) plan.budget = 1;
  return plan;
}

/// Without what has no part in a fixed program under this schedule.
ClientPlan PlanOf(const ClientPlan& explored, bool on_disk) {
  ClientPlan plan;
  plan.schedule = explored.schedule;
  if (plan.schedule && !NumberOfSchedule(*plan.schedule)) return plan;
  plan.real_threads = explored.real_threads;
  if (plan.real_threads && on_disk) return plan;
  plan.schedules = explored.schedules;
  if (plan.real_threads) return plan;
  plan.kinds = explored.kinds;
  const auto has = [&plan](ScheduleKind kind) {
    return std::find(plan.kinds.begin(), plan.kinds.end(), kind) != plan.kinds.end();
  };
  if (has(ScheduleKind::kPct)) plan.depth = explored.depth;
  if (has(ScheduleKind::kExhaustive)) plan.preemptions = explored.preemptions;
  return plan;
}

}  // namespace

Scenario ScenarioOf(const Finding& finding, std::string_view name) {
  Scenario scenario;
  scenario.name = FileSafe(name);
  scenario.why = OneLine(std::string(Name(finding.verdict)) + ": " + finding.detail);
  scenario.store = finding.reproducer.store;
  scenario.program = finding.reproducer.program;
  scenario.seed = finding.reproducer.seed;
  scenario.process = finding.reproducer.process;
  const bool comes_again = !OnRealThreads(finding.reproducer);
  if (!scenario.process) {
    // Looked for as it was found, where nothing leads to it for sure.
    scenario.crash = comes_again ? PlanOf(finding.reproducer.crash) : finding.reproducer.crash;
    if (!comes_again) scenario.crash.chain.clear();
  }
  if (finding.reproducer.clients) {
    scenario.clients = PlanOf(*finding.reproducer.clients, scenario.process.has_value());
  }
  scenario.faults = finding.reproducer.faults;
  scenario.expect.verdict = finding.verdict;
  if (comes_again) scenario.expect.signature = finding.signature;
  scenario.notes = finding.story;
  return scenario;
}

}  // namespace crashlab
