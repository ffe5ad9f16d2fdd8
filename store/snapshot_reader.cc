#include "store/snapshot_reader.h"

#include "store/crc32c.h"
#include "store/format.h"

namespace kv {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

namespace {

constexpr size_t kReadAheadBytes = size_t{128} << 10;

}  // namespace

Status SnapshotReader::Open() {
  FAULTFS_RETURN_IF_ERROR(window_.Open());
  if (window_.size_bytes() < kSnapshotHeaderBytes) {
    Damaged("the file is shorter than a snapshot's header");
    return Status();
  }
  FAULTFS_ASSIGN_OR_RETURN(const auto bytes,
                           window_.From(0, kSnapshotHeaderBytes, kReadAheadBytes));
  const auto header = DecodeSnapshotHeader(bytes.first<kSnapshotHeaderBytes>());
  if (!header.has_value()) {
    Damaged("the header is none of a snapshot");
  } else if (header->version != kSnapshotVersion) {
    return Status::Error(Code::kUnsupported,
                         "the snapshot has format version " + std::to_string(header->version) +
                             "; this is version " + std::to_string(kSnapshotVersion))
        .File(path());
  } else if (header->sequence != sequence_) {
    Damaged("the header is that of another snapshot");
  } else {
    salt_ = header->salt;
    offset_bytes_ = kSnapshotHeaderBytes;
  }
  return Status();
}

Result<bool> SnapshotReader::NextChunk(std::string_view* payload) {
  if (ended_ || !damage_.empty()) return false;
  const uint64_t left_bytes = window_.size_bytes() - offset_bytes_;
  if (left_bytes < kChunkHeaderBytes) return Damaged("the file ends before its footer");
  FAULTFS_ASSIGN_OR_RETURN(auto bytes,
                           window_.From(offset_bytes_, kChunkHeaderBytes, kReadAheadBytes));
  const auto header = DecodeChunkHeader(bytes.first<kChunkHeaderBytes>());
  if (!header.has_value()) return Damaged("no intact chunk begins here");
  if (const std::string_view why = WrongWith(*header); !why.empty()) return Damaged(why);
  if (header->type == ChunkType::kFooter) {
    if (left_bytes > kChunkHeaderBytes) return Damaged("bytes behind the footer");
    ended_ = true;
    return false;
  }
  if (header->payload_bytes > left_bytes - kChunkHeaderBytes) {
    return Damaged("the chunk does not fit into the file");
  }
  FAULTFS_ASSIGN_OR_RETURN(bytes, window_.From(offset_bytes_ + kChunkHeaderBytes,
                                               header->payload_bytes, kReadAheadBytes));
  const std::string_view found(reinterpret_cast<const char*>(bytes.data()), header->payload_bytes);
  if (Crc32c(found) != header->payload_crc) return Damaged("the chunk fails its checksum");
  if (!Check(found, header->entries)) return Damaged("the chunk is no list of entries");
  offset_bytes_ += kChunkHeaderBytes + header->payload_bytes;
  entries_ += header->entries;
  *payload = found;
  return true;
}

Status SnapshotReader::DamageStatus() const {
  FAULTFS_CHECK(!damage_.empty(), "a whole snapshot makes no error");
  return Status::Error(Code::kCorruption, "a snapshot is damaged: " + std::string(damage_))
      .File(path())
      .Offset(offset_bytes_)
      .Sequence(sequence_);
}

bool SnapshotReader::Damaged(std::string_view why) {
  damage_ = why;
  return false;
}

std::string_view SnapshotReader::WrongWith(const ChunkHeader& header) const {
  if (header.sequence != sequence_ || header.salt != salt_ ||
      header.offset_bytes != offset_bytes_) {
    return "the chunk belongs to another place";
  }
  if (header.entries_before != entries_) return "entries are missing before the chunk";
  const bool footer = header.type == ChunkType::kFooter;
  if (footer && (header.payload_bytes != 0 || header.entries != 0)) return "a footer with entries";
  if (!footer && (header.entries == 0 || header.payload_bytes > kMaxPayloadBytes)) {
    return "a chunk of an impossible size";
  }
  return "";
}

bool SnapshotReader::Check(std::string_view payload, uint32_t entries) {
  OperationReader operations(payload);
  Operation entry;
  uint64_t count = 0;
  std::string_view last = last_key_;
  while (operations.Next(&entry)) {
    if (entry.kind != OperationKind::kSet) return false;
    const bool first_of_all = entries_ == 0 && count == 0;
    if (!first_of_all && entry.key <= last) return false;
    last = entry.key;
    ++count;
  }
  if (operations.malformed() || count != entries) return false;
  last_key_ = std::string(last);
  return true;
}

Result<bool> SnapshotCursor::Next(Operation* entry) {
  while (!operations_.Next(entry)) {
    std::string_view payload;
    FAULTFS_ASSIGN_OR_RETURN(const bool more, reader_.NextChunk(&payload));
    if (!reader_.damage().empty()) return reader_.DamageStatus();
    if (!more) return false;
    operations_ = OperationReader(payload);
  }
  return true;
}

}  // namespace kv
