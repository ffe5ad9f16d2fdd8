// Real processes on a real disk: what a kill leaves is judged, what loses is found, what hangs or
// dies is told.
#include "harness/process/explore_on_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/process/internal/kill_draw.h"
#include "harness/process/internal/killed_run.h"
#include "harness/process/internal/workplace.h"
#include "tests/harness/explore/tiny_engines.h"
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

constexpr std::string_view kProgram =
    "set a 100\nset b 9000 buffered\nbatch set a 1; delete b; set c 70\nreopen\nget a\n"
    "snapshot\nset d 9000\nkill\ndelete a\ncompact\nset e 10\n";

Case OnDisk(std::string_view program, ProcessPlan plan) {
  Case c = CaseOf(program);
  c.process = std::move(plan);
  return c;
}

CaseResult Explored(const Case& c, const Adapter& adapter = KvAdapter(),
                    const ExploreOptions& options = {}) {
  NotingMonitor monitor;
  CaseResult result = ExploreCase(c, adapter, options, monitor);
  EXPECT_EQ(monitor.found.size(), result.findings.size());
  return result;
}

/// Files in a temporary folder of the test's own.
class ExploreOnDiskTest : public ::testing::Test {
 protected:
  ExploreOnDiskTest() {
    folder_ = std::filesystem::temp_directory_path() / ("on-disk-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    setenv("TMPDIR", folder_.c_str(), 1);
  }
  ~ExploreOnDiskTest() override {
    EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "something was left";
    unsetenv("TMPDIR");
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(ExploreOnDiskTest, EveryCallOfARightEngineIsExhausted) {
  const CaseResult result = Explored(OnDisk(kProgram, {.kills = 100'000}));
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.programs, 1u);
  EXPECT_EQ(result.counts.exhausted_programs, 1u);
  EXPECT_GT(result.counts.kills, 60u);
  EXPECT_EQ(result.counts.reopened, result.counts.kills);
  EXPECT_EQ(result.counts.probes, result.counts.kills);
}

TEST_F(ExploreOnDiskTest, AllTimesOfAKill) {
  ProcessPlan plan{.kills = 25};
  plan.when = {KillWhen::kWithin, KillWhen::kOperation, KillWhen::kMoment, KillWhen::kCall};
  const CaseResult result = Explored(OnDisk(kProgram, plan));
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.reopened, 25u);
  EXPECT_EQ(result.counts.exhausted_programs, 0u);
}

TEST_F(ExploreOnDiskTest, TheSameCaseGivesTheSame) {
  ProcessPlan plan{.kills = 12};
  plan.when = {KillWhen::kCall, KillWhen::kOperation, KillWhen::kMoment, KillWhen::kWithin};
  const Case c = OnDisk(kProgram, plan);
  EXPECT_EQ(Explored(c).digest, Explored(c).digest);
  Case other = c;
  other.seed = 77;
  EXPECT_NE(Explored(c).digest, Explored(other).digest);
}

Case BufferedToy(ProcessPlan plan) {
  Case c = OnDisk("set a 10\nset b 10\ndelete a\n", std::move(plan));
  c.store.adapter = "toy";
  c.store.options["buffered"] = "true";
  return c;
}

TEST_F(ExploreOnDiskTest, WhatIsKeptInTheProcessIsLost) {
  const CaseResult result = Explored(BufferedToy({.kills = 8}), ToyAdapter());
  ASSERT_THAT(result.findings, SizeIs(1));
  const Finding& finding = result.findings.front();
  EXPECT_EQ(finding.signature, "LOST_ACKED killed on disk");
  EXPECT_EQ(finding.reproducer.process->kill, KillChain(1, KillPoint()));
  EXPECT_THAT(finding.story, Contains("killed by SIGKILL at the end of the run"));
  EXPECT_THAT(finding.story, Contains("opened again, it showed:"));
  ASSERT_THAT(finding.disk, SizeIs(1));
  EXPECT_EQ(finding.disk.front().first, "db/toy.log");

  const CaseResult again = Explored(finding.reproducer, ToyAdapter());
  ASSERT_THAT(again.findings, SizeIs(1));
  EXPECT_EQ(again.findings.front(), finding);
  EXPECT_EQ(again.counts.kills, 1u);
}

// It survives the death of a process: only power loss shows that it never syncs.
TEST_F(ExploreOnDiskTest, WhatIsInTheKernelIsNotLost) {
  Case c = BufferedToy({.kills = 100});
  c.store.options.clear();
  EXPECT_THAT(Explored(c, ToyAdapter()).findings, IsEmpty());
}

/// Takes the temporary folder away after so many kills.
class Saboteur final : public Monitor {
 public:
  explicit Saboteur(uint64_t kills) : kills_(kills) {}
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Hung(bool) override {}
  void Counted(const Counts& counts) override {
    if (counts.kills == kills_) setenv("TMPDIR", "/nowhere", 1);
  }

 private:
  const uint64_t kills_;
};

TEST_F(ExploreOnDiskTest, WhatBrokeOffIsNotExhausted) {
  const Case c = BufferedToy({.kills = 1000});
  for (const uint64_t most : {1, 8}) {
    const CaseResult found = Explored(c, ToyAdapter(), {.max_findings = most});
    ASSERT_THAT(found.findings, SizeIs(1));
    EXPECT_EQ(found.counts.exhausted_programs, 0u);
  }
  Saboteur saboteur(3);
  const CaseResult unknown =
      ExploreCase(OnDisk("set a 10\n", {.kills = 1000}), KvAdapter(), {}, saboteur);
  EXPECT_THAT(unknown.findings, IsEmpty());
  EXPECT_EQ(unknown.counts.kills, 3u);
  EXPECT_EQ(unknown.counts.unknown, 1u);
  EXPECT_EQ(unknown.counts.exhausted_programs, 0u);
}

TEST_F(ExploreOnDiskTest, AKillOfAnEarlierCallIsDescribed) {
  const CaseResult result =
      Explored(BufferedToy({.kill = {KillPoint{KillWhen::kOperation, 3}}}), ToyAdapter());
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_THAT(result.findings.front().story,
              Contains("killed by SIGKILL just before operation 3: delete a"));
  const CaseResult call =
      Explored(OnDisk("set a 9000\n", {.kill = {KillPoint{KillWhen::kCall, 1}}}),
               TinyEngine(Flaw::kCounter));
  EXPECT_EQ(call.counts.kills, 1u);
}

TEST_F(ExploreOnDiskTest, AMomentSaysThatItDoesNotComeAgain) {
  const CaseResult result =
      Explored(BufferedToy({.kill = {KillPoint{KillWhen::kMoment, 999}}}), ToyAdapter());
  ASSERT_THAT(result.findings, SizeIs(1));  // of the run to its end, at the latest
  EXPECT_EQ(result.counts.kills, 2u);
}

TEST_F(ExploreOnDiskTest, ALimitOfFilesGivesRealShortWrites) {
  ProcessPlan plan{.kills = 10, .file_size_limit_bytes = 20'000};
  const CaseResult result =
      Explored(OnDisk("set a 9000\nset b 9000\nset c 9000\nset d 9000\nget c\n", plan));
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.reopened, 10u);
}

TEST_F(ExploreOnDiskTest, ASmallTmpfsFillsUpOrIsLeftOut) {
  ProcessPlan plan{.kills = 10, .tmpfs_bytes = 64 << 10};
  const CaseResult result =
      Explored(OnDisk("set a 30000\nset b 30000\nset c 30000\nflush\ndelete a\nset d 10\n", plan));
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.counts.reopened, result.counts.left_out == 1 ? 0u : 10u);
  EXPECT_EQ(result.counts.programs + result.counts.left_out, 1u);
}

TEST_F(ExploreOnDiskTest, WithoutTheRightToMountItIsLeftOut) {
  const bool root = geteuid() == 0;
  if (root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const CaseResult result = Explored(OnDisk("set a 1\n", {.tmpfs_bytes = 64 << 10}));
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_EQ(result.counts.left_out, 1u);
  EXPECT_EQ(result.counts.programs, 0u);
  EXPECT_EQ(result.counts.kills, 0u);
}

/// The toy, but it aborts where a write fails: so that a failure shows.
class Touchy final : public Adapter {
 public:
  std::string_view name() const override { return "touchy"; }
  std::string_view summary() const override { return "dies of errors"; }
  const Capabilities& capabilities() const override { return ToyAdapter().capabilities(); }
  const Contract& contract() const override { return ToyAdapter().contract(); }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    FAULTFS_ASSIGN_OR_RETURN(std::unique_ptr<System> toy, ToyAdapter().Open(context));
    return std::unique_ptr<System>(std::make_unique<Wrapped>(std::move(toy)));
  }

 private:
  class Wrapped final : public System {
   public:
    explicit Wrapped(std::unique_ptr<System> toy) : toy_(std::move(toy)) {}
    Reply Apply(const Operation& operation, OpNumber number) override {
      Reply reply = toy_->Apply(operation, number);
      if (!reply.status.ok()) {
        std::cerr << reply.status.ToString() << std::endl;
        std::abort();
      }
      return reply;
    }
    Result<Dump> ReadAll() override { return toy_->ReadAll(); }
    Status Close() override { return toy_->Close(); }

   private:
    const std::unique_ptr<System> toy_;
  };
};

TEST_F(ExploreOnDiskTest, SmallDisksReallyRefuse) {
  const std::string_view program = "set a 30000\nset b 30000\nset c 30000\n";
  EXPECT_THAT(Explored(OnDisk(program, {.kill = {KillPoint()}}), Touchy()).findings, IsEmpty());
  const CaseResult limited =
      Explored(OnDisk(program, {.file_size_limit_bytes = 50'000, .kill = {KillPoint()}}), Touchy());
  ASSERT_THAT(limited.findings, SizeIs(1));
  EXPECT_THAT(limited.findings.front().story, Contains(HasSubstr("it said: TOO_LARGE")));
  const CaseResult small =
      Explored(OnDisk(program, {.tmpfs_bytes = 64 << 10, .kill = {KillPoint()}}), Touchy());
  if (small.counts.left_out == 0) {
    ASSERT_THAT(small.findings, SizeIs(1));
    EXPECT_THAT(small.findings.front().story, Contains(HasSubstr("it said: NO_SPACE")));
  }
}

/// Aborts in its second Open, or makes calls for ever.
class Fragile final : public Adapter {
 public:
  explicit Fragile(bool aborts) : aborts_(aborts) {}
  std::string_view name() const override { return "fragile"; }
  std::string_view summary() const override { return "dies when it recovers"; }
  const Capabilities& capabilities() const override { return ToyAdapter().capabilities(); }
  const Contract& contract() const override { return ToyAdapter().contract(); }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    if (context.file_system.Stat(context.directory).ok()) {
      if (aborts_) std::abort();
      while (true) static_cast<void>(context.file_system.Stat("/"));
    }
    return ToyAdapter().Open(context);
  }

 private:
  const bool aborts_;
};

TEST_F(ExploreOnDiskTest, ARecoveryThatDiesOrHangsIsAFinding) {
  const Case c = OnDisk("set a 1\n", {.kill = {KillPoint()}});
  const CaseResult aborts = Explored(c, Fragile(true));
  ASSERT_THAT(aborts.findings, SizeIs(1));
  EXPECT_EQ(aborts.findings.front().signature, "CRASH killed on disk");
  EXPECT_THAT(aborts.findings.front().detail, HasSubstr("SIGABRT"));
  const CaseResult hangs = Explored(c, Fragile(false), {.call_limit = 1000});
  ASSERT_THAT(hangs.findings, SizeIs(1));
  EXPECT_EQ(hangs.findings.front().verdict, Verdict::kOpenHung);
}

TEST_F(ExploreOnDiskTest, AKillWithinAWriteLeavesWholePages) {
  for (uint64_t call = 1; call < 20; ++call) {
    const Case c = OnDisk("set a 9000\n", {.kill = {KillPoint{KillWhen::kWithin, call}}});
    const CaseResult result = Explored(c, Fragile(true));
    ASSERT_THAT(result.findings, SizeIs(1));
    const Finding& finding = result.findings.front();
    const auto torn = std::find_if(
        finding.story.begin(), finding.story.end(),
        [](const auto& line) { return line.find("after half of the pages of call") != line.npos; });
    if (torn == finding.story.end()) continue;
    ASSERT_THAT(finding.disk, SizeIs(1));
    EXPECT_EQ(finding.disk.front().second.size(), 4096u);
    return;
  }
  FAIL() << "no call writes into several pages";
}

// What an engine makes of a short write is never heard: the signal came first.
TEST_F(ExploreOnDiskTest, NothingComesAfterAKillWithinAWrite) {
  const Case c = OnDisk("set a 1\n", {});
  NotingMonitor monitor;
  const ExploreOptions options;
  for (const bool aborts : {false, true}) {
    const Curt adapter(aborts);
    const Laboratory lab{c, adapter, options, monitor};
    size_t torn_runs = 0;
    size_t torn_recoveries = 0;
    for (uint64_t call = 1; call <= 6; ++call) {
      const KillPoint within{KillWhen::kWithin, call};
      const auto place = Workplace::Make(*c.process);
      ASSERT_TRUE(place.ok());
      const auto run = RunAndKill(lab, (*place)->path(), within, 0);
      ASSERT_TRUE(run.ok());
      EXPECT_FALSE(run->live.has_value()) << run->live->detail;
      torn_runs += run->killed.starts_with("after half of the pages of call") ? 1 : 0;
      const auto recovery = RecoverApart(lab, (*place)->path(), 1, within);
      ASSERT_TRUE(recovery.ok());
      EXPECT_FALSE(recovery->violation.has_value()) << recovery->violation->detail;
      torn_recoveries += recovery->killed.starts_with("after half of the pages of call") ? 1 : 0;
    }
    EXPECT_EQ(torn_runs, 2u);        // the Open, the operation
    EXPECT_EQ(torn_recoveries, 3u);  // the Open, the write after it, the reopen
  }
}

TEST_F(ExploreOnDiskTest, ATimerKills) {
  const Case c = OnDisk(kProgram, {});
  NotingMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, KvAdapter(), options, monitor};
  const auto place = Workplace::Make(*c.process);
  ASSERT_TRUE(place.ok());
  const auto run = RunAndKill(lab, (*place)->path(), {KillWhen::kMoment, 0}, 0);
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->killed, StartsWith("by a timer"));
  EXPECT_FALSE(run->live.has_value());
}

TEST_F(ExploreOnDiskTest, ARunThatDiesByItselfIsAFinding) {
  const Case c = OnDisk("set a 1\nreopen\n", {.kills = 3});
  const CaseResult result = Explored(c, Fragile(true));
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings.front().signature, "CRASH live on disk");
  EXPECT_THAT(result.findings.front().detail, HasSubstr("in operation 2 (reopen)"));
}

TEST_F(ExploreOnDiskTest, FaultRulesActOnTheRealDisk) {
  Case c = OnDisk("set a 1\nset b 1\nset c 1\n", {.kills = 6});
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=2"};
  EXPECT_THAT(Explored(c).findings, IsEmpty());
}

// ---- Kills of recoveries ------------------------------------------------------------------------

Case Rewriting(ProcessPlan plan) {
  Case c = OnDisk("set a 10\nset b 10\n", std::move(plan));
  c.store.adapter = "toy";
  c.store.options["rewrites"] = "true";
  return c;
}

TEST_F(ExploreOnDiskTest, OnlyAKillOfARecoveryShowsWhatItDestroys) {
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

TEST_F(ExploreOnDiskTest, SoDoesARecoveryThatRemovesBeforeItWrites) {
  const Case once = OnDisk("set a 10\n", {.kills = 100});
  EXPECT_THAT(Explored(once, TinyEngine(Flaw::kDestroysInRecovery)).findings, IsEmpty());
  Case twice = OnDisk("set a 10\n", {.kills = 1, .depth = 2, .inner = 10});
  EXPECT_THAT(Explored(twice, TinyEngine(Flaw::kNone)).findings, IsEmpty());
  twice.process->inner = 100;
  const CaseResult result = Explored(twice, TinyEngine(Flaw::kDestroysInRecovery));
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings.front().verdict, Verdict::kLostAcked);
}

TEST_F(ExploreOnDiskTest, RecoveriesOfARightEngineAreKilled) {
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

TEST_F(ExploreOnDiskTest, EveryCallOfEveryRecoveryIsExhausted) {
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
TEST_F(ExploreOnDiskTest, TheWriteAfterARecoveryMustSurviveToo) {
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

TEST_F(ExploreOnDiskTest, AChainMayBeLonger) {
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

TEST_F(ExploreOnDiskTest, RecoveriesHaveRoomAgain) {
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

TEST_F(ExploreOnDiskTest, AKilledRecoveryThatShowsOtherThingsReplays) {
  const Finding finding = FoundInTheThird(Fickle::Way::kHides).findings.at(0);
  EXPECT_EQ(finding.signature, "NONDETERMINISTIC killed on disk, then in recovery");
  EXPECT_THAT(finding.story, Contains("opened again, and killed by SIGKILL at its end, after that "
                                      "write, a close and a reopen"));
  EXPECT_THAT(finding.story,
              Contains("another one, which began with equal files and lived, showed:"));
  EXPECT_THAT(finding.story, Contains("what differs from run to run need not come again"));
}

TEST_F(ExploreOnDiskTest, ARecoveryThatDiesBeforeItsKillReplays) {
  const Finding finding = FoundInTheThird(Fickle::Way::kAborts).findings.at(0);
  EXPECT_EQ(finding.signature, "CRASH killed on disk, then in recovery");
  EXPECT_THAT(finding.story,
              Contains("opened again, to be killed (\"end\"): it did not come to that"));
}

TEST_F(ExploreOnDiskTest, ARunThatDiffersReplays) {
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

TEST_F(ExploreOnDiskTest, ACopyIsAsTheKillLeftIt) {
  const auto place = Workplace::Make({});
  ASSERT_TRUE(place.ok());
  const std::filesystem::path from = (*place)->path();
  std::filesystem::create_directories(from / "db" / "empty");
  std::ofstream(from / "db" / "a") << "text";
  std::filesystem::create_hard_link(from / "db" / "a", from / "b");
  std::filesystem::create_symlink("db/a", from / "link");
  const auto copied = (*place)->Copy({});
  ASSERT_TRUE(copied.ok());
  const std::filesystem::path to = (*copied)->path();
  EXPECT_TRUE(std::filesystem::is_directory(to / "db" / "empty"));
  EXPECT_TRUE(std::filesystem::equivalent(to / "db" / "a", to / "b"));
  EXPECT_FALSE(std::filesystem::equivalent(from / "b", to / "b"));
  EXPECT_EQ(std::filesystem::file_size(to / "b"), 4u);
  EXPECT_EQ(std::filesystem::read_symlink(to / "link"), "db/a");
  EXPECT_EQ(std::filesystem::last_write_time(to / "b"),
            std::filesystem::last_write_time(from / "b"));
}

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

TEST(WorkplaceTest, SweepRemovesWhatDeadChildrenLeft) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("crashlab-" + std::to_string(getpid()) + "-abcdef");
  std::filesystem::create_directories(folder / "db");
  Workplace::Sweep();
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace crashlab
