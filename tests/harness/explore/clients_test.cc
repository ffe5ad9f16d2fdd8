// Several clients: what each schedule leaves, what is wrong with an engine, and schedules that come
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "harness/adapters/kv_adapter.h"
#include "harness/explore/explorer.h"
#include "harness/explore/minimizer.h"
#include "harness/explore/run.h"
#include "harness/explore/schedules.h"
#include "harness/runner/internal/minimize_findings.h"
#include "harness/runner/internal/one_job.h"
#include "tests/harness/explore/shared_engine.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Case CaseWithClients(std::string_view program, ScheduleKind kind, uint64_t schedules) {
  Case c = CaseOf(program);
  c.clients.emplace();
  c.clients->kinds = {kind};
  c.clients->schedules = schedules;
  return c;
}

CaseResult ExploreWith(const Case& c, const Adapter& adapter) {
  NotingMonitor monitor;
  return Explore(c, adapter, {}, monitor);
}

TEST(Clients, TheStoreIsRightUnderEveryScheduleOfTwoWriters) {
  Case c =
      CaseWithClients("0: set a 10; 1: set a 20; 0: get a", ScheduleKind::kExhaustive, 100'000);
  c.store.durability = Durability::kGroupCommit;
  c.clients->preemptions = 2;
  c.crash.budget = 1000;
  const CaseResult result = ExploreWith(c, KvAdapter());
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.programs, 1u);
  EXPECT_GT(result.counts.schedules, 20u);
  EXPECT_EQ(result.counts.exhausted_programs, 1u) << "all schedules, and all states of each";
  EXPECT_EQ(result.counts.unknown, 0u);
  EXPECT_GT(result.counts.judgements_with_loss, 100u);
}

TEST(Clients, AFewSchedulesExhaustNothing) {
  const Case c = CaseWithClients("0: set a 10; 1: set a 20", ScheduleKind::kRandom, 3);
  const CaseResult result = ExploreWith(c, KvAdapter());
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.schedules, 3u);
  EXPECT_EQ(result.counts.exhausted_programs, 0u);
}

TEST(Clients, ReopenAndKillAreEverybodys) {
  Case c = CaseWithClients(
      "0: set a 10; 1: batch set a 5, set b 5; reopen; 1: delete a; 0: set c 3 buffered; kill; "
      "0: for-each; 1: size",
      ScheduleKind::kRandom, 20);
  c.crash.budget = 300;
  const CaseResult result = ExploreWith(c, KvAdapter());
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.schedules, 20u);
}

/// The verdicts that an engine gets for this program.
std::vector<Verdict> VerdictsOf(SharedFlaw flaw, std::string_view program) {
  const Case c = CaseWithClients(program, ScheduleKind::kExhaustive, 1000);
  std::vector<Verdict> verdicts;
  for (const Finding& finding : ExploreWith(c, SharedEngine(flaw)).findings) {
    verdicts.push_back(finding.verdict);
  }
  return verdicts;
}

TEST(Clients, AnEngineWithALockIsRight) {
  for (std::string_view program :
       {"0: set a 10; 1: set a 20; 0: get a; 1: get a", "0: batch set a 10, set b 10; 1: get b"}) {
    EXPECT_THAT(VerdictsOf(SharedFlaw::kNone, program), IsEmpty());
  }
}

TEST(Clients, WhatAReaderSawAndACrashTookIsLost) {
  EXPECT_THAT(VerdictsOf(SharedFlaw::kReadsWithoutLock, "0: set a 10; 1: get a"),
              ::testing::Contains(Verdict::kLostAcked));
}

TEST(Clients, PlacesThatAreNotTheOrderOfTheLogAreNoExplanation) {
  // Alone each order is right. Only a place that no later write hides tells.
  EXPECT_THAT(
      VerdictsOf(SharedFlaw::kNumbersBeforeLock, "0: set a 10; 1: set a 20; 0: get a; 1: get a"),
      ::testing::Contains(Verdict::kNotLinearizable));
  EXPECT_THAT(VerdictsOf(SharedFlaw::kNumbersBeforeLock, "0: set a 10; 1: set b 20"),
              ::testing::Contains(Verdict::kHole));
  EXPECT_THAT(VerdictsOf(SharedFlaw::kTellsNoSequence, "0: set a 10; 1: get a"),
              ::testing::Each(Verdict::kNotLinearizable));
}

