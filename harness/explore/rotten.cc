#include "harness/explore/rotten.h"

#include <algorithm>
#include <iterator>
#include <span>
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

/// Whether pages that came back from the disk have other bytes than `id`, a persisted sector of a
/// write, gave to this part of the file: what they show is no word of the writer's.
bool WentBack(const PointView& view, EffectId id, const HurtRange& written) {
  const faultfs::EffectGraph& graph = view.graph();
  const faultfs::Register& reg = graph.RegisterOf(graph.effects[id].write);
  if (reg.kind != faultfs::RegisterKind::kSector) return false;
  const uint64_t unit_begin = reg.sector * graph.model.unit_bytes();
  const uint64_t begin = std::max(unit_begin, written.begin_bytes) - unit_begin;
  const uint64_t end =
      std::min(unit_begin + graph.model.unit_bytes(), written.end_bytes) - unit_begin;
  if (begin >= end) return false;  // a cut's zeros behind the write
  const auto part_of = [&](EffectId version) {
    return graph.SectorContent(graph.effects[version].write).substr(begin, end - begin);
  };
  for (EffectId at = view.NewestPersisted(graph.effects[id].write.reg); at != id;
       at = graph.effects[at].write.previous) {
    const bool reverts = graph.trace->ops[graph.effects[at].step].kind == TraceKind::kRevert;
    if (reverts && part_of(at) != part_of(id)) return true;
  }
  return false;
}

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
    if (!view.Persisted(id) || WentBack(view, id, range)) return false;
  }
  return true;
}

