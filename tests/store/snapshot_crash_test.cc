// Crashes before every step of snapshots, compactions and ClearPersistence, and before every step
// of the recovery from them: the process dies, or the power goes.
#include <gtest/gtest.h>

#include <string>

#include "faultfs/fault/fault_rules.h"
#include "tests/store/crash_reference.h"

namespace kv {
namespace {

using faultfs::PersistenceModel;
using faultfs::Status;

// Calls and what they leave, until the store refuses.
class Program {
 public:
  explicit Program(StoreWorld& world) : world_(world), reference_(world) {}

  void Put(const std::string& key, const std::string& value, Durability durability) {
    if (stopped_) return;
    const Status status = world_.store().Set(key, value, {.durability = durability});
    Dump next = dump_;
    next[key] = value;
    Took(status, next, durability == Durability::kSync);
  }
  void Snapshot() {
    if (!stopped_) Keeps(world_.store().Snapshot());
  }
  void Compact() {
    if (!stopped_) Keeps(world_.store().Compact());
  }
  void ClearPersistence() {
    if (!stopped_) Took(world_.store().ClearPersistence(), {}, /*durable=*/true);
  }
  // Open is a barrier.
  void Reopen() {
    if (stopped_) return;
    world_.Kill();
    if (world_.Open().ok()) {
      reference_.Returned(dump_, /*durable=*/true);
    } else {
      stopped_ = true;
    }
  }
  [[nodiscard]] const Reference& reference() const { return reference_; }

 private:
  // What an error leaves is decided by the next Open: nothing is to come after it.
  void Took(const Status& status, const Dump& next, bool durable) {
    dump_ = next;
    stopped_ = !status.ok();
    if (status.ok()) {
      reference_.Returned(dump_, durable);
    } else {
      reference_.Returned(dump_, /*durable=*/false);
    }
  }
  void Keeps(const Status& status) {
    if (status.ok()) reference_.Returned(dump_, /*durable=*/true);
    EXPECT_EQ(DumpOf(world_.store()), dump_);
  }

