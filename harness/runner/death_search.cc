#include "harness/runner/internal/death_search.h"

#include <string>
#include <utility>
#include <vector>

#include "faultfs/env/check.h"
#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/explore/state_search.h"
#include "harness/runner/internal/death_finding.h"
#include "harness/runner/internal/one_job.h"
#include "harness/runner/internal/wire.h"

namespace crashlab {

bool EndsTheProcess(Verdict verdict) {
  return verdict == Verdict::kCrash || verdict == Verdict::kHang || verdict == Verdict::kOpenHung;
}

FailureSearch::Answer DeathSearch::Find(const Case& c, bool as_scheduled) {
  monitor_.Counted({});
  const auto work = [&](Monitor& monitor) -> Result<std::string> {
    const CaseSearch search =
        SearchCase(c, adapter_, explore_, monitor, c.crash.chain, verdict_, budget_, as_scheduled);
    CaseResult result;
    result.counts.recoveries = search.recoveries;
    result.counts.programs = search.program_runs;
    // Only of clients that wait for each other: all else with such a verdict ends the process.
    if (search.found) result.findings.emplace_back().reproducer = *search.found;
    return Encode(result);
  };
  Result<JobAnswer> answer = RunOneJob(work, pool_);
  Answer found{.found = {}, .program_runs = 1, .recoveries = 0};
  if (!answer.ok() || !answer->status.ok()) return found;
  if (!answer->death.has_value()) {
    const std::optional<CaseResult> result = DecodeCaseResult(answer->text);
    FAULTFS_CHECK(result.has_value(), "a worker that lives sends what it was asked for");
    found.recoveries = result->counts.recoveries;
    found.program_runs = result->counts.programs;
    if (result->findings.empty()) return found;
    lives_ = true;
    found.found = result->findings.front().reproducer;
    return found;
  }
  Death& death = *answer->death;
  found.recoveries = death.recovery;
  std::vector<CrashStep> chain;
  if (death.place) chain = death.place->chain;
  // In the run of the program or in a recovery: one must not pass for the other.
  if (death.verdict != verdict_ || chain.empty() != c.crash.chain.empty()) return found;
  found.found = c;
  found.found->crash.chain = std::move(chain);
  if (c.clients && death.place && !death.place->schedule.empty()) {
    found.found->clients->schedule = death.place->schedule;
  }
  last_ = std::move(death);
  lives_ = false;
  return found;
}

void DeathSearch::Finish(Case c, Finding& finding) {
  if (lives_) {
    Result<ReplayResult> again = Replay(c, adapter_, explore_, monitor_);
    if (again.ok() && again->finding) finding = *std::move(again->finding);
    return;
  }
  if (!last_.has_value()) return;
  finding = FindingOfDeath(c, *last_);
  if (LosesPower(c.crash.chain)) finding.model = ModelName(c.crash.models.front());
}

}  // namespace crashlab
