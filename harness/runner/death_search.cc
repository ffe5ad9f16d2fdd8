#include "harness/runner/internal/death_search.h"

#include <string>
#include <utility>
#include <vector>

#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/explore/state_search.h"
#include "harness/runner/internal/death_finding.h"
#include "harness/runner/internal/one_job.h"

namespace crashlab {

bool EndsTheProcess(Verdict verdict) {
  return verdict == Verdict::kCrash || verdict == Verdict::kHang || verdict == Verdict::kOpenHung;
}

FailureSearch::Answer DeathSearch::Find(const Case& c) {
  monitor_.Counted({});
  const auto work = [&](Monitor& monitor) -> Result<std::string> {
    const Laboratory lab{c, adapter_, explore_, monitor};
    StateSearch search(lab, c.crash.chain, verdict_, budget_);
    static_cast<void>(search.Find());  // no checker gives this verdict: only an end is an answer
    return std::to_string(search.recoveries());
  };
  Result<JobAnswer> answer = RunOneJob(work, pool_);
  Answer found;
  if (!answer.ok() || !answer->status.ok()) return found;
  if (!answer->death.has_value()) {
    found.recoveries = std::stoull(answer->text);
    return found;
  }
  Death& death = *answer->death;
  found.recoveries = death.recovery;
  std::vector<CrashStep> chain;
  if (death.place) chain = death.place->chain;
  // In the run of the program or in a recovery: one must not pass for the other.
  if (death.verdict != verdict_ || chain.empty() != c.crash.chain.empty()) return found;
  last_ = std::move(death);
  found.chain = std::move(chain);
  return found;
}

void DeathSearch::Finish(Case c, Finding& finding) {
  if (!last_.has_value()) return;
  finding = FindingOfDeath(c, *last_);
  if (LosesPower(c.crash.chain)) finding.model = ModelName(c.crash.models.front());
}

}  // namespace crashlab
