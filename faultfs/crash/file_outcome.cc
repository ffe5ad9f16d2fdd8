#include "faultfs/crash/file_outcome.h"

#include <algorithm>

namespace faultfs {

FileOutcome::FileOutcome(const PointView& view, InodeNumber file)
    : view_(view), graph_(view.graph()) {
  const Inode* base = graph_.base.Find(file);
  size_bytes_ = base == nullptr ? 0 : base->size_bytes;
  const RegisterId reg = graph_.file_size[file];
  if (reg == kNone) return;
  const EffectId newest = view.NewestPersisted(reg);
  if (newest != kNone) size_bytes_ = graph_.effects[newest].write.value;
  const uint64_t unit = graph_.model.unit_bytes();
  const std::vector<EffectId>& cuts = graph_.file_cuts[file];
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    if (!view.Persisted(*cut)) continue;
    const uint64_t first_freed = (graph_.effects[*cut].write.value + unit - 1) / unit;
    cuts_.push_back({*cut, first_freed});
    freed_from_bytes_ = std::min(freed_from_bytes_, first_freed * unit);
    if (view.Pending(*cut)) {
      pending_freed_from_bytes_ = std::min(pending_freed_from_bytes_, first_freed * unit);
    }
  }
}

SectorOutcome FileOutcome::Sector(RegisterId reg_id) const {
  using enum SectorOutcome::Shows;
  const Register& reg = graph_.registers[reg_id];
  const EffectId issued = view_.newest(reg_id);
  if (issued == kNone || reg.sector * graph_.model.unit_bytes() >= size_bytes_) return {};

  const EffectId freed_by = FreedBy(reg.sector);
  const EffectId persisted = view_.NewestPersisted(reg_id);
  if (persisted != kNone && (freed_by == kNone || persisted > freed_by)) {
    return {kWritten, persisted, freed_by};
  }
  if (freed_by == kNone && reg.base_has_content) return {kBase, kNone, freed_by};
  const bool lost_a_write = freed_by == kNone || issued > freed_by;
  const bool fill = lost_a_write && !ReadsAsAllocated(reg, freed_by);
  return {fill ? kFill : kHole, kNone, freed_by};
}

EffectId FileOutcome::FreedBy(uint64_t sector) const {
  for (const Cut& cut : cuts_) {
    if (cut.first_freed_sector <= sector) return cut.effect;
  }
  return kNone;
}

// An unwritten extent reads as zeros, until a cut frees it.
bool FileOutcome::ReadsAsAllocated(const Register& reg, EffectId freed_by) const {
  const uint64_t unit = graph_.model.unit_bytes();
  return std::any_of(
      graph_.allocated.begin(), graph_.allocated.end(), [&](const AllocatedRange& range) {
        return range.inode == reg.inode && range.step < view_.point().steps &&
               (freed_by == kNone || graph_.effects[freed_by].step < range.step) &&
               range.begin_bytes <= reg.sector * unit && (reg.sector + 1) * unit <= range.end_bytes;
      });
}

}  // namespace faultfs