TEST(Clients, ABatchInTwoIsTorn) {
  EXPECT_THAT(VerdictsOf(SharedFlaw::kWritesBatchInTwo, "0: batch set a 10, set b 10; 1: set c 10"),
              ::testing::Contains(Verdict::kTornBatch));
}

TEST(Clients, WhoWaitsForEachOtherHangsWithReasons) {
  const Case c = CaseWithClients("0: set a 10; 1: get a", ScheduleKind::kExhaustive, 1000);
  const CaseResult result = ExploreWith(c, SharedEngine(SharedFlaw::kLocksInBothOrders));
  ASSERT_THAT(result.findings, SizeIs(2)) << "one that ends with a get, one with a set";
  const Finding& finding = result.findings.front();
  EXPECT_EQ(finding.verdict, Verdict::kHang);
  EXPECT_THAT(finding.detail, HasSubstr("nobody can go on; client 0"));
  EXPECT_THAT(finding.detail, HasSubstr("map"));
  EXPECT_THAT(finding.detail, HasSubstr("log"));
  ASSERT_TRUE(finding.reproducer.clients->schedule.has_value());

  NotingMonitor monitor;
  const auto again =
      Replay(finding.reproducer, SharedEngine(SharedFlaw::kLocksInBothOrders), {}, monitor);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  ASSERT_TRUE(again->finding.has_value());
  EXPECT_EQ(again->finding->detail, finding.detail);
}

TEST(Clients, ARunComesAgainUnderItsSchedule) {
  Case c =
      CaseWithClients("0: set a 10; 1: set b 10; 2: set c 10; 1: get a", ScheduleKind::kRandom, 1);
  c.store.durability = Durability::kGroupCommit;
  for (uint64_t n = 1; n <= 20; ++n) {
    const auto drawn = DrawSchedule(c, n);
    NotingMonitor monitor;
    const auto first = RunProgram(c, KvAdapter(), {}, monitor, drawn.get());
    Case named = c;
    named.clients->schedule = first.schedule;
    const auto second = RunProgram(named, KvAdapter(), {}, monitor);
    EXPECT_EQ(first.digest, second.digest);
    EXPECT_EQ(first.schedule, second.schedule);
    EXPECT_FALSE(second.diverged);
    named.clients->schedule = "#" + std::to_string(n);
    EXPECT_EQ(RunProgram(named, KvAdapter(), {}, monitor).digest, first.digest);
  }
}

TEST(Clients, AScheduleOfAnotherProgramIsNotReplayed) {
  Case c = CaseWithClients("0: set a 10; 1: set b 10", ScheduleKind::kRandom, 1);
  c.clients->schedule = "0*2 1 0*2 5";
  c.crash.chain.emplace_back().kind = CrashKind::kProcessDeath;
  c.crash.chain.back().state.at = "end";
  NotingMonitor monitor;
  const auto replayed = Replay(c, KvAdapter(), {}, monitor);
  ASSERT_FALSE(replayed.ok());
  EXPECT_TRUE(replayed.status().Is(Code::kNotFound)) << replayed.status().ToString();
}

