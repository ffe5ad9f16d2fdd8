// Crashes before every step of a small program, and again before every step of the recovery: the
// process dies, or the power goes and the file system keeps whatever the weakest model allows.
//
// The reference is the list of maps after each mutation; a recovery must show one of them, not
// older than what was acknowledged as durable, not newer than what was in flight.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/fault/fault_rules.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::CrashPoint;
using faultfs::CrashState;
using faultfs::EffectGraph;
using faultfs::Image;
using faultfs::PersistenceModel;
using faultfs::PointView;
using faultfs::Result;
using faultfs::Trace;

// Which mutations a crash may leave: a range of indexes into the list of maps.
struct Bounds {
  size_t low = 0;
  size_t high = 0;
};

class Reference {
 public:
  explicit Reference(StoreWorld& world) : world_(world) { calls_.push_back({}); }

  // A call returned Ok: the map is `dump` now, and everything so far is durable or not.
  void Returned(const Dump& dump, bool durable) {
    calls_.push_back(
        {.steps = world_.volume().trace().ops.size(), .dump = dump, .durable = durable});
  }

  [[nodiscard]] Bounds After(size_t steps, bool power_loss) const {
    Bounds bounds;
    for (size_t i = 0; i < calls_.size() && calls_[i].steps <= steps; ++i) {
      if (calls_[i].durable || !power_loss) bounds.low = i;
      bounds.high = std::min(i + 1, calls_.size() - 1);  // the next call is in flight
    }
    return bounds;
  }

  [[nodiscard]] bool Allows(const Dump& dump, Bounds bounds) const {
    for (size_t i = bounds.low; i <= bounds.high; ++i) {
      if (calls_[i].dump == dump) return true;
    }
    return false;
  }

 private:
  struct Call {
    size_t steps = 0;  // in the trace when it returned
    Dump dump;
    bool durable = true;
  };
  StoreWorld& world_;
  std::vector<Call> calls_;
};

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

// The states that a crash at `point` may leave: all of the systematic ones and some at random.
std::vector<CrashState> SomeStates(PointView& view, int random_states) {
  std::vector<CrashState> states = view.Systematic();
  faultfs::RandomChooser chooser(faultfs::Random(view.point().steps));
  for (int i = 0; i < random_states; ++i) {
    chooser.NewState();
    states.push_back(view.Make(chooser));
  }
  return states;
}

TEST(ProcessDeathTest, BeforeEveryStepAndEveryStepOfItsRecovery) {
  StoreWorld world;
  const Reference reference = RunProgram(world);
  const Trace& trace = world.volume().trace();
  for (size_t step = 0; step <= trace.ops.size(); ++step) {
    const Image crashed = LiveImage(world.volume().base(), trace, step);
    StoreWorld first(/*seed=*/100 + step, crashed);
    const Result<Dump> recovered = first.Recovered();
    ASSERT_TRUE(recovered.ok()) << step << ": " << recovered.status().ToString();
    EXPECT_TRUE(reference.Allows(*recovered, reference.After(step, /*power_loss=*/false))) << step;

    const Trace& recovery = first.volume().trace();
    for (size_t inner = 0; inner <= recovery.ops.size(); ++inner) {
      StoreWorld second(/*seed=*/5000 + inner, LiveImage(crashed, recovery, inner));
      const Result<Dump> again = second.Recovered();
      ASSERT_TRUE(again.ok()) << step << "," << inner << ": " << again.status().ToString();
      EXPECT_EQ(*again, *recovered) << step << "," << inner;
    }
  }
}

// Recovers from an image, writes, dies, and recovers again.
void ExpectRecoversAndWorks(const Image& image, uint64_t seed, const Reference& reference,
                            Bounds bounds, const std::string& where) {
  StoreWorld world(seed, image);
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok()) << where << ": " << recovered.status().ToString();
  ASSERT_TRUE(reference.Allows(*recovered, bounds)) << where;
  world.Put("probe", "1");
  Dump expected = *recovered;
  expected["probe"] = "1";
  const Result<Dump> again = world.Recovered();
  ASSERT_TRUE(again.ok()) << where << ": " << again.status().ToString();
  ASSERT_EQ(*again, expected) << where;
}

class PowerLossTest : public ::testing::TestWithParam<PersistenceModel> {};

INSTANTIATE_TEST_SUITE_P(Models, PowerLossTest,
                         ::testing::Values(faultfs::kModels[0],
                                           PersistenceModel{
                                               .name = "torn",
                                               .tear = faultfs::TearSize::kByteLinear,
                                               .fill = faultfs::FillPolicy::kStale,
                                               .rename = faultfs::RenameRule::kTwoEdits},
                                           faultfs::kModels[1]),
                         [](const auto& model) { return std::string(model.param.name); });

TEST_P(PowerLossTest, BeforeEveryStep) {
  StoreWorld world;
  const Reference reference = RunProgram(world);
  const Trace& trace = world.volume().trace();
  const EffectGraph graph = Lower(world.volume().base(), trace, GetParam());
  size_t states = 0;
  for (const CrashPoint point : CrashPoints(trace)) {
    PointView view(graph, point);
    for (const CrashState& state : SomeStates(view, 20)) {
      const std::string where = CrashPointName(trace, point) + " #" + std::to_string(++states);
      ExpectRecoversAndWorks(view.Materialize(state), /*seed=*/900 + states, reference,
                             reference.After(point.steps, /*power_loss=*/true), where);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(states, 1000u);
}

TEST_P(PowerLossTest, BeforeEveryStepOfARecoveryFromPowerLoss) {
  StoreWorld world;
  const Reference reference = RunProgram(world);
  const Trace& trace = world.volume().trace();
  const EffectGraph graph = Lower(world.volume().base(), trace, GetParam());
  uint64_t seed = 100'000;
  for (const CrashPoint point : CrashPoints(trace)) {
    PointView view(graph, point);
    for (const CrashState& state : SomeStates(view, 0)) {
      const Image crashed = view.Materialize(state);
      StoreWorld first(++seed, crashed);
      const Result<Dump> recovered = first.Recovered();
      ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
      const Trace& recovery = first.volume().trace();
      const EffectGraph inner = Lower(crashed, recovery, GetParam());
      for (const CrashPoint inner_point : CrashPoints(recovery)) {
        PointView inner_view(inner, inner_point);
        for (const CrashState& inner_state : SomeStates(inner_view, 1)) {
          StoreWorld second(++seed, inner_view.Materialize(inner_state));
          const Result<Dump> again = second.Recovered();
          const std::string where =
              CrashPointName(trace, point) + ", " + CrashPointName(recovery, inner_point);
          ASSERT_TRUE(again.ok()) << where << ": " << again.status().ToString();
          ASSERT_TRUE(reference.Allows(*again, reference.After(point.steps, true))) << where;
          if (inner_point.steps == recovery.ops.size()) {
            ASSERT_EQ(*again, *recovered) << where << ": what Open showed was decided";
          }
        }
      }
    }
  }
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
