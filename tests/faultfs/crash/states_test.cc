// What the choosers make of PointView.
#include "faultfs/crash/states.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/faultfs/crash/every_point.h"
#include "tests/faultfs/crash/recorder.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

TEST(States, EnumerationNamesEachStateOnce) {
  AtEveryPoint([](PointView& view) {
    const Leaves leaves = Enumerate(view);
    EXPECT_EQ(leaves.keys.size(), leaves.states.size());
  });
}

TEST(States, CountIsTheNumberOfLeavesUpToTheCap) {
  AtEveryPoint([](PointView& view) {
    const uint64_t leaves = Enumerate(view).states.size();
    EXPECT_EQ(view.Count(UINT64_MAX), leaves);
    for (uint64_t cap : {uint64_t{0}, uint64_t{1}, leaves - 1, leaves, leaves + 1}) {
      EXPECT_EQ(view.Count(cap), std::min(cap, leaves)) << "cap " << cap;
    }
  });
}

TEST(States, RandomStatesAreAmongTheEnumerated) {
  AtEveryPoint([](PointView& view) {
    const Leaves leaves = Enumerate(view);
    RandomChooser chooser(Random(7).Fork(view.point().steps));
    for (int i = 0; i < 20; ++i) {
      chooser.NewState();
      EXPECT_TRUE(leaves.keys.contains(Key(view.graph(), view.Make(chooser))));
    }
  });
}

TEST(States, RandomReachesEveryStateInTheEnd) {
  const RecordedRun run = SmallRuns().front();
  const EffectGraph graph = Lower(run.base, run.trace, Posix("512", "stale"));
  PointView view(graph, CrashPoints(run.trace)[2]);
  const Leaves leaves = Enumerate(view);
  ASSERT_GT(leaves.keys.size(), 8u);
  RandomChooser chooser((Random(1)));
  std::set<std::string> drawn;
  for (int i = 0; i < 2000; ++i) {
    chooser.NewState();
    drawn.insert(Key(graph, view.Make(chooser)));
  }
  EXPECT_EQ(drawn, leaves.keys);
}

TEST(States, SystematicStatesAreAmongTheEnumeratedAndLeaveNothingOut) {
  AtEveryPoint([](PointView& view) {
    const Leaves leaves = Enumerate(view);
    const std::vector<CrashState> states = view.Systematic();
    std::set<std::vector<EffectId>> lost;
    std::set<EffectId> torn;
    for (const CrashState& state : states) {
      EXPECT_TRUE(leaves.keys.contains(Key(view.graph(), state))) << Key(view.graph(), state);
      lost.insert(state.lost);
      for (const Tear& tear : state.tears) torn.insert(tear.effect);
    }
    EXPECT_TRUE(lost.contains({}));
    EXPECT_TRUE(lost.contains(view.pending()));
    for (EffectId id : view.pending()) {
      std::vector<EffectId> alone = {id};
      view.CloseUpward(alone);
      EXPECT_TRUE(lost.contains(alone)) << EffectName(view.graph(), id);
      // Kept with no more than it needs: the smallest of the kept sets that has it.
      size_t most_lost = 0;
      for (const CrashState& state : leaves.states) {
        if (!std::binary_search(state.lost.begin(), state.lost.end(), id)) {
          most_lost = std::max(most_lost, state.lost.size());
        }
      }
      EXPECT_TRUE(std::any_of(states.begin(), states.end(), [&](const CrashState& state) {
        return state.lost.size() == most_lost &&
               !std::binary_search(state.lost.begin(), state.lost.end(), id);
      })) << EffectName(view.graph(), id);
    }
    for (const CrashState& state : leaves.states) {
      std::vector<EffectId> alone;
      for (const Tear& tear : state.tears) alone = {tear.effect};
      if (alone.empty()) continue;
      view.CloseUpward(alone);
      if (alone == state.lost) {
        EXPECT_TRUE(torn.contains(state.tears[0].effect)) << Key(view.graph(), state);
      }
    }
  });
}

TEST(States, ASystematicSampleWithAStrideIsPartOfTheWhole) {
  AtEveryPoint([](PointView& view) {
    const std::vector<CrashState> all = view.Systematic();
    EXPECT_EQ(view.Systematic(1), all);
    for (size_t stride : {2, 3, 100}) {
      const std::vector<CrashState> some = view.Systematic(stride);
      // In the same order, from the same first two on; with one pending effect it is the whole.
      auto next = all.begin();
      for (const CrashState& state : some) {
        next = std::find(next, all.end(), state);
        ASSERT_NE(next, all.end()) << Key(view.graph(), state);
        ++next;
      }
      if (view.pending().size() < 2) {
        EXPECT_EQ(some, all);
      } else {
        EXPECT_LT(some.size(), all.size());
      }
    }
  });
}

