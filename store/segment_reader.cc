#include "store/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "store/crc32c.h"
#include "store/mutation.h"

namespace kv {

using faultfs::Result;
using faultfs::Status;

namespace {

constexpr size_t kWindowBytes = size_t{64} << 10;
constexpr int kMagicFirstByte = kRecordMagic & 0xff;

}  // namespace

std::string_view DamageText(Damage damage) {
  switch (damage) {
    case Damage::kNone:
      return "nothing is wrong";
    case Damage::kShortHeader:
      return "the file ends inside a record header";
    case Damage::kMagic:
      return "no record begins here";
    case Damage::kHeaderChecksum:
      return "the record header fails its checksum";
    case Damage::kType:
      return "the record has an unknown type";
    case Damage::kForeign:
      return "the record belongs to another place";
    case Damage::kLength:
      return "the payload does not fit into the file";
    case Damage::kPayload:
      return "the payload fails its checksum";
    case Damage::kMalformed:
      return "the payload is no sequence of operations";
    case Damage::kSequence:
      return "the record has another sequence than must come here";
  }
  return "";
}

Status SegmentReader::ReadHeader(bool read_ahead) {
  FAULTFS_RETURN_IF_ERROR(window_.Open());
  if (window_.size_bytes() < kSegmentHeaderBytes) return Status();
  FAULTFS_ASSIGN_OR_RETURN(const auto bytes,
                           window_.From(0, kSegmentHeaderBytes, read_ahead ? kWindowBytes : 0));
  auto header = DecodeSegmentHeader(bytes.first<kSegmentHeaderBytes>());
  if (header.has_value() && header->segment == number_) header_ = header;
  return Status();
}

Result<RecordRead> SegmentReader::ReadRecord(uint64_t offset_bytes, uint64_t limit_bytes) {
  RecordRead read;
  if (limit_bytes - offset_bytes < kRecordHeaderBytes) {
    read.damage = Damage::kShortHeader;
    return read;
  }
  FAULTFS_ASSIGN_OR_RETURN(auto bytes,
                           window_.From(offset_bytes, kRecordHeaderBytes, kWindowBytes));
  RecordHeader& header = read.header;
  read.damage = CheckHeader(bytes.first<kRecordHeaderBytes>(), offset_bytes, &header);
  if (read.damage != Damage::kNone) return read;
  read.own = true;

  const uint64_t room_bytes = limit_bytes - offset_bytes - kRecordHeaderBytes;
  if (header.payload_bytes > kMaxPayloadBytes || header.payload_bytes > room_bytes ||
      (header.type == RecordType::kMarker && header.payload_bytes != 0)) {
    read.damage = Damage::kLength;
    return read;
  }
  FAULTFS_ASSIGN_OR_RETURN(
      bytes, window_.From(offset_bytes + kRecordHeaderBytes, header.payload_bytes, kWindowBytes));
  const std::string_view payload(reinterpret_cast<const char*>(bytes.data()), header.payload_bytes);
  if (Crc32c(payload) != header.payload_crc) {
    read.damage = Damage::kPayload;
  } else if (!IsWellFormed(payload)) {
    read.damage = Damage::kMalformed;
  } else {
    read.payload = payload;
    read.end_bytes = offset_bytes + kRecordHeaderBytes + header.payload_bytes;
  }
  return read;
}

Result<std::optional<RecordHeader>> SegmentReader::FindRecord(uint64_t offset_bytes) {
  const uint64_t size_bytes = window_.size_bytes();
  while (offset_bytes < size_bytes && size_bytes - offset_bytes >= kRecordHeaderBytes) {
    FAULTFS_ASSIGN_OR_RETURN(const auto bytes,
                             window_.From(offset_bytes, kRecordHeaderBytes, kWindowBytes));
    const size_t starts = bytes.size() - kRecordHeaderBytes + 1;
    const auto* hit =
        static_cast<const std::byte*>(std::memchr(bytes.data(), kMagicFirstByte, starts));
    if (hit == nullptr) {
      offset_bytes += starts;
      continue;
    }
    const size_t skipped = static_cast<size_t>(hit - bytes.data());
    offset_bytes += skipped;
    RecordHeader header;
    if (CheckHeader(bytes.subspan(skipped).first<kRecordHeaderBytes>(), offset_bytes, &header) ==
        Damage::kNone) {
      return std::optional(header);
    }
    ++offset_bytes;
  }
  return std::optional<RecordHeader>();
}

Damage SegmentReader::CheckHeader(std::span<const std::byte, kRecordHeaderBytes> bytes,
                                  uint64_t offset_bytes, RecordHeader* header) const {
  switch (DecodeRecordHeader(bytes, header)) {
    case HeaderFault::kNone:
      break;
    case HeaderFault::kMagic:
      return Damage::kMagic;
    case HeaderFault::kChecksum:
      return Damage::kHeaderChecksum;
    case HeaderFault::kType:
      return Damage::kType;
  }
  const bool foreign = header->segment != number_ || header->offset_bytes != offset_bytes ||
                       (header_.has_value() && header->salt != header_->salt);
  return foreign ? Damage::kForeign : Damage::kNone;
}

}  // namespace kv
