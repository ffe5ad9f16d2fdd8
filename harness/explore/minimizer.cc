#include "harness/explore/minimizer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "harness/explore/candidates.h"
#include "harness/explore/chain.h"
#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/explore/state_search.h"

namespace crashlab {
namespace {

class Minimizer {
 public:
  Minimizer(const Finding& finding, const MinimizeOptions& options, FailureSearch& search)
      : options_(options), search_(search), best_(finding.reproducer) {
    result_.finding = finding;
  }

  Minimized Run() && {
    if (Spent() || !Try(best_, false)) return std::move(result_);
    bool smaller = Pass(std::nullopt);
    // A pass that made it smaller may have made earlier single steps possible again.
    const Reduction singles{.kind = Reduction::Kind::kDropOperations, .count = 1};
    while (smaller && !Spent()) smaller = Pass(singles);
    result_.one_minimal = !Spent();
    search_.Finish(best_, result_.finding);
    return std::move(result_);
  }

 private:
  /// One walk through the candidates from `from` on. Whether anything worked.
  bool Pass(std::optional<Reduction> from) {
    bool smaller = false;
    for (bool more = true; more && !Spent();) {
      more = false;
      for (const Reduction& reduction : ReductionsOf(best_)) {
        if (from.has_value() && !AtOrAfter(reduction, *from)) continue;
        if (Spent()) break;
        const bool of_schedule = reduction.kind == Reduction::Kind::kDropSwitch;
        if (!Try(Reduce(best_, reduction), of_schedule)) continue;
        // The list is of another case now; what stood behind the gap stands in it.
        smaller = more = true;
        from = reduction;
        break;
      }
    }
    return smaller;
  }

  /// `of_schedule`: that alone is to become smaller.
  bool Try(const Case& candidate, bool of_schedule) {
    FailureSearch::Answer answer = search_.Find(candidate, of_schedule);
    result_.program_runs += answer.program_runs;
    result_.recoveries += answer.recoveries;
    if (!answer.found.has_value()) return false;
    // What was cut out may have come back where the picks did not fit any more.
    if (of_schedule && Switches(*answer.found) >= Switches(best_)) return false;
    best_ = *std::move(answer.found);
    return true;
  }

  static std::ptrdiff_t Switches(const Case& c) {
    const std::string& schedule = *c.clients->schedule;
    return std::count(schedule.begin(), schedule.end(), ' ');
  }

  bool Spent() const {
    return result_.program_runs >= options_.max_program_runs ||
           result_.recoveries >= options_.max_recoveries;
  }

  const MinimizeOptions& options_;
  FailureSearch& search_;
  Case best_;
  Minimized result_;
};

/// Asks the checker, in this process.
class CheckerSearch final : public FailureSearch {
 public:
  CheckerSearch(Verdict verdict, const Adapter& adapter, const ExploreOptions& explore,
                uint64_t budget, Monitor& monitor)
      : verdict_(verdict),
        adapter_(adapter),
        explore_(explore),
        budget_(budget),
        monitor_(monitor) {}

  Answer Find(const Case& c, bool as_scheduled) override {
    CaseSearch search =
        SearchCase(c, adapter_, explore_, monitor_, c.crash.chain, verdict_, budget_, as_scheduled);
    return {std::move(search.found), search.program_runs, search.recoveries};
  }

  void Finish(Case c, Finding& finding) override {
    const Laboratory lab{c, adapter_, explore_, monitor_};
    c.crash.chain = ShrinkChain(lab, c.crash.chain, verdict_);
    const Result<Chain> chain = ResolveChain(lab, c.crash.chain);
    if (!chain.ok()) return;
    const std::optional<Violation> violation = JudgeChain(lab, *chain);
    if (!violation.has_value()) return;
    finding.signature = c.crash.chain.empty() ? LiveSignature(verdict_, c, *chain->run)
                                              : SignatureOf(verdict_, c.crash.chain);
    finding.detail = violation->detail;
    finding.story = Story(lab, *chain, *violation);
    finding.reproducer = std::move(c);
  }

 private:
  const Verdict verdict_;
  const Adapter& adapter_;
  const ExploreOptions& explore_;
  const uint64_t budget_;
  Monitor& monitor_;
};

}  // namespace

Minimized Minimize(const Finding& finding, const MinimizeOptions& options, FailureSearch& search) {
  return Minimizer(finding, options, search).Run();
}

Minimized Minimize(const Finding& finding, const Adapter& adapter, const ExploreOptions& explore,
                   const MinimizeOptions& options, Monitor& monitor) {
  CheckerSearch search(finding.verdict, adapter, explore, options.search_recoveries, monitor);
  return Minimize(finding, options, search);
}

}  // namespace crashlab
