#include "faultfs/sim/image.h"

#include <algorithm>

#include "faultfs/env/check.h"

namespace faultfs {
namespace {

using Entries = std::vector<std::pair<std::string, InodeNumber>>;

Entries::const_iterator LowerBound(const Entries& entries, std::string_view name) {
  return std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const Entries::value_type& entry, std::string_view key) { return entry.first < key; });
}

/// The entry itself, or end().
Entries::const_iterator FindEntry(const Entries& entries, std::string_view name) {
  const auto at = LowerBound(entries, name);
  return at != entries.end() && at->first == name ? at : entries.end();
}

size_t BlockIndex(uint64_t offset_bytes) { return static_cast<size_t>(offset_bytes / kBlockBytes); }

}  // namespace

Image::Image() {
  inodes_.resize(kRootInode);
  const InodeNumber root = AddInode(FileType::kDirectory);
  Inode& node = Mutable(root);
  node.link_count = 1;
  node.parent = root;
}

InodeNumber Image::Lookup(InodeNumber directory, std::string_view name) const {
  const Inode* node = Find(directory);
  if (node == nullptr) return kNoInode;
  const auto at = FindEntry(node->entries, name);
  return at == node->entries.end() ? kNoInode : at->second;
}

InodeNumber Image::AddInode(FileType type) {
  const InodeNumber inode = next_inode();
  PutInode(inode, type);
  return inode;
}

void Image::PutInode(InodeNumber inode, FileType type) {
  FAULTFS_CHECK(inode != kNoInode && Find(inode) == nullptr, "an inode number is given out once");
  if (inode >= inodes_.size()) inodes_.resize(size_t{inode} + 1);
  inodes_[inode] = CowPtr<Inode>::Make();
  inodes_[inode].Mutable().type = type;
}

void Image::DropInode(InodeNumber inode) {
  const Inode* node = Find(inode);
  FAULTFS_CHECK(node != nullptr && node->link_count == 0,
                "only an inode without a name is dropped");
  const CowPtr<Inode> dropped = std::move(inodes_[inode]);
  for (const auto& [name, child] : dropped->entries) Unnamed(child, inode);
}

void Image::SetEntry(InodeNumber directory, std::string_view name, InodeNumber inode) {
  FAULTFS_CHECK(Find(inode) != nullptr, "an entry names an inode that exists");
  Inode& node = Mutable(directory);
  FAULTFS_CHECK(node.type == FileType::kDirectory, "only a directory has entries");
  const auto at = node.entries.begin() + (LowerBound(node.entries, name) - node.entries.begin());
  if (at == node.entries.end() || at->first != name) {
    node.entries.emplace(at, std::string(name), inode);
  } else {
    if (at->second == inode) return;
    Unnamed(std::exchange(at->second, inode), directory);
  }
  Named(inode, directory);
}

void Image::RemoveEntry(InodeNumber directory, std::string_view name) {
  Inode& node = Mutable(directory);
  const auto at = FindEntry(node.entries, name);
  FAULTFS_CHECK(at != node.entries.end(), "the entry to be removed exists");
  const InodeNumber inode = at->second;
  node.entries.erase(at);
  Unnamed(inode, directory);
}

void Image::Named(InodeNumber inode, InodeNumber directory) {
  Inode& node = Mutable(inode);
  ++node.link_count;
  if (node.type == FileType::kDirectory && inode != kRootInode) node.parent = directory;
}

void Image::Unnamed(InodeNumber inode, InodeNumber directory) {
  Inode& node = Mutable(inode);
  FAULTFS_CHECK(node.link_count > 0, "an inode with a name has a link");
  --node.link_count;
  if (node.type != FileType::kDirectory || inode == kRootInode || node.parent != directory) return;
  node.parent = kNoInode;
  if (node.link_count == 0) return;
  // A directory with two names, which only a crash between two entry edits can leave: the parent is
  // the one that still names it.
  for (InodeNumber other = kRootInode; other < next_inode(); ++other) {
    const Inode* candidate = Find(other);
    if (candidate == nullptr) continue;
    for (const auto& [name, child] : candidate->entries) {
      if (child == inode) node.parent = other;
    }
  }
}

size_t Image::Read(InodeNumber file, uint64_t offset_bytes, std::span<std::byte> out) const {
  const Inode* node = Find(file);
  FAULTFS_CHECK(node != nullptr && node->type == FileType::kFile, "only a file is read");
  if (offset_bytes >= node->size_bytes) return 0;
  const size_t total =
      static_cast<size_t>(std::min<uint64_t>(out.size(), node->size_bytes - offset_bytes));
  for (size_t done = 0; done < total;) {
    const uint64_t at = offset_bytes + done;
    const size_t within = static_cast<size_t>(at % kBlockBytes);
    const std::span<std::byte> part =
        out.subspan(done, std::min(total - done, kBlockBytes - within));
    const size_t index = BlockIndex(at);
    if (index < node->blocks.size() && node->blocks[index]) {
      node->blocks[index]->Read(within, part);
    } else {
      std::fill(part.begin(), part.end(), std::byte{0});
    }
    done += part.size();
  }
  return total;
}

void Image::Write(InodeNumber file, uint64_t offset_bytes, std::span<const std::byte> data) {
  if (data.empty()) return;
  const uint64_t end = offset_bytes + data.size();
  FAULTFS_CHECK(end <= kMaxDataBytes && end > offset_bytes, "data lies where the table reaches");
  Inode& node = Mutable(file);
  FAULTFS_CHECK(node.type == FileType::kFile, "only a file is written");
  node.content_hash.Clear();
  node.size_bytes = std::max(node.size_bytes, end);
  const size_t blocks = BlockIndex(end - 1) + 1;
  if (node.blocks.size() < blocks) node.blocks.resize(blocks);
  for (size_t done = 0; done < data.size();) {
    const uint64_t at = offset_bytes + done;
    const size_t within = static_cast<size_t>(at % kBlockBytes);
    const size_t length = std::min(data.size() - done, kBlockBytes - within);
    BlockRef& block = node.blocks[BlockIndex(at)];
    // A block that is written whole needs no copy of what it held.
    if (!block || length == kBlockBytes) block = BlockRef::Make();
    block.Mutable().Write(within, data.subspan(done, length));
    done += length;
  }
}

void Image::SetSize(InodeNumber file, uint64_t size_bytes) {
  Inode& node = Mutable(file);
  FAULTFS_CHECK(node.type == FileType::kFile, "only a file has a size");
  if (size_bytes == node.size_bytes) return;
  node.content_hash.Clear();
  if (size_bytes < node.size_bytes) {
    const uint64_t kept = (size_bytes + kBlockBytes - 1) / kBlockBytes;
    if (kept < node.blocks.size()) node.blocks.resize(static_cast<size_t>(kept));
    const size_t within = static_cast<size_t>(size_bytes % kBlockBytes);
    // Bytes beyond the size must read as zeros when the file grows again.
    if (within > 0 && kept == node.blocks.size() && node.blocks.back()) {
      node.blocks.back().Mutable().Cut(within);
    }
  }
  node.size_bytes = size_bytes;
}

Inode& Image::Mutable(InodeNumber inode) {
  FAULTFS_CHECK(Find(inode) != nullptr, "an inode that is changed exists");
  return inodes_[inode].Mutable();
}

}  // namespace faultfs
