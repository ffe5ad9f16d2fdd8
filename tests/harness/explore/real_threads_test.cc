// Clients that are threads of the operating system: what such a run is judged by, and what a
// finding keeps of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "harness/adapters/kv_adapter.h"
#include "harness/explore/explorer.h"
#include "harness/process/explore_on_disk.h"
#include "harness/scenario/scenario.h"
#include "tests/harness/explore/shared_engine.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Case CaseOnThreads(std::string_view program, uint64_t runs) {
  Case c = CaseOf(program);
  c.clients.emplace();
  c.clients->real_threads = true;
  c.clients->schedules = runs;
  return c;
}

CaseResult ExploreWith(const Case& c, const Adapter& adapter, const ExploreOptions& options = {}) {
  NotingMonitor monitor;
  return ExploreCase(c, adapter, options, monitor);
}

constexpr std::string_view kMixed =
    "0: set a 10; 1: batch set a 5, set b 5; 2: get a; 1: snapshot; 0: delete b; 2: for-each; "
    "reopen; 1: delete a; 0: set c 3 buffered; 2: flush; 2: compact; kill; 0: for-each; 1: size; "
    "2: clear; 0: set a 600; 1: clear-persistence; 2: background";

TEST(RealThreads, TheStoreIsRight) {
  Case c = CaseOnThreads(kMixed, 10);
  c.store.durability = Durability::kGroupCommit;
  c.crash.budget = 200;
  const CaseResult result = ExploreWith(c, KvAdapter());
  for (const Finding& finding : result.findings) ADD_FAILURE() << finding.detail;
  EXPECT_EQ(result.counts.programs, 1u);
  EXPECT_EQ(result.counts.schedules, 10u);
  EXPECT_EQ(result.counts.exhausted_programs, 0u) << "there are always more ways to run";
  EXPECT_EQ(result.counts.unknown, 0u);
  EXPECT_GT(result.counts.judgements_with_loss, 200u);
}

TEST(RealThreads, NothingOfARunIsExpectedToComeAgain) {
  const Case c = CaseOnThreads("0: set a 10; 1: set a 20; 2: set b 5; 0: get a", 20);
  const CaseResult first = ExploreWith(c, KvAdapter(), {.double_run = true});
  EXPECT_THAT(first.findings, IsEmpty());
  EXPECT_EQ(first.counts.double_runs, 0u);
  EXPECT_EQ(first.digest, ExploreWith(c, KvAdapter()).digest);
}

TEST(RealThreads, AFailedSyncReachesEverybody) {
  Case c = CaseOnThreads("0: set a 10; 1: set b 10; 2: set c 10; 1: get a; 0: set a 5", 3);
  c.store.durability = Durability::kGroupCommit;
  c.sweep = {"fail IO_ERROR sync tag=wal.sync", "fail NO_SPACE write tag=wal.append", "evict any"};
  c.crash.budget = 100;
  const CaseResult result = ExploreWith(c, KvAdapter());
  for (const Finding& finding : result.findings) ADD_FAILURE() << finding.detail;
  EXPECT_GT(result.counts.programs, 6u);
}

TEST(RealThreads, AnEngineWithALockIsRight) {
  const Case c = CaseOnThreads("0: set a 10; 1: set a 20; 0: get a; 1: batch set a 3, set b 3", 20);
  EXPECT_THAT(ExploreWith(c, SharedEngine(SharedFlaw::kNone)).findings, IsEmpty());
}

