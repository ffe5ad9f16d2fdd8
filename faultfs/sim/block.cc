#include "faultfs/sim/block.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "faultfs/env/check.h"

namespace faultfs {

Block::Block(const Block& other) : used_(other.used_), hash_(other.hash_) {
  std::memcpy(bytes_, other.bytes_, used_);
}

void Block::Read(size_t offset_bytes, std::span<std::byte> out) const {
  const size_t stored =
      offset_bytes < used_ ? std::min<size_t>(out.size(), used_ - offset_bytes) : 0;
  if (stored > 0) std::memcpy(out.data(), bytes_ + offset_bytes, stored);
  if (stored < out.size()) std::memset(out.data() + stored, 0, out.size() - stored);
}

void Block::Write(size_t offset_bytes, std::span<const std::byte> data) {
  if (data.empty()) return;
  const size_t end = offset_bytes + data.size();
  FAULTFS_CHECK(end <= kBlockBytes, "a write to a block stays inside it");
  if (offset_bytes > used_) std::memset(bytes_ + used_, 0, offset_bytes - used_);
  std::memcpy(bytes_ + offset_bytes, data.data(), data.size());
  used_ = std::max(used_, static_cast<uint32_t>(end));
  hash_.Clear();
}

void Block::Cut(size_t length_bytes) {
  if (length_bytes >= used_) return;
  used_ = static_cast<uint32_t>(length_bytes);
  hash_.Clear();
}

Hash128 Block::ContentHash() const {
  if (const auto hash = hash_.Get()) return *hash;
  const size_t length = TrimmedBytes();
  Hash128 hash;
  if (length > 0) hash = HashBytes({reinterpret_cast<const char*>(bytes_), length});
  hash_.Set(hash);
  return hash;
}

size_t Block::TrimmedBytes() const {
  size_t length = used_;
  uint64_t word = 0;
  while (length >= sizeof(word)) {
    std::memcpy(&word, bytes_ + length - sizeof(word), sizeof(word));
    if (word != 0) break;
    length -= sizeof(word);
  }
  while (length > 0 && bytes_[length - 1] == std::byte{0}) --length;
  return length;
}

bool SameBytes(const Block& a, const Block& b) {
  const size_t length = a.TrimmedBytes();
  return length == b.TrimmedBytes() && std::memcmp(a.bytes_, b.bytes_, length) == 0;
}

}  // namespace faultfs
