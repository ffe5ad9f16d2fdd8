// The explorer, shown engines whose faults are known.
#include "harness/explore/explorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

CaseResult ExploreWith(const Case& c, const Adapter& adapter, const ExploreOptions& options = {}) {
  NotingMonitor monitor;
  CaseResult result = Explore(c, adapter, options, monitor);
  EXPECT_EQ(monitor.last, result.counts);
  std::vector<std::string> signatures;
  for (const Finding& finding : result.findings) signatures.push_back(finding.signature);
  EXPECT_EQ(monitor.found, signatures);
  return result;
}

std::vector<std::string> Signatures(const CaseResult& result) {
  std::vector<std::string> signatures;
  for (const Finding& finding : result.findings) signatures.push_back(finding.signature);
  return signatures;
}

std::vector<std::string> Found(Flaw flaw, const std::string& program, uint32_t depth = 1) {
  Case c = CaseOf(program);
  c.crash.depth = depth;
  return Signatures(ExploreWith(c, TinyEngine(flaw)));
}

// ---- Engines that are wrong
// ----------------------------------------------------------------------

TEST(WrongEngine, AcknowledgesBeforeItIsDurable) {
  EXPECT_THAT(Found(Flaw::kNoDirSync, "set a 10; set b 10"),
              Contains("LOST_ACKED power-loss lost=tiny.publish"));
}

TEST(WrongEngine, TearsABatch) {
  EXPECT_THAT(Found(Flaw::kBatchInTwo, "batch set a 10, set b 10"),
              Contains(StartsWith("TORN_BATCH process-death")));
}

TEST(WrongEngine, LosesOnKill) {
  EXPECT_THAT(Found(Flaw::kOnlyInMemory, "set a 10"), Contains("LOST_ACKED process-death"));
}

TEST(WrongEngine, RefusesToWorkAfterRecovery) {
  EXPECT_THAT(Found(Flaw::kReadOnlyAfterReopen, "set a 10"),
              Contains(StartsWith("NOT_WRITABLE process-death")));
}

TEST(WrongEngine, IsNotDeterministic) {
  const Case c = CaseOf("set a 10");
  ExploreOptions options;
  options.double_run = true;
  const CaseResult result = ExploreWith(c, TinyEngine(Flaw::kCounter), options);
  EXPECT_THAT(Signatures(result), Contains(StartsWith("NONDETERMINISTIC")));
  EXPECT_EQ(result.counts.double_runs, 0u);
}

TEST(WrongEngine, DestroysWhatItRecoversWhenItDiesInBetween) {
  EXPECT_THAT(Found(Flaw::kDestroysInRecovery, "set a 10", 1), IsEmpty());
  EXPECT_THAT(Found(Flaw::kDestroysInRecovery, "set a 10", 2),
              Contains("LOST_ACKED process-death, then process-death"));
}

// The image after the last sync is known from the crash point before it, where nothing was due yet:
// it has to be a site of its own under the bounds of the acknowledgement.
TEST(WrongEngine, DestroysWhatItRecoversAfterPowerLoss) {
  Case c = CaseOf("set a 10");
  c.crash.depth = 2;
  c.crash.kinds = {CrashKind::kPowerLoss};
  EXPECT_THAT(Signatures(ExploreWith(c, TinyEngine(Flaw::kDestroysInRecovery))),
              Contains(StartsWith("LOST_ACKED power-loss, then power-loss")));
}

TEST(WrongEngine, ServesWhatIsNotDurable) {
  EXPECT_THAT(Found(Flaw::kServesEarly, "set a 10", 1), IsEmpty());
  EXPECT_THAT(Found(Flaw::kServesEarly, "set a 10", 2),
              Contains("LOST_ACKED process-death, then power-loss lost=tiny.publish"));
}

TEST(WrongEngine, FailsToOpen) {
  EXPECT_THAT(Found(Flaw::kFailsOnTemporary, "set a 10; set b 10"),
              Contains("OPEN_FAILED live set").Times(0));
  EXPECT_THAT(Found(Flaw::kFailsOnTemporary, "set a 10; set b 10"),
              Contains(StartsWith("OPEN_FAILED process-death")));
}

TEST(WrongEngine, CallsALegalStateCorrupt) {
  EXPECT_THAT(Found(Flaw::kCorruptTemporary, "set a 10; set b 10"),
              Contains(StartsWith("FALSE_CORRUPTION process-death")));
}

