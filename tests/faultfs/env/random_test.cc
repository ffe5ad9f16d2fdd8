// The numbers here are fixed for ever: every seed that anyone has kept depends on them.
#include "faultfs/env/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace faultfs {
namespace {

TEST(Random, IsTheSplitMix64OfItsAuthors) {
  // The first outputs of the reference implementation (Vigna, splitmix64.c) for the seed 1234567.
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
  EXPECT_EQ(random.Next(), 4593380528125082431u);
  EXPECT_EQ(random.Next(), 16408922859458223821u);
  EXPECT_EQ(Random(0).Next(), 0xe220a8397b1dcdafu);
}

TEST(Random, EqualSeedsGiveEqualStreams) {
  Random a(7);
  Random b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.Next(), b.Next());
}

TEST(Random, BelowIsFixedAndInRange) {
  Random random(1);
  std::array<uint64_t, 8> drawn{};
  for (uint64_t& value : drawn) value = random.Below(100);
  EXPECT_EQ(drawn, (std::array<uint64_t, 8>{56, 74, 97, 44, 44, 76, 87, 52}));
  for (uint64_t bound : {uint64_t{1}, uint64_t{2}, uint64_t{3}, UINT64_MAX}) {
    for (int i = 0; i < 100; ++i) EXPECT_LT(random.Below(bound), bound);
  }
}

TEST(Random, BelowReachesEverything) {
  Random random(2);
  std::array<int, 10> hits{};
  for (int i = 0; i < 10'000; ++i) ++hits[random.Below(10)];
  for (const int count : hits) {
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
}

TEST(Random, OneInIsAsOftenAsItSays) {
  Random random(3);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.OneIn(4) ? 1 : 0;
  EXPECT_GT(hits, 2300);
  EXPECT_LT(hits, 2700);
  EXPECT_TRUE(random.OneIn(1));
}

TEST(Random, ForkDependsOnSeedAndKeyOnly) {
  Random drawn_from(5);
  for (int i = 0; i < 10; ++i) drawn_from.Next();
  EXPECT_EQ(drawn_from.Fork("faults").Next(), Random(5).Fork("faults").Next());
  EXPECT_NE(Random(5).Fork("faults").Next(), Random(5).Fork("workload").Next());
  EXPECT_NE(Random(5).Fork("faults").Next(), Random(6).Fork("faults").Next());
  EXPECT_EQ(Random(5).Fork("faults").Next(), 0xd4cf94e5e73e864au);
  EXPECT_EQ(Random(5).Fork(3).Next(), 0x89ac8b1e9b9abde8u);
}

TEST(Random, ForkMovesNothing) {
  Random a(9);
  Random b(9);
  (void)a.Fork(1).Next();
  EXPECT_EQ(a.Next(), b.Next());
}

TEST(Mix64, IsFixed) {
  static_assert(Mix64(0) == 0xe220a8397b1dcdafu);
  EXPECT_EQ(Mix64(1), 0x910a2dec89025cc1u);
  EXPECT_EQ(Mix64(1, 2), 0xbcd9dbb49673066bu);
  EXPECT_NE(Mix64(1, 2), Mix64(2, 1));
  EXPECT_EQ(MixString(""), 0xc3817c016ba4ff30u);
  EXPECT_EQ(MixString("wal.append"), 0x2ec5c4413c6c5f98u);
  EXPECT_NE(MixString("ab"), MixString("ba"));
}

TEST(SystemEntropy, DoesNotRepeat) {
  SystemEntropy entropy;
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(entropy.Next());
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace faultfs
