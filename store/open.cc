#include "store/open.h"

#include <string>
#include <utility>

#include "store/directory.h"
#include "store/io_tags.h"
#include "store/recovery.h"
#include "store/segment_publisher.h"
#include "store/snapshot_publisher.h"

namespace kv {

using faultfs::Entropy;
using faultfs::FileSystem;
using faultfs::Result;
using faultfs::Status;
using faultfs::SyncKind;

namespace {

/// Frees what the new segment has made dead. Nothing depends on any of it having happened.
Status TidyUp(FileSystem& file_system, const RecoveryPlan& plan) {
  if (plan.cut.has_value()) {
    FAULTFS_ASSIGN_OR_RETURN(const auto file,
                             file_system.Open(plan.cut->path, {.write = true}, tags::kWalCut));
    FAULTFS_RETURN_IF_ERROR(file->Truncate(plan.cut->size_bytes, tags::kWalCut));
    FAULTFS_RETURN_IF_ERROR(file->Sync(SyncKind::kFull, tags::kWalSyncCut));
  }
  for (const std::string& path : plan.dead_segments) {
    FAULTFS_RETURN_IF_ERROR(file_system.Remove(path, tags::kWalRemoveDead));
  }
  for (const std::string& path : plan.temporaries) {
    FAULTFS_RETURN_IF_ERROR(file_system.Remove(path, tags::kWalRemoveTmp));
  }
  for (const std::string& path : plan.snapshot_temporaries) {
    const Status removed = file_system.Remove(path, tags::kSnapshotRemoveTmp);
    if (!removed.ok() && !removed.Is(faultfs::Code::kNotFound)) return removed;  // published anew
  }
  return Status();
}

}  // namespace

Result<OpenedLog> OpenLog(FileSystem& file_system, Entropy& entropy, std::string_view directory,
                          uint64_t segment_bytes, ShardedMap* map) {
  FAULTFS_ASSIGN_OR_RETURN(LockedDirectory locked, LockDirectory(file_system, directory));
  FAULTFS_ASSIGN_OR_RETURN(RecoveryPlan plan, Recover(file_system, directory, locked.entries, map));

  if (plan.republish_snapshot) {
    const SnapshotSource itself{.base = plan.snapshot, .log = {}};
    CheckpointPace nobody_waits;
    FAULTFS_RETURN_IF_ERROR(PrepareSnapshot(file_system, directory, plan.snapshot, entropy.Next(),
                                            itself, nobody_waits));
    FAULTFS_RETURN_IF_ERROR(PublishSnapshot(file_system, directory, plan.snapshot).status);
  }
  const uint64_t proven = plan.predecessor.last_sequence;
  const SegmentHeader header{.segment = plan.next_segment,
                             .salt = entropy.Next(),
                             .first_sequence = proven + 1,
                             .predecessor = plan.predecessor};
  PublishOutcome active =
      PublishSegment(file_system, directory, header, /*synced_upto=*/proven, plan.carried);
  FAULTFS_RETURN_IF_ERROR(active.status);
  FAULTFS_RETURN_IF_ERROR(TidyUp(file_system, plan));

  auto log = std::make_unique<LogWriter>(file_system, entropy,
                                         LogWriter::Start{.directory = std::string(directory),
                                                          .segment_bytes = segment_bytes,
                                                          .header = header,
                                                          .file = std::move(active.file),
                                                          .end_bytes = active.end_bytes,
                                                          .last_sequence = plan.info.last_sequence,
                                                          .next_segment = plan.next_segment + 1});
  if (!plan.carried.empty()) {
    log->AppendMarker();  // what was carried is durable now, which the new segment does not say yet
    FAULTFS_RETURN_IF_ERROR(log->CheckWritable());
  }
  return OpenedLog{.lock = std::move(locked.lock),
                   .log = std::move(log),
                   .info = std::move(plan.info),
                   .snapshot_is_durable = plan.republish_snapshot,
                   .log_bytes = plan.log_bytes,
                   .covered_left = plan.covered_left};
}

}  // namespace kv
