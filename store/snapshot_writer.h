// SnapshotWriter: entries in, chunks out, through a buffer of one chunk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/snapshot_format.h"

namespace kv {

/// Not thread-safe. After an error the file is to be thrown away.
class SnapshotWriter {
 public:
  SnapshotWriter(faultfs::File& file, const SnapshotHeader& header);

  /// Keys must come in ascending order.
  [[nodiscard]] faultfs::Status Add(std::string_view key, std::string_view value);
  /// Writes the rest and the footer.
  /// Durability: none; the caller syncs.
  [[nodiscard]] faultfs::Status Finish();

  [[nodiscard]] uint64_t entries() const { return entries_before_ + chunk_entries_; }

 private:
  void BeginChunk();
  [[nodiscard]] faultfs::Status EndChunk(ChunkType type);

  faultfs::File& file_;
  const SnapshotHeader header_;
  std::string piece_;            // to be written next: perhaps the file's header, then a chunk
  size_t chunk_begin_ = 0;       // of its header, in piece_
  uint64_t written_bytes_ = 0;   // before piece_
  uint64_t unsynced_bytes_ = 0;  // written since the last sync
  uint64_t entries_before_ = 0;
  uint32_t chunk_entries_ = 0;
};

}  // namespace kv
