#include "store/snapshot_publisher.h"

#include <string>
#include <utility>

#include "store/io_tags.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::File;
using faultfs::FileSystem;
using faultfs::Result;
using faultfs::Status;
using faultfs::SyncKind;

Result<std::unique_ptr<File>> CreateTemporary(FileSystem& file_system, const std::string& path) {
  const faultfs::OpenFlags flags{.write = true, .create = true, .exclusive = true};
  auto file = file_system.Open(path, flags, tags::kSnapshotCreate);
  if (file.ok() || !file.status().Is(Code::kAlreadyExists)) return file;
  // An earlier attempt failed and could not remove it. What is written to that file again need not
  // reach the disk: a new one is made.
  FAULTFS_RETURN_IF_ERROR(file_system.Remove(path, tags::kSnapshotDiscard));
  return file_system.Open(path, flags, tags::kSnapshotCreate);
}

/// Reads the file from end to end. Damage to what was just written is an error of the disk.
Status Verify(FileSystem& file_system, const std::string& path, const SnapshotHeader& header,
              uint64_t entries, CheckpointPace& pace) {
  SnapshotReader reader(file_system, path, header.sequence);
  FAULTFS_RETURN_IF_ERROR(reader.Open());
  std::string_view chunk;
  while (true) {
    FAULTFS_ASSIGN_OR_RETURN(const bool more, reader.NextChunk(&chunk));
    if (!more) break;
    pace.Done(chunk.size());
  }
  if (!reader.damage().empty()) return reader.DamageStatus();
  if (reader.entries() == entries && reader.salt() == header.salt) return Status();
  return Status::Error(Code::kCorruption, "a snapshot reads back as another one").File(path);
}

Status WriteTemporary(FileSystem& file_system, std::string_view directory,
                      const std::string& temporary, const SnapshotHeader& header,
                      const SnapshotSource& source, CheckpointPace& pace) {
  FAULTFS_ASSIGN_OR_RETURN(const auto file, CreateTemporary(file_system, temporary));
  SnapshotWriter writer(*file, header);
  FAULTFS_RETURN_IF_ERROR(MergeSnapshot(file_system, directory, source, writer, pace));
  FAULTFS_RETURN_IF_ERROR(writer.Finish());
  FAULTFS_RETURN_IF_ERROR(file->Sync(SyncKind::kFull, tags::kSnapshotSync));
  return Verify(file_system, temporary, header, writer.entries(), pace);
}

}  // namespace

Status PrepareSnapshot(FileSystem& file_system, std::string_view directory, uint64_t sequence,
                       uint64_t salt, const SnapshotSource& source, CheckpointPace& pace) {
  const std::string temporary = SnapshotTemporaryPath(directory, sequence);
  Status status = WriteTemporary(file_system, directory, temporary,
                                 {.sequence = sequence, .salt = salt}, source, pace);
  if (!status.ok()) DiscardSnapshot(file_system, directory, sequence);
  return status;
}

SnapshotOutcome PublishSnapshot(FileSystem& file_system, std::string_view directory,
                                uint64_t sequence) {
  SnapshotOutcome outcome;
  outcome.status = file_system.Rename(SnapshotTemporaryPath(directory, sequence),
                                      SnapshotPath(directory, sequence), tags::kSnapshotPublish);
  if (!outcome.status.ok()) {
    DiscardSnapshot(file_system, directory, sequence);
    return outcome;
  }
  outcome.renamed = true;
  outcome.status = file_system.SyncDir(directory, tags::kSnapshotSyncDir);
  return outcome;
}

void DiscardSnapshot(FileSystem& file_system, std::string_view directory, uint64_t sequence) {
  // Space is all that a leftover costs: it is never read, and removed by the next attempt or Open.
  static_cast<void>(
      file_system.Remove(SnapshotTemporaryPath(directory, sequence), tags::kSnapshotDiscard));
}

}  // namespace kv
