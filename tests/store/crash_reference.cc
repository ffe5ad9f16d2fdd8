#include "tests/store/crash_reference.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kv {

using faultfs::CrashPoint;
using faultfs::CrashState;
using faultfs::EffectGraph;
using faultfs::Image;
using faultfs::PersistenceModel;
using faultfs::PointView;
using faultfs::Result;
using faultfs::Trace;

void Reference::Returned(const Dump& dump, bool durable) {
  calls_.push_back({.steps = world_.volume().trace().ops.size(), .dump = dump, .durable = durable});
}

Bounds Reference::After(size_t steps, bool power_loss) const {
  Bounds bounds;
  for (size_t i = 0; i < calls_.size() && calls_[i].steps <= steps; ++i) {
    if (calls_[i].durable || !power_loss) bounds.low = i;
    bounds.high = std::min(i + 1, calls_.size() - 1);  // the next call is in flight
  }
  return bounds;
}

bool Reference::Allows(const Dump& dump, Bounds bounds) const {
  for (size_t i = bounds.low; i <= bounds.high; ++i) {
    if (calls_[i].dump == dump) return true;
  }
  return false;
}

std::vector<PersistenceModel> CrashModels() {
  return {faultfs::kModels[0],
          PersistenceModel{.name = "torn",
                           .tear = faultfs::TearSize::kByteLinear,
                           .fill = faultfs::FillPolicy::kStale,
                           .rename = faultfs::RenameRule::kTwoEdits},
          faultfs::kModels[1]};
}

std::vector<CrashState> SomeStates(PointView& view, int random_states) {
  std::vector<CrashState> states = view.Systematic();
  faultfs::RandomChooser chooser(faultfs::Random(view.point().steps));
  for (int i = 0; i < random_states; ++i) {
    chooser.NewState();
    states.push_back(view.Make(chooser));
  }
  return states;
}

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

void ExpectSurvivesProcessDeath(const StoreWorld& world, const Reference& reference) {
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

size_t ExpectSurvivesPowerLoss(const StoreWorld& world, const Reference& reference,
                               const PersistenceModel& model, int random_states) {
  const Trace& trace = world.volume().trace();
  const EffectGraph graph = Lower(world.volume().base(), trace, model);
  size_t states = 0;
  for (const CrashPoint point : CrashPoints(trace)) {
    PointView view(graph, point);
    for (const CrashState& state : SomeStates(view, random_states)) {
      const std::string where = CrashPointName(trace, point) + " #" + std::to_string(++states);
      ExpectRecoversAndWorks(view.Materialize(state), /*seed=*/900 + states, reference,
                             reference.After(point.steps, /*power_loss=*/true), where);
      if (::testing::Test::HasFatalFailure()) return states;
    }
  }
  return states;
}

void ExpectSurvivesTwoPowerLosses(const StoreWorld& world, const Reference& reference,
                                  const PersistenceModel& model, size_t stride) {
  const Trace& trace = world.volume().trace();
  const EffectGraph graph = Lower(world.volume().base(), trace, model);
  uint64_t seed = 100'000;
  for (const CrashPoint point : CrashPoints(trace)) {
    PointView view(graph, point);
    const std::vector<CrashState> states = SomeStates(view, 0);
    for (size_t i = 0; i < states.size(); i += stride) {
      const Image crashed = view.Materialize(states[i]);
      StoreWorld first(++seed, crashed);
      const Result<Dump> recovered = first.Recovered();
      ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
      const Trace& recovery = first.volume().trace();
      const EffectGraph inner = Lower(crashed, recovery, model);
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

}  // namespace kv
