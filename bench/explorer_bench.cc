// What an explorer is worth: recoveries of distinct images a second, of the real store. One
// iteration explores one program, from its run to its last judgement.
#include <benchmark/benchmark.h>

#include <string>

#include "faultfs/env/check.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/explorer.h"

namespace crashlab {
namespace {

class NoMonitor final : public Monitor {
 public:
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Counted(const Counts&) override {}
  void Hung(bool) override { FAULTFS_CHECK(false, "the store does not hang"); }
};

Case CaseOf(int operations, int keys, int value_bytes, bool probe) {
  Case c;
  c.seed = 1;
  c.crash.probe = probe;
  for (int i = 0; i < operations; ++i) {
    Operation operation;
    operation.verb = Verb::kSet;
    operation.key = "k" + std::to_string(i % keys);
    operation.value_bytes = static_cast<uint64_t>(value_bytes);
    c.program.push_back(operation);
  }
  return c;
}

/// Arguments: operations, distinct keys, bytes of a value, whether each recovery is probed, whether
/// the writes are Buffered. The budget is the default of a scenario.
void ExploreProgram(benchmark::State& state) {
  Case c = CaseOf(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                  static_cast<int>(state.range(2)), state.range(3) != 0);
  if (state.range(4) != 0) c.store.durability = Durability::kBuffered;
  NoMonitor monitor;
  Counts counts;
  for (auto _ : state) {
    const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
    FAULTFS_CHECK(result.findings.empty(), "the store is right");
    counts += result.counts;
    ++c.seed;  // other salts, other draws
  }
  const auto rate = [](uint64_t count) {
    return benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsRate);
  };
  state.counters["recoveries"] = rate(counts.recoveries);
  state.counters["states"] = rate(counts.states);
  state.counters["judgements"] = rate(counts.judgements);
  state.counters["probes"] = rate(counts.probes);
  state.counters["exhausted"] =
      static_cast<double>(counts.exhausted_programs) / static_cast<double>(counts.programs);
}
BENCHMARK(ExploreProgram)
    ->ArgNames({"operations", "keys", "bytes", "probe", "buffered"})
    ->Args({10, 4, 350, 0, 0})
    ->Args({10, 4, 350, 1, 0})
    ->Args({10, 4, 350, 1, 1})
    ->Args({100, 40, 1024, 0, 0})
    ->Args({100, 40, 1024, 1, 0})
    ->Args({1000, 200, 100, 0, 0})
    ->Args({1000, 200, 100, 1, 0})
    ->Args({1000, 200, 100, 1, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace crashlab
