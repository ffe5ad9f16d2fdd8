// The bytes of the log: segment header, record header, file names. docs/store-format.md draws them.
//
// Everything here is persistent: do not change without a new kFormatVersion. Integers are
// little-endian. What this file does not know: which bytes may be missing after a crash, and what
// follows from that (recovery_table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kv {

inline constexpr uint32_t kFormatVersion = 1;

inline constexpr size_t kSegmentHeaderBytes = 64;
inline constexpr size_t kRecordHeaderBytes = 64;

// The first byte of each magic is rare in text and never 0, so that neither zeros nor prose look
// like a header.
inline constexpr uint32_t kSegmentMagic = 0x53766bd7u;  // d7 'k' 'v' 'S'
inline constexpr uint32_t kRecordMagic = 0x52766bd6u;   // d6 'k' 'v' 'R'

/// The largest payload a record may have; a longer length in an intact header is damage.
inline constexpr uint32_t kMaxPayloadBytes = uint32_t{256} << 20;

/// No segment's number and no sequence goes beyond it: Open refuses to go on from there. Names are
/// read up to twice that, so that what a running store counts up to is found again.
inline constexpr uint64_t kMaxNumber = uint64_t{1} << 61;

/// Where the log stood before a segment: the last earlier segment that holds a live record, how
/// many of its bytes are live, and the last sequence in them. All zeros: nothing came before.
struct Predecessor {
  uint64_t segment = 0;
  uint64_t size_bytes = 0;
  uint64_t last_sequence = 0;

  friend bool operator==(const Predecessor&, const Predecessor&) = default;
};

struct SegmentHeader {
  uint32_t version = kFormatVersion;
  uint64_t segment = 0;  // number, never used before in this directory
  uint64_t salt = 0;
  uint64_t first_sequence = 0;  // of the first mutation the segment holds or will hold
  Predecessor predecessor;      // a claim: durable before this header was written

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

/// Persistent: do not change.
enum class RecordType : uint8_t {
  kMutation = 1,
  kMarker = 2,  // no payload; `sequence` is the last mutation's, `synced_upto` is news
};
static_assert(static_cast<int>(RecordType::kMutation) == 1 &&
              static_cast<int>(RecordType::kMarker) == 2);

struct RecordHeader {
  uint64_t segment = 0;
  uint64_t salt = 0;
  uint64_t offset_bytes = 0;  // of this header in its file
  uint64_t sequence = 0;
  uint64_t synced_upto = 0;  // a claim: every mutation up to it was durable when this was written
  uint32_t payload_bytes = 0;
  uint32_t payload_crc = 0;
  RecordType type = RecordType::kMutation;

  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

void EncodeSegmentHeader(const SegmentHeader& header,
                         std::span<std::byte, kSegmentHeaderBytes> out);
/// Nothing unless magic and checksum hold. The version may be one that this code does not know.
[[nodiscard]] std::optional<SegmentHeader> DecodeSegmentHeader(
    std::span<const std::byte, kSegmentHeaderBytes> bytes);

void EncodeRecordHeader(const RecordHeader& header, std::span<std::byte, kRecordHeaderBytes> out);

/// Why 64 bytes are no record header.
enum class HeaderFault : uint8_t { kNone, kMagic, kChecksum, kType };
[[nodiscard]] HeaderFault DecodeRecordHeader(std::span<const std::byte, kRecordHeaderBytes> bytes,
                                             RecordHeader* header);

// File names. A number has at least ten digits, filled with zeros.

inline constexpr std::string_view kLockName = "LOCK";
inline constexpr std::string_view kSegmentSuffix = ".wal";
inline constexpr std::string_view kSnapshotSuffix = ".snap";
inline constexpr std::string_view kTemporarySuffix = ".tmp";
inline constexpr std::string_view kSnapshotTemporarySuffix = ".snap.tmp";

[[nodiscard]] std::string SegmentPath(std::string_view directory, uint64_t number);
[[nodiscard]] std::string TemporaryPath(std::string_view directory, uint64_t number);
/// A snapshot's number is the sequence that it covers.
[[nodiscard]] std::string SnapshotPath(std::string_view directory, uint64_t sequence);
[[nodiscard]] std::string SnapshotTemporaryPath(std::string_view directory, uint64_t sequence);
/// The number in `name` if it is a number followed by `suffix`, as the functions above write it.
[[nodiscard]] std::optional<uint64_t> ParseFileName(std::string_view name, std::string_view suffix);

}  // namespace kv
