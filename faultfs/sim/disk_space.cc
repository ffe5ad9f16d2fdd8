#include "faultfs/sim/disk_space.h"

#include <algorithm>
#include <limits>

namespace faultfs {
namespace {

/// The blocks that a range touches.
struct BlockRange {
  BlockRange(uint64_t offset_bytes, uint64_t length_bytes)
      : begin(offset_bytes / kBlockBytes),
        end(length_bytes == 0 ? begin : (offset_bytes + length_bytes - 1) / kBlockBytes + 1) {}
  uint64_t begin;
  uint64_t end;
};

}  // namespace

uint64_t DiskSpace::UsedBytes(const Image& image) const {
  uint64_t blocks = 0;
  for (InodeNumber inode = kRootInode + 1; inode < image.next_inode(); ++inode) {
    if (image.Find(inode) == nullptr) continue;
    blocks += 1 + Taken(image, inode, 0, std::numeric_limits<uint64_t>::max());
  }
  return blocks * kBlockBytes;
}

uint64_t DiskSpace::GrowthBytes(const Image& image, InodeNumber file, uint64_t offset_bytes,
                                uint64_t length_bytes) const {
  const BlockRange blocks(offset_bytes, length_bytes);
  return (blocks.end - blocks.begin - Taken(image, file, blocks.begin, blocks.end)) * kBlockBytes;
}

uint64_t DiskSpace::FittingBytes(const Image& image, InodeNumber file, uint64_t offset_bytes,
                                 uint64_t length_bytes, uint64_t room_bytes) const {
  const BlockRange blocks(offset_bytes, length_bytes);
  uint64_t room = room_bytes / kBlockBytes;
  for (uint64_t block = blocks.begin; block < blocks.end; ++block) {
    if (Taken(image, file, block, block + 1) > 0) continue;
    if (room == 0) return std::max(block * kBlockBytes, offset_bytes) - offset_bytes;
    --room;
  }
  return length_bytes;
}

void DiskSpace::Reserve(InodeNumber inode, uint64_t offset_bytes, uint64_t length_bytes) {
  BlockRange blocks(offset_bytes, length_bytes);
  Blocks& reserved = reserved_[inode];
  // What it overlaps or touches becomes one with it.
  auto it = reserved.upper_bound(blocks.end);
  while (it != reserved.begin()) {
    const auto before = std::prev(it);
    if (before->second < blocks.begin) break;
    blocks.begin = std::min(blocks.begin, before->first);
    blocks.end = std::max(blocks.end, before->second);
    it = reserved.erase(before);
  }
  reserved[blocks.begin] = blocks.end;
}

void DiskSpace::Cut(InodeNumber inode, uint64_t size_bytes) {
  const auto found = reserved_.find(inode);
  if (found == reserved_.end()) return;
  const uint64_t kept = BlockRange(0, size_bytes).end;
  Blocks& reserved = found->second;
  reserved.erase(reserved.lower_bound(kept), reserved.end());
  if (!reserved.empty()) {
    uint64_t& end = std::prev(reserved.end())->second;
    end = std::min(end, kept);
  }
}

uint64_t DiskSpace::Taken(const Image& image, InodeNumber file, uint64_t begin,
                          uint64_t end) const {
  const std::vector<BlockRef>& blocks = image.Find(file)->blocks;
  const auto written = [&](uint64_t from, uint64_t to) {
    from = std::min<uint64_t>(from, blocks.size());
    to = std::min<uint64_t>(to, blocks.size());
    uint64_t count = 0;
    for (uint64_t i = from; i < to; ++i) count += blocks[static_cast<size_t>(i)] ? 1 : 0;
    return count;
  };
  uint64_t taken = 0;
  const auto found = reserved_.find(file);
  if (found != reserved_.end()) {
    for (const auto& [reserved_begin, reserved_end] : found->second) {
      const uint64_t from = std::max(begin, reserved_begin);
      const uint64_t to = std::min(end, reserved_end);
      if (from >= to) continue;
      taken += written(begin, from) + (to - from);
      begin = to;
    }
  }
  return taken + written(begin, end);
}

}  // namespace faultfs
