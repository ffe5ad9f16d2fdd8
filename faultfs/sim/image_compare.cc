// What it means for two images to be equal: the hash, the comparison and the text all walk the tree
// by name, so none of them sees inode numbers or inodes without a name.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "faultfs/env/check.h"
#include "faultfs/sim/image.h"

namespace faultfs {
namespace {

/// Hashes a stream of fields. Each is of fixed length or preceded by its length, so two different
/// streams never look alike.
class Hasher {
 public:
  void Add(uint64_t word) {
    if (used_ + sizeof(word) > buffer_.size()) Fold();
    std::memcpy(buffer_.data() + used_, &word, sizeof(word));
    used_ += sizeof(word);
  }
  void Add(Hash128 hash) {
    Add(hash.low);
    Add(hash.high);
  }
  void Add(std::string_view bytes) {
    Add(uint64_t{bytes.size()});
    while (!bytes.empty()) {
      if (used_ == buffer_.size()) Fold();
      const size_t part = std::min(bytes.size(), buffer_.size() - used_);
      std::memcpy(buffer_.data() + used_, bytes.data(), part);
      used_ += part;
      bytes.remove_prefix(part);
    }
  }
  [[nodiscard]] Hash128 Finish() const { return HashBytes({buffer_.data(), used_}); }

 private:
  void Fold() {
    const Hash128 hash = HashBytes({buffer_.data(), used_});
    used_ = 0;
    Add(hash);
  }

  std::array<char, 1024> buffer_;
  size_t used_ = 0;
};

Hash128 FileHash(const Inode& file) {
  if (const auto hash = file.content_hash.Get()) return *hash;
  Hasher hasher;
  hasher.Add(file.size_bytes);
  for (size_t i = 0; i < file.blocks.size(); ++i) {
    if (!file.blocks[i]) continue;
    const Hash128 block = file.blocks[i]->ContentHash();
    if (block == Hash128{}) continue;  // zeros: the same as a hole
    hasher.Add(uint64_t{i});
    hasher.Add(block);
  }
  const Hash128 hash = hasher.Finish();
  file.content_hash.Set(hash);
  return hash;
}

bool SameBlock(const BlockRef* a, const BlockRef* b) {
  static const Block zeros;
  const Block* left = a != nullptr && *a ? a->get() : &zeros;
  const Block* right = b != nullptr && *b ? b->get() : &zeros;
  return left == right || SameBytes(*left, *right);
}

bool SameFile(const Inode& a, const Inode& b) {
  if (&a == &b) return true;
  if (a.size_bytes != b.size_bytes) return false;
  for (size_t i = 0; i < std::max(a.blocks.size(), b.blocks.size()); ++i) {
    const BlockRef* left = i < a.blocks.size() ? &a.blocks[i] : nullptr;
    const BlockRef* right = i < b.blocks.size() ? &b.blocks[i] : nullptr;
    if (!SameBlock(left, right)) return false;
  }
  return true;
}

/// Numbers inodes in the order in which a walk by name meets them. Only inodes with several names
/// are remembered: they alone can be met again.
class Visits {
 public:
  /// 0 at the first visit; at a later one the number of the first, from 1.
  uint64_t Visit(const Inode& node, InodeNumber inode) {
    ++count_;
    if (node.link_count < 2) return 0;
    for (const auto& [known, number] : seen_) {
      if (known == inode) return number;
    }
    seen_.emplace_back(inode, count_);
    return 0;
  }

 private:
  uint64_t count_ = 0;
  std::vector<std::pair<InodeNumber, uint64_t>> seen_;
};

const Inode& Child(const Image& image, InodeNumber inode) {
  const Inode* node = image.Find(inode);
  FAULTFS_CHECK(node != nullptr, "an entry names an inode that exists");
  return *node;
}

enum : uint64_t { kEndMark, kFileMark, kDirectoryMark, kAgainMark };

void AddTree(const Image& image, const Inode& directory, Visits& visits, Hasher& hasher) {
  for (const auto& [name, inode] : directory.entries) {
    const Inode& node = Child(image, inode);
    const uint64_t first = visits.Visit(node, inode);
    if (first > 0) {
      hasher.Add(kAgainMark);
      hasher.Add(std::string_view(name));
      hasher.Add(first);
    } else if (node.type == FileType::kFile) {
      hasher.Add(kFileMark);
      hasher.Add(std::string_view(name));
      hasher.Add(FileHash(node));
    } else {
      hasher.Add(kDirectoryMark);
      hasher.Add(std::string_view(name));
      AddTree(image, node, visits, hasher);
    }
  }
  hasher.Add(kEndMark);
}

struct Side {
  const Image& image;
  Visits visits;
};

bool SameTree(Side& a, const Inode& left, Side& b, const Inode& right) {
  if (left.entries.size() != right.entries.size()) return false;
  for (size_t i = 0; i < left.entries.size(); ++i) {
    if (left.entries[i].first != right.entries[i].first) return false;
    const Inode& x = Child(a.image, left.entries[i].second);
    const Inode& y = Child(b.image, right.entries[i].second);
    const uint64_t first = a.visits.Visit(x, left.entries[i].second);
    if (first != b.visits.Visit(y, right.entries[i].second)) return false;
    if (first > 0) continue;
    if (x.type != y.type) return false;
    if (x.type == FileType::kFile ? !SameFile(x, y) : !SameTree(a, x, b, y)) return false;
  }
  return true;
}

void DescribeTree(const Image& image, const Inode& directory, const std::string& prefix,
                  Visits& visits, std::vector<std::string>& met, std::string& text) {
  for (const auto& [name, inode] : directory.entries) {
    const Inode& node = Child(image, inode);
    const std::string path = prefix + "/" + name;
    const uint64_t first = visits.Visit(node, inode);
    met.push_back(path);
    if (first > 0) {
      text += fmt::format("{} link to {}\n", path, met[first - 1]);
    } else if (node.type == FileType::kFile) {
      text +=
          fmt::format("{} file, {} bytes, {:016x}\n", path, node.size_bytes, FileHash(node).low);
    } else {
      text += path + " directory\n";
      DescribeTree(image, node, path, visits, met, text);
    }
  }
}

}  // namespace

Hash128 Image::ContentHash() const {
  Hasher hasher;
  Visits visits;
  const Inode& root = Child(*this, kRootInode);
  visits.Visit(root, kRootInode);
  AddTree(*this, root, visits, hasher);
  return hasher.Finish();
}

bool SameContent(const Image& a, const Image& b) {
  Side left{a, {}};
  Side right{b, {}};
  const Inode& left_root = Child(a, kRootInode);
  const Inode& right_root = Child(b, kRootInode);
  left.visits.Visit(left_root, kRootInode);
  right.visits.Visit(right_root, kRootInode);
  return SameTree(left, left_root, right, right_root);
}

std::string Image::Describe() const {
  std::string text;
  Visits visits;
  std::vector<std::string> met;
  DescribeTree(*this, Child(*this, kRootInode), "", visits, met, text);
  return text;
}

}  // namespace faultfs
