#include "tests/faultfs/crash/plain_disk.h"

#include <span>

namespace faultfs::test {
namespace {

std::string FileBytes(const Image& image, Number file) {
  std::string bytes(image.Find(file)->size_bytes, '\0');
  (void)image.Read(file, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

struct TextWriter {
  const PlainDisk& disk;
  std::map<Number, size_t> met;
  std::string text;

  void Directory(Number number, const std::string& path) {
    for (const auto& [name, child] : disk.directories.at(number)) {
      const std::string child_path = path + "/" + name;
      text += child_path;
      const auto [it, first] = met.try_emplace(child, met.size());
      if (!first) {
        text += " = #" + std::to_string(it->second) + "\n";
      } else if (disk.directories.contains(child)) {
        text += "/\n";
        Directory(child, child_path);
      } else {
        const std::string& bytes = disk.files.at(child).bytes;
        const size_t last = bytes.find_last_not_of('\0');
        text += " " + std::to_string(bytes.size()) + " \"" +
                bytes.substr(0, last == std::string::npos ? 0 : last + 1) + "\"\n";
      }
    }
  }
};

}  // namespace

PlainDisk ToPlain(const Image& image, size_t unit) {
  PlainDisk disk;
  for (Number number = 1; number < image.next_inode(); ++number) {
    const Inode* inode = image.Find(number);
    if (inode == nullptr) continue;
    if (inode->type == FileType::kDirectory) {
      auto& entries = disk.directories[number];
      for (const auto& [name, child] : inode->entries) entries[name] = child;
      continue;
    }
    PlainFile& file = disk.files[number];
    file.bytes = FileBytes(image, number);
    // An image knows holes by whole blocks of 4096 bytes.
    for (Sector sector = 0; sector * unit < file.bytes.size(); ++sector) {
      const size_t block = sector * unit / kBlockBytes;
      if (block < inode->blocks.size() && inode->blocks[block]) {
        file.written.insert(sector);
        file.blocks.insert(block);
      }
    }
  }
  return disk;
}

std::string ToText(const PlainDisk& disk) {
  TextWriter writer{.disk = disk, .met = {}, .text = {}};
  writer.Directory(kRootInode, "");
  return writer.text;
}

}  // namespace faultfs::test
