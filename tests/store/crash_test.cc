// Crashes before every step of a small program, and again before every step of the recovery: the
// process dies, or the power goes and the file system keeps whatever the weakest model allows.
//
// The reference is the list of maps after each mutation; a recovery must show one of them, not
// older than what was acknowledged as durable, not newer than what was in flight.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "faultfs/fault/fault_rules.h"
#include "tests/store/crash_reference.h"

namespace kv {
namespace {

using faultfs::CrashPoint;
using faultfs::CrashState;
using faultfs::EffectGraph;
using faultfs::PersistenceModel;
using faultfs::PointView;
using faultfs::Result;
using faultfs::Trace;

// Both kinds of writes, rolls, a batch, Clear, an empty and a long value, two reopens.
Reference RunProgram(StoreWorld& world) {
  Reference reference(world);
  Dump dump;
  const auto put = [&](const std::string& key, const std::string& value, bool sync) {
    sync ? world.Put(key, value) : world.PutBuffered(key, value);
    dump[key] = value;
    reference.Returned(dump, sync);
  };
  world.options.segment_bytes = 500;
  world.MustOpen();
  put("a", "1", true);
  put("b", "", false);
  put("a", "2", false);
  put("c", std::string(700, 'c'), true);
  put("b", "3", false);
  WriteBatch batch;
  batch.Set("x", std::string(300, 'x'));
  batch.Set("y", std::string(300, 'y'));
  batch.Delete("a");
  EXPECT_TRUE(world.store().Write(batch, {.durability = Durability::kBuffered}).ok());
  dump["x"] = std::string(300, 'x');
  dump["y"] = std::string(300, 'y');
  dump.erase("a");
  reference.Returned(dump, false);
  world.Kill();
  world.MustOpen();
  reference.Returned(dump, true);  // Open is a barrier
  EXPECT_TRUE(world.store().Clear().ok());
  dump.clear();
  reference.Returned(dump, true);
  put("d", "4", false);
  world.Close();
  reference.Returned(dump, true);
  world.MustOpen();
  put("e", "5", true);
  return reference;
}

TEST(ProcessDeathTest, BeforeEveryStepAndEveryStepOfItsRecovery) {
  StoreWorld world;
  const Reference reference = RunProgram(world);
  ExpectSurvivesProcessDeath(world, reference);
}

class PowerLossTest : public ::testing::TestWithParam<PersistenceModel> {};

INSTANTIATE_TEST_SUITE_P(Models, PowerLossTest, ::testing::ValuesIn(CrashModels()),
                         [](const auto& model) { return std::string(model.param.name); });

TEST_P(PowerLossTest, BeforeEveryStep) {
  StoreWorld world;
  const Reference reference = RunProgram(world);
  EXPECT_GT(ExpectSurvivesPowerLoss(world, reference, GetParam(), /*random_states=*/20), 1000u);
}

TEST_P(PowerLossTest, BeforeEveryStepOfARecoveryFromPowerLoss) {
  StoreWorld world;
  const Reference reference = RunProgram(world);
  ExpectSurvivesTwoPowerLosses(world, reference, GetParam(), /*stride=*/1);
}

TEST_P(PowerLossTest, AFailedSyncSetIsAbsentNowAndMayBeThereLater) {
  StoreWorld world;
  faultfs::FaultRules rules(
      faultfs::ParseFaultRules("fail IO_ERROR sync tag=wal.sync nth=2").value());
  world.hook = &rules;
  world.MustOpen();
  world.Put("a", "1");
  EXPECT_TRUE(world.store().Set("a", "2").Is(faultfs::Code::kIoError));
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}})) << "absent now";

  const Trace& trace = world.volume().trace();
  const EffectGraph graph = Lower(world.volume().base(), trace, GetParam());
  PointView view(graph, CrashPoints(trace).back());
  std::set<Dump> seen;
  uint64_t seed = 0;
  for (const CrashState& state : SomeStates(view, 20)) {
    StoreWorld after(++seed, view.Materialize(state));
    const Result<Dump> recovered = after.Recovered();
    ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
    seen.insert(*recovered);
  }
  EXPECT_EQ(seen, (std::set<Dump>{{{"a", "1"}}, {{"a", "2"}}})) << "later both, nothing else";
}

TEST_P(PowerLossTest, AfterAFailedSyncAndADeathWhatOpenShowedStays) {
  // A sync fails and leaves its pages clean; the process dies; Open shows what is in the cache.
  for (const char* tag : {"wal.sync", "wal.sync-new", "wal.sync-dir", "wal.sync-roll"}) {
    for (int nth = 1; nth <= 8; ++nth) {
      StoreWorld world;
      faultfs::FaultRules rules(
          faultfs::ParseFaultRules(std::string("fail IO_ERROR sync,sync-dir tag=") + tag +
                                   " nth=" + std::to_string(nth))
              .value());
      world.options.segment_bytes = 300;
      world.hook = &rules;
      if (world.Open().ok()) {
        for (int i = 0; i < 8; ++i) {
          const auto durability = i % 4 == 3 ? Durability::kSync : Durability::kBuffered;
          static_cast<void>(world.store().Set(std::to_string(i), "v", {.durability = durability}));
        }
      }
      world.hook = nullptr;
      const Result<Dump> shown = world.Recovered();
      ASSERT_TRUE(shown.ok()) << shown.status().ToString();

      const Trace& trace = world.volume().trace();
      const EffectGraph graph = Lower(world.volume().base(), trace, GetParam());
      PointView view(graph, CrashPoints(trace).back());
      uint64_t seed = 0;
      for (const CrashState& state : SomeStates(view, 20)) {
        StoreWorld after(++seed, view.Materialize(state));
        const Result<Dump> recovered = after.Recovered();
        ASSERT_TRUE(recovered.ok()) << tag << nth << ": " << recovered.status().ToString();
        ASSERT_EQ(*recovered, *shown) << tag << nth;
      }
    }
  }
}

}  // namespace
}  // namespace kv
