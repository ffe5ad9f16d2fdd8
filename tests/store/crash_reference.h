// What the crash tests compare with: the list of maps after each call, and which of them a crash at
// a given step may leave.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "faultfs/crash/states.h"
#include "tests/store/store_world.h"

namespace kv {

/// A range of indexes into the list of maps.
struct Bounds {
  size_t low = 0;
  size_t high = 0;
};

class Reference {
 public:
  explicit Reference(StoreWorld& world) : world_(world) { calls_.push_back({}); }

  /// A call returned Ok: the map is `dump` now, and everything so far is durable or not.
  void Returned(const Dump& dump, bool durable);

  [[nodiscard]] Bounds After(size_t steps, bool power_loss) const;
  [[nodiscard]] bool Allows(const Dump& dump, Bounds bounds) const;

 private:
  struct Call {
    size_t steps = 0;  // in the trace when it returned
    Dump dump;
    bool durable = true;
  };
  StoreWorld& world_;
  std::vector<Call> calls_;
};

/// The weakest model; one that tears sectors byte by byte, shows stale bytes and makes two edits of
/// a rename; and an ordered one.
[[nodiscard]] std::vector<faultfs::PersistenceModel> CrashModels();

/// The states that a crash at the view's point may leave: all of the systematic ones and some at
/// random.
[[nodiscard]] std::vector<faultfs::CrashState> SomeStates(faultfs::PointView& view,
                                                          int random_states);

/// Recovers from an image, writes, dies, and recovers again.
void ExpectRecoversAndWorks(const faultfs::Image& image, uint64_t seed, const Reference& reference,
                            Bounds bounds, const std::string& where);

/// Dies before every step of what the world did, and again before every step of each recovery.
void ExpectSurvivesProcessDeath(const StoreWorld& world, const Reference& reference);

/// Loses the power before every step. Returns how many states that were.
size_t ExpectSurvivesPowerLoss(const StoreWorld& world, const Reference& reference,
                               const faultfs::PersistenceModel& model, int random_states);

/// Loses the power before every step, and again before every step of each recovery. Of the states
/// at each point of the first, only each `stride`-th.
void ExpectSurvivesTwoPowerLosses(const StoreWorld& world, const Reference& reference,
                                  const faultfs::PersistenceModel& model, size_t stride);

}  // namespace kv
