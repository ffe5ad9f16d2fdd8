#include "store/snapshot_format.h"

#include "store/crc32c.h"
#include "store/little_endian.h"

namespace kv {
namespace {

constexpr size_t kCrcOffset = 4;
constexpr size_t kCoveredOffset = 8;  // the checksum covers everything behind it

uint32_t CoveredCrc(std::span<const std::byte> bytes) {
  return Crc32c(bytes.data() + kCoveredOffset, bytes.size() - kCoveredOffset);
}

}  // namespace

void EncodeSnapshotHeader(const SnapshotHeader& header,
                          std::span<std::byte, kSnapshotHeaderBytes> out) {
  std::byte* p = out.data();
  StoreLe32(p + 0, kSnapshotMagic);
  StoreLe32(p + 8, header.version);
  StoreLe32(p + 12, 0);
  StoreLe64(p + 16, header.sequence);
  StoreLe64(p + 24, header.salt);
  StoreLe32(p + kCrcOffset, CoveredCrc(out));
}

std::optional<SnapshotHeader> DecodeSnapshotHeader(
    std::span<const std::byte, kSnapshotHeaderBytes> bytes) {
  const std::byte* p = bytes.data();
  if (LoadLe32(p) != kSnapshotMagic) return std::nullopt;
  if (LoadLe32(p + kCrcOffset) != CoveredCrc(bytes)) return std::nullopt;
  return SnapshotHeader{
      .version = LoadLe32(p + 8), .sequence = LoadLe64(p + 16), .salt = LoadLe64(p + 24)};
}

void EncodeChunkHeader(const ChunkHeader& header, std::span<std::byte, kChunkHeaderBytes> out) {
  std::byte* p = out.data();
  StoreLe32(p + 0, kChunkMagic);
  StoreLe64(p + 8, header.sequence);
  StoreLe64(p + 16, header.salt);
  StoreLe64(p + 24, header.offset_bytes);
  StoreLe64(p + 32, header.entries_before);
  StoreLe32(p + 40, header.payload_bytes);
  StoreLe32(p + 44, header.payload_crc);
  StoreLe32(p + 48, header.entries);
  StoreLe32(p + 52, static_cast<uint32_t>(header.type));  // the type, then three zeros
  StoreLe32(p + kCrcOffset, CoveredCrc(out));
}

std::optional<ChunkHeader> DecodeChunkHeader(std::span<const std::byte, kChunkHeaderBytes> bytes) {
  const std::byte* p = bytes.data();
  if (LoadLe32(p) != kChunkMagic) return std::nullopt;
  if (LoadLe32(p + kCrcOffset) != CoveredCrc(bytes)) return std::nullopt;
  const uint32_t type = LoadLe32(p + 52);
  if (type != static_cast<uint32_t>(ChunkType::kEntries) &&
      type != static_cast<uint32_t>(ChunkType::kFooter)) {
    return std::nullopt;
  }
  return ChunkHeader{
      .sequence = LoadLe64(p + 8),
      .salt = LoadLe64(p + 16),
      .offset_bytes = LoadLe64(p + 24),
      .entries_before = LoadLe64(p + 32),
      .payload_bytes = LoadLe32(p + 40),
      .payload_crc = LoadLe32(p + 44),
      .entries = LoadLe32(p + 48),
      .type = static_cast<ChunkType>(type),
  };
}

}  // namespace kv
