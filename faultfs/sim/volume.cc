#include "faultfs/sim/volume.h"

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/env/schedule.h"
#include "faultfs/sim/page_cache.h"
#include "faultfs/sim/sim_process.h"
#include "faultfs/sim/trace_step.h"

namespace faultfs {

Volume::Volume(Image base, Recording recording)
    : recording_(recording), base_(std::move(base)), live_(base_) {}

std::unique_ptr<Volume> Volume::Resume(const Image& base, const Trace& trace, size_t steps) {
  auto volume = std::make_unique<Volume>(base);
  volume->live_ = LiveImage(base, trace, steps);
  volume->trace_.ops.assign(trace.ops.begin(),
                            trace.ops.begin() + static_cast<std::ptrdiff_t>(steps));
  for (const TraceOp& op : volume->trace_.ops) {
    volume->space_.Take(op.kind, op.inode, op.offset_bytes, op.length_bytes);
    volume->next_sync_id_ = std::max(volume->next_sync_id_, op.sync_id + 1);
  }
  // The process that had these open is dead.
  for (InodeNumber inode = kRootInode; inode < volume->live_.next_inode(); ++inode) {
    volume->DropIfUnused(inode);
  }
  return volume;
}

Image Volume::live() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

void Volume::Mark(uint64_t mark) {
  const std::lock_guard lock(mutex_);
  Perform({.kind = TraceKind::kMark, .mark = mark});
}

void Volume::Perform(const TraceStep& step) {
  Apply(step, live_);
  space_.Take(step.kind, step.inode, step.offset_bytes, step.length_bytes);
  if (recording_ == Recording::kOn) trace_.ops.push_back(ToOp(step));
}

void Volume::RecordSync(InodeNumber inode, SyncKind kind, SyncOutcome outcome, IoTag tag,
                        uint64_t offset_bytes, uint64_t length_bytes) {
  if (recording_ == Recording::kOff) return MaySwitch(ScheduleOp::kSyncEnd, tag.name());
  TraceStep step{.kind = TraceKind::kSyncBegin,
                 .tag = tag,
                 .inode = inode,
                 .offset_bytes = offset_bytes,
                 .length_bytes = length_bytes,
                 .sync_kind = kind};
  {
    const std::lock_guard lock(mutex_);
    step.sync_id = next_sync_id_++;
    Perform(step);
  }
  MaySwitch(ScheduleOp::kSyncEnd, tag.name());
  step.kind = TraceKind::kSyncEnd;
  step.sync_outcome = outcome;
  {
    const std::lock_guard lock(mutex_);
    Perform(step);
    const bool undoes = outcome == SyncOutcome::kFailed && failure_rules_.page == FailedPage::kOld;
    if (!undoes || live_.Find(inode)->type != FileType::kFile) return;
  }
  Revert([this, inode] { return PageCache(base_, trace_).Undone(inode); });
}

void Volume::SetFailureRules(const SyncFailureRules& rules, BeforeRevert before_revert) {
  failure_rules_ = rules;
  before_revert_ = std::move(before_revert);
}

bool Volume::Evict(uint64_t page) {
  FAULTFS_CHECK(recording_ == Recording::kOn, "what the disk holds is known from the trace");
  return Revert([this, page]() -> std::vector<Reversion> {
    std::vector<Reversion> reversions = PageCache(base_, trace_).Evicted();
    // An inode without name and descriptor has left the live image, and not the trace.
    std::erase_if(reversions, [this](const Reversion& r) { return !live_.Find(r.inode); });
    if (page == 0) return reversions;
    if (page > reversions.size()) return {};
    return {std::move(reversions[page - 1])};
  });
}

bool Volume::Revert(const std::function<std::vector<Reversion>()>& collect) {
  PagesGone gone;
  {
    const std::lock_guard lock(mutex_);
    for (const Reversion& reversion : collect()) {
      (reversion.journaled ? gone.journaled : gone.unsynced) = true;
    }
  }
  if (!gone.journaled && !gone.unsynced) return false;
  if (before_revert_) before_revert_(gone);
  const std::lock_guard lock(mutex_);
  for (const Reversion& reversion : collect()) {
    if (live_.Find(reversion.inode) == nullptr) continue;
    Perform({.kind = TraceKind::kRevert,
             .inode = reversion.inode,
             .data = reversion.data,
             .offset_bytes = reversion.offset_bytes,
             .length_bytes = reversion.size_bytes,
             .journaled = reversion.journaled});
  }
  return true;
}

void Volume::NoteError(InodeNumber inode, Code code) {
  const std::lock_guard lock(mutex_);
  Usage& usage = UsageOf(inode);
  ++usage.errors;
  usage.error_reported = false;
  usage.error = code;
  error_notes_.push_back({trace_.ops.size(), {inode, code}});
}

void Volume::Carry(UnreportedError error) { NoteError(error.inode, error.code); }

std::vector<UnreportedError> Volume::ErrorsAt(size_t steps) const {
  const std::lock_guard lock(mutex_);
  std::vector<UnreportedError> errors;
  for (const ErrorNote& note : error_notes_) {
    if (note.from_steps > steps) continue;
    std::erase_if(errors, [&](const UnreportedError& e) { return e.inode == note.error.inode; });
    if (note.error.code != Code::kOk) errors.push_back(note.error);
  }
  std::sort(errors.begin(), errors.end(),
            [](const UnreportedError& a, const UnreportedError& b) { return a.inode < b.inode; });
  return errors;
}

Code Volume::TakeError(SimHandle& handle) {
  const std::lock_guard lock(mutex_);
  Usage& usage = UsageOf(handle.inode);
  if (handle.errors == usage.errors) return Code::kOk;
  handle.errors = usage.errors;
  // Behind its two steps: a process that dies amid the sync may leave the error to the next.
  if (!std::exchange(usage.error_reported, true)) {
    error_notes_.push_back({trace_.ops.size() + 2, {handle.inode, Code::kOk}});
  }
  return usage.error;
}

Volume::Usage& Volume::UsageOf(InodeNumber inode) {
  if (inode >= usage_.size()) usage_.resize(size_t{inode} + 1);
  return usage_[inode];
}

void Volume::DropOpen(InodeNumber inode) {
  --UsageOf(inode).descriptors;
  DropIfUnused(inode);
}

void Volume::DropIfUnused(InodeNumber inode) {
  const Inode* node = live_.Find(inode);
  if (node == nullptr || node->link_count > 0) return;
  if (inode < usage_.size() && usage_[inode].descriptors > 0) return;
  live_.DropInode(inode);
}

}  // namespace faultfs
