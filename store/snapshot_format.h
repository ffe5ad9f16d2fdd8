// The bytes of a snapshot: the state of the store after one mutation, in the order of the keys.
//
//   snapshot = header chunk* footer
//
// Every header says which snapshot it belongs to and, from the first chunk on, where it stands, so
// that damage anywhere is found while the file is read in pieces. docs/store-format.md draws them.
//
// Everything here is persistent: do not change without a new kSnapshotVersion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace kv {

inline constexpr uint32_t kSnapshotVersion = 1;

inline constexpr size_t kSnapshotHeaderBytes = 32;
inline constexpr size_t kChunkHeaderBytes = 56;

// As with those of the log: rare in text, never 0.
inline constexpr uint32_t kSnapshotMagic = 0x4e766bd8u;  // d8 'k' 'v' 'N'
inline constexpr uint32_t kChunkMagic = 0x43766bd9u;     // d9 'k' 'v' 'C'

struct SnapshotHeader {
  uint32_t version = kSnapshotVersion;
  uint64_t sequence = 0;  // the last mutation in the snapshot; that of the file's name
  uint64_t salt = 0;

  friend bool operator==(const SnapshotHeader&, const SnapshotHeader&) = default;
};

/// Persistent: do not change.
enum class ChunkType : uint8_t {
  kEntries = 1,
  kFooter = 2,  // no payload; the file ends behind it
};
static_assert(static_cast<int>(ChunkType::kEntries) == 1 &&
              static_cast<int>(ChunkType::kFooter) == 2);

struct ChunkHeader {
  uint64_t sequence = 0;  // that of the snapshot
  uint64_t salt = 0;
  uint64_t offset_bytes = 0;    // of this header in its file
  uint64_t entries_before = 0;  // in all chunks before
  uint32_t payload_bytes = 0;
  uint32_t payload_crc = 0;
  uint32_t entries = 0;
  ChunkType type = ChunkType::kEntries;

  friend bool operator==(const ChunkHeader&, const ChunkHeader&) = default;
};

void EncodeSnapshotHeader(const SnapshotHeader& header,
                          std::span<std::byte, kSnapshotHeaderBytes> out);
/// Nothing unless magic and checksum hold. The version may be one that this code does not know.
[[nodiscard]] std::optional<SnapshotHeader> DecodeSnapshotHeader(
    std::span<const std::byte, kSnapshotHeaderBytes> bytes);

void EncodeChunkHeader(const ChunkHeader& header, std::span<std::byte, kChunkHeaderBytes> out);
/// Nothing unless magic, checksum and type hold.
[[nodiscard]] std::optional<ChunkHeader> DecodeChunkHeader(
    std::span<const std::byte, kChunkHeaderBytes> bytes);

}  // namespace kv
