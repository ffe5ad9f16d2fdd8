#include "harness/explore/minimizer.h"

#include <optional>
#include <utility>
#include <vector>

#include "harness/explore/candidates.h"
#include "harness/explore/chain.h"
#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/explore/state_search.h"

namespace crashlab {
namespace {

class Minimizer {
 public:
  Minimizer(const Finding& finding, const Adapter& adapter, const ExploreOptions& explore,
            const MinimizeOptions& options, Monitor& monitor)
      : adapter_(adapter),
        explore_(explore),
        options_(options),
        monitor_(monitor),
        verdict_(finding.verdict),
        best_(finding.reproducer) {
    result_.finding = finding;
  }

  Minimized Run() && {
    if (!Try(best_)) return std::move(result_);
    bool smaller = Pass(std::nullopt);
    // A pass that made it smaller may have made earlier single steps possible again.
    const Reduction singles{.kind = Reduction::Kind::kDropOperations, .count = 1};
    while (smaller && !Spent()) smaller = Pass(singles);
    result_.one_minimal = !Spent();
    Finish();
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
        if (!Try(Reduce(best_, reduction))) continue;
        // The list is of another case now; what stood behind the gap stands in it.
        smaller = more = true;
        from = reduction;
        break;
      }
    }
    return smaller;
  }

  bool Try(const Case& candidate) {
    ++result_.program_runs;
    const Laboratory lab{candidate, adapter_, explore_, monitor_};
    StateSearch search(lab, candidate.crash.chain, verdict_, options_.search_recoveries);
    std::optional<std::vector<CrashStep>> chain = search.Find();
    result_.recoveries += search.recoveries();
    if (!chain.has_value()) return false;
    Case found = candidate;
    found.crash.chain = *std::move(chain);
    best_ = std::move(found);
    return true;
  }

  bool Spent() const {
    return result_.program_runs >= options_.max_program_runs ||
           result_.recoveries >= options_.max_recoveries;
  }

  void Finish() {
    const Laboratory lab{best_, adapter_, explore_, monitor_};
    best_.crash.chain = ShrinkChain(lab, best_.crash.chain, verdict_);
    const Result<Chain> chain = ResolveChain(lab, best_.crash.chain);
    if (!chain.ok()) return;
    const std::optional<Violation> violation = JudgeChain(lab, *chain);
    if (!violation.has_value()) return;
    Finding& finding = result_.finding;
    finding.signature = best_.crash.chain.empty() ? LiveSignature(verdict_, best_, chain->run)
                                                  : SignatureOf(verdict_, best_.crash.chain);
    finding.detail = violation->detail;
    finding.story = Story(lab, *chain, *violation);
    finding.reproducer = best_;
  }

  const Adapter& adapter_;
  const ExploreOptions& explore_;
  const MinimizeOptions& options_;
  Monitor& monitor_;
  const Verdict verdict_;
  Case best_;
  Minimized result_;
};

}  // namespace

Minimized Minimize(const Finding& finding, const Adapter& adapter, const ExploreOptions& explore,
                   const MinimizeOptions& options, Monitor& monitor) {
  return Minimizer(finding, adapter, explore, options, monitor).Run();
}

}  // namespace crashlab
