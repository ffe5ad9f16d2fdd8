// What the minimizer costs, in runs of a program and in recoveries: counters, of which the time is
// only the shadow.
//
// The store is the real one, on a disk that lies once: the n-th sync of the log returns Ok and does
// nothing. So n acknowledged Sync writes are the least that can fail, whichever they are; `kept` is
// the length of what the minimizer ends with, and must be n.
#include <benchmark/benchmark.h>

#include <string>

#include "faultfs/env/check.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/explorer.h"
#include "harness/explore/minimizer.h"

namespace crashlab {
namespace {

class NoMonitor final : public Monitor {
 public:
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Counted(const Counts&) override {}
  void Hung(bool) override { FAULTFS_CHECK(false, "the store does not hang"); }
};

/// Every `every`-th operation is a set, the others are gets.
Case SetsAmongGets(int64_t operations, int64_t every, int64_t lying_sync) {
  Case c;
  c.seed = 7;
  c.crash.probe = false;
  c.faults = {"ignore sync tag=wal.sync nth=" + std::to_string(lying_sync)};
  for (int64_t i = 0; i < operations; ++i) {
    Operation operation;
    operation.verb = i % every == 0 ? Verb::kSet : Verb::kGet;
    operation.key = "key" + std::to_string(i % 7);
    if (operation.verb == Verb::kSet) operation.value_bytes = 40;
    c.program.push_back(operation);
  }
  return c;
}

/// Arguments: operations, every how many of them is a set, operations in the minimum, limit of
/// runs.
void MinimizeProgram(benchmark::State& state) {
  const Case c = SetsAmongGets(state.range(0), state.range(1), state.range(2));
  const auto minimum = static_cast<size_t>(state.range(2));
  const auto limit = static_cast<uint64_t>(state.range(3));
  NoMonitor monitor;
  const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
  FAULTFS_CHECK(!result.findings.empty(), "a lie is found");
  Minimized minimized;
  for (auto _ : state) {
    minimized = Minimize(result.findings.front(), KvAdapter(), {}, {}, monitor);
    benchmark::DoNotOptimize(minimized);
  }
  const size_t kept = minimized.finding.reproducer.program.size();
  const auto counter = [](uint64_t count) { return static_cast<double>(count); };
  state.counters["kept"] = counter(kept);
  state.counters["program_runs"] = counter(minimized.program_runs);
  state.counters["recoveries"] = counter(minimized.recoveries);
  if (kept != minimum || !minimized.one_minimal) state.SkipWithError("not the minimum");
  if (minimized.program_runs > limit) state.SkipWithError("more runs than the limit");
}
BENCHMARK(MinimizeProgram)
    ->ArgNames({"operations", "every", "minimum", "limit"})
    ->Args({80, 1, 1, 300})
    ->Args({80, 2, 3, 300})
    ->Args({80, 2, 6, 300})
    ->Args({80, 8, 6, 300})
    ->Args({400, 2, 80, 8'000})
    ->Args({400, 4, 80, 8'000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace crashlab
