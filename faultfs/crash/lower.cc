// Lowering: one walk over the trace, keeping the live image beside it, because the new content of a
// sector is what the page cache held after the write and not the bytes of the write alone.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/env/check.h"

namespace faultfs {
namespace {

class Lowering {
 public:
  Lowering(const Image& base, const Trace& trace, const PersistenceModel& model)
      : trace_(trace), live_(base), unit_(model.unit_bytes()) {
    graph_.model = model;
    graph_.base = base;
    graph_.trace = &trace;
    for (InodeNumber inode = 0; inode < base.next_inode(); ++inode) {
      const Inode* found = base.Find(inode);
      SetType(inode, found == nullptr ? FileType::kFile : found->type);
    }
  }

  EffectGraph Run() && {
    Reserve();
    for (step_ = 0; step_ < trace_.ops.size(); ++step_) {
      const TraceOp& op = trace_.ops[step_];
      const uint64_t old_size = SizeBefore(op);
      Apply(op, live_);
      LowerOp(op, old_size);
    }
    return std::move(graph_);
  }

 private:
  void Reserve() {
    size_t units = 0;
    for (const TraceOp& op : trace_.ops) {
      if (op.kind == TraceKind::kWrite) units += op.data.size() / unit_ + 2;
      if (op.kind == TraceKind::kTruncate) ++units;
    }
    graph_.content.reserve(units * unit_);
    graph_.effects.reserve(trace_.ops.size() + units);
    graph_.registers.reserve(trace_.ops.size());
  }

  void LowerOp(const TraceOp& op, uint64_t old_size) {
    switch (op.kind) {
      case TraceKind::kCreate:
      case TraceKind::kCreateDir:
        SetType(op.inode, op.kind == TraceKind::kCreate ? FileType::kFile : FileType::kDirectory);
        IssueEntry(op.directory, op.name, op.inode);
        break;
      case TraceKind::kLink:
        IssueEntry(op.directory, op.name, op.inode);
        break;
      case TraceKind::kUnlink:
      case TraceKind::kRemoveDir:
        IssueEntry(op.directory, op.name, kNoInode);
        break;
      case TraceKind::kRename:
        LowerRename(op);
        break;
      case TraceKind::kWrite:
        IssueSectors(op.inode, op.offset_bytes, op.data.size());
        if (op.offset_bytes + op.data.size() > old_size && !op.data.empty()) {
          IssueSize(op.inode, op.offset_bytes + op.data.size(), /*frees=*/false);
        }
        break;
      case TraceKind::kTruncate:
        if (op.length_bytes == old_size) break;
        LowerTruncate(op, /*frees=*/op.length_bytes < old_size);
        break;
      case TraceKind::kAllocate:
        LowerAllocate(op, old_size);
        break;
      case TraceKind::kSyncBegin:
        begun_.push_back({op.sync_id, static_cast<EffectId>(graph_.effects.size())});
        break;
      case TraceKind::kSyncEnd:
        LowerSyncEnd(op);
        break;
      case TraceKind::kWriteback:  // durable: nothing (sync_file_range(2))
      case TraceKind::kMark:
        break;
    }
  }

  void LowerTruncate(const TraceOp& op, bool frees) {
    const EffectId cut = IssueSize(op.inode, op.length_bytes, frees);
    if (!frees) return;
    graph_.file_cuts[op.inode].push_back(cut);
    SectorTable& table = TableOf(op.inode);
    const uint64_t first_freed = (op.length_bytes + unit_ - 1) / unit_;
    table.base_sectors = std::min(table.base_sectors, first_freed);
    for (auto at = table.LowerBound(first_freed); at != table.entries.end(); ++at) at->hole = true;
    // The cached page that holds the new end is zeroed behind it, and written as any page; a hole
    // has no page.
    if (op.length_bytes % unit_ != 0 && !IsHole(op.inode, op.length_bytes / unit_)) {
      IssueSectors(op.inode, op.length_bytes, 1);
    }
  }

  void LowerRename(const TraceOp& op) {
    if (TypeOf(op.inode) == FileType::kDirectory) graph_.renames_directories = true;
    if (graph_.model.rename == RenameRule::kTwoEdits) {
      IssueEntry(op.to_directory, op.to_name, op.inode);
      IssueEntry(op.directory, op.name, kNoInode);
      return;
    }
    Effect effect;
    effect.write = Write(EntryRegister(op.to_directory, op.to_name), op.inode);
    effect.second = Write(EntryRegister(op.directory, op.name), kNoInode);
    const EffectId id = Issue(effect, op.to_directory);
    if (op.directory != op.to_directory) unsynced_[op.directory].push_back(id);
  }

  void LowerAllocate(const TraceOp& op, uint64_t old_size) {
    const uint64_t end_bytes = op.offset_bytes + op.length_bytes;
    graph_.allocated.push_back({step_, op.inode, op.offset_bytes, end_bytes});
    if (!op.keep_size && end_bytes > old_size) IssueSize(op.inode, end_bytes, /*frees=*/false);
  }

