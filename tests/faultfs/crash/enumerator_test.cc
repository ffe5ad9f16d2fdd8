// The enumerator against the brute force: at every crash point of every run, the set of trees that
// PointView makes and the set that the rules allow are the same set.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "faultfs/crash/states.h"
#include "tests/faultfs/crash/brute_force.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

std::set<std::string> EnumeratedTrees(PointView& view) {
  std::set<std::string> trees;
  ExhaustiveChooser chooser;
  do {
    trees.insert(TreeText(view.Materialize(view.Make(chooser))));
  } while (chooser.Advance());
  return trees;
}

std::string FirstOnlyIn(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> only;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
  return only.empty() ? "(none)" : "\n" + only.front();
}

/// How many trees were compared; 0 if they differ.
size_t ComparePoints(const RecordedRun& run, const PersistenceModel& model) {
  const EffectGraph graph = Lower(run.base, run.trace, model);
  size_t compared = 0;
  for (CrashPoint point : CrashPoints(run.trace)) {
    const std::set<std::string> allowed = TreesAfterCrash(run.base, run.trace, point.steps, model);
    PointView view(graph, point);
    const std::set<std::string> enumerated = EnumeratedTrees(view);
    if (enumerated != allowed) {
      ADD_FAILURE() << run.name << "; model " << Describe(model) << "; before "
                    << CrashPointName(run.trace, point) << "\n"
                    << Describe(run.trace) << Describe(graph) << enumerated.size()
                    << " trees enumerated, " << allowed.size() << " allowed"
                    << "\nenumerated and not allowed: " << FirstOnlyIn(enumerated, allowed)
                    << "\nallowed and not enumerated: " << FirstOnlyIn(allowed, enumerated);
      return 0;
    }
    compared += allowed.size();
  }
  return compared;
}

TEST(Enumerator, SmallRunsUnderEveryModel) {
  UnderAllModels([](const PersistenceModel& model, const RecordedRun& run) {
    EXPECT_GT(ComparePoints(run, model), 0u);
  });
}

TEST(Enumerator, GrowthOverThreeBlocks) {
  Recorder recorder(DiskOf({{"a", std::string(4000, 'o')}}));
  recorder.Write("a", 4000, std::string(96, '1') + std::string(4096, '2') + "3")
      .Create("b")
      .Sync("b");
  const RecordedRun run{"growth over three blocks", recorder.base(), recorder.trace()};
  for (PersistenceModel model : kModels) {
    ASSERT_TRUE(SetSwitch(model, "tear", "4096").ok());
    for (std::string_view word : SwitchValues("growth")) {
      ASSERT_TRUE(SetSwitch(model, "growth", word).ok());
      EXPECT_GT(ComparePoints(run, model), 0u);
    }
  }
}

/// Whatever a file system may leave, the weakest one with blocks of that size may leave too.
TEST(Enumerator, PosixHasTheTreesOfEveryFileSystem) {
  std::vector<RecordedRun> runs = SmallRuns();
  for (uint64_t seed = 0; seed < 200; ++seed) runs.push_back(RandomRun(seed, kModels[0], 100));
  for (const PersistenceModel& model : kModels) {
    PersistenceModel posix = kModels[0];
    posix.tear = model.tear;
    for (const RecordedRun& run : runs) {
      const EffectGraph graph = Lower(run.base, run.trace, model);
      const EffectGraph weakest = Lower(run.base, run.trace, posix);
      for (CrashPoint point : CrashPoints(run.trace)) {
        PointView view(graph, point);
        PointView weakest_view(weakest, point);
        const std::set<std::string> trees = EnumeratedTrees(view);
        const std::set<std::string> allowed = EnumeratedTrees(weakest_view);
        ASSERT_TRUE(std::includes(allowed.begin(), allowed.end(), trees.begin(), trees.end()))
            << run.name << "; " << model.name << "; before " << CrashPointName(run.trace, point)
            << FirstOnlyIn(trees, allowed);
      }
    }
  }
}

TEST(Enumerator, RandomRuns) {
  constexpr uint64_t kRuns = 4000;
  constexpr uint64_t kLimit = 200;
  const std::vector<PersistenceModel> models = AllModels();
  size_t trees = 0;
  size_t most = 0;
  int evicted_behind_a_journal = 0;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    const PersistenceModel& model = models[seed % models.size()];
    const RecordedRun run = RandomRun(seed, model, kLimit);
    const auto& ops = run.trace.ops;
    evicted_behind_a_journal +=
        std::any_of(ops.begin(), ops.end(), [](const TraceOp& op) { return op.journaled; }) ? 1 : 0;
    const size_t compared = ComparePoints(run, model);
    ASSERT_GT(compared, 0u) << "seed " << seed;
    trees += compared;
    most = std::max(most, compared);
  }
  // The runs are not trivial.
  EXPECT_GT(trees, kRuns * 20);
  EXPECT_GT(most, 400u);
  EXPECT_GT(evicted_behind_a_journal, 20);
}

}  // namespace
}  // namespace faultfs::test
