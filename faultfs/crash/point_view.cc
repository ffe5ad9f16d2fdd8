#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "faultfs/crash/disk_builder.h"
#include "faultfs/crash/file_outcome.h"
#include "faultfs/crash/states.h"
#include "faultfs/env/check.h"

namespace faultfs {
namespace {

constexpr Fill kAllFills[] = {Fill::kZeros, Fill::kGarbage, Fill::kEarlier, Fill::kFreed};

/// Whether a part of this version of the sector can be seen.
bool CanShow(EffectId version, const SectorOutcome& sector) {
  if (sector.shows == SectorOutcome::Shows::kNothing) return false;
  return sector.freed_by == kNone || version >= sector.freed_by;
}

}  // namespace

PointView::PointView(const EffectGraph& graph, CrashPoint point)
    : graph_(graph), point_(point), newest_(graph.registers.size(), kNone) {
  while (issued_ < graph.effects.size() && graph.effects[issued_].step < point.steps) ++issued_;
  lost_.resize(issued_, 0);
  FindPending();
  FindTouchedFiles();
  BuildFloor();
}

void PointView::FindPending() {
  for (EffectId id = 0; id < issued_; ++id) {
    const Effect& effect = graph_.effects[id];
    newest_[effect.write.reg] = id;
    if (effect.has_second()) newest_[effect.second.reg] = id;
    if (effect.forced_from >= point_.steps) pending_.push_back(id);
    any_released_ |= effect.abandoned_from < point_.steps;
  }
  any_released_ &= graph_.model.abandoned == AbandonRule::kReleases && !graph_.edges.empty();
  if (any_released_) blocked_.resize(issued_, 0);
}

void PointView::FindTouchedFiles() {
  const auto inode_of = [this](RegisterId reg) { return graph_.registers[reg].inode; };
  std::vector<InodeNumber> files;
  for (EffectId id : pending_) {
    const RegisterId reg = graph_.effects[id].write.reg;
    if (graph_.registers[reg].kind == RegisterKind::kEntry) continue;
    files.push_back(inode_of(reg));
    // The newest of a register's effects is pending if any is.
    if (graph_.registers[reg].kind == RegisterKind::kSector && newest_[reg] == id) {
      pending_sectors_.push_back(reg);
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  std::sort(pending_sectors_.begin(), pending_sectors_.end(), [&](RegisterId a, RegisterId b) {
    return std::pair(inode_of(a), a) < std::pair(inode_of(b), b);
  });
  uint32_t next = 0;
  for (InodeNumber file : files) {
    const uint32_t first = next;
    while (next < pending_sectors_.size() && inode_of(pending_sectors_[next]) == file) ++next;
    touched_files_.push_back({file, first, next - first});
  }
}

void PointView::BuildFloor() {
  for (EffectId id : pending_) lost_[id] = 1;
  DiskBuilder builder(*this, graph_.base, Fill::kZeros);
  builder.MakeInodes();
  std::vector<uint8_t> written(graph_.inode_types.size(), 0);
  for (EffectId id = 0; id < issued_; ++id) {
    const Register& reg = graph_.RegisterOf(graph_.effects[id].write);
    if (reg.kind != RegisterKind::kEntry) {
      written[reg.inode] = 1;
    } else if (lost_[id] == 0) {
      builder.ApplyEntries(graph_.effects[id]);
    }
  }
  for (InodeNumber file = 0; file < written.size(); ++file) {
    if (written[file] != 0) builder.BuildFileOnBase(file);
  }
  floor_ = std::move(builder).Take();
}

CrashState PointView::Make(Chooser& chooser) {
  CrashState state{.point = point_, .lost = {}, .tears = {}, .fill = Fill::kZeros};
  state.lost.reserve(pending_.size());
  for (EffectId id : pending_) {
    lost_[id] = FollowsLost(id) || chooser.Choose(2) == 1 ? 1 : 0;
    if (lost_[id] != 0) state.lost.push_back(id);
    if (any_released_) FindBlocked(id);
  }
  if (graph_.model.tear == TearSize::kByteLinear && !state.lost.empty()) {
    const std::vector<TearSite> sites = TearSites();
    if (!sites.empty() && chooser.Choose(2) == 1) {
      const TearSite& site = sites[chooser.Choose(static_cast<uint32_t>(sites.size()))];
      const uint32_t splits = static_cast<uint32_t>(site.splits.size());
      const uint32_t choice = chooser.Choose(2 * splits);
      state.tears.push_back({site.effect, site.splits[choice % splits], choice < splits});
    }
  }
  if (graph_.model.fill == FillPolicy::kStale && !state.lost.empty() && ShowsFill()) {
    state.fill = kAllFills[chooser.Choose(std::size(kAllFills))];
  }
  return state;
}

uint64_t PointView::Count(uint64_t cap) {
  if (cap <= 1) return cap;
  // Registers none of whose effects waits for another are independent: where all others are lost,
  // the product of their versions is a lower bound that spares most enumerations that would run
  // into the cap. A pending rename ties two registers together, which then count for nothing.
  std::map<RegisterId, uint64_t> versions;
  for (EffectId id : pending_) ++versions[graph_.effects[id].write.reg];
  for (EffectId id : pending_) {
    const Effect& effect = graph_.effects[id];
    if (effect.has_second() || effect.edge_count > 0) versions.erase(effect.write.reg);
    if (effect.has_second()) versions.erase(effect.second.reg);
  }
  uint64_t product = 1;
  for (const auto& [reg, count] : versions) {
    if (product > cap / (count + 1)) return cap;
    product *= count + 1;
  }
  if (product >= cap) return cap;
  uint64_t count = 0;
  ExhaustiveChooser chooser;
  do {
    (void)Make(chooser);
    ++count;
  } while (count < cap && chooser.Advance());
  return count;
}

std::vector<CrashState> PointView::Systematic(size_t stride) {
  FAULTFS_CHECK(stride > 0, "a stride goes somewhere");
  std::vector<CrashState> states;
  const auto add = [&](CrashState state) {
    Assume(state.lost);
    for (Fill fill : Fills()) {
      state.fill = fill;
      states.push_back(state);
    }
  };
  const CrashState nothing{.point = point_, .lost = {}, .tears = {}, .fill = Fill::kZeros};
  add(nothing);
  if (pending_.empty()) return states;

  CrashState everything = nothing;
  everything.lost = pending_;
  add(everything);
  for (size_t i = 0; i < pending_.size(); i += stride) {
    const EffectId id = pending_[i];
    CrashState state = nothing;
    state.lost = {id};
    CloseUpward(state.lost);
    add(state);
    add(KeepingOnly(id));
    if (graph_.model.tear != TearSize::kByteLinear) continue;
    Assume(state.lost);
    for (const TearSite& site : TearSites()) {
      if (site.effect != id) continue;
      CrashState torn = state;
      torn.tears = {{id, site.splits[site.splits.size() / 2], true}};
      add(torn);
      torn.tears = {{id, site.splits[site.splits.size() / 2], false}};
      add(torn);
    }
  }
  return states;
}

Image PointView::Materialize(const CrashState& state) {
  FAULTFS_CHECK(state.point == point_, "a state is materialized at its own crash point");
  Assume(state.lost);
  if (state.tears.empty()) return Build(state.fill);
  DiskBuilder builder(*this, Build(state.fill), state.fill);
  for (const Tear& tear : state.tears) builder.ApplyTear(tear);
  return std::move(builder).Take();
}

Image PointView::Build(Fill fill) const {
  DiskBuilder builder(*this, floor_, fill);
  for (EffectId id : pending_) {
    if (lost_[id] == 0) builder.ApplyEntries(graph_.effects[id]);
  }
  for (const TouchedFile& file : touched_files_) builder.BuildFileOnFloor(file);
  if (graph_.renames_directories) builder.UnlinkDirectoryLoops();
  return std::move(builder).Take();
}

void PointView::CloseUpward(std::vector<EffectId>& lost) {
  Assume(lost);
  lost.clear();
  for (EffectId id : pending_) {
    if (FollowsLost(id)) lost_[id] = 1;
    if (lost_[id] != 0) lost.push_back(id);
    if (any_released_) FindBlocked(id);
  }
}

const std::vector<FreedFile>& PointView::FreedFiles() const {
  if (freed_files_.has_value()) return *freed_files_;
  freed_files_.emplace();
  std::vector<uint32_t> names(graph_.inode_types.size(), 0);
  for (InodeNumber inode = 0; inode < graph_.base.next_inode(); ++inode) {
    if (const Inode* found = graph_.base.Find(inode)) names[inode] = found->link_count;
  }
  const size_t unit = graph_.model.unit_bytes();
  for (uint32_t step = 0; step < point_.steps; ++step) {
    const TraceOp& op = graph_.trace->ops[step];
    if (op.kind == TraceKind::kCreate || op.kind == TraceKind::kLink) ++names[op.inode];
    const InodeNumber gone = op.kind == TraceKind::kUnlink   ? op.inode
                             : op.kind == TraceKind::kRename ? op.replaced
                                                             : kNoInode;
    if (gone == kNoInode || graph_.inode_types[gone] != FileType::kFile) continue;
    if (--names[gone] > 0) continue;
    const Inode* base = graph_.base.Find(gone);
    uint64_t largest = base == nullptr ? 0 : base->size_bytes;
    const RegisterId size = graph_.file_size[gone];
    for (EffectId id = size == kNone ? kNone : newest_[size]; id != kNone;
         id = graph_.effects[id].write.previous) {
      largest = std::max(largest, graph_.effects[id].write.value);
    }
    freed_files_->push_back({gone, (largest + unit - 1) / unit});
  }
  return *freed_files_;
}

bool PointView::FollowsLost(EffectId id) const {
  const Effect& effect = graph_.effects[id];
  const auto lost = [this](EffectId other) { return other != kNone && lost_[other] != 0; };
  return lost(effect.write.previous) || (effect.has_second() && lost(effect.second.previous)) ||
         WaitsForLost(effect);
}

bool PointView::WaitsForLost(const Effect& effect) const {
  for (uint32_t i = 0; i < effect.edge_count; ++i) {
    const EffectId other = graph_.edges[effect.first_edge + i];
    if (Released(other) ? blocked_[other] != 0 : lost_[other] != 0) return true;
  }
  return false;
}

void PointView::FindBlocked(EffectId id) {
  uint8_t blocked = 0;
  ForEachPrerequisite(graph_, id, [&](EffectId other) {
    blocked |= Released(other) ? blocked_[other] : lost_[other];
  });
  blocked_[id] = blocked;
}

void PointView::Assume(const std::vector<EffectId>& lost) {
  for (EffectId id : pending_) lost_[id] = 0;
  for (EffectId id : lost) {
    FAULTFS_CHECK(Pending(id), "only what is pending can be lost");
    lost_[id] = 1;
  }
  if (!any_released_) return;
  for (EffectId id : pending_) FindBlocked(id);
}

// Only a sector whose newest write is lost can show fill.
bool PointView::ShowsFill() const {
  for (const TouchedFile& file : touched_files_) {
    if (file.sector_count == 0) continue;
    const FileOutcome outcome(*this, file.inode);
    for (RegisterId reg : PendingSectors(file)) {
      if (lost_[newest_[reg]] == 0) continue;
      if (outcome.Sector(reg).shows == SectorOutcome::Shows::kFill) return true;
    }
  }
  return false;
}

std::vector<Fill> PointView::Fills() const {
  if (graph_.model.fill == FillPolicy::kZeros || !ShowsFill()) return {Fill::kZeros};
  return {std::begin(kAllFills), std::end(kAllFills)};
}

bool PointView::MayTear(EffectId id) const {
  if (!Pending(id) || lost_[id] == 0) return false;
  const Effect& effect = graph_.effects[id];
  const Register& reg = graph_.RegisterOf(effect.write);
  if (reg.kind != RegisterKind::kSector || WaitsForLost(effect) || CoversCacheOnly(id)) {
    return false;
  }
  return CanShow(id, FileOutcome(*this, reg.inode).Sector(effect.write.reg));
}

bool PointView::CoversCacheOnly(EffectId id) const {
  const std::vector<EffectId>& cache_only = graph_.cache_only;
  if (cache_only.empty()) return false;
  for (; id != kNone && !Persisted(id); id = graph_.effects[id].write.previous) {
    if (std::binary_search(cache_only.begin(), cache_only.end(), id)) return true;
  }
  return false;
}

// Where a lost sector write may have stopped half way: at each byte in which old and new differ,
// but for the last, so that every tear is a content of its own. Old is zeros where fill shows. A
// write that a persisted cut freed again shows nowhere.
std::vector<PointView::TearSite> PointView::TearSites() const {
  std::vector<TearSite> sites;
  const size_t unit = graph_.model.unit_bytes();
  for (EffectId id : pending_) {
    if (lost_[id] == 0) continue;
    const Effect& effect = graph_.effects[id];
    const Register& reg = graph_.RegisterOf(effect.write);
    if (reg.kind != RegisterKind::kSector) continue;
    if (WaitsForLost(effect) || CoversCacheOnly(id)) continue;
    const FileOutcome outcome(*this, reg.inode);
    const SectorOutcome sector = outcome.Sector(effect.write.reg);
    if (!CanShow(id, sector)) continue;
    std::string older(unit, '\0');
    if (sector.shows == SectorOutcome::Shows::kWritten) {
      older = graph_.SectorContent(graph_.effects[sector.effect].write);
    } else if (sector.shows == SectorOutcome::Shows::kBase) {
      older = ReadSector(graph_.base, reg.inode, reg.sector, unit);
    }
    const std::string_view fresh = graph_.SectorContent(effect.write);
    const uint64_t visible = std::min<uint64_t>(unit, outcome.size_bytes() - reg.sector * unit);
    TearSite site{.effect = id, .splits = {}};
    for (uint32_t i = 0; i < visible; ++i) {
      if (older[i] != fresh[i]) site.splits.push_back(i + 1);
    }
    if (site.splits.size() < 2) continue;
    site.splits.pop_back();
    sites.push_back(std::move(site));
  }
  return sites;
}

CrashState PointView::KeepingOnly(EffectId effect) const {
  enum : uint8_t { kUnknown, kPassed, kKept };
  std::vector<uint8_t> seen(issued_, kUnknown);
  std::vector<std::pair<EffectId, uint8_t>> work = {{effect, kKept}};
  while (!work.empty()) {
    const auto [id, as] = work.back();
    work.pop_back();
    if (seen[id] >= as) continue;
    seen[id] = as;
    // Its registers' earlier versions are contained in what is kept, released or not.
    const Effect& e = graph_.effects[id];
    if (as == kKept) {
      if (e.write.previous != kNone) work.emplace_back(e.write.previous, kKept);
      if (e.has_second() && e.second.previous != kNone) work.emplace_back(e.second.previous, kKept);
    }
    ForEachPrerequisite(graph_, id, [&](EffectId other) {
      work.emplace_back(other, Released(other) ? kPassed : kKept);
    });
  }
  CrashState state{.point = point_, .lost = {}, .tears = {}, .fill = Fill::kZeros};
  for (EffectId id : pending_) {
    if (seen[id] != kKept) state.lost.push_back(id);
  }
  return state;
}

CrashState Next(const EffectGraph& graph, Chooser& chooser) {
  const std::vector<CrashPoint> points = CrashPoints(*graph.trace);
  PointView view(graph, points[chooser.Choose(static_cast<uint32_t>(points.size()))]);
  return view.Make(chooser);
}

Image Materialize(const EffectGraph& graph, const CrashState& state) {
  return PointView(graph, state.point).Materialize(state);
}

}  // namespace faultfs
