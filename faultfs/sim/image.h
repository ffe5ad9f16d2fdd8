// Image: the content of a disk as a value. A tree of directories and files by inode number.
//
// Copying is cheap (one vector of pointers): inodes and 4096-byte blocks are shared between copies
// and copied when one of them is changed. What is not modelled: owners, modes, times, symbolic
// links, extended attributes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/status.h"
#include "faultfs/sim/block.h"
#include "faultfs/sim/cow_ptr.h"
#include "faultfs/sim/hash.h"

namespace faultfs {

using InodeNumber = uint32_t;
inline constexpr InodeNumber kNoInode = 0;
inline constexpr InodeNumber kRootInode = 1;
inline constexpr size_t kSectorBytes = 512;

/// Where data may lie: the table of a file's blocks is dense. The size may be larger.
inline constexpr uint64_t kMaxDataBytes = uint64_t{64} << 30;

using BlockRef = CowPtr<Block>;

struct Inode {
  FileType type = FileType::kFile;
  uint32_t link_count = 0;  // names in the tree; of the root: 1, although it has none
  // A file: `blocks` may be shorter than the size; a null or missing block reads as zeros. Bytes
  // beyond `size_bytes` are zero.
  uint64_t size_bytes = 0;
  std::vector<BlockRef> blocks;
  // A directory: sorted by name.
  std::vector<std::pair<std::string, InodeNumber>> entries;
  InodeNumber parent = kNoInode;  // of a directory; the root is its own

  CachedHash content_hash;  // of a file: its size and bytes
};

class Image {
 public:
  /// An empty root directory.
  Image();

  /// Null if there is no such inode (never made, or dropped).
  [[nodiscard]] const Inode* Find(InodeNumber inode) const {
    return inode < inodes_.size() ? inodes_[inode].get() : nullptr;
  }
  /// kNoInode if `directory` has no such entry.
  [[nodiscard]] InodeNumber Lookup(InodeNumber directory, std::string_view name) const;
  /// One more than the highest inode number ever used in this value's history.
  [[nodiscard]] InodeNumber next_inode() const { return static_cast<InodeNumber>(inodes_.size()); }

  /// Makes an inode without a name. `AddInode` uses the next number; `PutInode` a given one that is
  /// free. Numbers are never used twice.
  InodeNumber AddInode(FileType type);
  void PutInode(InodeNumber inode, FileType type);
  /// Forgets an inode that has no name. Of a directory: its entries go too, what they named stays.
  void DropInode(InodeNumber inode);

  /// Points a name at an inode, replacing what it named; keeps link counts and `parent`. An inode
  /// that loses its last name stays until DropInode.
  void SetEntry(InodeNumber directory, std::string_view name, InodeNumber inode);
  void RemoveEntry(InodeNumber directory, std::string_view name);

  /// Copies up to out.size() bytes from within the size; returns how many.
  size_t Read(InodeNumber file, uint64_t offset_bytes, std::span<std::byte> out) const;
  /// Grows the size as needed. Up to kMaxDataBytes.
  void Write(InodeNumber file, uint64_t offset_bytes, std::span<const std::byte> data);
  /// Cuts, or extends with zeros.
  void SetSize(InodeNumber file, uint64_t size_bytes);

  /// Over everything that can be reached by name: names, types, contents, sizes and which names are
  /// links to one file; not over inode numbers.
  [[nodiscard]] Hash128 ContentHash() const;
  /// One line a path, sorted, with type, size and a short content hash: for tests and people.
  [[nodiscard]] std::string Describe() const;

  /// Reads a tree through a file system. Anything but files and directories is kUnsupported.
  [[nodiscard]] static Result<Image> FromDirectory(FileSystem& fs, std::string_view path);
  /// Writes this tree into `path`, an existing empty directory (kNotEmpty otherwise), and syncs it.
  [[nodiscard]] Status ExportTo(FileSystem& fs, std::string_view path) const;

 private:
  Inode& Mutable(InodeNumber inode);
  void Named(InodeNumber inode, InodeNumber directory);
  void Unnamed(InodeNumber inode, InodeNumber directory);

  std::vector<CowPtr<Inode>> inodes_;  // by number; null: free
};

/// Equal in what ContentHash covers, compared byte by byte.
[[nodiscard]] bool SameContent(const Image& a, const Image& b);

}  // namespace faultfs
