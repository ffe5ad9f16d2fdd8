#include "store/checkpointer.h"

#include <algorithm>
#include <utility>

#include "store/io_tags.h"
#include "store/snapshot_publisher.h"

namespace kv {

using faultfs::Code;
using faultfs::MutexLock;
using faultfs::Result;
using faultfs::Status;

Checkpointer::Checkpointer(faultfs::FileSystem& file_system, faultfs::Entropy& entropy,
                           CommitQueue& commits, Start start)
    : file_system_(file_system),
      entropy_(entropy),
      commits_(commits),
      directory_(std::move(start.directory)),
      checkpoint_bytes_(start.checkpoint_bytes),
      due_at_bytes_(kNever),
      // What an earlier process should have removed is reason enough for a checkpoint.
      recovered_bytes_(start.covered_left ? std::max(start.log_bytes, start.checkpoint_bytes)
                                          : start.log_bytes),
      snapshot_(start.snapshot),
      snapshot_is_durable_(start.snapshot_is_durable),
      gate_(std::make_shared<Gate>()),
      executor_(start.executor != nullptr ? start.executor : &own_executor_) {
  gate_->target = this;
  info_.sequence = start.snapshot;
  if (checkpoint_bytes_ > 0) {
    due_at_bytes_ = checkpoint_bytes_ - std::min(recovered_bytes_, checkpoint_bytes_);
  }
}

Status Checkpointer::Snapshot() { return RunIfOpen(Remove::kOlderThanPrevious); }

Status Checkpointer::Compact() { return RunIfOpen(Remove::kCovered); }

CheckpointInfo Checkpointer::info() const {
  const MutexLock lock(info_mutex_);
  return info_;
}

bool Checkpointer::IsDue(uint64_t grown_bytes) {
  return grown_bytes >= due_at_bytes_.load(std::memory_order_relaxed) &&
         due_at_bytes_.exchange(kNever, std::memory_order_relaxed) != kNever;
}

void Checkpointer::Schedule() {
  executor_->Submit([gate = gate_] {
    const MutexLock lock(gate->mutex);
    // The outcome is in info(): nobody waits for it here.
    if (gate->target != nullptr) {
      static_cast<void>(gate->target->RunAndReport(Remove::kCovered));
    }
  });
}

void Checkpointer::Stop() {
  const MutexLock lock(gate_->mutex);
  gate_->target = nullptr;
}

Status Checkpointer::RunIfOpen(Remove remove) {
  const MutexLock lock(gate_->mutex);
  if (gate_->target != nullptr) return RunAndReport(remove);
  return Status::Error(Code::kClosed, "the store was closed");
}

Status Checkpointer::RunAndReport(Remove remove) {
  Status status = Checkpoint(remove);
  const MutexLock lock(info_mutex_);
  info_.sequence = snapshot_;
  info_.last_status = status;
  ++(status.ok() ? info_.completed : info_.failed);
  return status;
}

Status Checkpointer::Checkpoint(Remove remove) {
  FAULTFS_ASSIGN_OR_RETURN(const Cut cut, CutLog());
  const uint64_t sequence = cut.log.end.last_sequence;
  if (sequence == 0) return Status();  // nothing was ever written, and the log says so
  if (checkpoint_bytes_ == 0) return Finish(cut, remove);
  pace_.Begin(cut.grown_bytes, checkpoint_bytes_, std::max(last_work_bytes_, 2 * cut.log_bytes));
  Status status = Finish(cut, remove);
  last_work_bytes_ = pace_.End();
  return status;
}

Status Checkpointer::Finish(const Cut& cut, Remove remove) {
  const uint64_t sequence = cut.log.end.last_sequence;
  if (sequence != snapshot_ || !snapshot_is_durable_) {
    FAULTFS_RETURN_IF_ERROR(PrepareSnapshot(file_system_, directory_, sequence, cut.salt,
                                            {.base = snapshot_, .log = cut.log.end}, pace_));
    FAULTFS_RETURN_IF_ERROR(Publish(sequence));
    if (sequence != snapshot_) previous_ = snapshot_;
    snapshot_ = sequence;
    snapshot_is_durable_ = true;
  }
  return RemoveFiles(cut.log, remove);
}

Result<Checkpointer::Cut> Checkpointer::CutLog() {
  const ExclusiveTurn turn(commits_);
  Result<LogCut> log = turn.log().Cut();
  const uint64_t grown_bytes = turn.log().grown_bytes();
  // Also after an error: the next attempt comes when the log has grown as much again.
  const uint64_t before = std::exchange(grown_before_, recovered_bytes_ + grown_bytes);
  if (checkpoint_bytes_ > 0) {
    due_at_bytes_.store(grown_bytes + checkpoint_bytes_, std::memory_order_relaxed);
  }
  if (!log.ok()) return log.status();
  return Cut{.log = *log,
             .salt = entropy_.Next(),
             .grown_bytes = grown_bytes,
             .log_bytes = grown_before_ - before};
}

// In a turn: no other directory sync may come between a failed one and the poison.
Status Checkpointer::Publish(uint64_t sequence) {
  const ExclusiveTurn turn(commits_);
  if (Status writable = turn.log().CheckWritable(); !writable.ok()) {
    DiscardSnapshot(file_system_, directory_, sequence);
    return writable;
  }
  const SnapshotOutcome outcome = PublishSnapshot(file_system_, directory_, sequence);
  if (!outcome.status.ok() && outcome.renamed) return turn.log().Poison(outcome.status);
  return outcome.status;
}

// Any subset of these removals may survive a crash: what is covered is never judged.
Status Checkpointer::RemoveFiles(const LogCut& cut, Remove remove) {
  FAULTFS_ASSIGN_OR_RETURN(const auto entries, file_system_.List(directory_));
  for (const faultfs::DirEntry& entry : entries) {
    if (const auto number = ParseFileName(entry.name, kSegmentSuffix)) {
      if (remove == Remove::kCovered && *number < cut.next_segment) {
        FAULTFS_RETURN_IF_ERROR(
            file_system_.Remove(SegmentPath(directory_, *number), tags::kWalRemoveCovered));
      }
    } else if (const auto sequence = ParseFileName(entry.name, kSnapshotSuffix)) {
      const bool previous = *sequence == previous_ && remove == Remove::kOlderThanPrevious;
      if (*sequence != snapshot_ && !previous) {
        FAULTFS_RETURN_IF_ERROR(
            file_system_.Remove(SnapshotPath(directory_, *sequence), tags::kSnapshotRemoveOld));
      }
    }
  }
  return Status();
}

}  // namespace kv
