// FileOutcome: what one file shows in one crash state, register by register and without building
// it. Internal to this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/states.h"

namespace faultfs {

struct SectorOutcome {
  enum class Shows : uint8_t {
    kNothing,  // untouched so far, or beyond the size
    kWritten,  // the content of `effect`
    kBase,     // what the base held
    kHole,     // zeros
    kFill,     // inside the size, and what was written never became durable
  };
  Shows shows = Shows::kNothing;
  EffectId effect = kNone;
  EffectId freed_by = kNone;  // the newest persisted cut that freed the sector
};

class FileOutcome {
 public:
  /// In the state that `view` assumes. Valid until it assumes another.
  FileOutcome(const PointView& view, InodeNumber file);

  [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
  /// Where the sectors begin that persisted cuts freed: of all cuts, and of those that might have
  /// been lost. Not below any size if there is no such cut.
  [[nodiscard]] uint64_t freed_from_bytes() const { return freed_from_bytes_; }
  [[nodiscard]] uint64_t pending_freed_from_bytes() const { return pending_freed_from_bytes_; }
  [[nodiscard]] SectorOutcome Sector(RegisterId reg) const;

 private:
  struct Cut {
    EffectId effect;
    uint64_t first_freed_sector;
  };

  [[nodiscard]] EffectId FreedBy(uint64_t sector) const;
  [[nodiscard]] bool ReadsAsAllocated(const Register& reg, EffectId freed_by) const;

  const PointView& view_;
  const EffectGraph& graph_;
  uint64_t size_bytes_ = 0;
  uint64_t freed_from_bytes_ = UINT64_MAX;
  uint64_t pending_freed_from_bytes_ = UINT64_MAX;
  std::vector<Cut> cuts_;  // newest first
};

}  // namespace faultfs