  // What a sync forces was decided when it began. A failed one forces nothing and leaves its pages
  // clean (CuttleFS): later syncs of this object pass over what it abandoned. One that lied changes
  // nothing at all.
  void LowerSyncEnd(const TraceOp& op) {
    const auto begin = std::find_if(begun_.begin(), begun_.end(),
                                    [&](const Begun& b) { return b.sync_id == op.sync_id; });
    FAULTFS_CHECK(begin != begun_.end(), "a sync begins before it ends");
    const EffectId begun = begin->effects;
    begun_.erase(begin);
    if (op.sync_outcome == SyncOutcome::kIgnored) return;
    if (op.sync_outcome == SyncOutcome::kOk && graph_.model.sync == SyncScope::kEverything) {
      for (InodeNumber object = 0; object < unsynced_.size(); ++object) {
        EndSync(object, begun, SyncOutcome::kOk, [](const Effect&) { return true; });
      }
    } else if (op.inode < unsynced_.size()) {
      EndSync(op.inode, begun, op.sync_outcome,
              [&](const Effect& effect) { return InRange(effect, op); });
    }
  }

  /// Whatever a sync covered is no longer the affair of the object's later syncs.
  template <typename Covers>
  void EndSync(InodeNumber object, EffectId begun, SyncOutcome outcome, Covers covers) {
    std::vector<EffectId>& effects = unsynced_[object];
    size_t kept = 0;
    for (EffectId id : effects) {
      Effect& effect = graph_.effects[id];
      if (id >= begun || !covers(effect)) {
        effects[kept++] = id;
      } else if (outcome == SyncOutcome::kOk) {
        Force(id);
      } else if (effect.forced_from == kNone) {
        effect.abandoned = true;
      }
    }
    effects.resize(kept);
  }

  bool InRange(const Effect& effect, const TraceOp& sync) const {
    if (sync.length_bytes == 0) return true;
    const Register& reg = graph_.registers[effect.write.reg];
    if (reg.kind != RegisterKind::kSector) return true;
    const uint64_t begin_bytes = reg.sector * unit_;
    return begin_bytes < sync.offset_bytes + sync.length_bytes &&
           begin_bytes + unit_ > sync.offset_bytes;
  }

  /// The effect and everything that must persist before it.
  void Force(EffectId id) {
    std::vector<EffectId>& work = force_work_;
    work.assign(1, id);
    while (!work.empty()) {
      Effect& effect = graph_.effects[work.back()];
      work.pop_back();
      if (effect.forced_from != kNone) continue;
      effect.forced_from = step_;
      if (effect.write.previous != kNone) work.push_back(effect.write.previous);
      if (effect.has_second() && effect.second.previous != kNone) {
        work.push_back(effect.second.previous);
      }
      for (uint32_t i = 0; i < effect.edge_count; ++i) {
        work.push_back(graph_.edges[effect.first_edge + i]);
      }
    }
  }

  void IssueEntry(InodeNumber directory, std::string_view name, InodeNumber inode) {
    Effect effect;
    effect.write = Write(EntryRegister(directory, name), inode);
    Issue(effect, directory);
  }

  EffectId IssueSize(InodeNumber inode, uint64_t size_bytes, bool frees) {
    Effect effect;
    effect.frees = frees;
    effect.write = Write(SizeRegister(inode), size_bytes);
    return Issue(effect, inode);
  }

  void IssueSectors(InodeNumber inode, uint64_t offset_bytes, uint64_t length_bytes) {
    if (length_bytes == 0) return;
    const uint64_t last = (offset_bytes + length_bytes - 1) / unit_;
    for (uint64_t sector = offset_bytes / unit_; sector <= last; ++sector) {
      const size_t at = graph_.content.size();
      graph_.content.resize(at + unit_, '\0');
      (void)live_.Read(inode, sector * unit_,
                       std::as_writable_bytes(std::span(graph_.content.data() + at, unit_)));
      Effect effect;
      effect.write = Write(SectorRegister(inode, sector), at);
      Issue(effect, inode);
    }
  }

  RegisterWrite Write(RegisterId reg, uint64_t value) const {
    return {.reg = reg, .previous = graph_.registers[reg].last, .value = value};
  }

  EffectId Issue(Effect effect, InodeNumber object) {
    const EffectId id = static_cast<EffectId>(graph_.effects.size());
    effect.step = step_;
    effect.first_edge = static_cast<uint32_t>(graph_.edges.size());
    if (graph_.model.order == EffectOrder::kTotal && id > 0) graph_.edges.push_back(id - 1);
    effect.edge_count = static_cast<uint32_t>(graph_.edges.size()) - effect.first_edge;
    graph_.registers[effect.write.reg].last = id;
    if (effect.has_second()) graph_.registers[effect.second.reg].last = id;
    graph_.effects.push_back(effect);
    if (unsynced_.size() <= object) unsynced_.resize(object + 1);
    unsynced_[object].push_back(id);
    return id;
  }

