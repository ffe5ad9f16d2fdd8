#include "faultfs/sim/volume.h"

#include <algorithm>
#include <utility>

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
  if (recording_ == Recording::kOn) trace_.ops.push_back(ToOp(step));
}

void Volume::RecordSync(InodeNumber inode, SyncKind kind, SyncOutcome outcome, IoTag tag,
                        uint64_t offset_bytes, uint64_t length_bytes) {
  if (recording_ == Recording::kOff) return;
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
  step.kind = TraceKind::kSyncEnd;
  step.sync_outcome = outcome;
  const std::lock_guard lock(mutex_);
  Perform(step);
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
