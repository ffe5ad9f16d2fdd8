// Explain finds a state for every tree that a crash can leave, and none for others.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/env/posix_file_system.h"
#include "tests/faultfs/crash/brute_force.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// A tear of many bytes has hundreds of states: enough of them, spread evenly over the first so
/// many.
constexpr uint64_t kMostLeaves = 5000;
void ExplainStates(const RecordedRun& run, const PersistenceModel& model, uint64_t most) {
  SCOPED_TRACE(run.name + "; " + Describe(model));
  const EffectGraph graph = Lower(run.base, run.trace, model);
  for (CrashPoint point : CrashPoints(run.trace)) {
    PointView view(graph, point);
    const uint64_t stride = 1 + view.Count(kMostLeaves) / most;
    uint64_t nth = 0;
    ExhaustiveChooser chooser;
    do {
      const CrashState state = view.Make(chooser);
      if (nth++ % stride != 0) continue;
      const Image image = view.Materialize(state);
      const std::optional<CrashState> found = Explain(graph, point, image);
      ASSERT_TRUE(found.has_value()) << Describe(graph) << image.Describe();
      const Result<CrashState> legal = FromText(graph, ToText(graph, *found));
      ASSERT_TRUE(legal.ok()) << legal.status().ToString();
      EXPECT_EQ(*legal, *found);
      if (found->fill != Fill::kGarbage) {
        EXPECT_TRUE(SameContent(view.Materialize(*found), image)) << image.Describe();
      }
      if (state.fill == Fill::kZeros) {
        EXPECT_EQ(found->fill, Fill::kZeros);
      }
    } while (nth < kMostLeaves && chooser.Advance());
  }
}

TEST(Explain, FindsEveryStateOfTheSmallRuns) {
  UnderAllModels([](const PersistenceModel& model, const RecordedRun& run) {
    // In one order for everything, the search is a walk over all states.
    ExplainStates(run, model, model.order == EffectOrder::kTotal ? 6 : 25);
  });
}

TEST(Explain, FindsEveryStateOfRandomRuns) {
  const std::vector<PersistenceModel> models = AllModels();
  for (uint64_t seed = 0; seed < 600; ++seed) {
    const PersistenceModel& model = models[seed % models.size()];
    ExplainStates(RandomRun(seed, model, 60), model, 25);
  }
}

/// A tree is explained if and only if the brute force has it, whatever was done to it.
TEST(Explain, AgreesWithTheRulesOnMutatedTrees) {
  std::vector<PersistenceModel> models = AllModels();
  // Under stale fill any bytes pass for garbage, and the brute force knows only one kind of it.
  std::erase_if(models, [](const PersistenceModel& m) { return m.fill == FillPolicy::kStale; });
  int refused = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    const PersistenceModel& model = models[seed % models.size()];
    const RecordedRun run = RandomRun(seed, model, 60);
    const EffectGraph graph = Lower(run.base, run.trace, model);
    Random random = Random(seed).Fork("mutation");
    const std::vector<CrashPoint> points = CrashPoints(run.trace);
    const CrashPoint point = points[random.Below(points.size())];
    PointView view(graph, point);
    RandomChooser chooser(random.Fork("state"));
    Image image = view.Materialize(view.Make(chooser));
    const std::vector<std::pair<std::string, InodeNumber>> entries =
        image.Find(kRootInode)->entries;
    if (entries.empty()) continue;
    const auto& [name, inode] = entries[random.Below(entries.size())];
    const Inode& node = *image.Find(inode);
    if (random.OneIn(4)) {
      image.RemoveEntry(kRootInode, name);
    } else if (node.type == FileType::kFile && node.size_bytes > 0 && random.OneIn(2)) {
      image.Write(inode, random.Below(node.size_bytes), AsBytes("!"));
    } else if (node.type == FileType::kFile) {
      image.SetSize(inode, random.OneIn(2) ? node.size_bytes + 1 : node.size_bytes / 2);
    } else {
      image.SetEntry(kRootInode, "new", inode);
    }
    const bool allowed =
        TreesAfterCrash(run.base, run.trace, point.steps, model).contains(TreeText(image));
    EXPECT_EQ(Explain(graph, point, image).has_value(), allowed)
        << run.name << "; " << Describe(model) << "\n"
        << Describe(graph) << image.Describe();
    refused += allowed ? 0 : 1;
  }
  EXPECT_GT(refused, 700);
}

class ExplainFixture : public testing::Test {
 protected:
  /// Something durable, and something pending.
  ExplainFixture() : recorder_(DiskOf({{"keep", "durable"}, {"d/f", "x"}})) {
    recorder_.Create("log").Write("log", 0, std::string(600, 'L')).Sync("log").SyncDir("/");
    recorder_.Write("log", 600, "tail").Create("new").Write("keep", 0, "D");
    Use(Posix("512", "stale"));
  }

  void Use(const PersistenceModel& model) {
    graph_ = Lower(recorder_.base(), recorder_.trace(), model);
  }
  std::optional<CrashState> ExplainAtEnd(const Image& image) {
    return Explain(graph_, CrashPoints(recorder_.trace()).back(), image);
  }
  /// As the process saw it.
  InodeNumber File(std::string_view name) const { return live_.Lookup(kRootInode, name); }

