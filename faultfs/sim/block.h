// Block: 4096 bytes of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "faultfs/sim/hash.h"

namespace faultfs {

inline constexpr size_t kBlockBytes = 4096;

/// All zeros at first. Ends of blocks are mostly zeros, so bytes from `used_` on are not stored,
/// copied or hashed: they are zero by definition.
class Block {
 public:
  Block() {}  // not "= default": that would let make functions clear 4096 bytes for nothing
  Block(const Block& other);
  Block& operator=(const Block&) = delete;

  /// The range must lie within the block.
  void Read(size_t offset_bytes, std::span<std::byte> out) const;
  void Write(size_t offset_bytes, std::span<const std::byte> data);
  /// Makes the bytes from `length_bytes` on zero.
  void Cut(size_t length_bytes);

  /// Of the bytes up to the last that is not zero; the zero hash if and only if there is none. A
  /// block of zeros is thus the same as a hole.
  [[nodiscard]] Hash128 ContentHash() const;
  /// The length up to the last byte that is not zero.
  [[nodiscard]] size_t TrimmedBytes() const;

  friend bool SameBytes(const Block& a, const Block& b);

 private:
  uint32_t used_ = 0;
  CachedHash hash_;
  std::byte bytes_[kBlockBytes];
};

bool SameBytes(const Block& a, const Block& b);

}  // namespace faultfs
