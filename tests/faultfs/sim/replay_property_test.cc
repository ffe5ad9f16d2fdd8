// Property: a trace says everything. Whatever was called, applying the recorded steps to the base
// gives the live image, at the end and on the way.
#include <gtest/gtest.h>

#include <map>

#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/random_calls.h"

namespace faultfs {
namespace {

class ReplayPropertyTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ReplayPropertyTest, TheTraceGivesTheLiveImage) {
  Random random(GetParam());
  Volume first{Image()};
  SimFileSystem prelude(first);
  test::RandomCaller warm_up(prelude, random.Fork("warm-up"));
  for (int i = 0; i < 100; ++i) warm_up.Call();
  const Image base = first.live();

  Volume volume(base);
  SimFileSystem fs(volume);
  test::RandomCaller caller(fs, random.Fork("calls"));
  std::map<size_t, Image> seen;  // by number of steps
  for (int i = 0; i < 400; ++i) {
    caller.Call();
    if (i % 40 == 0) seen.insert_or_assign(volume.trace().ops.size(), volume.live());
  }
  seen.insert_or_assign(volume.trace().ops.size(), volume.live());
  ASSERT_GT(volume.trace().ops.size(), 80u);
  for (const auto& [steps, live] : seen) {
    const Image replayed = LiveImage(base, volume.trace(), steps);
    ASSERT_TRUE(SameContent(replayed, live)) << steps << "\n"
                                             << replayed.Describe() << "\n"
                                             << live.Describe();
    EXPECT_EQ(replayed.ContentHash(), live.ContentHash());
    EXPECT_EQ(replayed.next_inode(), live.next_inode());
    EXPECT_TRUE(SameContent(Volume::Resume(base, volume.trace(), steps)->live(), live));
  }
}

TEST_P(ReplayPropertyTest, OneSeedOneTrace) {
  const auto run = [] {
    Volume volume{Image()};
    SimFileSystem fs(volume);
    test::RandomCaller caller(fs, Random(GetParam()));
    for (int i = 0; i < 300; ++i) caller.Call();
    return Describe(volume.trace()) + volume.live().Describe();
  };
  EXPECT_EQ(run(), run());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplayPropertyTest, testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace faultfs
