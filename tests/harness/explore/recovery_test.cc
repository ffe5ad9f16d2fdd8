// The life of a recovered engine, and how it is judged.
#include "harness/explore/recovery.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

/// An engine that contract and capabilities are taken of, and nothing else.
class Paper final : public Adapter {
 public:
  Paper(Promise on_ack, Promise on_close) {
    contract_.rows = {{Verb::kSet, std::nullopt, on_ack}};
    contract_.close = on_close;
  }
  std::string_view name() const override { return "paper"; }
  std::string_view summary() const override { return ""; }
  const Capabilities& capabilities() const override { return KvAdapter().capabilities(); }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext&) const override {
    return Status::Error(Code::kUnsupported, "paper");
  }

 private:
  Contract contract_;
};

/// A recovery that showed `decided`, had come to `stage` and was crashed; what the next Open shows.
class Recovered {
 public:
  explicit Recovered(const Adapter& adapter) : adapter_(adapter), world_("set a 10; set b 10") {
    c_ = CaseOf("set a 10; set b 10");
    world_.Opens().Ok().Ok();
  }

  std::string Shows(Stage stage, bool power_lost, const std::string& content, bool probe) {
    NotingMonitor monitor;
    const ExploreOptions options;
    const Laboratory lab{c_, adapter_, options, monitor};
    Situation situation{.events = world_.events(),
                        .power_lost = power_lost,
                        .stage = stage,
                        .decided = world_.Content("a=1 b=2"),
                        .decided_hash = {}};
    situation.decided_hash = HashOf(situation.decided);
    Observation seen{.open = {}, .dump = world_.Content(content), .hash = {}};
    if (probe) {
      const Operation operation = ProbeOperation();
      seen.dump.emplace_back(operation.key, ValueOf(ProbeNumber(c_), 0, operation.value_bytes));
    }
    seen.hash = HashOf(seen.dump);
    const auto violation = Judge(lab, world_.oracle(), situation, seen);
    // By the hash alone the answer may be another word, never another side.
    Observation blind{.open = {}, .dump = {}, .hash = seen.hash};
    EXPECT_EQ(Judge(lab, world_.oracle(), situation, blind).has_value(), violation.has_value());
    return violation.has_value() ? std::string(Name(violation->verdict)) : "legal";
  }

 private:
  const Adapter& adapter_;
  Case c_;
  OracleWorld world_;
};

constexpr bool kPower = true;
constexpr bool kProcess = false;

TEST(JudgeAfterOpen, WhatItShowedIsDecided) {
  Recovered engine(KvAdapter());
  EXPECT_EQ(engine.Shows(Stage::kOpened, kPower, "a=1 b=2", false), "legal");
  EXPECT_EQ(engine.Shows(Stage::kOpened, kPower, "a=1", false), "LOST_ACKED");
  EXPECT_EQ(engine.Shows(Stage::kOpened, kPower, "a=1 b=2", true), "PHANTOM");
}

TEST(JudgeAfterOpen, TheProbeIsInFlightThenThere) {
  Recovered engine(KvAdapter());
  for (bool power_lost : {kPower, kProcess}) {
    for (bool probe : {false, true}) {
      EXPECT_EQ(engine.Shows(Stage::kProbeInvoked, power_lost, "a=1 b=2", probe), "legal");
    }
    for (Stage stage : {Stage::kProbeAcked, Stage::kClosed, Stage::kReopened}) {
      EXPECT_EQ(engine.Shows(stage, power_lost, "a=1 b=2", true), "legal");
      EXPECT_EQ(engine.Shows(stage, power_lost, "a=1 b=2", false), "LOST_ACKED");
      EXPECT_EQ(engine.Shows(stage, power_lost, "a=1", true), "LOST_ACKED");
      EXPECT_EQ(engine.Shows(stage, power_lost, "b=2", true), "LOST_ACKED");
      EXPECT_EQ(engine.Shows(stage, power_lost, "a=junk b=2", true), "PHANTOM");
    }
  }
}