  StoreWorld& world_;
  Reference reference_;
  Dump dump_;
  bool stopped_ = false;
};

void RunSnapshots(Program& program) {
  program.Put("a", "1", Durability::kSync);
  program.Put("b", std::string(300, 'b'), Durability::kBuffered);
  program.Put("a", "2", Durability::kBuffered);
  program.Snapshot();
  program.Put("c", "3", Durability::kSync);
  program.Put("a", "4", Durability::kBuffered);
  program.Snapshot();
  program.Put("a", "5", Durability::kBuffered);
  program.Reopen();
  program.Put("d", std::string(700, 'd'), Durability::kBuffered);
  program.Snapshot();
}

void RunCompactions(Program& program) {
  program.Put("a", "1", Durability::kBuffered);
  program.Put("a", "2", Durability::kBuffered);
  program.Compact();
  program.Put("b", std::string(600, 'b'), Durability::kBuffered);
  program.Put("a", "3", Durability::kSync);
  program.Put("c", "4", Durability::kBuffered);
  program.Compact();
  program.Put("a", "5", Durability::kBuffered);
  program.Reopen();
  program.Compact();
  program.Put("a", "6", Durability::kBuffered);
}

void RunClears(Program& program) {
  program.Put("a", "1", Durability::kSync);
  program.Put("b", "2", Durability::kBuffered);
  program.Snapshot();
  program.Put("a", "3", Durability::kBuffered);
  program.ClearPersistence();
  program.Put("c", "4", Durability::kBuffered);
  program.Reopen();
  program.ClearPersistence();
  program.Put("a", "5", Durability::kSync);
}

struct NamedProgram {
  const char* name;
  void (*run)(Program&);
};

class SnapshotCrashTest : public ::testing::TestWithParam<NamedProgram> {
 protected:
  void SetUp() override {
    world_.options.segment_bytes = 500;
    world_.MustOpen();
    GetParam().run(program_);
  }
  StoreWorld world_;
  Program program_{world_};
};

INSTANTIATE_TEST_SUITE_P(Programs, SnapshotCrashTest,
                         ::testing::Values(NamedProgram{"Snapshots", RunSnapshots},
                                           NamedProgram{"Compactions", RunCompactions},
                                           NamedProgram{"Clears", RunClears}),
                         [](const auto& program) { return std::string(program.param.name); });

TEST_P(SnapshotCrashTest, ProcessDeathBeforeEveryStepAndInEveryRecovery) {
  ExpectSurvivesProcessDeath(world_, program_.reference());
}

TEST_P(SnapshotCrashTest, PowerLossBeforeEveryStep) {
  for (const PersistenceModel& model : CrashModels()) {
    SCOPED_TRACE(model.name);
    const size_t states =
        ExpectSurvivesPowerLoss(world_, program_.reference(), model, /*random_states=*/10);
    EXPECT_GT(states, 500u);
  }
}

TEST_P(SnapshotCrashTest, PowerLossInEveryRecovery) {
  for (const PersistenceModel& model : CrashModels()) {
    SCOPED_TRACE(model.name);
    ExpectSurvivesTwoPowerLosses(world_, program_.reference(), model, /*stride=*/4);
  }
}

// A process dies before any step, the machine runs on with everything still pending, a second
// process opens the store, writes, compacts; then the power goes. What the second one had shown and
// acknowledged is there, and the first one's doings, durable or not, cannot take it back.
TEST_P(SnapshotCrashTest, PowerLossAfterALifeThatFollowedADeath) {
  for (const PersistenceModel& model : CrashModels()) {
    SCOPED_TRACE(model.name);
    const faultfs::Trace& trace = world_.volume().trace();
    uint64_t seed = 1'000'000;
    for (size_t step = 0; step <= trace.ops.size(); ++step) {
      const auto volume = faultfs::Volume::Resume(world_.volume().base(), trace, step);
      faultfs::SimFileSystem process(*volume);
      SeededEntropy entropy(++seed);
      const Options options{.file_system = &process, .entropy = &entropy};
      Dump shown;
      {
        auto opened = Store::Open(options, StoreWorld::kDirectory);
        ASSERT_TRUE(opened.ok()) << step << ": " << opened.status().ToString();
        Store& store = **opened;
        ASSERT_TRUE(store.Set("second", "life").ok());
        shown = DumpOf(store);
        if (step % 2 == 0) {
          ASSERT_TRUE(store.Compact().ok());
        }
        process.Kill();
      }
      const faultfs::Trace& whole = volume->trace();
      const faultfs::EffectGraph graph = Lower(volume->base(), whole, model);
      faultfs::PointView view(graph, CrashPoints(whole).back());
      for (const faultfs::CrashState& state : SomeStates(view, /*random_states=*/3)) {
        StoreWorld after(++seed, view.Materialize(state));
        const faultfs::Result<Dump> recovered = after.Recovered();
        ASSERT_TRUE(recovered.ok()) << step << ": " << recovered.status().ToString();
        ASSERT_EQ(*recovered, shown) << step;
      }
    }
  }
}

TEST(BeyondTheLogCrashTest, TheOnlyCopyIsNeverAtRisk) {
  // No log is left, so recovery makes a new name for the snapshot over the old one.
  StoreWorld before;
  before.MustOpen();
  before.Put("a", "1");
  before.Put("b", std::string(700, 'b'));
  ASSERT_TRUE(before.store().Compact().ok());
  const Dump expected = DumpOf(before.store());
  before.Close();
  before.RemoveFile("0000000002.wal");
  for (const PersistenceModel& model : CrashModels()) {
    SCOPED_TRACE(model.name);
    StoreWorld world(/*seed=*/7, before.volume().live());
    world.MustOpen();
    world.Kill();
    const faultfs::Trace& trace = world.volume().trace();
    const faultfs::EffectGraph graph = Lower(world.volume().base(), trace, model);
    uint64_t seed = 0;
    for (const faultfs::CrashPoint point : CrashPoints(trace)) {
      faultfs::PointView view(graph, point);
      for (const faultfs::CrashState& state : SomeStates(view, /*random_states=*/20)) {
        StoreWorld after(++seed, view.Materialize(state));
        const faultfs::Result<Dump> recovered = after.Recovered();
        ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
        ASSERT_EQ(*recovered, expected) << CrashPointName(trace, point);
      }
    }
  }
}

// After a failed sync and a death: what the next Open shows and what is written then stays,
// although the syncs of that life may say Ok to names that an earlier one lost.
void ExpectTheNextLifeIsKept(StoreWorld& world) {
  world.hook = nullptr;
  ASSERT_TRUE(world.Open().ok());
  world.Put("next", "life");
  const Dump shown = DumpOf(world.store());
  for (const bool compact : {false, true}) {
    if (compact) {
      ASSERT_TRUE(world.store().Compact().ok());
    }
    const faultfs::Trace& trace = world.volume().trace();
    const faultfs::EffectGraph graph = Lower(world.volume().base(), trace, faultfs::kModels[0]);
    faultfs::PointView view(graph, CrashPoints(trace).back());
    uint64_t seed = 0;
    for (const faultfs::CrashState& state : SomeStates(view, /*random_states=*/5)) {
      StoreWorld after(++seed, view.Materialize(state));
      const faultfs::Result<Dump> recovered = after.Recovered();
      ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
      ASSERT_EQ(*recovered, shown) << compact;
    }
  }
}

TEST(SnapshotSyncFailureTest, WhatWasAcknowledgedSurvivesPowerLoss) {
  // The sync of a file or directory fails, perhaps for good; the store may refuse what comes then,
  // but what it said Ok to stays.
  for (const char* tag : {"snapshot.sync", "snapshot.sync-dir", "wal.sync-dir", "wal.sync-roll",
                          "wal.sync-new", "wal.sync"}) {
    for (int nth = 1; nth <= 6; ++nth) {
      for (void (*run)(Program&) : {RunSnapshots, RunCompactions, RunClears}) {
        faultfs::FaultRules rules(
            faultfs::ParseFaultRules(std::string("fail IO_ERROR sync,sync-dir tag=") + tag +
                                     " nth=" + std::to_string(nth))
                .value());
        StoreWorld world;
        world.options.segment_bytes = 500;
        world.hook = &rules;
        Program program(world);
        if (!world.Open().ok()) continue;
        run(program);
        if (rules.counts()[0].decided == 0) continue;
        SCOPED_TRACE(std::string(tag) + " " + std::to_string(nth));
        ExpectSurvivesPowerLoss(world, program.reference(), faultfs::kModels[0],
                                /*random_states=*/2);
        ASSERT_FALSE(::testing::Test::HasFatalFailure());
        ExpectTheNextLifeIsKept(world);
        ASSERT_FALSE(::testing::Test::HasFatalFailure());
      }
    }
  }
}

}  // namespace
}  // namespace kv