TEST(Clients, AFindingGetsFewerOperationsAndSwitches) {
  const Case c = CaseWithClients(
      "0: set c 10; 1: set d 10; 0: set a 10; 2: get d; 1: get a; 2: set e 30; 0: delete c",
      ScheduleKind::kRandom, 30);
  const Adapter& engine = SharedEngine(SharedFlaw::kReadsWithoutLock);
  const CaseResult result = ExploreWith(c, engine);
  const auto lost =
      std::find_if(result.findings.begin(), result.findings.end(),
                   [](const Finding& finding) { return finding.verdict == Verdict::kLostAcked; });
  ASSERT_NE(lost, result.findings.end());
  NotingMonitor monitor;
  const Minimized small = Minimize(*lost, engine, {}, {}, monitor);
  EXPECT_TRUE(small.one_minimal);
  EXPECT_LE(small.finding.reproducer.program.size(), 2u) << Print(small.finding.reproducer.program);
  const std::string& schedule = *small.finding.reproducer.clients->schedule;
  EXPECT_LE(std::count(schedule.begin(), schedule.end(), ' '), 2) << schedule;
  const auto again = Replay(small.finding.reproducer, engine, {}, monitor);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(again->finding.has_value());
}

// The search for a death runs each trial in a process of its own, and this one never dies.
TEST(Clients, AHangGetsFewerOperations) {
  const Case c = CaseWithClients(
      "0: set c 10; 1: set d 10; 0: set a 10; 2: get d; 1: get a; 2: set e 30; 0: delete c",
      ScheduleKind::kRandom, 30);
  const Adapter& engine = SharedEngine(SharedFlaw::kLocksInBothOrders);
  const CaseResult result = ExploreWith(c, engine);
  ASSERT_FALSE(result.findings.empty());
  ASSERT_EQ(result.findings.front().verdict, Verdict::kHang);
  const auto small = MinimizeApart(result.findings.front(), engine, {});
  ASSERT_TRUE(small.ok()) << small.status().ToString();
  const Finding& finding = small->finding;
  EXPECT_EQ(finding.verdict, Verdict::kHang);
  EXPECT_LE(finding.reproducer.program.size(), 2u) << Print(finding.reproducer.program);
  EXPECT_THAT(finding.detail, HasSubstr("nobody can go on; client 0"));
}

/// Whether the run of a case ends the process it is in.
bool Dies(const Case& c, const Adapter& engine) {
  const auto answer = RunOneJob(
      [&](Monitor& monitor) -> Result<std::string> {
        return Replay(c, engine, {}, monitor).status().ToString();
      },
      {});
  EXPECT_TRUE(answer.ok()) << answer.status().ToString();
  return answer.ok() && answer->death.has_value();
}

// A trial that dies can only have named its schedule before.
TEST(Clients, ADeathThatGotSmallerComesAgain) {
  Case c = CaseWithClients("0: set c 10; 1: set d 10; 0: set a 10; 2: get d; 1: get a; 0: delete c",
                           ScheduleKind::kRandom, 30);
  const Adapter& engine = SharedEngine(SharedFlaw::kDiesOfAReader);
  Finding finding;
  finding.verdict = Verdict::kCrash;
  for (uint64_t n = 1; n <= c.clients->schedules; ++n) {
    c.clients->schedule = "#" + std::to_string(n);
    if (!Dies(c, engine)) finding.reproducer = c;  // so that others must be tried
  }
  ASSERT_TRUE(finding.reproducer.clients.has_value()) << "every schedule shows it";
  const auto small = MinimizeApart(finding, engine, {});
  ASSERT_TRUE(small.ok()) << small.status().ToString();
  const Case& reproducer = small->finding.reproducer;
  EXPECT_LE(reproducer.program.size(), 2u) << Print(reproducer.program);
  EXPECT_TRUE(Dies(reproducer, engine)) << *reproducer.clients->schedule;
}

TEST(Clients, AFailedSyncReachesEverybody) {
  Case c = CaseWithClients("0: set a 10; 1: set b 10; 2: set c 10; 1: get a; 0: set a 5",
                           ScheduleKind::kPct, 30);
  c.store.durability = Durability::kGroupCommit;
  c.sweep = {"fail IO_ERROR sync tag=wal.sync", "fail NO_SPACE write tag=wal.append"};
  c.crash.budget = 200;
  const CaseResult result = ExploreWith(c, KvAdapter());
  for (const Finding& finding : result.findings) ADD_FAILURE() << finding.detail;
  EXPECT_GT(result.counts.schedules, 60u);
}

}  // namespace
}  // namespace crashlab
