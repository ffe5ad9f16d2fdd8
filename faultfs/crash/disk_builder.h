// DiskBuilder: the disk that a set of persisted effects leaves. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "faultfs/crash/crash_state.h"
#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/states.h"
#include "faultfs/sim/image.h"

namespace faultfs {

/// Always whole: zeros beyond the size, and where there is no such file.
[[nodiscard]] std::string ReadSector(const Image& image, InodeNumber file, uint64_t sector,
                                     size_t unit_bytes);

class DiskBuilder {
 public:
  /// `view` says which effects persisted; `disk` is what is built upon.
  DiskBuilder(const PointView& view, Image disk, Fill fill)
      : view_(view),
        graph_(view.graph()),
        unit_(view.graph().model.unit_bytes()),
        disk_(std::move(disk)),
        fill_(fill) {}

  /// Every inode that was made before the point. Once, on the base.
  void MakeInodes();
  void ApplyEntries(const Effect& effect);
  /// Gives a file the size and the sectors that persisted, and fills what did not: on the base
  /// image, or on a floor, where only what is pending can differ.
  void BuildFileOnBase(InodeNumber file);
  void BuildFileOnFloor(const TouchedFile& file);
  /// A directory that shows under two names, or within itself, keeps the name nearest to the root,
  /// of equals the first: as fsck would cut it, more or less.
  void UnlinkDirectoryLoops();
  void ApplyTear(const Tear& tear);

  [[nodiscard]] Image Take() && { return std::move(disk_); }

 private:
  void SetEntry(const RegisterWrite& write);
  void WriteSector(const Register& reg, uint64_t size_bytes, std::string_view bytes);
  void FillSector(const Register& reg, EffectId freed_by, uint64_t size_bytes);
  [[nodiscard]] std::string FillBytes(const Register& reg, EffectId freed_by) const;
  [[nodiscard]] std::string EarlierBytes(const Register& reg, EffectId freed_by) const;
  [[nodiscard]] std::string FreedBytes(const Register& reg) const;

  const PointView& view_;
  const EffectGraph& graph_;
  const size_t unit_;
  Image disk_;
  const Fill fill_;
};

}  // namespace faultfs