  RegisterId AddRegister(Register reg) {
    graph_.registers.push_back(std::move(reg));
    return static_cast<RegisterId>(graph_.registers.size() - 1);
  }

  RegisterId EntryRegister(InodeNumber directory, std::string_view name) {
    if (unsynced_.size() <= directory) unsynced_.resize(directory + 1);
    if (entries_.size() <= directory) entries_.resize(directory + 1);
    std::vector<RegisterId>& known = entries_[directory];
    const auto at = std::lower_bound(
        known.begin(), known.end(), name,
        [this](RegisterId reg, std::string_view n) { return graph_.registers[reg].name < n; });
    if (at != known.end() && graph_.registers[*at].name == name) return *at;
    const auto index = at - known.begin();
    const RegisterId reg =
        AddRegister({.kind = RegisterKind::kEntry, .inode = directory, .name = std::string(name)});
    known.insert(known.begin() + index, reg);
    return reg;
  }

  RegisterId SizeRegister(InodeNumber inode) {
    RegisterId& reg = graph_.file_size[inode];
    if (reg == kNone) reg = AddRegister({.kind = RegisterKind::kSize, .inode = inode, .name = {}});
    return reg;
  }

  RegisterId SectorRegister(InodeNumber inode, uint64_t sector) {
    SectorTable& table = TableOf(inode);
    auto at = table.LowerBound(sector);
    if (at == table.entries.end() || at->sector != sector) {
      const RegisterId reg = AddRegister({.kind = RegisterKind::kSector,
                                          .inode = inode,
                                          .sector = sector,
                                          .name = {},
                                          .base_has_content = BaseHasContent(inode, sector)});
      graph_.file_sectors[inode].push_back(reg);
      at = table.entries.insert(at, {sector, reg, false});
    }
    at->hole = false;
    return at->reg;
  }

  /// Nothing is there that a cut would have to zero.
  bool IsHole(InodeNumber inode, uint64_t sector) {
    SectorTable& table = TableOf(inode);
    const auto at = table.LowerBound(sector);
    if (at != table.entries.end() && at->sector == sector) return at->hole;
    return sector >= table.base_sectors || !BaseHasContent(inode, sector);
  }

  bool BaseHasContent(InodeNumber inode, uint64_t sector) const {
    const Inode* file = graph_.base.Find(inode);
    if (file == nullptr || sector * unit_ >= file->size_bytes) return false;
    const uint64_t block = sector * unit_ / kBlockBytes;
    return block < file->blocks.size() && static_cast<bool>(file->blocks[block]);
  }

  uint64_t SizeBefore(const TraceOp& op) const {
    const Inode* inode = live_.Find(op.inode);
    return inode == nullptr ? 0 : inode->size_bytes;
  }

  void SetType(InodeNumber inode, FileType type) {
    if (graph_.inode_types.size() <= inode) {
      graph_.inode_types.resize(inode + 1, FileType::kFile);
      graph_.file_size.resize(inode + 1, kNone);
      graph_.file_sectors.resize(inode + 1);
      graph_.file_cuts.resize(inode + 1);
    }
    graph_.inode_types[inode] = type;
  }
  FileType TypeOf(InodeNumber inode) const { return graph_.inode_types[inode]; }

  /// What was written of a file so far.
  struct SectorTable {
    struct Entry {
      uint64_t sector;
      RegisterId reg;
      bool hole;  // freed again since
    };
    std::vector<Entry>::iterator LowerBound(uint64_t sector) {
      return std::lower_bound(entries.begin(), entries.end(), sector,
                              [](const Entry& entry, uint64_t s) { return entry.sector < s; });
    }
    std::vector<Entry> entries;          // by sector
    uint64_t base_sectors = UINT64_MAX;  // from here on no cut has left anything of the base
  };
  struct Begun {
    uint32_t sync_id;
    EffectId effects;  // issued when it began
  };

  SectorTable& TableOf(InodeNumber inode) {
    if (sectors_.size() <= inode) sectors_.resize(inode + 1);
    return sectors_[inode];
  }

  const Trace& trace_;
  Image live_;
  const size_t unit_;
  uint32_t step_ = 0;
  EffectGraph graph_;
  std::vector<std::vector<RegisterId>> entries_;  // by directory: sorted by name
  std::vector<SectorTable> sectors_;              // by file
  std::vector<std::vector<EffectId>> unsynced_;   // by object: what its next sync covers
  std::vector<Begun> begun_;                      // syncs that have not ended
  std::vector<EffectId> force_work_;
};

}  // namespace

EffectGraph Lower(const Image& base, const Trace& trace, const PersistenceModel& model) {
  return Lowering(base, trace, model).Run();
}

std::vector<CrashPoint> CrashPoints(const Trace& trace) {
  std::vector<CrashPoint> points;
  for (uint32_t step = 0; step < trace.ops.size(); ++step) {
    if (trace.ops[step].kind != TraceKind::kMark) points.push_back({step});
  }
  points.push_back({static_cast<uint32_t>(trace.ops.size())});
  return points;
}

}  // namespace faultfs
