#include "store/log_chain.h"

#include <algorithm>
#include <string>
#include <utility>

namespace kv {

using faultfs::Code;
using faultfs::FileSystem;
using faultfs::Result;
using faultfs::Status;

namespace {

// Segments of a chain whose file and buffer stay open between reading the header and the records.
constexpr size_t kMaxOpenReaders = 8;

}  // namespace

Status Refusal(const RecoveryRow& row, std::string_view detail, std::string_view path,
               uint64_t offset_bytes, uint64_t sequence) {
  FAULTFS_CHECK(row.action == Action::kRefuse, "only a row that refuses makes an error");
  std::string message(row.reason);
  if (!detail.empty()) message.append(": ").append(detail);
  return Status::Error(Code::kCorruption, std::move(message))
      .File(path)
      .Offset(offset_bytes)
      .Sequence(sequence);
}

Status ReadHeaderOf(SegmentReader& reader, bool read_ahead) {
  FAULTFS_RETURN_IF_ERROR(reader.ReadHeader(read_ahead));
  if (reader.header().has_value() && reader.header()->version != kFormatVersion) {
    return Status::Error(Code::kUnsupported, "the segment has format version " +
                                                 std::to_string(reader.header()->version) +
                                                 "; this is version " +
                                                 std::to_string(kFormatVersion))
        .File(reader.path());
  }
  return Status();
}

Status FollowPredecessors(FileSystem& file_system, std::string_view directory, Predecessor link,
                          std::string named_by, uint64_t named_by_number, uint64_t covered,
                          std::vector<SegmentReader>* chain) {
  while (link.last_sequence > covered) {
    SegmentReader reader(file_system, SegmentPath(directory, link.segment), link.segment);
    const bool keep_open = chain->size() < kMaxOpenReaders;
    const Status read = ReadHeaderOf(reader, keep_open);
    if (read.Is(Code::kNotFound)) {
      return Refusal(Decide(Found::kNoFile, true), "named by " + named_by + " as its predecessor",
                     reader.path(), 0, link.last_sequence);
    }
    FAULTFS_RETURN_IF_ERROR(read);
    if (!reader.header().has_value() || link.segment >= named_by_number) {
      return Refusal(Decide(Found::kSegmentHeader, /*claimed=*/true), "", reader.path(), 0,
                     link.last_sequence);
    }
    if (!keep_open) reader.Release();
    link = reader.header()->predecessor;
    named_by = reader.path();
    named_by_number = reader.number();
    chain->push_back(std::move(reader));
  }
  return Status();
}

Status ReplayClosed(SegmentReader& reader, const Predecessor& link, uint64_t covered,
                    const ApplyPayload& apply) {
  FAULTFS_RETURN_IF_ERROR(reader.Reopen());
  FAULTFS_RETURN_IF_ERROR(CheckContinuity(reader));
  const uint64_t limit_bytes = std::min(link.size_bytes, reader.size_bytes());
  uint64_t offset_bytes = kSegmentHeaderBytes;
  uint64_t expected = reader.header()->first_sequence;
  while (offset_bytes < limit_bytes) {
    FAULTFS_ASSIGN_OR_RETURN(RecordRead read,
                             ReadExpected(reader, offset_bytes, limit_bytes, expected));
    if (read.damage != Damage::kNone) {
      if (MayBeCovered(reader, expected, covered)) {
        FAULTFS_ASSIGN_OR_RETURN(const auto next,
                                 FindBehindCovered(reader, offset_bytes + 1, limit_bytes, covered));
        expected = covered + 1;
        if (next.has_value()) {
          offset_bytes = *next;
          continue;
        }
      }
      return Refusal(Decide(Found::kDamage, /*claimed=*/true), DamageText(read.damage),
                     reader.path(), offset_bytes, expected);
    }
    if (read.header.type == RecordType::kMutation) {
      if (expected > covered) apply(read.payload);
      ++expected;
    }
    offset_bytes = read.end_bytes;
  }
  const RecoveryRow& row = Decide(Found::kEnd, expected <= link.last_sequence);
  if (row.action == Action::kRefuse) {
    return Refusal(row, "the segment ends too early", reader.path(), offset_bytes, expected);
  }
  if (expected > link.last_sequence + 1) {
    return Refusal(Decide(Found::kDamage, /*claimed=*/true),
                   "the segment holds more than its successor says", reader.path(), offset_bytes,
                   link.last_sequence + 1);
  }
  return Status();
}

Result<RecordRead> ReadExpected(SegmentReader& reader, uint64_t offset_bytes, uint64_t limit_bytes,
                                uint64_t expected) {
  FAULTFS_ASSIGN_OR_RETURN(RecordRead read, reader.ReadRecord(offset_bytes, limit_bytes));
  if (read.damage == Damage::kNone) {
    const bool marker = read.header.type == RecordType::kMarker;
    if (read.header.sequence != (marker ? expected - 1 : expected)) {
      read.damage = Damage::kSequence;
    }
  }
  return read;
}

Status CheckContinuity(const SegmentReader& reader) {
  const SegmentHeader& header = *reader.header();
  if (header.first_sequence == header.predecessor.last_sequence + 1) return Status();
  return Refusal(Decide(Found::kEnd, /*claimed=*/true),
                 "the segment does not continue its predecessor", reader.path(), 0,
                 header.predecessor.last_sequence + 1);
}

bool MayBeCovered(const SegmentReader& reader, uint64_t expected, uint64_t covered) {
  return reader.header()->first_sequence <= covered && expected <= covered + 1;
}

Result<std::optional<uint64_t>> FindBehindCovered(SegmentReader& reader, uint64_t offset_bytes,
                                                  uint64_t limit_bytes, uint64_t covered) {
  FAULTFS_CHECK(Decide(Found::kCovered, false).action == Action::kSkip,
                "damage to what the snapshot holds is no damage");
  while (true) {
    FAULTFS_ASSIGN_OR_RETURN(const auto found, reader.FindRecord(offset_bytes));
    if (!found.has_value() || found->offset_bytes >= limit_bytes) return std::optional<uint64_t>();
    if (found->type == RecordType::kMutation && found->sequence == covered + 1) {
      return std::optional(found->offset_bytes);
    }
    offset_bytes = found->offset_bytes + kRecordHeaderBytes;
  }
}

}  // namespace kv
