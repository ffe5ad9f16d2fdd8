// DiskSpace: how much room the files of an image take, counted as IoCall::used_bytes says. Knows
// what was reserved, which an image does not.
#pragma once

#include <cstdint>
#include <map>

#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"

namespace faultfs {

/// Inode numbers must not be used twice: what is known of one is never forgotten.
class DiskSpace {
 public:
  /// A step of a trace, whose `kind`, `inode`, `offset_bytes` and `length_bytes` these are.
  void Take(TraceKind kind, InodeNumber inode, uint64_t offset_bytes, uint64_t length_bytes) {
    if (kind == TraceKind::kAllocate) Reserve(inode, offset_bytes, length_bytes);
    if (kind == TraceKind::kTruncate || kind == TraceKind::kRevert) Cut(inode, length_bytes);
  }

  /// Of every inode that is there, named or not, but the root.
  [[nodiscard]] uint64_t UsedBytes(const Image& image) const;
  /// What a write or an allocation there would add.
  [[nodiscard]] uint64_t GrowthBytes(const Image& image, InodeNumber file, uint64_t offset_bytes,
                                     uint64_t length_bytes) const;
  /// How much of such a write can be done without adding more than `room_bytes`.
  [[nodiscard]] uint64_t FittingBytes(const Image& image, InodeNumber file, uint64_t offset_bytes,
                                      uint64_t length_bytes, uint64_t room_bytes) const;

 private:
  using Blocks = std::map<uint64_t, uint64_t>;  // begin, end; disjoint

  void Reserve(InodeNumber inode, uint64_t offset_bytes, uint64_t length_bytes);
  void Cut(InodeNumber inode, uint64_t size_bytes);
  /// Blocks within [begin, end) that are reserved, or written without having been.
  [[nodiscard]] uint64_t Taken(const Image& image, InodeNumber file, uint64_t begin,
                               uint64_t end) const;

  std::map<InodeNumber, Blocks> reserved_;
};

}  // namespace faultfs
