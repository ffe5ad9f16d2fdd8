#include "faultfs/crash/forcer.h"

namespace faultfs {

void Forcer::Force(EffectId id, uint32_t step) {
  ++serial_;
  work_.assign(1, id);
  while (!work_.empty()) {
    Effect& effect = graph_.effects[work_.back()];
    work_.pop_back();
    if (effect.forced_from != kNone) continue;
    effect.forced_from = step;
    // The earlier versions of its registers are contained in it, abandoned or not.
    if (effect.write.previous != kNone) work_.push_back(effect.write.previous);
    if (effect.has_second() && effect.second.previous != kNone) {
      work_.push_back(effect.second.previous);
    }
    for (uint32_t i = 0; i < effect.edge_count; ++i) Require(graph_.edges[effect.first_edge + i]);
  }
}

void Forcer::Settle(EffectId id, uint32_t step) {
  while (id != kNone && graph_.effects[id].forced_from == kNone) {
    graph_.effects[id].forced_from = step;
    id = graph_.effects[id].write.previous;
  }
}

void Forcer::Abandon(EffectId id, uint32_t step) {
  Effect& effect = graph_.effects[id];
  if (effect.forced_from != kNone || effect.abandoned()) return;
  effect.abandoned_from = step;
  any_released_ |= graph_.model.abandoned == AbandonRule::kReleases;
}

void Forcer::Require(EffectId id) {
  if (any_released_ && graph_.effects[id].abandoned()) {
    PassThrough(id);
  } else {
    work_.push_back(id);
  }
}

// What was abandoned need not be there, but what it waited for must.
void Forcer::PassThrough(EffectId abandoned) {
  if (passed_.size() <= abandoned) passed_.resize(graph_.effects.size(), 0);
  std::vector<EffectId> ways = {abandoned};
  while (!ways.empty()) {
    const EffectId id = ways.back();
    ways.pop_back();
    if (graph_.effects[id].forced_from != kNone || passed_[id] == serial_) continue;
    passed_[id] = serial_;
    ForEachPrerequisite(graph_, id, [&](EffectId other) {
      (graph_.effects[other].abandoned() ? ways : work_).push_back(other);
    });
  }
}

}  // namespace faultfs
