#include "store/snapshot_writer.h"

#include <span>

#include "store/crc32c.h"
#include "store/io_tags.h"
#include "store/mutation.h"

namespace kv {

using faultfs::Status;
using faultfs::SyncKind;

namespace {

// A chunk is closed once its payload is that long.
constexpr size_t kChunkBytes = size_t{64} << 10;
// Dirty pages of a snapshot would be written by the next sync of anybody who shares the journal,
// also by that of a writer who waits for one record.
constexpr uint64_t kPaceBytes = uint64_t{8} << 20;

}  // namespace

SnapshotWriter::SnapshotWriter(faultfs::File& file, const SnapshotHeader& header)
    : file_(file), header_(header) {
  piece_.resize(kSnapshotHeaderBytes);
  EncodeSnapshotHeader(header,
                       std::as_writable_bytes(std::span(piece_)).first<kSnapshotHeaderBytes>());
  BeginChunk();
}

Status SnapshotWriter::Add(std::string_view key, std::string_view value) {
  AppendOperation({.kind = OperationKind::kSet, .key = key, .value = value}, &piece_);
  ++chunk_entries_;
  if (piece_.size() - chunk_begin_ < kChunkBytes) return Status();
  return EndChunk(ChunkType::kEntries);
}

Status SnapshotWriter::Finish() {
  if (chunk_entries_ > 0) FAULTFS_RETURN_IF_ERROR(EndChunk(ChunkType::kEntries));
  return EndChunk(ChunkType::kFooter);
}

void SnapshotWriter::BeginChunk() {
  chunk_begin_ = piece_.size();
  piece_.resize(chunk_begin_ + kChunkHeaderBytes);
}

Status SnapshotWriter::EndChunk(ChunkType type) {
  const std::string_view payload =
      std::string_view(piece_).substr(chunk_begin_ + kChunkHeaderBytes);
  const ChunkHeader chunk{.sequence = header_.sequence,
                          .salt = header_.salt,
                          .offset_bytes = written_bytes_ + chunk_begin_,
                          .entries_before = entries_before_,
                          .payload_bytes = static_cast<uint32_t>(payload.size()),
                          .payload_crc = Crc32c(payload),
                          .entries = chunk_entries_,
                          .type = type};
  const auto bytes = std::as_writable_bytes(std::span(piece_));
  EncodeChunkHeader(chunk, bytes.subspan(chunk_begin_).first<kChunkHeaderBytes>());
  if (unsynced_bytes_ >= kPaceBytes) {
    FAULTFS_RETURN_IF_ERROR(file_.Sync(SyncKind::kData, tags::kSnapshotPace));
    unsynced_bytes_ = 0;
  }
  FAULTFS_RETURN_IF_ERROR(WriteFully(file_, written_bytes_, bytes, tags::kSnapshotWrite).status);
  written_bytes_ += piece_.size();
  unsynced_bytes_ += piece_.size();
  entries_before_ += chunk_entries_;
  chunk_entries_ = 0;
  piece_.clear();
  BeginChunk();
  return Status();
}

}  // namespace kv
