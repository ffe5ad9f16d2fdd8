#include "store/format.h"

#include <algorithm>
#include <charconv>

#include "store/crc32c.h"
#include "store/little_endian.h"

namespace kv {
namespace {

constexpr size_t kCrcOffset = 4;
constexpr size_t kCoveredOffset = 8;  // the checksum covers everything behind it
constexpr size_t kMinDigits = 10;
// Far from where adding one would wrap.
constexpr uint64_t kMaxNumberOfName = 2 * kMaxNumber;

template <size_t kSize>
uint32_t CoveredCrc(std::span<const std::byte, kSize> bytes) {
  return Crc32c(bytes.data() + kCoveredOffset, kSize - kCoveredOffset);
}

std::string NumberedPath(std::string_view directory, uint64_t number, std::string_view suffix) {
  char digits[20];
  const size_t count =
      static_cast<size_t>(std::to_chars(digits, digits + sizeof(digits), number).ptr - digits);
  const size_t zeros = kMinDigits - std::min(count, kMinDigits);
  std::string path;
  path.reserve(directory.size() + 1 + zeros + count + suffix.size());
  path.append(directory).append(1, '/').append(zeros, '0').append(digits, count).append(suffix);
  return path;
}

}  // namespace

void EncodeSegmentHeader(const SegmentHeader& header,
                         std::span<std::byte, kSegmentHeaderBytes> out) {
  std::byte* p = out.data();
  StoreLe32(p + 0, kSegmentMagic);
  StoreLe32(p + 8, header.version);
  StoreLe32(p + 12, 0);
  StoreLe64(p + 16, header.segment);
  StoreLe64(p + 24, header.salt);
  StoreLe64(p + 32, header.first_sequence);
  StoreLe64(p + 40, header.predecessor.segment);
  StoreLe64(p + 48, header.predecessor.size_bytes);
  StoreLe64(p + 56, header.predecessor.last_sequence);
  StoreLe32(p + kCrcOffset, CoveredCrc<kSegmentHeaderBytes>(out));
}

std::optional<SegmentHeader> DecodeSegmentHeader(
    std::span<const std::byte, kSegmentHeaderBytes> bytes) {
  const std::byte* p = bytes.data();
  if (LoadLe32(p) != kSegmentMagic) return std::nullopt;
  if (LoadLe32(p + kCrcOffset) != CoveredCrc(bytes)) return std::nullopt;
  return SegmentHeader{
      .version = LoadLe32(p + 8),
      .segment = LoadLe64(p + 16),
      .salt = LoadLe64(p + 24),
      .first_sequence = LoadLe64(p + 32),
      .predecessor = {.segment = LoadLe64(p + 40),
                      .size_bytes = LoadLe64(p + 48),
                      .last_sequence = LoadLe64(p + 56)},
  };
}

void EncodeRecordHeader(const RecordHeader& header, std::span<std::byte, kRecordHeaderBytes> out) {
  std::byte* p = out.data();
  StoreLe32(p + 0, kRecordMagic);
  StoreLe64(p + 8, header.segment);
  StoreLe64(p + 16, header.salt);
  StoreLe64(p + 24, header.offset_bytes);
  StoreLe64(p + 32, header.sequence);
  StoreLe64(p + 40, header.synced_upto);
  StoreLe32(p + 48, header.payload_bytes);
  StoreLe32(p + 52, header.payload_crc);
  StoreLe64(p + 56, static_cast<uint64_t>(header.type));  // the type, then seven zeros
  StoreLe32(p + kCrcOffset, CoveredCrc<kRecordHeaderBytes>(out));
}

HeaderFault DecodeRecordHeader(std::span<const std::byte, kRecordHeaderBytes> bytes,
                               RecordHeader* header) {
  const std::byte* p = bytes.data();
  if (LoadLe32(p) != kRecordMagic) return HeaderFault::kMagic;
  if (LoadLe32(p + kCrcOffset) != CoveredCrc(bytes)) return HeaderFault::kChecksum;
  const uint64_t type = LoadLe64(p + 56);
  if (type != static_cast<uint64_t>(RecordType::kMutation) &&
      type != static_cast<uint64_t>(RecordType::kMarker)) {
    return HeaderFault::kType;
  }
  *header = RecordHeader{
      .segment = LoadLe64(p + 8),
      .salt = LoadLe64(p + 16),
      .offset_bytes = LoadLe64(p + 24),
      .sequence = LoadLe64(p + 32),
      .synced_upto = LoadLe64(p + 40),
      .payload_bytes = LoadLe32(p + 48),
      .payload_crc = LoadLe32(p + 52),
      .type = static_cast<RecordType>(type),
  };
  return HeaderFault::kNone;
}

std::string SegmentPath(std::string_view directory, uint64_t number) {
  return NumberedPath(directory, number, kSegmentSuffix);
}

std::string TemporaryPath(std::string_view directory, uint64_t number) {
  return NumberedPath(directory, number, kTemporarySuffix);
}

std::string SnapshotPath(std::string_view directory, uint64_t sequence) {
  return NumberedPath(directory, sequence, kSnapshotSuffix);
}

std::string SnapshotTemporaryPath(std::string_view directory, uint64_t sequence) {
  return NumberedPath(directory, sequence, kSnapshotTemporarySuffix);
}

std::optional<uint64_t> ParseFileName(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - suffix.size());
  if (digits.size() < kMinDigits) return std::nullopt;
  if (digits.size() > kMinDigits && digits.front() == '0') return std::nullopt;
  uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number == 0 || number > kMaxNumberOfName) {
    return std::nullopt;
  }
  return number;
}

}  // namespace kv
