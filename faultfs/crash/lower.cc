// Lowering: one walk over the trace, keeping the live image beside it, because the new content of a
// sector is what the page cache held after the write and not the bytes of the write alone.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/forcer.h"
#include "faultfs/crash/journal.h"
#include "faultfs/env/check.h"

namespace faultfs {
namespace {

class Lowering {
 public:
  Lowering(const Image& base, const Trace& trace, const PersistenceModel& model)
      : trace_(trace),
        live_(base),
        unit_(model.unit_bytes()),
        minds_blocks_(model.append == AppendRule::kNewDataFirst ||
                      model.sync == SyncScope::kJournal),
        journal_(model),
        forcer_(graph_) {
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
      if (minds_blocks_ && op.kind == TraceKind::kWrite) FindNewBlocks(op);
      Apply(op, live_);
      LowerOp(op, old_size);
    }
    return std::move(graph_);
  }

 private:
  /// A sync that has not ended.
  struct Begun {
    uint32_t sync_id;
    EffectId effects;  // issued when it began
    EffectId reach;    // of a file: how far into the journal it reaches
  };

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
        IssueEntry(op, op.directory, op.name, op.inode);
        break;
      case TraceKind::kLink:
        IssueEntry(op, op.directory, op.name, op.inode);
        break;
      case TraceKind::kUnlink:
      case TraceKind::kRemoveDir:
        IssueEntry(op, op.directory, op.name, kNoInode);
        break;
      case TraceKind::kRename:
        LowerRename(op);
        break;
      case TraceKind::kWrite:
        if (!op.data.empty()) LowerWrite(op, old_size);
        break;
      case TraceKind::kTruncate:
        if (op.length_bytes == old_size) break;
        LowerTruncate(op, /*frees=*/op.length_bytes < old_size);
        break;
      case TraceKind::kAllocate:
        LowerAllocate(op, old_size);
        break;
      case TraceKind::kSyncBegin:
        begun_.push_back({op.sync_id, NextEffect(), journal_.ReachOf(op.inode, op.sync_kind)});
        break;
      case TraceKind::kSyncEnd:
        LowerSyncEnd(op);
        break;
      case TraceKind::kRevert:
        LowerRevert(op, old_size);
        break;
      case TraceKind::kWriteback:  // durable: nothing (sync_file_range(2))
      case TraceKind::kMark:
        break;
    }
  }

  // The sectors of a block before the size that lets them show: as far as one waits for the other.
  void LowerWrite(const TraceOp& op, uint64_t size_bytes) {
    const uint64_t end = op.offset_bytes + op.data.size();
    const bool by_block = graph_.model.growth == GrowthRule::kBlocks && end > size_bytes;
    const bool new_blocks =
        std::find(new_blocks_.begin(), new_blocks_.end(), 1) != new_blocks_.end();
    const bool extents = end > size_bytes || new_blocks;
    for (uint64_t begin = op.offset_bytes; begin < end;) {
      const uint64_t block_end = (begin / kBlockBytes + 1) * kBlockBytes;
      const uint64_t piece_end = by_block ? std::min(end, block_end) : end;
      const EffectId first = NextEffect();
      IssueSectors(op.inode, begin, piece_end - begin);
      if (piece_end > size_bytes) {
        AddDataWaits(op, first);
        journal_.WaitsOfSize(waits_);
        const EffectId size = IssueSize(op.inode, piece_end, /*frees=*/false);
        graph_.effects[size].intermediate = piece_end < end;
        size_bytes = piece_end;
      }
      begin = piece_end;
    }
    if (extents) journal_.NoteExtents(op.inode, NextEffect());
  }

  /// The size of an append waits for the sectors from `first` on, which it has just written.
  void AddDataWaits(const TraceOp& op, EffectId first) {
    if (graph_.model.append == AppendRule::kFree) return;
    for (EffectId id = first; id < NextEffect(); ++id) {
      const uint64_t sector = graph_.RegisterOf(graph_.effects[id].write).sector;
      const uint64_t block = sector * unit_ / kBlockBytes - op.offset_bytes / kBlockBytes;
      const bool waits = graph_.model.append == AppendRule::kDataFirst || new_blocks_[block] != 0;
      if (waits) waits_.push_back(id);
    }
  }

  /// Which of the blocks that a write is about to touch are holes or beyond the last block.
  void FindNewBlocks(const TraceOp& op) {
    const Inode* file = live_.Find(op.inode);
    const uint64_t end = op.offset_bytes + op.data.size();
    new_blocks_.clear();
    for (uint64_t block = op.offset_bytes / kBlockBytes; block * kBlockBytes < end; ++block) {
      new_blocks_.push_back(block >= file->blocks.size() || !file->blocks[block] ? 1 : 0);
    }
  }

  void LowerTruncate(const TraceOp& op, bool frees) {
    const bool journaled = graph_.model.truncate == TruncateRule::kJournaled;
    if (journaled) {
      journal_.WaitsOfEntry(op, waits_);
    } else {
      journal_.WaitsOfSize(waits_);
    }
    const EffectId cut = IssueSize(op.inode, op.length_bytes, frees);
    if (journaled) journal_.Add(cut, op, /*gives_name=*/false);
    journal_.NoteExtents(op.inode, NextEffect());
    if (frees) LowerCut(op, cut);
  }

  void LowerCut(const TraceOp& op, EffectId cut) {
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
    if (graph_.model.replace == ReplaceRule::kSafe && op.replaced != kNoInode) {
      AddContentWaits(op.inode);
    }
    if (graph_.model.rename == RenameRule::kTwoEdits) {
      IssueEntry(op, op.to_directory, op.to_name, op.inode);
      IssueEntry(op, op.directory, op.name, kNoInode);
      return;
    }
    journal_.WaitsOfEntry(op, waits_);
    const RegisterId added = EntryRegister(op.to_directory, op.to_name);
    const RegisterId removed = EntryRegister(op.directory, op.name);
    const EffectId id = Issue(op.to_directory, added, op.inode);
    SetWrite(graph_.effects[id].second, id, removed, kNoInode);
    journal_.Add(id, op, /*gives_name=*/true);
    if (op.directory != op.to_directory) unsynced_[op.directory].push_back(id);
  }

  /// All that was written of a file, and its size.
  void AddContentWaits(InodeNumber file) {
    const auto add = [this](RegisterId reg) {
      EffectId last = reg == kNone ? kNone : graph_.registers[reg].last;
      while (last != kNone && OnlyShows(last)) last = graph_.effects[last].write.previous;
      if (last != kNone) waits_.push_back(last);
    };
    for (RegisterId reg : graph_.file_sectors[file]) add(reg);
    add(graph_.file_size[file]);
  }

  void LowerAllocate(const TraceOp& op, uint64_t old_size) {
    const uint64_t end_bytes = op.offset_bytes + op.length_bytes;
    graph_.allocated.push_back({step_, op.inode, op.offset_bytes, end_bytes});
    if (!op.keep_size && end_bytes > old_size) {
      journal_.WaitsOfSize(waits_);
      IssueSize(op.inode, end_bytes, /*frees=*/false);
    }
    journal_.NoteExtents(op.inode, NextEffect());
  }

  // What a process reads after a page was dropped from the cache is what the disk holds: of all
  // that was pending there nothing can turn up any more (A32). But a journal can bring what it has
  // (A33): then nothing is decided, and the disk got nothing.
  void LowerRevert(const TraceOp& op, uint64_t old_size) {
    if (op.journaled) {
      FAULTFS_CHECK(op.length_bytes == old_size, "a journal has the size too");
      return LowerJournaledRevert(op);
    }
    settles_ = true;
    IssueSectors(op.inode, op.offset_bytes, op.data.size());
    if (op.length_bytes < old_size) {
      LowerCut(op, IssueSize(op.inode, op.length_bytes, /*frees=*/true));
    }
    settles_ = false;
  }

  /// Of the sectors that show something else from here on.
  void LowerJournaledRevert(const TraceOp& op) {
    only_shows_ = true;
    const uint64_t end = op.offset_bytes + op.data.size();
    for (uint64_t begin = op.offset_bytes; begin < end; begin += unit_) {
      const auto at = TableOf(op.inode).LowerBound(begin / unit_);
      if (at == TableOf(op.inode).entries.end() || at->sector != begin / unit_) continue;
      if (at->hole) continue;
      const EffectId shown = graph_.registers[at->reg].last;
      const std::string_view now = std::string_view(op.data).substr(begin - op.offset_bytes, unit_);
      const std::string_view before = graph_.SectorContent(graph_.effects[shown].write);
      if (before.substr(0, now.size()) == now) continue;
      IssueSectors(op.inode, begin, 1);
      graph_.cache_only.push_back(NextEffect() - 1);
      forcer_.Abandon(NextEffect() - 1, step_);
    }
    only_shows_ = false;
  }

  /// One of EffectGraph::cache_only.
  bool OnlyShows(EffectId id) const { return trace_.ops[graph_.effects[id].step].journaled; }

  // What a sync forces was decided when it began. A failed one forces nothing and leaves its pages
  // clean (CuttleFS): later syncs of this object pass over what it abandoned. One that lied changes
  // nothing at all.
  void LowerSyncEnd(const TraceOp& op) {
    const auto begin = std::find_if(begun_.begin(), begun_.end(),
                                    [&](const Begun& b) { return b.sync_id == op.sync_id; });
    FAULTFS_CHECK(begin != begun_.end(), "a sync begins before it ends");
    const Begun begun = *begin;
    begun_.erase(begin);
    graph_.fails_late |= op.sync_outcome == SyncOutcome::kLate;
    if (op.sync_outcome == SyncOutcome::kIgnored) return;
    if (op.sync_outcome == SyncOutcome::kOk && graph_.model.sync == SyncScope::kEverything) {
      for (InodeNumber object = 0; object < unsynced_.size(); ++object) {
        EndSync(object, begun.effects, SyncOutcome::kOk, [](const Effect&) { return true; });
      }
      return;
    }
    if (op.inode < unsynced_.size()) {
      EndSync(op.inode, begun.effects, op.sync_outcome,
              [&](const Effect& effect) { return InRange(effect, op); });
    }
    if (op.sync_outcome == SyncOutcome::kOk) ForceBesideObject(op, begun);
  }

  // What a file system makes durable with an object because it cannot, or does not, tell it apart.
  void ForceBesideObject(const TraceOp& sync, const Begun& begun) {
    if (TypeOf(sync.inode) == FileType::kDirectory) {
      if (graph_.model.dir_sync == DirSyncScope::kJournal) {
        ForceAll(journal_.TakeBelow(begun.effects));
      }
    } else if (graph_.model.sync == SyncScope::kJournal) {
      ForceAll(journal_.TakeBelow(begun.reach));
    } else if (graph_.model.sync == SyncScope::kEntry && sync.sync_kind == SyncKind::kFull) {
      ForceAll(journal_.TakeNamesBelow(sync.inode, begun.effects));
    }
  }

  /// But for what a failed sync has abandoned.
  void ForceAll(const std::vector<EffectId>& effects) {
    for (EffectId id : effects) {
      if (!graph_.effects[id].abandoned()) forcer_.Force(id, step_);
    }
  }

  /// Whatever a sync covered is no longer the affair of the object's later syncs.
  template <typename Covers>
  void EndSync(InodeNumber object, EffectId begun, SyncOutcome outcome, Covers covers) {
    std::vector<EffectId>& effects = unsynced_[object];
    size_t kept = 0;
    for (EffectId id : effects) {
      if (id >= begun || !covers(graph_.effects[id])) {
        effects[kept++] = id;
      } else if (outcome == SyncOutcome::kOk) {
        forcer_.Force(id, step_);
      } else if (graph_.model.failed_retry == RetryRule::kMetadata && IsTruncate(id)) {
        effects[kept++] = id;
      } else {
        forcer_.Abandon(id, step_);
      }
    }
    effects.resize(kept);
  }

  /// A size that was changed without data.
  bool IsTruncate(EffectId id) const {
    return trace_.ops[graph_.effects[id].step].kind == TraceKind::kTruncate &&
           graph_.RegisterOf(graph_.effects[id].write).kind == RegisterKind::kSize;
  }

  bool InRange(const Effect& effect, const TraceOp& sync) const {
    if (sync.length_bytes == 0) return true;
    const Register& reg = graph_.registers[effect.write.reg];
    if (reg.kind != RegisterKind::kSector) return true;
    const uint64_t begin_bytes = reg.sector * unit_;
    return begin_bytes < sync.offset_bytes + sync.length_bytes &&
           begin_bytes + unit_ > sync.offset_bytes;
  }

  void IssueEntry(const TraceOp& op, InodeNumber directory, std::string_view name,
                  InodeNumber inode) {
    journal_.WaitsOfEntry(op, waits_);
    const EffectId id = Issue(directory, EntryRegister(directory, name), inode);
    journal_.Add(id, op, /*gives_name=*/inode != kNoInode);
  }

  EffectId IssueSize(InodeNumber inode, uint64_t size_bytes, bool frees) {
    const EffectId id = Issue(inode, SizeRegister(inode), size_bytes);
    graph_.effects[id].frees = frees;
    return id;
  }

  void IssueSectors(InodeNumber inode, uint64_t offset_bytes, uint64_t length_bytes) {
    if (length_bytes == 0) return;
    const uint64_t last = (offset_bytes + length_bytes - 1) / unit_;
    for (uint64_t sector = offset_bytes / unit_; sector <= last; ++sector) {
      const size_t at = graph_.content.size();
      graph_.content.resize(at + unit_, '\0');
      (void)live_.Read(inode, sector * unit_,
                       std::as_writable_bytes(std::span(graph_.content.data() + at, unit_)));
      Issue(inode, SectorRegister(inode, sector), at);
    }
  }

  void SetWrite(RegisterWrite& write, EffectId id, RegisterId reg, uint64_t value) {
    write.reg = reg;
    write.previous = graph_.registers[reg].last;
    write.value = value;
    graph_.registers[reg].last = id;
  }

  EffectId NextEffect() const { return static_cast<EffectId>(graph_.effects.size()); }

  /// Uses up `waits_`.
  EffectId Issue(InodeNumber object, RegisterId reg, uint64_t value) {
    const EffectId id = NextEffect();
    const size_t first_edge = graph_.edges.size();
    if (settles_ || only_shows_) {
      // Decided, whatever came before; or nothing that waits, or is waited for.
    } else if (graph_.model.order == EffectOrder::kTotal) {
      if (newest_ordered_ != kNone) graph_.edges.push_back(newest_ordered_);
      newest_ordered_ = id;
    } else {
      for (EffectId before : waits_) {
        if (graph_.effects[before].forced_from == kNone) graph_.edges.push_back(before);
      }
    }
    waits_.clear();
    // In its place: copying what was just put together field by field stalls the processor.
    Effect& effect = graph_.effects.emplace_back();
    effect.step = step_;
    effect.first_edge = static_cast<uint32_t>(first_edge);
    effect.edge_count = static_cast<uint32_t>(graph_.edges.size() - first_edge);
    SetWrite(effect.write, id, reg, value);
    if (unsynced_.size() <= object) unsynced_.resize(object + 1);
    if (settles_) {
      BridgeVersions(effect.write.previous);
      forcer_.Settle(id, step_);
    } else if (!only_shows_) {
      unsynced_[object].push_back(id);
    }
    return id;
  }

  /// What is settled has come without what it waited for. Whatever waits for it waits for that.
  void BridgeVersions(EffectId newest) {
    for (EffectId id = newest; id != kNone && graph_.effects[id].forced_from == kNone;
         id = graph_.effects[id].write.previous) {
      Bridge(id);
    }
  }

  void Bridge(EffectId settled) {
    const auto edges_of = [this](const Effect& effect) {
      const auto begin = graph_.edges.begin() + effect.first_edge;
      return std::vector<EffectId>(begin, begin + effect.edge_count);
    };
    const std::vector<EffectId> waited = edges_of(graph_.effects[settled]);
    for (EffectId id = settled + 1; id < NextEffect() && !waited.empty(); ++id) {
      Effect& effect = graph_.effects[id];
      std::vector<EffectId> edges = edges_of(effect);
      if (std::find(edges.begin(), edges.end(), settled) == edges.end()) continue;
      edges.insert(edges.end(), waited.begin(), waited.end());
      effect.first_edge = static_cast<uint32_t>(graph_.edges.size());
      effect.edge_count = static_cast<uint32_t>(edges.size());
      graph_.edges.insert(graph_.edges.end(), edges.begin(), edges.end());
    }
    if (newest_ordered_ != settled) return;
    newest_ordered_ = kNone;
    for (const EffectId before : waited) {
      if (graph_.effects[before].forced_from != kNone) continue;
      if (newest_ordered_ == kNone || before > newest_ordered_) newest_ordered_ = before;
    }
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

  SectorTable& TableOf(InodeNumber inode) {
    if (sectors_.size() <= inode) sectors_.resize(inode + 1);
    return sectors_[inode];
  }

  const Trace& trace_;
  Image live_;
  const size_t unit_;
  const bool minds_blocks_;
  uint32_t step_ = 0;
  EffectGraph graph_;
  std::vector<std::vector<RegisterId>> entries_;  // by directory: sorted by name
  std::vector<SectorTable> sectors_;              // by file
  std::vector<std::vector<EffectId>> unsynced_;   // by object: what its next sync covers
  std::vector<Begun> begun_;                      // syncs that have not ended
  std::vector<EffectId> waits_;                   // what the effect issued next must wait for
  std::vector<uint8_t> new_blocks_;               // of the write that is being lowered
  bool settles_ = false;                          // what is issued is on the disk already
  bool only_shows_ = false;                       // what is issued is the page cache's alone
  EffectId newest_ordered_ = kNone;               // with EffectOrder::kTotal
  Journal journal_;
  Forcer forcer_;
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
