// Real processes on a real disk: recoveries that are killed, and those after them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/process/explore_on_disk.h"
#include "tests/harness/explore/tiny_engines.h"
#include "tests/harness/process/on_disk_fixture.h"
#include "tests/harness/process/unsteady_engines.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class KilledRecoveryTest : public OnDiskTest {};

Case Rewriting(ProcessPlan plan) {
  Case c = OnDisk("set a 10\nset b 10\n", std::move(plan));
  c.store.adapter = "toy";
  c.store.options["rewrites"] = "true";
  return c;
}

TEST_F(KilledRecoveryTest, OnlyAKillOfARecoveryShowsWhatItDestroys) {
  EXPECT_THAT(Explored(Rewriting({.kills = 100}), ToyAdapter()).findings, IsEmpty());
  const CaseResult result =
      Explored(Rewriting({.kills = 3, .depth = 2, .inner = 60}), ToyAdapter());
  ASSERT_THAT(result.findings, SizeIs(1));
  const Finding& finding = result.findings.front();
  EXPECT_EQ(finding.signature, "LOST_ACKED killed on disk, then in recovery");
  ASSERT_THAT(finding.reproducer.process->kill, SizeIs(2));
  EXPECT_EQ(finding.reproducer.process->kill.front(), KillPoint());
  EXPECT_EQ(finding.reproducer.process->depth, 1u);
  EXPECT_THAT(finding.story, Contains("killed by SIGKILL at the end of the run"));
  EXPECT_THAT(finding.story, Contains(StartsWith("opened again, and killed by SIGKILL just before "
                                                 "call ")));
  EXPECT_THAT(finding.story, Contains(HasSubstr(": write toy.append /db/toy.log")));
  EXPECT_THAT(finding.story, Contains("opened again, it showed:"));
  ASSERT_THAT(finding.disk, SizeIs(1));
  EXPECT_THAT(finding.disk.front().second, IsEmpty());  // as the second kill left it

  const CaseResult again = Explored(finding.reproducer, ToyAdapter());
  ASSERT_THAT(again.findings, SizeIs(1));
  EXPECT_EQ(again.findings.front(), finding);
  EXPECT_EQ(again.counts.kills, 1u);
  EXPECT_EQ(again.counts.reopened, 0u);
  EXPECT_EQ(again.counts.inner_kills, 1u);
  EXPECT_EQ(again.counts.inner_reopened, 1u);
}

TEST_F(KilledRecoveryTest, SoDoesARecoveryThatRemovesBeforeItWrites) {
  const Case once = OnDisk("set a 10\n", {.kills = 100});
  EXPECT_THAT(Explored(once, TinyEngine(Flaw::kDestroysInRecovery)).findings, IsEmpty());
  Case twice = OnDisk("set a 10\n", {.kills = 1, .depth = 2, .inner = 10});
  EXPECT_THAT(Explored(twice, TinyEngine(Flaw::kNone)).findings, IsEmpty());
  twice.process->inner = 100;
  const CaseResult result = Explored(twice, TinyEngine(Flaw::kDestroysInRecovery));
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings.front().verdict, Verdict::kLostAcked);
}

TEST_F(KilledRecoveryTest, RecoveriesOfARightEngineAreKilled) {
  ProcessPlan plan{.kills = 8, .depth = 2, .inner = 20};
  plan.when = {KillWhen::kWithin, KillWhen::kOperation, KillWhen::kMoment, KillWhen::kCall};
  const Case c = OnDisk(kProgram, plan);
  const CaseResult result = Explored(c);
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.reopened, 8u);
  EXPECT_EQ(result.counts.inner_kills, 20u);
  EXPECT_EQ(result.counts.inner_reopened, 20u);
  EXPECT_EQ(result.counts.judgements, 28u);
  EXPECT_EQ(result.counts.unknown, 0u);
  EXPECT_EQ(Explored(c).digest, result.digest);
  Case other = c;
  other.process->inner = 19;
  EXPECT_NE(Explored(other).digest, result.digest);
}