TEST(WrongEngine, InventsValues) {
  EXPECT_THAT(Found(Flaw::kInventsValues, "set a 10; set b 10"),
              Contains(StartsWith("PHANTOM process-death")));
}

TEST(WrongEngine, LosesEverythingWhenItIsClosed) {
  EXPECT_THAT(Found(Flaw::kEmptiesOnClose, "set a 10"), Contains("LOST_ACKED process-death"));
}

TEST(WrongEngine, FailsWithoutACause) {
  const CaseResult result =
      ExploreWith(CaseOf("set a 10; delete a"), TinyEngine(Flaw::kFailsOnDelete));
  EXPECT_THAT(Signatures(result), ::testing::ElementsAre("NOT_WRITABLE live delete"));
  EXPECT_EQ(result.counts.recoveries, 0u);
}

TEST(WrongEngine, ReadsSomethingOld) {
  EXPECT_THAT(Found(Flaw::kStaleReads, "set a 10; set a 12; get a"),
              ::testing::ElementsAre("WRONG_VALUE live get"));
}

TEST(WrongEngine, KeepsASubset) {
  EXPECT_THAT(Found(Flaw::kFilePerKey, "set a 10; set b 10"),
              Contains("HOLE power-loss lost=tiny.publish"));
}

TEST(WrongEngine, TheBuiltinOnes) {
  const Case c = CaseOf("set a 10");
  EXPECT_THAT(Signatures(ExploreWith(c, CanaryAdapter())), Contains("LOST_ACKED process-death"));
  EXPECT_THAT(Signatures(ExploreWith(c, ToyAdapter())),
              Contains(StartsWith("LOST_ACKED power-loss lost=toy.")));
}

TEST(WrongEngine, ALyingDisk) {
  Case c = CaseOf("set a 350");
  c.faults = {"ignore sync,sync-dir"};
  EXPECT_THAT(Signatures(ExploreWith(c, KvAdapter())), Contains(StartsWith("LOST_ACKED power")));
}

// ---- Engines that are right
// ----------------------------------------------------------------------

TEST(RightEngine, IsCleanWhateverIsCrashed) {
  for (const char* rename : {"atomic", "two-edits"}) {
    Case c = CaseOf("set a 600; set b 10; batch delete a, set c 10; get c; kill; set a 10");
    c.crash.depth = 2;
    ASSERT_TRUE(faultfs::SetSwitch(c.crash.models[0], "rename", rename).ok());
    const CaseResult result = ExploreWith(c, TinyEngine(Flaw::kNone));
    EXPECT_THAT(Signatures(result), IsEmpty());
    EXPECT_EQ(result.counts.exhausted_programs, 1u);
    EXPECT_GT(result.counts.inner_recoveries, 40u);
  }
}

struct KvCase {
  const char* name;
  const char* program;
  uint64_t segment_bytes;

  friend std::ostream& operator<<(std::ostream& out, const KvCase& c) { return out << c.program; }
};

class RealStore : public ::testing::TestWithParam<KvCase> {};

