// Rotten disks: what a crash left, with damage that no crash explains, and what the judge must know
// of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "faultfs/crash/rot.h"
#include "faultfs/crash/states.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"
#include "harness/explore/recovery.h"

namespace crashlab {

/// The disk, and whether anything that counts was hurt: Question::witnessed.
struct SpoiledDisk {
  faultfs::Image image;
  std::optional<size_t> witnessed;
};

/// Puts `rot` into the disk that a crash of the program's run left in `state`; `left` is that disk.
/// Errors: those of ApplyRot, and of the adapter when it looks for dead bytes.
[[nodiscard]] Result<SpoiledDisk> Spoil(const Adapter& adapter, faultfs::PointView& view,
                                        const faultfs::CrashState& state,
                                        const faultfs::Image& left, const faultfs::Rot& rot);

}  // namespace crashlab
