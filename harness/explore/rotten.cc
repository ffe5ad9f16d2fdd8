#include "harness/explore/rotten.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "harness/explore/run.h"

namespace crashlab {
namespace {

using faultfs::CrashState;
using faultfs::EffectId;
using faultfs::HurtRange;
using faultfs::Image;
using faultfs::InodeNumber;
using faultfs::PointView;
using faultfs::TraceKind;
using faultfs::TraceOp;

/// The inode that a path names; kNoInode if none.
InodeNumber InodeAt(const Image& image, std::string_view path) {
  InodeNumber inode = faultfs::kRootInode;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const size_t end = std::min(path.find('/'), path.size());
    const faultfs::Inode* directory = image.Find(inode);
    if (directory == nullptr || directory->type != faultfs::FileType::kDirectory) {
      return faultfs::kNoInode;
    }
    inode = image.Lookup(inode, path.substr(0, end));
    path.remove_prefix(end);
  }
  return inode;
}

/// Bytes that count for nothing, by inode.
class DeadBytes {
 public:
  static Result<DeadBytes> Of(const Adapter& adapter, const Image& image) {
    faultfs::Volume volume(image, faultfs::Recording::kOff);
    faultfs::SimFileSystem file_system(volume);
    FAULTFS_ASSIGN_OR_RETURN(const std::vector<FileRange> ranges,
                             adapter.DeadBytes(file_system, kStoreDirectory));
    DeadBytes dead;
    for (const FileRange& range : ranges) {
      const InodeNumber inode = InodeAt(image, range.path);
      if (inode == faultfs::kNoInode) continue;
      dead.ranges_.push_back({inode, range.begin_bytes, range.end_bytes});
    }
    return dead;
  }

  /// All of a range.
  [[nodiscard]] bool Cover(const HurtRange& range) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const HurtRange& dead) {
      return dead.file == range.file && dead.begin_bytes <= range.begin_bytes &&
             range.end_bytes <= dead.end_bytes;
    });
  }

 private:
  std::vector<HurtRange> ranges_;
};

/// Whether a write is on the disk whole, in a file that has a name, and counts.
bool BearsWitness(const PointView& view, uint32_t step, const Image& left, const DeadBytes& dead,
                  const std::vector<HurtRange>& hurt) {
  const faultfs::EffectGraph& graph = view.graph();
  const TraceOp& op = graph.trace->ops[step];
  const HurtRange range{op.inode, op.offset_bytes, op.offset_bytes + op.data.size()};
  const faultfs::Inode* inode = left.Find(op.inode);
  if (inode == nullptr || inode->link_count == 0 || inode->size_bytes < range.end_bytes) {
    return false;
  }
  if (dead.Cover(range)) return false;
  const bool was_hurt = std::any_of(hurt.begin(), hurt.end(), [&](const HurtRange& other) {
    return other.file == range.file && other.begin_bytes < range.end_bytes &&
           range.begin_bytes < other.end_bytes;
  });
  if (was_hurt) return false;
  const auto first = std::lower_bound(
      graph.effects.begin(), graph.effects.end(), step,
      [](const faultfs::Effect& effect, uint32_t wanted) { return effect.step < wanted; });
  for (auto it = first; it != graph.effects.end() && it->step == step; ++it) {
    const EffectId id = static_cast<EffectId>(it - graph.effects.begin());
    if (!view.Persisted(id)) return false;
    // What a page showed when it came back from the disk is no word of the writer's.
    const uint32_t newest = graph.effects[view.newest(it->write.reg)].step;
    if (graph.trace->ops[newest].kind == TraceKind::kRevert) return false;
  }
  return true;
}

/// The last write that bears witness; 0 if there is none.
uint32_t LastWitness(PointView& view, const CrashState& state, const Image& left,
                     const DeadBytes& dead, const std::vector<HurtRange>& hurt) {
  const faultfs::Trace& trace = *view.graph().trace;
  view.Assume(state.lost);
  uint32_t step = view.point().steps;
  while (step > 0) {
    --step;
    if (trace.ops[step].kind != TraceKind::kWrite) continue;
    if (BearsWitness(view, step, left, dead, hurt)) break;
  }
  return step;
}

