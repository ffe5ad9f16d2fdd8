#include "harness/runner/internal/death_finding.h"

#include <fmt/format.h>

#include "harness/explore/finding.h"

namespace crashlab {
namespace {

/// Where it died, when there is no chain to say it.
std::string_view WhereOf(const Death& death) {
  if (death.recovery == 0) return "live";
  return death.place ? "live" : "unlocated";
}

}  // namespace

Finding FindingOfDeath(const Case& c, const Death& death) {
  Finding finding;
  finding.verdict = death.verdict;
  finding.detail = death.how;
  finding.reproducer = c;
  if (death.place && !death.place->fault.empty()) {
    finding.reproducer.sweep.clear();
    finding.reproducer.faults.push_back(death.place->fault);
  }
  if (death.place && finding.reproducer.clients && !death.place->schedule.empty()) {
    finding.reproducer.clients->schedule = death.place->schedule;
  }
  const bool in_recovery = death.place && !death.place->chain.empty();
  if (in_recovery) {
    finding.signature = SignatureOf(death.verdict, death.place->chain);
    if (!OnRealThreads(c)) finding.reproducer.crash.chain = death.place->chain;
    if (death.place->model) {
      finding.reproducer.crash.models = {*death.place->model};
      if (LosesPower(death.place->chain)) finding.model = ModelName(*death.place->model);
    }
    finding.detail += ", in a recovery";
    finding.story = ChainStory(death.place->chain);
  } else {
    finding.signature = fmt::format("{} {}", Name(death.verdict), WhereOf(death));
    finding.detail += death.place || death.recovery == 0
                          ? ", in the run of the program"
                          : fmt::format(
                                ", near recovery {} of the case; a second exploration did "
                                "not come to the same place",
                                death.recovery);
  }
  for (const std::string& line : death.last_words) finding.story.push_back("it said: " + line);
  return finding;
}

std::vector<std::string> ChainStory(const std::vector<CrashStep>& chain) {
  std::vector<std::string> story;
  for (const CrashStep& step : chain) {
    const bool power = step.kind == CrashKind::kPowerLoss;
    story.push_back(fmt::format(
        "{}{} {}", power ? "power loss" : "process death",
        &step == &chain.front() ? "" : ", in the recovery from that,",
        step.state.at == "end" ? std::string("at the end") : "just before " + step.state.at));
    for (const std::string& lost : step.state.lost) story.push_back("  lost: " + lost);
    for (const std::string& tear : step.state.tears) story.push_back("  torn: " + tear);
    if (power && !step.state.fill.empty() && step.state.fill != "zeros") {
      story.push_back("  what was not persisted inside a size shows " + step.state.fill);
    }
  }
  story.emplace_back("the process that recovered died");
  return story;
}

}  // namespace crashlab
