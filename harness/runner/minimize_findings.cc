#include "harness/runner/internal/minimize_findings.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "harness/runner/internal/death_search.h"
#include "harness/runner/internal/decision.h"
#include "harness/runner/internal/one_job.h"
#include "harness/runner/internal/wire.h"
#include "harness/runner/internal/worker_pool.h"

namespace crashlab {
namespace {

// More than a recovery of a short program, or of so many operations, makes.
constexpr uint64_t kLeastCalls = 20'000;
constexpr uint64_t kCallsOfAnOperation = 100;

PoolOptions PoolOf(const RunOptions& options) {
  return {.workers = 1, .hang_ms = options.hang_ms, .memory_bytes = options.memory_bytes};
}

Minimized MinimizeHere(const Finding& finding, const Adapter& adapter, const RunOptions& options,
                       Monitor& monitor) {
  if (!EndsTheProcess(finding.verdict)) {
    return Minimize(finding, adapter, options.explore, options.minimize, monitor);
  }
  // A trial must not outlast the patience with the process that waits for it.
  PoolOptions pool = PoolOf(options);
  pool.hang_ms /= 2;
  // A hang takes as long as its limit, and here there are many.
  ExploreOptions explore = options.explore;
  explore.call_limit =
      std::min(explore.call_limit,
               std::max(kLeastCalls, kCallsOfAnOperation * finding.reproducer.program.size()));
  DeathSearch search(finding.verdict, adapter, explore, options.minimize.search_recoveries, pool,
                     monitor);
  return Minimize(finding, options.minimize, search);
}

/// One finding of one outcome.
struct Item {
  ScenarioOutcome* outcome;
  size_t index;
  const Adapter* adapter;
};

class Minimizing final : public PoolClient {
 public:
  Minimizing(const std::vector<Item>& items, const std::function<bool()>& go_on)
      : items_(items), go_on_(go_on) {}

  bool Done(uint64_t job, std::string_view bytes, uint64_t) override {
    std::optional<Minimized> minimized = DecodeMinimized(bytes);
    if (!minimized) return false;
    const Item& item = items_[job];
    item.outcome->minimized[item.index] = std::move(minimized);
    return true;
  }
  void Died(uint64_t, Death) override {}
  void Found(uint64_t, const Finding&) override {}
  uint64_t Limit() const override { return items_.size(); }
  bool Tick(const Counts&) override { return go_on_(); }

 private:
  const std::vector<Item>& items_;
  const std::function<bool()>& go_on_;
};

}  // namespace

Result<Minimized> MinimizeApart(const Finding& finding, const Adapter& adapter,
                                const RunOptions& options) {
  if (finding.reproducer.process) {
    // A smaller program makes other calls, so that the kill would come elsewhere.
    return Status::Error(Code::kUnsupported, "a finding on a real disk is not made smaller");
  }
  if (OnRealThreads(finding.reproducer)) {
    return Status::Error(Code::kUnsupported, "a finding on real threads is not made smaller");
  }
  const auto work = [&](Monitor& monitor) -> Result<std::string> {
    return Encode(MinimizeHere(finding, adapter, options, monitor));
  };
  FAULTFS_ASSIGN_OR_RETURN(const JobAnswer answer, RunOneJob(work, PoolOf(options)));
  FAULTFS_RETURN_IF_ERROR(answer.status);
  std::optional<Minimized> minimized = DecodeMinimized(answer.text);
  if (minimized) return *std::move(minimized);
  return Status::Error(Code::kNotFound, "the engine died while the finding was made smaller: " +
                                            (answer.death ? answer.death->how : "no answer"));
}

Status MinimizeFindings(std::vector<ScenarioOutcome>& outcomes, const AdapterSet& adapters,
                        const RunOptions& options, const std::function<bool()>& go_on) {
  std::vector<Item> items;
  for (ScenarioOutcome& outcome : outcomes) {
    outcome.minimized.resize(outcome.findings.size());
    FAULTFS_ASSIGN_OR_RETURN(const Adapter* adapter,
                             adapters.Find(outcome.scenario->store.adapter));
    for (size_t i = 0; i < outcome.findings.size() && items.size() < kMaxMinimized; ++i) {
      if (IsExpected(outcome.scenario->expect, outcome.findings[i])) continue;
      const Case& reproducer = outcome.findings[i].reproducer;
      if (reproducer.process || OnRealThreads(reproducer)) continue;  // see MinimizeApart
      items.push_back({&outcome, i, adapter});
    }
  }
  if (items.empty() || options.minimize.max_program_runs == 0) return {};
  const WorkFunction work = [&](uint64_t job, Monitor& monitor) {
    const Item& item = items[job];
    return Encode(
        MinimizeHere(item.outcome->findings[item.index], *item.adapter, options, monitor));
  };
  PoolOptions pool = PoolOf(options);
  pool.workers = std::clamp<uint32_t>(options.jobs, 1, static_cast<uint32_t>(items.size()));
  Minimizing client(items, go_on);
  return RunPool(items.size(), work, pool, client);
}

}  // namespace crashlab