  Recorder recorder_;
  EffectGraph graph_;
  Image live_;
};

TEST_F(ExplainFixture, NothingLostNeedsNoLoss) {
  const std::optional<CrashState> state = ExplainAtEnd(recorder_.live());
  ASSERT_TRUE(state.has_value());
  EXPECT_TRUE(state->lost.empty());
}

TEST_F(ExplainFixture, WhatIsDurableCannotChange) {
  live_ = recorder_.live();
  live_.Write(File("log"), 3, AsBytes("!"));  // a byte of a durable sector
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
  live_ = recorder_.live();
  live_.RemoveEntry(kRootInode, "log");  // a durable name
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
  live_ = recorder_.live();
  live_.SetSize(File("log"), 601);  // a size that nobody wrote
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
  live_ = recorder_.live();
  live_.SetSize(File("log"), 599);
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
  live_ = recorder_.live();
  live_.RemoveEntry(live_.Lookup(kRootInode, "d"), "f");
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
  live_ = recorder_.live();
  live_.SetEntry(kRootInode, "never", File("log"));  // a name that nobody gave
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
}

TEST_F(ExplainFixture, AnyBytesMatchWhereNothingBecameDurable) {
  recorder_.Write("new", 0, "fresh");
  Use(Posix("512", "stale"));
  live_ = recorder_.live();
  live_.Write(File("new"), 0, AsBytes("?????"));
  const std::optional<CrashState> state = ExplainAtEnd(live_);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->fill, Fill::kGarbage);
  EXPECT_EQ(ToText(graph_, *state).lost, std::vector<std::string>{"write#4/s0"});
  Use(Posix("512", "zeros"));
  EXPECT_FALSE(ExplainAtEnd(live_).has_value());
}

TEST_F(ExplainFixture, TwoTearsAreOneTooMany) {
  Recorder recorder(DiskOf({{"a", "aaaa"}, {"b", "bbbb"}}));
  recorder.Write("a", 0, "AAAA").Write("b", 0, "BBBB");
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), Posix("byte-linear", "zeros"));
  const CrashPoint end = CrashPoints(recorder.trace()).back();
  const std::optional<CrashState> one = Explain(graph, end, DiskOf({{"a", "AAaa"}, {"b", "BBBB"}}));
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(ToText(graph, *one).tears, std::vector<std::string>{"write#1/s0 front 2"});
  EXPECT_FALSE(Explain(graph, end, DiskOf({{"a", "AAaa"}, {"b", "bbBB"}})).has_value());
  EXPECT_FALSE(Explain(graph, end, DiskOf({{"a", "AaaA"}, {"b", "BBBB"}})).has_value());
}

TEST_F(ExplainFixture, NoTearShowsBehindACut) {
  Recorder recorder(DiskOf({{"a", "-"}}));
  recorder.Truncate("a", 0).Sync("a").Write("a", 0, "abc").Truncate("a", 0).Truncate("a", 4);
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), Posix("byte-linear", "zeros"));
  const CrashPoint end = CrashPoints(recorder.trace()).back();
  // Size 3 is that of the write: the cut is not on the disk. Size 4 says that it is.
  EXPECT_TRUE(Explain(graph, end, DiskOf({{"a", std::string("ab\0", 3)}})).has_value());
  EXPECT_TRUE(Explain(graph, end, DiskOf({{"a", std::string(4, '\0')}})).has_value());
  EXPECT_FALSE(Explain(graph, end, DiskOf({{"a", std::string("ab\0\0", 4)}})).has_value());
}

TEST_F(ExplainFixture, AnUntornVersionIsTakenBeforeATear) {
  // "a" shows its oldest version, which is also a mix of the two later ones; "b" needs the tear.
  Recorder recorder(DiskOf({{"a", "12"}, {"b", "bbbb"}}));
  recorder.Write("a", 1, "x").Write("a", 0, "y2").Write("a", 1, "z").Write("b", 0, "BBBB");
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), Posix("byte-linear", "zeros"));
  const CrashPoint end = CrashPoints(recorder.trace()).back();
  const std::optional<CrashState> state = Explain(graph, end, DiskOf({{"a", "12"}, {"b", "BBbb"}}));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(ToText(graph, *state).tears, std::vector<std::string>{"write#4/s0 front 2"});
}

/// A directory of the real file system that goes with the test.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "explain-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_F(ExplainFixture, ATreeReadFromARealDirectory) {
  PointView view(graph_, CrashPoints(recorder_.trace()).back());
  for (const CrashState& state : view.Systematic()) {
    const ScratchDirectory scratch;
    PosixFileSystem fs;
    ASSERT_TRUE(view.Materialize(state).ExportTo(fs, scratch.path()).ok());
    const Result<Image> observed = Image::FromDirectory(fs, scratch.path());
    ASSERT_TRUE(observed.ok()) << observed.status().ToString();
    const std::optional<CrashState> found = ExplainAtEnd(*observed);
    ASSERT_TRUE(found.has_value()) << observed->Describe();
    if (found->fill != Fill::kGarbage) {
      EXPECT_TRUE(SameContent(view.Materialize(*found), *observed));
    }
  }
}

}  // namespace
}  // namespace faultfs::test