TEST(JudgeAfterOpen, TheProbeSurvivesWhatTheContractPromises) {
  struct Row {
    Promise on_ack;
    Promise on_close;
    std::vector<std::pair<Stage, bool>> settled;
  };
  const Row rows[] = {
      {Promise::kProcess,
       Promise::kNothing,
       {{Stage::kProbeAcked, kProcess},
        {Stage::kClosed, kProcess},
        {Stage::kReopened, kProcess},
        {Stage::kReopened, kPower}}},
      {Promise::kNothing, Promise::kNothing, {}},
      {Promise::kNothing,
       Promise::kPowerForAckedBefore,
       {{Stage::kClosed, kProcess},
        {Stage::kClosed, kPower},
        {Stage::kReopened, kProcess},
        {Stage::kReopened, kPower}}},
  };
  for (const Row& row : rows) {
    const Paper paper(row.on_ack, row.on_close);
    Recovered engine(paper);
    for (Stage stage : {Stage::kProbeAcked, Stage::kClosed, Stage::kReopened}) {
      for (bool power_lost : {kPower, kProcess}) {
        const bool settled = std::find(row.settled.begin(), row.settled.end(),
                                       std::pair(stage, power_lost)) != row.settled.end();
        EXPECT_EQ(engine.Shows(stage, power_lost, "a=1 b=2", false),
                  settled ? "LOST_ACKED" : "legal");
        EXPECT_EQ(engine.Shows(stage, power_lost, "a=1 b=2", true), "legal");
      }
    }
  }
}

// ---- Situations
// ----------------------------------------------------------------------------------

TEST(SituationAfter, AddsUpUntilAnOpenReturns) {
  faultfs::Trace trace;
  const auto mark = [&](Stage stage) {
    faultfs::TraceOp op;
    op.mark = static_cast<uint64_t>(stage) - 1;
    trace.ops.push_back(op);
  };
  faultfs::TraceOp step;
  step.kind = faultfs::TraceKind::kWrite;
  trace.ops.push_back(step);  // of Open
  mark(Stage::kOpened);
  trace.ops.push_back(step);  // of the probe, say
  mark(Stage::kProbeInvoked);

  const Situation power{.events = 3, .power_lost = true, .decided = {}, .decided_hash = {}};
  const Dump seen = {{"a", "1"}};
  const Situation opening = After(power, CrashKind::kProcessDeath, trace, 0, 1, seen);
  EXPECT_EQ(opening.stage, Stage::kOpening);
  EXPECT_TRUE(opening.power_lost);
  EXPECT_EQ(opening.events, 3u);

  const Situation opened = After(power, CrashKind::kProcessDeath, trace, 0, 3, seen);
  EXPECT_EQ(opened.stage, Stage::kOpened);
  EXPECT_FALSE(opened.power_lost);  // an Open is a barrier
  EXPECT_EQ(opened.decided, seen);
  EXPECT_EQ(opened.decided_hash, HashOf(seen));
  EXPECT_EQ(After(power, CrashKind::kPowerLoss, trace, 0, 4, seen).stage, Stage::kProbeInvoked);

  // A crash in the opening of the next one changes nothing of what was decided.
  const Situation later = After(opened, CrashKind::kPowerLoss, trace, 0, 1, {{"b", "2"}});
  EXPECT_EQ(later.stage, Stage::kOpened);
  EXPECT_EQ(later.decided, seen);
  EXPECT_TRUE(later.power_lost);
  // Marks of the life before do not count.
  EXPECT_EQ(After(power, CrashKind::kPowerLoss, trace, 4, 4, seen).stage, Stage::kOpening);
}

// ---- Lives
// ---------------------------------------------------------------------------------------

Life LifeOf(Flaw flaw, bool probe) {
  const Case c = CaseOf("set a 10");
  NotingMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, TinyEngine(flaw), options, monitor};
  const auto run = RunProgram(c, TinyEngine(flaw), options, monitor);
  faultfs::Volume volume(run.volume->live());
  const Life life = probe ? Recover(lab, volume, 1) : RecoverAndLook(lab, volume, 1);
  EXPECT_EQ(life.seen.dump.size(), 1u);
  return life;
}

TEST(RecoveredLife, OpensReadsAndProbes) {
  const Life life = LifeOf(Flaw::kNone, true);
  EXPECT_TRUE(life.seen.open.ok());
  EXPECT_EQ(life.seen.hash, HashOf(life.seen.dump));
  EXPECT_FALSE(life.violation.has_value());
  ASSERT_TRUE(life.reopened.has_value());
  EXPECT_EQ(life.reopened->dump.size(), 2u);
  EXPECT_FALSE(LifeOf(Flaw::kNone, false).reopened.has_value());
}

TEST(RecoveredLife, SaysWhereItRefusedToWork) {
  const Life life = LifeOf(Flaw::kReadOnlyAfterReopen, true);
  ASSERT_TRUE(life.violation.has_value());
  EXPECT_EQ(life.violation->verdict, Verdict::kNotWritable);
  EXPECT_EQ(life.violation->detail, "a write after recovery: POISONED: read-only");
}

}  // namespace
}  // namespace crashlab