/// Left unwritten by a sync that had said Ok.
bool FailedLate(const PointView& view, EffectId id) {
  const faultfs::Effect& effect = view.graph().effects[id];
  if (!effect.abandoned() || effect.abandoned_from >= view.point().steps) return false;
  const TraceOp& sync = view.graph().trace->ops[effect.abandoned_from];
  return sync.sync_outcome == faultfs::SyncOutcome::kLate;
}

}  // namespace

Result<SpoiledDisk> Spoil(const Adapter& adapter, PointView& view, const CrashState& state,
                          const Image& left, const faultfs::Rot& rot) {
  FAULTFS_ASSIGN_OR_RETURN(faultfs::RottenDisk rotten, faultfs::ApplyRot(view, state, left, rot));
  FAULTFS_ASSIGN_OR_RETURN(const DeadBytes dead, DeadBytes::Of(adapter, left));
  SpoiledDisk disk{
      .image = std::move(rotten.image), .hurt = rotten.hurt, .witnessed = std::nullopt};
  std::erase_if(rotten.hurt, [&](const HurtRange& range) { return dead.Cover(range); });
  if (rotten.hurt.empty()) return disk;
  disk.witnessed = EventsAt(*view.graph().trace, LastWitness(view, state, left, dead, rotten.hurt));
  return disk;
}

void NoteLateLoss(const Adapter& adapter, PointView& view, const CrashState& state,
                  const Image& left, uint32_t begin_step, Situation& situation) {
  const faultfs::EffectGraph& graph = view.graph();
  if (!graph.fails_late) return;
  const bool loses = std::any_of(state.lost.begin(), state.lost.end(),
                                 [&](EffectId id) { return FailedLate(view, id); });
  if (!loses) return;
  CrashState healthy = state;  // as the disk would be without the rot
  std::erase_if(healthy.lost, [&](EffectId id) { return FailedLate(view, id); });
  healthy.tears.clear();
  const Image whole = view.Materialize(healthy);
  std::vector<HurtRange> hurt;
  for (EffectId id : state.lost) {
    if (!FailedLate(view, id)) continue;
    const faultfs::RegisterWrite& write = graph.effects[id].write;
    const faultfs::Register& reg = graph.RegisterOf(write);
    const faultfs::Inode* inode = whole.Find(reg.inode);
    if (inode == nullptr || inode->link_count == 0) continue;
    HurtRange range{reg.inode, left.Find(reg.inode)->size_bytes, inode->size_bytes};
    if (reg.kind == faultfs::RegisterKind::kSector) {
      range.begin_bytes = reg.sector * graph.model.unit_bytes();
      range.end_bytes = std::min(range.begin_bytes + graph.model.unit_bytes(), inode->size_bytes);
    }
    if (range.begin_bytes < range.end_bytes) hurt.push_back(range);
  }
  const Result<DeadBytes> dead = DeadBytes::Of(adapter, whole);
  if (dead.ok()) std::erase_if(hurt, [&](const HurtRange& range) { return dead->Cover(range); });
  if (hurt.empty()) return;
  const uint32_t step = LastWitness(view, state, left, dead.ok() ? *dead : DeadBytes(), hurt);
  if (step < begin_step || begin_step == 0) {
    situation.witnessed = EventsAt(*graph.trace, step);
    return;
  }
  // What a recovery writes bears witness of all that it found, and what it writes once it is open
  // also of what it has shown.
  situation.witnessed = situation.events;
  for (uint32_t at = begin_step; at < step; ++at) {
    situation.decision_is_witnessed |= graph.trace->ops[at].kind == TraceKind::kMark;
  }
}

}  // namespace crashlab