TEST(States, ReplayGivesTheSameState) {
  AtEveryPoint([](PointView& view) {
    const Leaves leaves = Enumerate(view);
    for (size_t i = 0; i < leaves.states.size(); i += 1 + leaves.states.size() / 50) {
      ReplayChooser chooser(leaves.choices[i]);
      EXPECT_EQ(view.Make(chooser), leaves.states[i]);
    }
    ReplayChooser nothing({});
    EXPECT_EQ(view.Make(nothing).lost, std::vector<EffectId>());
  });
}

TEST(States, NextWalksAllPoints) {
  for (const PersistenceModel& model : SomeModels()) {
    for (const RecordedRun& run : SmallRuns()) {
      const EffectGraph graph = Lower(run.base, run.trace, model);
      std::vector<CrashState> expected;
      for (CrashPoint point : CrashPoints(run.trace)) {
        PointView view(graph, point);
        if (view.Count(200) < 200) {
          const std::vector<CrashState> states = Enumerate(view).states;
          expected.insert(expected.end(), states.begin(), states.end());
          continue;
        }
        expected.clear();  // too many tears to walk twice
        break;
      }
      if (expected.empty()) continue;
      std::vector<CrashState> walked;
      ExhaustiveChooser chooser;
      do {
        walked.push_back(Next(graph, chooser));
      } while (chooser.Advance());
      EXPECT_EQ(walked, expected) << run.name;
    }
  }
}

TEST(States, MaterializeOfAGraphIsThatOfItsView) {
  AtEveryPoint([](PointView& view) {
    const Leaves leaves = Enumerate(view);
    for (size_t i = 0; i < leaves.states.size(); i += 1 + leaves.states.size() / 10) {
      EXPECT_EQ(Materialize(view.graph(), leaves.states[i]).ContentHash(),
                view.Materialize(leaves.states[i]).ContentHash());
    }
  });
}

TEST(States, TheViewDoesNotRememberTheStateBefore) {
  AtEveryPoint([](PointView& view) {
    const Leaves leaves = Enumerate(view);
    std::map<size_t, Hash128> hashes;
    for (size_t i = 0; i < leaves.states.size(); i += 1 + leaves.states.size() / 20) {
      hashes[i] = view.Materialize(leaves.states[i]).ContentHash();
    }
    for (auto it = hashes.rbegin(); it != hashes.rend(); ++it) {
      EXPECT_EQ(view.Materialize(leaves.states[it->first]).ContentHash(), it->second);
    }
  });
}

TEST(States, NothingLostIsWhatTheProcessSaw) {
  AtEveryPoint([](PointView& view) {
    CrashState state;
    state.point = view.point();
    const EffectGraph& graph = view.graph();
    EXPECT_TRUE(SameContent(view.Materialize(state),
                            LiveImage(graph.base, *graph.trace, view.point().steps)));
  });
}

// --- Closure

TEST(CloseUpward, AddsWhatContainsALostVersionAndNothingElse) {
  Recorder recorder;
  recorder.Create("a").Write("a", 0, "one").Write("a", 3, "two").Write("a", 600, "three");
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), Posix("512", "zeros"));
  PointView view(graph, CrashPoints(recorder.trace()).back());
  const auto find = [&](std::string_view name) { return FindEffect(graph, name).value(); };
  std::vector<EffectId> lost = {find("write#1/s0")};
  view.CloseUpward(lost);
  EXPECT_EQ(lost, (std::vector<EffectId>{find("write#1/s0"), find("write#2/s0")}));
  lost = {find("write#2/size"), find("write#2/size")};
  view.CloseUpward(lost);
  EXPECT_EQ(lost, (std::vector<EffectId>{find("write#2/size"), find("write#3/size")}));
  lost.clear();
  view.CloseUpward(lost);
  EXPECT_TRUE(lost.empty());
}

TEST(CloseUpward, GoesThroughARenameToBothNames) {
  Recorder recorder;
  recorder.Create("a").Rename("a", "b").Remove("b").Create("a");
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), Posix("512", "zeros"));
  PointView view(graph, CrashPoints(recorder.trace()).back());
  std::vector<EffectId> lost = {FindEffect(graph, "rename#1/rename").value()};
  view.CloseUpward(lost);
  EXPECT_EQ(lost, (std::vector<EffectId>{1, 2, 3}));
}

}  // namespace
}  // namespace faultfs::test
