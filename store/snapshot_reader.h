// SnapshotReader: the entries of one snapshot, chunk by chunk, each verified before it is shown.
//
// Damage is told apart from errors of the file system: the first is for recovery to judge, the
// second is returned. Memory is bounded by the largest chunk that the file really holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/file_window.h"
#include "store/mutation.h"
#include "store/snapshot_format.h"

namespace kv {

/// Not thread-safe. Read it to its end: only the footer says that nothing is missing.
class SnapshotReader {
 public:
  /// `sequence`: what the file's name says.
  SnapshotReader(faultfs::FileSystem& file_system, std::string path, uint64_t sequence)
      : window_(file_system, std::move(path)), sequence_(sequence) {}

  /// Opens the file and reads its header; damage() then says whether it is one. kUnsupported:
  /// written by a later version.
  [[nodiscard]] faultfs::Status Open();

  /// The next chunk: well-formed operations, all of them kSet, in ascending order of keys, within
  /// the chunk and behind the one before. It stays until the next call. False at the end, and at
  /// damage.
  [[nodiscard]] faultfs::Result<bool> NextChunk(std::string_view* payload);

  /// What is wrong with the file; empty if nothing is so far.
  [[nodiscard]] std::string_view damage() const { return damage_; }
  /// kCorruption with file, offset and reason. There must be damage.
  [[nodiscard]] faultfs::Status DamageStatus() const;

  [[nodiscard]] const std::string& path() const { return window_.path(); }
  [[nodiscard]] uint64_t sequence() const { return sequence_; }
  [[nodiscard]] uint64_t salt() const { return salt_; }
  /// Shown so far.
  [[nodiscard]] uint64_t entries() const { return entries_; }
  [[nodiscard]] uint64_t size_bytes() const { return window_.size_bytes(); }

 private:
  bool Damaged(std::string_view why);
  /// Why the chunk's header cannot stand here; empty if it can.
  [[nodiscard]] std::string_view WrongWith(const ChunkHeader& header) const;
  /// True if the payload is what a chunk holds; keeps the last key.
  [[nodiscard]] bool Check(std::string_view payload, uint32_t entries);

  FileWindow window_;
  const uint64_t sequence_;
  uint64_t salt_ = 0;
  uint64_t offset_bytes_ = 0;  // of the next chunk
  uint64_t entries_ = 0;
  std::string last_key_;
  bool ended_ = false;
  std::string_view damage_;
};

/// The entries of a snapshot one by one.
class SnapshotCursor {
 public:
  explicit SnapshotCursor(SnapshotReader& reader) : reader_(reader), operations_("") {}

  /// False at the end. Damage is an error here: kCorruption. The views stay until the next call.
  [[nodiscard]] faultfs::Result<bool> Next(Operation* entry);

 private:
  SnapshotReader& reader_;
  OperationReader operations_;
};

}  // namespace kv
