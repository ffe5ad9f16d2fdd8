// "At every crash point of every run": the frame of most tests of faultfs/crash/.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "faultfs/crash/states.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {

/// A state as one line.
inline std::string Key(const EffectGraph& graph, const CrashState& state) {
  const CrashStateText text = ToText(graph, state);
  std::string key = text.at + " fill " + text.fill;
  for (const std::string& lost : text.lost) key += " -" + lost;
  for (const std::string& tear : text.tears) key += " ~" + tear;
  return key;
}

/// Remembers the decisions of another.
class RecordingChooser final : public Chooser {
 public:
  explicit RecordingChooser(Chooser& chooser) : chooser_(chooser) {}
  [[nodiscard]] uint32_t Choose(uint32_t count) override {
    choices.push_back(chooser_.Choose(count));
    return choices.back();
  }
  std::vector<uint32_t> choices;

 private:
  Chooser& chooser_;
};

/// All states of a point, in the order of the enumeration, and the decisions that made each.
struct Leaves {
  std::vector<CrashState> states;
  std::vector<std::vector<uint32_t>> choices;
  std::set<std::string> keys;
};

inline Leaves Enumerate(PointView& view) {
  Leaves leaves;
  ExhaustiveChooser chooser;
  do {
    RecordingChooser recorder(chooser);
    leaves.states.push_back(view.Make(recorder));
    leaves.choices.push_back(recorder.choices);
    leaves.keys.insert(Key(view.graph(), leaves.states.back()));
  } while (chooser.Advance());
  return leaves;
}

/// The rows, and a few that between them have the switches that change what a state is made of.
inline std::vector<PersistenceModel> SomeModels() {
  std::vector<PersistenceModel> models(std::begin(kModels), std::end(kModels));
  models.push_back(Posix("byte-linear", "stale", "two-edits"));
  models.push_back(Posix("4096", "zeros", "two-edits"));
  models.push_back(FindModel("ext4-ordered").value());
  models.back().tear = TearSize::kByteLinear;
  return models;
}

/// Calls `check` with every point of every small run, and of some random ones.
template <typename Check>
void AtEveryPoint(Check check) {
  for (const PersistenceModel& model : SomeModels()) {
    std::vector<RecordedRun> runs = SmallRuns();
    for (uint64_t seed = 0; seed < 25; ++seed) runs.push_back(RandomRun(seed, model, 50));
    for (const RecordedRun& run : runs) {
      SCOPED_TRACE(run.name + "; " + Describe(model));
      const EffectGraph graph = Lower(run.base, run.trace, model);
      for (CrashPoint point : CrashPoints(run.trace)) {
        SCOPED_TRACE(CrashPointName(run.trace, point));
        PointView view(graph, point);
        check(view);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace faultfs::test
