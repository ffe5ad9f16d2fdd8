// The runs over which everything in faultfs/crash/ is examined: some by hand, each about one rule
// of docs/persistence-model.md, and as many as wanted from a seed.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "tests/faultfs/crash/recorder.h"

namespace faultfs::test {

/// Few pending effects each, so that every state can be enumerated.
[[nodiscard]] std::vector<RecordedRun> SmallRuns();

/// Random calls, syncs that fail or lie among them, on a random disk; sometimes with a sync that
/// other calls fall into, as with several threads. Never more than `limit` combinations (see
/// brute_force.h) at any crash point under `model`.
[[nodiscard]] RecordedRun RandomRun(uint64_t seed, const PersistenceModel& model, uint64_t limit);

/// Lets the end of a sync happen `later` steps later, as if other threads had got in between.
[[nodiscard]] RecordedRun WithSlowSync(RecordedRun run, size_t nth_sync, size_t later);

/// The posix row with the switches as given, by words.
[[nodiscard]] PersistenceModel Posix(std::string_view tear, std::string_view fill,
                                     std::string_view rename = "atomic");
/// The rows of kModels first; then the posix row with all combinations of its oldest switches, and
/// every row with each single switch.
[[nodiscard]] std::vector<PersistenceModel> AllModels();
[[nodiscard]] std::string Describe(const PersistenceModel& model);

/// Every row with every small run; of the others each with a third of the runs, all in turn.
template <typename Check>
void UnderAllModels(Check check) {
  const std::vector<PersistenceModel> models = AllModels();
  const std::vector<RecordedRun> runs = SmallRuns();
  for (size_t i = 0; i < models.size(); ++i) {
    for (size_t j = 0; j < runs.size(); ++j) {
      if (i < std::size(kModels) || (i + j) % 3 == 0) check(models[i], runs[j]);
    }
  }
}

}  // namespace faultfs::test
