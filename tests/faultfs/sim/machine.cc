#include "tests/faultfs/sim/machine.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace faultfs::test {

std::unique_ptr<File> MustOpen(FileSystem& fs, std::string_view path, OpenFlags flags, IoTag tag) {
  auto file = fs.Open(path, flags, tag);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return std::move(file).value();
}

void MustWrite(File& file, uint64_t offset_bytes, std::string_view text, IoTag tag) {
  const WriteOutcome outcome = WriteFully(file, offset_bytes, Bytes(text), tag);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.ToString();
}

void MustPut(FileSystem& fs, std::string_view path, std::string_view text, IoTag tag) {
  MustWrite(*MustOpen(fs, path, kCreate, tag), 0, text, tag);
}

std::string MustGet(FileSystem& fs, std::string_view path) {
  const auto file = MustOpen(fs, path, kRead);
  std::string text(file->Size().value(), '?');
  const auto got = ReadFully(*file, 0, std::as_writable_bytes(std::span(text)));
  EXPECT_TRUE(got.ok()) << got.status().ToString();
  EXPECT_EQ(got.value(), text.size());
  return text;
}

void MustSync(File& file, SyncKind kind, IoTag tag) {
  const Status status = file.Sync(kind, tag);
  EXPECT_TRUE(status.ok()) << status.ToString();
}

InodeNumber Resolve(const Image& image, std::string_view path) {
  InodeNumber inode = kRootInode;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const size_t end = std::min(path.find('/'), path.size());
    inode = image.Lookup(inode, path.substr(0, end));
    path.remove_prefix(end);
  }
  return inode;
}

std::string Content(const Image& image, InodeNumber file) {
  std::string text(image.Find(file)->size_bytes, '?');
  EXPECT_EQ(image.Read(file, 0, std::as_writable_bytes(std::span(text))), text.size());
  return text;
}

InodeNumber AddFile(Image& image, std::string_view name, std::string_view text) {
  const InodeNumber file = image.AddInode(FileType::kFile);
  image.SetEntry(kRootInode, name, file);
  image.Write(file, 0, Bytes(text));
  return file;
}

InodeNumber AddDirectory(Image& image, std::string_view name) {
  const InodeNumber directory = image.AddInode(FileType::kDirectory);
  image.SetEntry(kRootInode, name, directory);
  return directory;
}

}  // namespace faultfs::test
