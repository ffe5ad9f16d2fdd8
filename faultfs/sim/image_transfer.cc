// Images to and from real directories (any FileSystem).
#include <array>
#include <map>

#include "faultfs/env/check.h"
#include "faultfs/sim/image.h"

namespace faultfs {
namespace {

constexpr size_t kChunkBytes = 16 * kBlockBytes;
constexpr IoTag kExportTag{"image.export"};

std::string Join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (path.empty() || path.back() != '/') path += '/';
  return path.append(name);
}

class Importer {
 public:
  Importer(FileSystem& fs, Image& image) : fs_(fs), image_(image) {}

  Status ReadTree(const std::string& path, InodeNumber directory) {
    FAULTFS_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, fs_.List(path));
    for (const DirEntry& entry : entries) {
      const std::string child_path = Join(path, entry.name);
      FAULTFS_ASSIGN_OR_RETURN(const FileStat stat, fs_.Stat(child_path));
      if (stat.type == FileType::kDirectory) {
        // Stat follows a symbolic link where List does not: a tree with one is not ours to read.
        if (entry.type != FileType::kDirectory) return Unsupported(child_path);
        const InodeNumber child = image_.AddInode(FileType::kDirectory);
        image_.SetEntry(directory, entry.name, child);
        FAULTFS_RETURN_IF_ERROR(ReadTree(child_path, child));
      } else {
        FAULTFS_RETURN_IF_ERROR(ReadFile(child_path, entry.name, stat, directory));
      }
    }
    return {};
  }

 private:
  static Status Unsupported(std::string_view path) {
    return Status::Error(Code::kUnsupported, "neither a file nor a directory").File(path);
  }

  Status ReadFile(const std::string& path, std::string_view name, const FileStat& stat,
                  InodeNumber directory) {
    if (stat.link_count > 1) {
      if (const auto known = linked_.find(stat.identity); known != linked_.end()) {
        image_.SetEntry(directory, name, known->second);
        return {};
      }
    }
    const InodeNumber inode = image_.AddInode(FileType::kFile);
    image_.SetEntry(directory, name, inode);
    if (stat.link_count > 1) linked_.emplace(stat.identity, inode);
    return ReadContent(path, inode);
  }

  Status ReadContent(const std::string& path, InodeNumber inode) {
    FAULTFS_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, fs_.Open(path, {}, kExportTag));
    std::vector<std::byte> chunk(kChunkBytes);
    uint64_t offset_bytes = 0;
    while (true) {
      FAULTFS_ASSIGN_OR_RETURN(const size_t got, ReadFully(*file, offset_bytes, chunk));
      if (got > 0 && offset_bytes + got > kMaxDataBytes) {
        return Status::Error(Code::kTooLarge, "more than an image holds").File(path);
      }
      image_.Write(inode, offset_bytes, std::span(chunk).first(got));
      offset_bytes += got;
      if (got < chunk.size()) return file->Close();
    }
  }

  FileSystem& fs_;
  Image& image_;
  std::map<uint64_t, InodeNumber> linked_;  // files with several names, by FileStat::identity
};

class Exporter {
 public:
  Exporter(FileSystem& fs, const Image& image) : fs_(fs), image_(image) {}

  Status WriteTree(InodeNumber directory, const std::string& path) {
    for (const auto& [name, inode] : image_.Find(directory)->entries) {
      const std::string child_path = Join(path, name);
      const Inode& node = *image_.Find(inode);
      if (node.link_count > 1) {
        const auto [known, is_new] = linked_.emplace(inode, child_path);
        if (!is_new && node.type == FileType::kDirectory) {
          return Status::Error(Code::kUnsupported, "a directory with two names").File(child_path);
        }
        if (!is_new) {
          FAULTFS_RETURN_IF_ERROR(fs_.Link(known->second, child_path, kExportTag));
          continue;
        }
      }
      if (node.type == FileType::kFile) {
        FAULTFS_RETURN_IF_ERROR(WriteFile(inode, node, child_path));
      } else {
        FAULTFS_RETURN_IF_ERROR(fs_.CreateDir(child_path, kExportTag));
        FAULTFS_RETURN_IF_ERROR(WriteTree(inode, child_path));
      }
    }
    return fs_.SyncDir(path, kExportTag);
  }

 private:
  Status WriteFile(InodeNumber inode, const Inode& node, const std::string& path) {
    FAULTFS_ASSIGN_OR_RETURN(
        const std::unique_ptr<File> file,
        fs_.Open(path, {.write = true, .create = true, .exclusive = true}, kExportTag));
    std::array<std::byte, kBlockBytes> buffer;
    for (size_t i = 0; i < node.blocks.size(); ++i) {
      if (!node.blocks[i]) continue;  // a hole stays one
      const uint64_t offset_bytes = uint64_t{i} * kBlockBytes;
      const size_t length = image_.Read(inode, offset_bytes, buffer);
      FAULTFS_RETURN_IF_ERROR(
          WriteFully(*file, offset_bytes, std::span(buffer).first(length), kExportTag).status);
    }
    FAULTFS_RETURN_IF_ERROR(file->Truncate(node.size_bytes, kExportTag));
    FAULTFS_RETURN_IF_ERROR(file->Sync(SyncKind::kFull, kExportTag));
    return file->Close();
  }

  FileSystem& fs_;
  const Image& image_;
  std::map<InodeNumber, std::string> linked_;  // the first path of each inode with several names
};

}  // namespace

Result<Image> Image::FromDirectory(FileSystem& fs, std::string_view path) {
  Image image;
  FAULTFS_RETURN_IF_ERROR(Importer(fs, image).ReadTree(std::string(path), kRootInode));
  return image;
}

Status Image::ExportTo(FileSystem& fs, std::string_view path) const {
  FAULTFS_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, fs.List(path));
  if (!entries.empty()) {
    return Status::Error(Code::kNotEmpty, "an image is exported into an empty directory")
        .File(path);
  }
  return Exporter(fs, *this).WriteTree(kRootInode, std::string(path));
}

}  // namespace faultfs
