// Rotten disks: what a crash left, with damage that no crash explains, and what the judge must know
// of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "faultfs/crash/rot.h"
#include "faultfs/crash/states.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"
#include "faultfs/sim/volume.h"
#include "harness/explore/recovery.h"
#include "harness/explore/run.h"

namespace crashlab {

/// The disk, what rot hurt, and whether any of that or of a late loss counts: Question::witnessed.
struct SpoiledDisk {
  faultfs::Image image;
  std::vector<faultfs::HurtRange> hurt;
  std::optional<size_t> witnessed;
};

/// Puts `rot` into the disk that a crash of the program's run left in `state`; `left` is that disk.
/// What NoteLateLoss would say of the disk is taken into account. Errors: those of ApplyRot.
[[nodiscard]] Result<SpoiledDisk> Spoil(const Adapter& adapter, faultfs::PointView& view,
                                        const faultfs::CrashState& state,
                                        const faultfs::Image& left, const faultfs::Rot& rot);

/// A state may have lost bytes that a sync of the run failed to write after it had said Ok
/// (SyncOutcome::kLate), or show what was there before them (TraceOp::journaled). Takes such a loss
/// up into the situation: those bytes are rot, and no others. `left` is the disk that the crash
/// left; of a crash inside a recovery from a process's death `begin_step` says where that recovery
/// begins in the trace, otherwise it is 0.
void NoteLateLoss(const Adapter& adapter, faultfs::PointView& view,
                  const faultfs::CrashState& state, const faultfs::Image& left, uint32_t begin_step,
                  Situation& situation);

/// Rot of that kind that an Open within a run may have read, which began behind `begin_step` steps
/// of the trace and has just ended: what there was when it began, and what each eviction added.
[[nodiscard]] std::vector<RottenOpen> RotReadBy(const Adapter& adapter,
                                                const faultfs::Volume& volume,
                                                const faultfs::PersistenceModel& model,
                                                uint32_t begin_step);

}  // namespace crashlab