TEST(RealThreads, WhatACrashTookIsFoundAndKept) {
  const Case c = CaseOnThreads("0: set a 10; 1: set b 20; 0: get b", 2);
  const CaseResult result = ExploreWith(c, SharedEngine(SharedFlaw::kNoDirSync));
  const auto lost =
      std::find_if(result.findings.begin(), result.findings.end(), [](const Finding& finding) {
        return finding.verdict == Verdict::kLostAcked && !finding.model.empty();
      });
  ASSERT_NE(lost, result.findings.end());
  EXPECT_THAT(lost->signature, HasSubstr("power-loss"));
  EXPECT_THAT(lost->story, Contains(HasSubstr("power loss")));
  EXPECT_THAT(lost->story, Contains(HasSubstr("what the clients saw")));
  EXPECT_THAT(lost->story, Contains(HasSubstr("set a 10")));
  EXPECT_THAT(lost->story, Contains(HasSubstr("sync-begin"))) << "of the trace";
  EXPECT_THAT(lost->story, Not(Contains(HasSubstr("schedule:"))));
  for (const auto& [path, bytes] : lost->disk) EXPECT_THAT(path, HasSubstr("db/"));

  // No chain leads to it again. Its file has the program tried anew, as often as the plan says.
  EXPECT_THAT(lost->reproducer.crash.chain, IsEmpty());
  EXPECT_EQ(lost->reproducer.clients->schedules, 2u);
  const Scenario kept = ScenarioOf(*lost, "kept");
  EXPECT_EQ(kept.expect.verdict, Verdict::kLostAcked);
  EXPECT_EQ(kept.crash.budget, c.crash.budget);
  Case again = lost->reproducer;
  again.clients = kept.clients;
  again.crash = kept.crash;
  EXPECT_THAT(ExploreWith(again, SharedEngine(SharedFlaw::kNoDirSync)).findings, Not(IsEmpty()));
}

TEST(RealThreads, AnswersAreJudgedWhileTheyCome) {
  const Case c = CaseOnThreads("0: set a 10; 1: get a", 1);
  const CaseResult result = ExploreWith(c, SharedEngine(SharedFlaw::kTellsNoSequence));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings.front().verdict, Verdict::kNotLinearizable);
  EXPECT_THAT(result.findings.front().story, Contains(HasSubstr("what the clients saw")));
}

TEST(RealThreads, PlacesThatAreNotTheOrderOfTheLogComeOutSomeTime) {
  std::string program;
  for (int i = 0; i < 40; ++i) {
    program += std::to_string(i % 4) + (i % 8 < 4 ? ": set a 10; " : ": get a; ");
  }
  Case c = CaseOnThreads(program, 40);
  c.crash.budget = 20;
  const CaseResult result = ExploreWith(c, SharedEngine(SharedFlaw::kNumbersBeforeLock));
  EXPECT_THAT(result.findings, Not(IsEmpty()));
}

// ---- The same on a real disk --------------------------------------------------------------------

Case CaseOnDisk(std::string_view program, uint64_t kills) {
  Case c = CaseOnThreads(program, ClientPlan().schedules);
  c.process.emplace();
  c.process->kills = kills;
  c.process->when = {KillWhen::kCall, KillWhen::kOperation, KillWhen::kMoment};
  return c;
}

TEST(RealThreads, TheStoreIsRightOnARealDisk) {
  Case c = CaseOnDisk(kMixed, 15);
  c.store.durability = Durability::kGroupCommit;
  c.process->depth = 2;
  c.process->inner = 10;
  const CaseResult result = ExploreWith(c, KvAdapter());
  for (const Finding& finding : result.findings) ADD_FAILURE() << finding.detail;
  EXPECT_EQ(result.counts.kills, 15u);
  EXPECT_EQ(result.counts.inner_reopened, 10u);
  EXPECT_EQ(result.counts.reopened, 15u);
  EXPECT_EQ(result.counts.schedules, 15u);
  EXPECT_EQ(result.counts.unknown, 0u);
  EXPECT_EQ(result.digest, faultfs::Hash128());
}

TEST(RealThreads, AnswersAreJudgedOnARealDisk) {
  const Case c = CaseOnDisk("0: set a 10; 1: get a", 2);
  const CaseResult result = ExploreWith(c, SharedEngine(SharedFlaw::kTellsNoSequence));
  ASSERT_THAT(result.findings, Not(IsEmpty()));
  EXPECT_EQ(result.findings.front().verdict, Verdict::kNotLinearizable);
  EXPECT_THAT(result.findings.front().story, Contains(HasSubstr("what the clients saw")));
}

}  // namespace
}  // namespace crashlab