/// The last write before `end_step` that bears witness; 0 if there is none.
uint32_t LastWitness(PointView& view, const CrashState& state, uint32_t end_step, const Image& left,
                     const DeadBytes& dead, const std::vector<HurtRange>& hurt) {
  const faultfs::Trace& trace = *view.graph().trace;
  view.Assume(state.lost);
  uint32_t step = end_step;
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

/// The disk as it would be, had nothing failed late: with those effects, and as if no page had gone
/// back.
Image HealthyDisk(PointView& view, const CrashState& state) {
  const faultfs::EffectGraph& graph = view.graph();
  CrashState healthy = state;
  std::erase_if(healthy.lost, [&](EffectId id) { return FailedLate(view, id); });
  healthy.tears.clear();
  if (graph.cache_only.empty()) return view.Materialize(healthy);
  faultfs::Trace trace = *graph.trace;
  for (TraceOp& op : trace.ops) {
    if (op.journaled) op = {.kind = TraceKind::kWriteback, .inode = op.inode};
  }
  const faultfs::EffectGraph healed = faultfs::Lower(graph.base, trace, graph.model);
  const auto is_shown = [&](EffectId id) {
    return std::binary_search(graph.cache_only.begin(), graph.cache_only.end(), id);
  };
  std::erase_if(healthy.lost, is_shown);
  for (EffectId& id : healthy.lost) {
    id -= static_cast<EffectId>(
        std::lower_bound(graph.cache_only.begin(), graph.cache_only.end(), id) -
        graph.cache_only.begin());
  }
  return PointView(healed, state.point).Materialize(healthy);
}

std::string BytesOf(const Image& image, const HurtRange& range) {
  std::string bytes(range.end_bytes - range.begin_bytes, '\0');
  (void)image.Read(range.file, range.begin_bytes, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

/// The parts of `range` in which the disks differ.
void AddDifferences(const Image& left, const Image& whole, const HurtRange& range,
                    std::vector<HurtRange>& hurt) {
  const std::string ours = BytesOf(left, range);
  const std::string theirs = BytesOf(whole, range);
  for (size_t begin = 0; begin < ours.size();) {
    size_t end = begin;
    while (end < ours.size() && ours[end] != theirs[end]) ++end;
    if (end > begin) {
      hurt.push_back({range.file, range.begin_bytes + begin, range.begin_bytes + end});
    }
    begin = end + 1;
  }
}

/// Bytes that are not what a sync had said Ok of, and the disk as it would be if they were.
struct LateDamage {
  std::vector<HurtRange> ranges;
  std::optional<Image> whole;  // null: nothing failed late
};

LateDamage FindLateDamage(PointView& view, const CrashState& state, const Image& left) {
  const faultfs::EffectGraph& graph = view.graph();
  LateDamage damage;
  if (!graph.fails_late) return damage;
  view.Assume(state.lost);
  std::vector<EffectId> lost;
  std::copy_if(state.lost.begin(), state.lost.end(), std::back_inserter(lost),
               [&](EffectId id) { return FailedLate(view, id); });
  std::vector<EffectId> old;
  std::copy_if(graph.cache_only.begin(), graph.cache_only.end(), std::back_inserter(old),
               [&](EffectId id) {
                 return graph.effects[id].step < view.point().steps && view.Persisted(id);
               });
  if (lost.empty() && old.empty()) return damage;
  const Image& whole = damage.whole.emplace(HealthyDisk(view, state));
  const size_t unit_bytes = graph.model.unit_bytes();
  const auto range_of = [&](const faultfs::Register& reg, uint64_t size_bytes) {
    const uint64_t begin_bytes = reg.sector * unit_bytes;
    return HurtRange{reg.inode, begin_bytes, std::min(begin_bytes + unit_bytes, size_bytes)};
  };
  for (EffectId id : lost) {
    const faultfs::Register& reg = graph.RegisterOf(graph.effects[id].write);
    const faultfs::Inode* inode = whole.Find(reg.inode);
    if (inode == nullptr || inode->link_count == 0) continue;
    HurtRange range{reg.inode, left.Find(reg.inode)->size_bytes, inode->size_bytes};
    if (reg.kind == faultfs::RegisterKind::kSector) range = range_of(reg, inode->size_bytes);
    if (range.begin_bytes < range.end_bytes) damage.ranges.push_back(range);
  }
  for (EffectId id : old) {
    const faultfs::Register& reg = graph.RegisterOf(graph.effects[id].write);
    const faultfs::Inode* inode = left.Find(reg.inode);
    if (inode == nullptr || inode->link_count == 0) continue;
    const HurtRange range = range_of(reg, inode->size_bytes);
    if (range.begin_bytes < range.end_bytes) AddDifferences(left, whole, range, damage.ranges);
  }
  return damage;
}

/// The last write before `end_step` that bears witness on a disk that is hurt so, by whatever: two
/// kinds of damage take each other's witnesses. Null if no byte of it counts. `whole` is the disk
/// without the damage.
std::optional<uint32_t> FindWitness(const Adapter& adapter, PointView& view,
                                    const CrashState& state, uint32_t end_step, const Image& left,
                                    const Image& whole, const std::vector<HurtRange>& hurt) {
  if (hurt.empty()) return std::nullopt;
  const Result<DeadBytes> asked = DeadBytes::Of(adapter, whole);
  const DeadBytes dead = asked.ok() ? *asked : DeadBytes();
  const bool counts = std::any_of(hurt.begin(), hurt.end(),
                                  [&](const HurtRange& range) { return !dead.Cover(range); });
  if (!counts) return std::nullopt;
  return LastWitness(view, state, end_step, left, dead, hurt);
}

}  // namespace

Result<SpoiledDisk> Spoil(const Adapter& adapter, PointView& view, const CrashState& state,
                          const Image& left, const faultfs::Rot& rot) {
  FAULTFS_ASSIGN_OR_RETURN(faultfs::RottenDisk rotten, faultfs::ApplyRot(view, state, left, rot));
  LateDamage damage = FindLateDamage(view, state, left);
  damage.ranges.insert(damage.ranges.end(), rotten.hurt.begin(), rotten.hurt.end());
  SpoiledDisk disk{
      .image = std::move(rotten.image), .hurt = std::move(rotten.hurt), .witnessed = std::nullopt};
  const std::optional<uint32_t> step =
      FindWitness(adapter, view, state, view.point().steps, left,
                  damage.whole.has_value() ? *damage.whole : left, damage.ranges);
  if (step.has_value()) disk.witnessed = EventsAt(*view.graph().trace, *step);
  return disk;
}

void NoteLateLoss(const Adapter& adapter, PointView& view, const CrashState& state,
                  const Image& left, uint32_t begin_step, Situation& situation) {
  const LateDamage damage = FindLateDamage(view, state, left);
  if (damage.ranges.empty()) return;
  const faultfs::Trace& trace = *view.graph().trace;
  const std::optional<uint32_t> step =
      FindWitness(adapter, view, state, view.point().steps, left, *damage.whole, damage.ranges);
  if (!step.has_value()) return;
  if (*step < begin_step || begin_step == 0) {
    situation.AddRot(EventsAt(trace, *step));
    return;
  }
  // What a recovery writes bears witness of all that it found (not of what had gone before it), and
  // what it writes once it is open also of what it has shown.
  situation.AddRot(situation.events);
  for (uint32_t at = begin_step; at < *step; ++at) {
    situation.decision_is_witnessed |= trace.ops[at].kind == TraceKind::kMark;
  }
}

std::vector<RottenOpen> RotReadBy(const Adapter& adapter, const faultfs::Volume& volume,
                                  const faultfs::PersistenceModel& model, uint32_t begin_step) {
  const faultfs::Trace& trace = volume.trace();
  const faultfs::EffectGraph graph = faultfs::Lower(volume.base(), trace, model);
  const auto end_step = static_cast<uint32_t>(trace.ops.size());
  std::vector<RottenOpen> rot;
  const auto look = [&](uint32_t steps) {
    PointView view(graph, faultfs::CrashPoint{steps});
    const CrashState live{.point = view.point(), .lost = {}, .tears = {}, .fill = {}};
    const Image image = view.Materialize(live);
    const LateDamage damage = FindLateDamage(view, live, image);
    if (damage.ranges.empty()) return;
    const std::optional<uint32_t> step =
        FindWitness(adapter, view, live, begin_step, image, *damage.whole, damage.ranges);
    if (step.has_value()) rot.push_back({steps, end_step, EventsAt(trace, *step)});
  };
  look(begin_step);
  // Pages that go at once go one by one in the trace: what counts is how it is when all are gone.
  for (uint32_t step = begin_step; step < end_step; ++step) {
    const bool goes_on = step + 1 < end_step && trace.ops[step + 1].kind == TraceKind::kRevert;
    if (trace.ops[step].kind == TraceKind::kRevert && !goes_on) look(step + 1);
  }
  return rot;
}

}  // namespace crashlab