TEST_F(KilledRecoveryTest, EveryCallOfEveryRecoveryIsExhausted) {
  Case c = OnDisk("set a 10\n", {.kills = 100, .depth = 2, .inner = 100'000});
  c.store.adapter = "toy";
  const CaseResult all = Explored(c, ToyAdapter());
  EXPECT_THAT(all.findings, IsEmpty());
  EXPECT_EQ(all.counts.exhausted_programs, 1u);
  EXPECT_GT(all.counts.inner_kills, 5 * all.counts.kills);
  EXPECT_EQ(all.counts.inner_kills, all.counts.inner_reopened);
  c.process->inner = 20;
  EXPECT_EQ(Explored(c, ToyAdapter()).counts.exhausted_programs, 0u);
}

// Nothing is written before the second kill, which comes after the probe was acknowledged.
TEST_F(KilledRecoveryTest, TheWriteAfterARecoveryMustSurviveToo) {
  Case c = OnDisk("get a\n", {.kills = 1, .depth = 2, .inner = 100});
  c.store.adapter = "toy";
  EXPECT_THAT(Explored(c, ToyAdapter()).findings, IsEmpty());
  c.store.options["buffered"] = "true";
  const CaseResult result = Explored(c, ToyAdapter());
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_THAT(result.findings.front().detail, HasSubstr("a write after the recovery"));
  EXPECT_THAT(result.findings.front().story,
              Contains(EndsWith("after that write was acknowledged")));
  EXPECT_THAT(result.findings.front().story, Contains("it had shown:"));
}

TEST_F(KilledRecoveryTest, AChainMayBeLonger) {
  const auto explored = [](std::string_view kill) {
    return Explored(OnDisk(kProgram, {.kill = ParseKillChain(kill).value()}));
  };
  const CaseResult four = explored("call 40, then call 9, then within 30, then end");
  EXPECT_THAT(four.findings, IsEmpty());
  EXPECT_EQ(four.counts.kills, 1u);
  EXPECT_EQ(four.counts.inner_kills, 3u);
  EXPECT_EQ(four.counts.inner_reopened, 1u);
  EXPECT_EQ(four.counts.unknown, 0u);
  const CaseResult behind_the_end = explored("operation 3, then call 100000");
  EXPECT_THAT(behind_the_end.findings, IsEmpty());
  EXPECT_EQ(behind_the_end.counts.inner_reopened, 1u);
}

TEST_F(KilledRecoveryTest, RecoveriesHaveRoomAgain) {
  ProcessPlan plan{.kills = 4, .file_size_limit_bytes = 20'000, .depth = 2, .inner = 8};
  const std::string_view program = "set a 9000\nset b 9000\nset c 9000\nset d 9000\nget c\n";
  const CaseResult limited = Explored(OnDisk(program, plan));
  EXPECT_THAT(limited.findings, IsEmpty());
  EXPECT_EQ(limited.counts.inner_reopened, 8u);
  plan.file_size_limit_bytes.reset();
  plan.tmpfs_bytes = 64 << 10;
  const CaseResult small = Explored(OnDisk("set a 30000\nset b 30000\nset c 30000\nflush\n", plan));
  EXPECT_THAT(small.findings, IsEmpty());
  EXPECT_EQ(small.counts.inner_reopened, small.counts.left_out == 1 ? 0u : 8u);
}

// The third process is the killed recovery, after the run and the recovery to its end: in a replay
// too.
CaseResult FoundInTheThird(Fickle::Way way) {
  const Case c = OnDisk("set a 10\n", {.kills = 1, .depth = 2, .inner = 1000});
  CaseResult result = Explored(c, Fickle(way, 2), {.max_findings = 1});
  EXPECT_THAT(result.findings, SizeIs(1));
  if (result.findings.size() != 1) return result;
  const Finding& finding = result.findings.front();
  EXPECT_EQ(finding.reproducer.process->kill, KillChain(2, KillPoint()));
  EXPECT_THAT(finding.disk, SizeIs(1));
  const CaseResult again = Explored(finding.reproducer, Fickle(way, 2));
  EXPECT_THAT(again.findings, ElementsAre(finding));
  EXPECT_EQ(again.counts.inner_kills, 1u);
  EXPECT_EQ(again.counts.reopened, 0u);
  return result;
}

TEST_F(KilledRecoveryTest, AKilledRecoveryThatShowsOtherThingsReplays) {
  const Finding finding = FoundInTheThird(Fickle::Way::kHides).findings.at(0);
  EXPECT_EQ(finding.signature, "NONDETERMINISTIC killed on disk, then in recovery");
  EXPECT_THAT(finding.story, Contains("opened again, and killed by SIGKILL at its end, after that "
                                      "write, a close and a reopen"));
  EXPECT_THAT(finding.story,
              Contains("another one, which began with equal files and lived, showed:"));
  EXPECT_THAT(finding.story, Contains("what differs from run to run need not come again"));
}

TEST_F(KilledRecoveryTest, ARecoveryThatDiesBeforeItsKillReplays) {
  const Finding finding = FoundInTheThird(Fickle::Way::kAborts).findings.at(0);
  EXPECT_EQ(finding.signature, "CRASH killed on disk, then in recovery");
  EXPECT_THAT(finding.story,
              Contains("opened again, to be killed (\"end\"): it did not come to that"));
}

TEST_F(KilledRecoveryTest, ARunThatDiffersReplays) {
  Case c = OnDisk("set a 10\nset b 10\nset c 10\n", {.kills = 100});
  c.crash.probe = false;  // which a recovery would refuse
  const CaseResult result = Explored(c, Fickle(Fickle::Way::kRefuses, 2));
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings.front().signature, "NONDETERMINISTIC live on disk");
  const CaseResult again =
      Explored(result.findings.front().reproducer, Fickle(Fickle::Way::kRefuses, 1));
  EXPECT_THAT(again.findings, ElementsAre(result.findings.front()));
  EXPECT_EQ(again.counts.kills, 1u);
}

}  // namespace
}  // namespace crashlab
