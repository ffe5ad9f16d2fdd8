// Forcer: gives an effect, and with it everything that must persist before it, the step from which
// on they are durable. Internal to this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "faultfs/crash/effect_graph.h"

namespace faultfs {

class Forcer {
 public:
  explicit Forcer(EffectGraph& graph) : graph_(graph) {}

  void Force(EffectId id, uint32_t step);
  /// The disk was seen to hold this effect: it and what its register had before are decided from
  /// `step` on, and nothing else is.
  void Settle(EffectId id, uint32_t step);
  /// A failed sync, which ended at `step`, left the effect unwritten.
  void Abandon(EffectId id, uint32_t step);

 private:
  void Require(EffectId id);
  void PassThrough(EffectId abandoned);

  EffectGraph& graph_;
  bool any_released_ = false;
  std::vector<EffectId> work_;
  std::vector<uint32_t> passed_;  // by effect: the serial number of the Force that came through
  uint32_t serial_ = 0;
};

}  // namespace faultfs
