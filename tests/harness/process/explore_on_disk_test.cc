// Real processes on a real disk: what a kill leaves is judged, what loses is found, what hangs or
// dies is told.
#include "harness/process/explore_on_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/process/internal/killed_run.h"
#include "harness/process/internal/workplace.h"
#include "tests/harness/explore/tiny_engines.h"
#include "tests/harness/process/on_disk_fixture.h"
#include "tests/harness/process/unsteady_engines.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
class ExploreOnDiskTest : public OnDiskTest {};

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

TEST(WorkplaceTest, SweepRemovesWhatDeadChildrenLeft) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("crashlab-" + std::to_string(getpid()) + "-abcdef");
  std::filesystem::create_directories(folder / "db");
  Workplace::Sweep();
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace crashlab