TEST_P(RealStore, IsCleanUnderEveryModel) {
  for (Durability durability : {Durability::kSync, Durability::kBuffered}) {
    for (const char* tear : {"512", "4096", "byte-linear"}) {
      Case c = CaseOf(GetParam().program, durability);
      c.store.segment_bytes = GetParam().segment_bytes;
      c.crash.depth = 2;
      c.crash.budget = 3'000;
      c.crash.inner = 12;
      c.crash.inner_budget = 150;
      c.crash.models.push_back(faultfs::kModels[1]);
      ASSERT_TRUE(faultfs::SetSwitch(c.crash.models[0], "tear", tear).ok());
      ASSERT_TRUE(faultfs::SetSwitch(c.crash.models[0], "rename", "two-edits").ok());
      const CaseResult result = ExploreWith(c, KvAdapter());
      EXPECT_THAT(Signatures(result), IsEmpty()) << Name(durability) << " " << tear;
      EXPECT_GT(result.counts.recoveries, 10u);
      EXPECT_EQ(result.counts.unknown, 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, RealStore,
    ::testing::Values(
        KvCase{"One", "set a 10", 1 << 20}, KvCase{"Overwrite", "set a 350; set a 20", 1 << 20},
        KvCase{"Pages", "set a 5000; delete a", 1 << 20},
        KvCase{"Batch", "batch set a 10, set b 350, delete a; clear", 1 << 20},
        KvCase{"Rolls", "set a 350; set b 350; set c 350; flush", 512},
        KvCase{"Reopens", "set a 10 buffered; reopen; set b 10; kill; set a 0 buffered", 1 << 20},
        KvCase{"Mixed", "set a 10 buffered; set b 10 sync; get a; size; for-each", 1 << 20}),
    [](const auto& of) { return std::string(of.param.name); });

// ---- Counting, budgets, determinism
// --------------------------------------------------------------

TEST(Exploration, SaysWhetherItWasExhaustive) {
  Case c = CaseOf("set a 10; set b 10; set c 10", Durability::kBuffered);
  const CaseResult all = ExploreWith(c, KvAdapter());
  EXPECT_EQ(all.counts.exhausted_programs, 1u);
  c.crash.budget = all.counts.states / 2;
  const CaseResult some = ExploreWith(c, KvAdapter());
  EXPECT_EQ(some.counts.exhausted_programs, 0u);
  EXPECT_LT(some.counts.states, all.counts.states);
}

TEST(Exploration, KeepsToItsBudget) {
  Case c = CaseOf("set a 5000; set b 5000; set c 5000; set d 5000", Durability::kBuffered);
  c.crash.kinds = {CrashKind::kPowerLoss};
  for (const uint64_t budget : {1, 2, 10, 50, 100, 1000, 5000}) {
    c.crash.budget = budget;
    const CaseResult result = ExploreWith(c, KvAdapter());
    EXPECT_LE(result.counts.states, budget);
    EXPECT_GE(result.counts.states, budget / 2);
    EXPECT_EQ(result.counts.exhausted_programs, 0u);
  }
}

TEST(Exploration, CountsAreConsistent) {
  Case c = CaseOf("set a 350; set b 350; delete a; set c 1000");
  c.crash.depth = 2;
  c.crash.inner = 5;
  c.crash.inner_budget = 50;
  const Counts n = ExploreWith(c, KvAdapter()).counts;
  EXPECT_EQ(n.programs, 1u);
  EXPECT_GE(n.states, n.recoveries);
  EXPECT_GE(n.states, 2 * n.crash_points);  // one of each kind at least
  EXPECT_GE(n.judgements, n.recoveries);
  EXPECT_GT(n.judgements_with_loss, 0u);
  EXPECT_LT(n.judgements_with_loss, n.judgements);
  EXPECT_GT(n.inner_recoveries, 0u);
  EXPECT_LE(n.probes, n.recoveries + n.inner_recoveries);
  EXPECT_EQ(n.unknown, 0u);
}

// What is left by a process that died is the same in every model.
TEST(Exploration, CountsProcessDeathsOnce) {
  Case c = CaseOf("set a 10");
  c.crash.kinds = {CrashKind::kProcessDeath};
  const Counts one = ExploreWith(c, KvAdapter()).counts;
  c.crash.models.push_back(faultfs::kModels[1]);
  EXPECT_EQ(ExploreWith(c, KvAdapter()).counts.states, one.states);
  EXPECT_EQ(one.states, one.crash_points);
}

TEST(Exploration, ProbesOnlyIfAsked) {
  Case c = CaseOf("set a 10");
  EXPECT_GT(ExploreWith(c, KvAdapter()).counts.probes, 0u);
  c.crash.probe = false;
  EXPECT_EQ(ExploreWith(c, KvAdapter()).counts.probes, 0u);
  EXPECT_THAT(Signatures(ExploreWith(c, TinyEngine(Flaw::kReadOnlyAfterReopen))), IsEmpty());
}

// With and without the temporary file its recovery leaves the same disk and shows the same.
TEST(Exploration, ProbesWhatOnlyTheEngineRemembers) {
  const CaseResult result = ExploreWith(CaseOf("set a 10"), TinyEngine(Flaw::kRemembersTemporary));
  EXPECT_THAT(Signatures(result), Contains(HasSubstr("NOT_WRITABLE")));
}

TEST(Exploration, TwiceIsTheSame) {
  for (uint64_t budget : {100, 20'000}) {
    Case c = CaseOf("set a 700; batch set b 10, set c 900; delete a; kill; set a 2000",
                    Durability::kBuffered);
    c.crash.budget = budget;
    c.crash.depth = 2;
    c.crash.inner = 6;
    c.crash.inner_budget = 60;
    ExploreOptions options;
    options.double_run = true;
    const CaseResult first = ExploreWith(c, KvAdapter(), options);
    const CaseResult second = ExploreWith(c, KvAdapter(), options);
    EXPECT_EQ(first.digest, second.digest);
    EXPECT_EQ(first.counts, second.counts);
    EXPECT_EQ(first.counts.double_runs, 1u);
    c.seed = 8;
    EXPECT_NE(ExploreWith(c, KvAdapter(), options).digest, first.digest);
  }
}

TEST(Exploration, FindingsAreTheSameTwice) {
  Case c = CaseOf("set a 10; set b 10; delete a");
  c.crash.depth = 2;
  const CaseResult first = ExploreWith(c, ToyAdapter());
  EXPECT_THAT(first.findings, ::testing::Not(IsEmpty()));
  EXPECT_EQ(ExploreWith(c, ToyAdapter()).findings, first.findings);
}

TEST(Exploration, StopsWhenThereIsEnoughToReport) {
  Case c = CaseOf("set a 10; set b 10");
  c.crash.depth = 2;
  ExploreOptions options;
  options.max_findings = 1;
  const CaseResult result = ExploreWith(c, ToyAdapter(), options);
  EXPECT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.counts.exhausted_programs, 0u);
}

TEST(Exploration, CountsWhatItCouldNotDecide) {
  Case c = CaseOf("set a 10; set b 10; set c 10; set d 10; set e 10; set f 10; set g 10",
                  Durability::kBuffered);
  // An engine that goes on after errors that prove nothing: seven of them are too many worlds.
  class GoesOn final : public Adapter {
   public:
    std::string_view name() const override { return "goes-on"; }
    std::string_view summary() const override { return ""; }
    const Capabilities& capabilities() const override { return ToyAdapter().capabilities(); }
    const Contract& contract() const override { return ToyAdapter().contract(); }
    Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
      return ToyAdapter().Open(context);
    }
  };
  const GoesOn adapter;
  c.faults = {"fail IO_ERROR write tag=toy.append"};
  const CaseResult result = ExploreWith(c, adapter);
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_GT(result.counts.unknown, 0u);
  EXPECT_GT(result.counts.judgements, result.counts.unknown);
}

TEST(Exploration, TellsTheMonitorItsModels) {
  Case c = CaseOf("set a 10");
  c.crash.models.push_back(faultfs::kModels[1]);
  NotingMonitor monitor;
  (void)Explore(c, KvAdapter(), {}, monitor);
  EXPECT_THAT(monitor.models, ::testing::ElementsAre("posix", "prefix"));
  EXPECT_GE(monitor.recovering, monitor.last.recoveries);
}

// A worker that gives none for half a minute is taken for hung.
TEST(Exploration, GivesASignOfLifeWhereNoImageIsNew) {
  Case c = CaseOf("set a 10; snapshot; set b 10; compact; set a 20; kill; get b");
  c.faults = {"fail IO_ERROR sync tag=snapshot.sync nth=2"};
  c.crash.budget = 1'000'000;
  NotingMonitor monitor;
  const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
  EXPECT_GT(result.counts.states, 10 * result.counts.recoveries);
  EXPECT_GE(monitor.counted, result.counts.states / 256);
}

TEST(Exploration, AHangIsToldToTheMonitor) {
  const Case c = CaseOf("set a 10");
  ExploreOptions options;
  options.call_limit = 3;
  NotingMonitor monitor;
  (void)Explore(c, KvAdapter(), options, monitor);
  EXPECT_GT(monitor.hung, 0u);
}

TEST(Exploration, AChainOfItsOwnIsAllThatIsExplored) {
  Case c = CaseOf("set a 10");
  const CaseResult found = ExploreWith(c, CanaryAdapter());
  ASSERT_THAT(found.findings, ::testing::Not(IsEmpty()));
  NotingMonitor monitor;
  const CaseResult replayed = Explore(found.findings[0].reproducer, CanaryAdapter(), {}, monitor);
  EXPECT_EQ(replayed.counts.states, 1u);
  EXPECT_EQ(replayed.counts.recoveries, 1u);
  EXPECT_THAT(Signatures(replayed), ::testing::ElementsAre(found.findings[0].signature));
}

}  // namespace
}  // namespace crashlab
