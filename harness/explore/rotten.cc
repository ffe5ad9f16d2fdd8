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
    if (!view.Persisted(static_cast<EffectId>(it - graph.effects.begin()))) return false;
  }
  return true;
}

}  // namespace

Result<SpoiledDisk> Spoil(const Adapter& adapter, PointView& view, const CrashState& state,
                          const Image& left, const faultfs::Rot& rot) {
  FAULTFS_ASSIGN_OR_RETURN(faultfs::RottenDisk rotten, faultfs::ApplyRot(view, state, left, rot));
  FAULTFS_ASSIGN_OR_RETURN(const DeadBytes dead, DeadBytes::Of(adapter, left));
  SpoiledDisk disk{.image = std::move(rotten.image), .witnessed = std::nullopt};
  std::erase_if(rotten.hurt, [&](const HurtRange& range) { return dead.Cover(range); });
  if (rotten.hurt.empty()) return disk;
  const faultfs::Trace& trace = *view.graph().trace;
  view.Assume(state.lost);
  uint32_t step = view.point().steps;
  while (step > 0) {
    --step;
    if (trace.ops[step].kind != TraceKind::kWrite) continue;
    if (BearsWitness(view, step, left, dead, rotten.hurt)) break;
  }
  disk.witnessed = EventsAt(trace, step);
  return disk;
}

}  // namespace crashlab
