#include "store/segment_publisher.h"

#include <utility>

#include "store/io_tags.h"

namespace kv {
namespace {

using faultfs::File;
using faultfs::FileSystem;
using faultfs::Status;
using faultfs::SyncKind;

// Carried records are written in pieces of about this size.
constexpr size_t kPieceBytes = size_t{1} << 20;

class SegmentWriter {
 public:
  explicit SegmentWriter(File& file) : file_(file) {}

  void AddHeader(const SegmentHeader& header) {
    EncodeSegmentHeader(header, Grow(kSegmentHeaderBytes).first<kSegmentHeaderBytes>());
  }

  Status AddRecord(const SegmentHeader& segment, uint64_t synced_upto,
                   const CarriedRecord& record) {
    const uint64_t offset_bytes = end_bytes();
    EncodeRecordHeader({.segment = segment.segment,
                        .salt = segment.salt,
                        .offset_bytes = offset_bytes,
                        .sequence = record.sequence,
                        .synced_upto = synced_upto,
                        .payload_bytes = static_cast<uint32_t>(record.payload.size()),
                        .payload_crc = record.payload_crc,
                        .type = RecordType::kMutation},
                       Grow(kRecordHeaderBytes).first<kRecordHeaderBytes>());
    piece_.append(record.payload);
    return piece_.size() >= kPieceBytes ? Flush() : Status();
  }

  Status Flush() {
    Status status =
        WriteFully(file_, written_bytes_, std::as_bytes(std::span(piece_)), tags::kWalHeader)
            .status;
    written_bytes_ += piece_.size();
    piece_.clear();
    return status;
  }

  [[nodiscard]] uint64_t end_bytes() const { return written_bytes_ + piece_.size(); }

 private:
  std::span<std::byte> Grow(size_t bytes) {
    const size_t old_size = piece_.size();
    piece_.resize(old_size + bytes);
    return std::as_writable_bytes(std::span(piece_)).subspan(old_size);
  }

  File& file_;
  std::string piece_;
  uint64_t written_bytes_ = 0;
};

Status WriteTemporary(File& file, const SegmentHeader& header, uint64_t synced_upto,
                      std::span<const CarriedRecord> carried, uint64_t* end_bytes) {
  SegmentWriter writer(file);
  writer.AddHeader(header);
  for (const CarriedRecord& record : carried) {
    FAULTFS_RETURN_IF_ERROR(writer.AddRecord(header, synced_upto, record));
  }
  FAULTFS_RETURN_IF_ERROR(writer.Flush());
  *end_bytes = writer.end_bytes();
  return file.Sync(SyncKind::kFull, tags::kWalSyncNew);
}

}  // namespace

PublishOutcome PublishSegment(FileSystem& file_system, std::string_view directory,
                              const SegmentHeader& header, uint64_t synced_upto,
                              std::span<const CarriedRecord> carried) {
  PublishOutcome outcome;
  const std::string temporary = TemporaryPath(directory, header.segment);
  const std::string path = SegmentPath(directory, header.segment);

  auto file = file_system.Open(temporary, {.write = true, .create = true, .exclusive = true},
                               tags::kWalCreate);
  if (!file.ok()) {
    outcome.status = file.status();
    return outcome;
  }
  outcome.status = WriteTemporary(**file, header, synced_upto, carried, &outcome.end_bytes);
  if (outcome.status.ok()) {
    outcome.status = file_system.Rename(temporary, path, tags::kWalPublish);
  }
  if (!outcome.status.ok()) {
    // No retry on this descriptor. The name is best given back; if that fails too, the next Open
    // removes it, and it is never read.
    (*file).reset();
    static_cast<void>(file_system.Remove(temporary, tags::kWalDiscard));
    return outcome;
  }
  outcome.renamed = true;
  outcome.status = file_system.SyncDir(directory, tags::kWalSyncDir);
  if (outcome.status.ok()) outcome.file = std::move(file).value();
  return outcome;
}

}  // namespace kv
