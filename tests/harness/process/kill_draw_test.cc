// Which places of a program and of its recoveries a kill is drawn for.
#include "harness/process/internal/kill_draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/harness/process/on_disk_fixture.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(KillDrawTest, KillsOfRecoveriesAreSharedOut) {
  const std::vector<KillPoint> points = {
      {}, {KillWhen::kCall, 3}, {KillWhen::kMoment, 5}, {KillWhen::kOperation, 1}};
  Case c = OnDisk("set a 1\n", {.depth = 2, .inner = 7});
  const std::vector<uint64_t> shares = ShareInner(c, points);
  ASSERT_THAT(shares, SizeIs(4));
  EXPECT_EQ(shares[0] + shares[1] + shares[3], 7u);
  for (const size_t i : {0, 1, 3}) EXPECT_GE(shares[i], 2u);
  EXPECT_EQ(shares[2], 0u);  // it does not come again
  c.process->depth = 1;
  EXPECT_THAT(ShareInner(c, points), ElementsAre(0, 0, 0, 0));
}

TEST(KillDrawTest, NoPlaceOfARecoveryTwice) {
  Case c = OnDisk("set a 1\n", {.depth = 2});
  EXPECT_FALSE(DrawInnerKills(c, 0, 10, 10, {}).exhausted);
  const DrawnKills all = DrawInnerKills(c, 0, 11, 10, {});
  EXPECT_TRUE(all.exhausted);
  EXPECT_THAT(all.points, SizeIs(11));
  EXPECT_THAT(all.points, Contains(KillPoint()));
  c.process->when = {KillWhen::kWithin, KillWhen::kOperation, KillWhen::kCall};
  const DrawnKills drawn = DrawInnerKills(c, 0, 30, 20, {4, 7});
  EXPECT_FALSE(drawn.exhausted);
  size_t within = 0;
  for (const KillPoint& point : drawn.points) {
    EXPECT_EQ(std::count(drawn.points.begin(), drawn.points.end(), point), 1);
    EXPECT_LE(point.number, 20u);
    within += point.when == KillWhen::kWithin ? 1 : 0;
    EXPECT_TRUE(point.when != KillWhen::kOperation && point.when != KillWhen::kMoment);
  }
  EXPECT_EQ(within, 2u);
}

}  // namespace
}  // namespace crashlab
