#include "faultfs/crash/journal.h"

#include <algorithm>

namespace faultfs {
namespace {

std::vector<EffectId> TakeFront(std::vector<EffectId>& effects, EffectId limit) {
  const auto end = std::lower_bound(effects.begin(), effects.end(), limit);
  std::vector<EffectId> taken(effects.begin(), end);
  effects.erase(effects.begin(), end);
  return taken;
}

}  // namespace

Journal::Journal(const PersistenceModel& model)
    : order_(model.entries),
      sizes_wait_(model.entries == EntryOrder::kJournal &&
                  model.size_order == SizeOrder::kAfterEntries),
      active_(model.entries != EntryOrder::kFree || model.dir_sync == DirSyncScope::kJournal ||
              model.sync == SyncScope::kEntry || model.sync == SyncScope::kJournal) {}

// Of a rename: about the file that moves, the one it replaces, and both directories.
void Journal::AddRelated(const TraceOp& op, std::vector<EffectId>& waits) const {
  const size_t first = waits.size();
  for (InodeNumber inode : {op.inode, op.replaced, op.directory, op.to_directory}) {
    if (inode == kNoInode || inode >= about_.size() || about_[inode].last == kNone) continue;
    const auto begin = waits.begin() + static_cast<ptrdiff_t>(first);
    if (std::find(begin, waits.end(), about_[inode].last) == waits.end()) {
      waits.push_back(about_[inode].last);
    }
  }
}

void Journal::AddActive(EffectId id, const TraceOp& op, bool gives_name) {
  tail_ = id;
  effects_.push_back(id);
  for (InodeNumber inode : {op.inode, op.replaced}) {
    if (inode == kNoInode) continue;
    About& about = Of(inode);
    about.last = id;
    about.change_end = id + 1;
  }
  if (gives_name) Of(op.inode).names.push_back(id);
}

EffectId Journal::ReachOf(InodeNumber file, SyncKind kind) const {
  if (file >= about_.size()) return 0;
  return kind == SyncKind::kData ? about_[file].extents_end : about_[file].change_end;
}

std::vector<EffectId> Journal::TakeBelow(EffectId limit) {
  const size_t first = taken_;
  while (taken_ < effects_.size() && effects_[taken_] < limit) ++taken_;
  return {effects_.begin() + static_cast<ptrdiff_t>(first),
          effects_.begin() + static_cast<ptrdiff_t>(taken_)};
}

std::vector<EffectId> Journal::TakeNamesBelow(InodeNumber file, EffectId limit) {
  if (file >= about_.size()) return {};
  return TakeFront(about_[file].names, limit);
}

Journal::About& Journal::Of(InodeNumber inode) {
  if (about_.size() <= inode) about_.resize(inode + 1);
  return about_[inode];
}

}  // namespace faultfs
