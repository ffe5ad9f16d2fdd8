// Images to and from file systems, the real one included.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "faultfs/env/posix_file_system.h"
#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using test::AddDirectory;
using test::AddFile;
using test::Bytes;
using test::MustGet;
using test::MustPut;

/// A directory of its own, gone afterwards.
class ImageTransferTest : public testing::Test {
 protected:
  ImageTransferTest() {
    std::string pattern = testing::TempDir() + "faultfs-image-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~ImageTransferTest() override { std::filesystem::remove_all(path_); }

  std::string path_;
  PosixFileSystem posix_;
};

/// A bit of everything.
Image Sample() {
  Image image;
  AddFile(image, "empty", "");
  AddFile(image, "small", "hello");
  AddFile(image, "pages", std::string(10'000, 'p'));
  const InodeNumber sparse = AddFile(image, "sparse", "");
  image.Write(sparse, 5 * kBlockBytes, Bytes("end"));
  image.SetSize(sparse, 9 * kBlockBytes + 1);
  const InodeNumber directory = AddDirectory(image, "dir");
  AddDirectory(image, "empty dir");
  image.SetEntry(directory, "link", test::Resolve(image, "/small"));
  const InodeNumber deep = image.AddInode(FileType::kDirectory);
  image.SetEntry(directory, "deep", deep);
  image.SetEntry(deep, std::string(255, 'n'), sparse);
  return image;
}

TEST_F(ImageTransferTest, ARealDirectoryAndBack) {
  const Image image = Sample();
  const Status exported = image.ExportTo(posix_, path_);
  ASSERT_TRUE(exported.ok()) << exported.ToString();
  EXPECT_EQ(MustGet(posix_, path_ + "/dir/link"), "hello");
  EXPECT_EQ(posix_.Stat(path_ + "/small")->link_count, 2u);
  const auto imported = Image::FromDirectory(posix_, path_);
  ASSERT_TRUE(imported.ok()) << imported.status().ToString();
  EXPECT_TRUE(SameContent(image, *imported)) << imported->Describe();
}

TEST_F(ImageTransferTest, ASimulatedDirectoryAndBack) {
  const Image image = Sample();
  Volume volume{Image()};
  SimFileSystem fs(volume);
  ASSERT_TRUE(fs.CreateDir("/to", test::kTag).ok());
  ASSERT_TRUE(image.ExportTo(fs, "/to").ok());
  const auto imported = Image::FromDirectory(fs, "/to");
  ASSERT_TRUE(imported.ok());
  EXPECT_TRUE(SameContent(image, *imported)) << imported->Describe();
  Volume copy(image);
  SimFileSystem copy_fs(copy);
  EXPECT_TRUE(SameContent(image, *Image::FromDirectory(copy_fs, "/")));
}

TEST_F(ImageTransferTest, EverythingExportedIsSynced) {
  Image image;
  AddFile(image, "f", "x");
  Volume volume{Image()};
  SimFileSystem fs(volume);
  ASSERT_TRUE(image.ExportTo(fs, "/").ok());
  EXPECT_EQ(Describe(volume.trace()),
            "0 image.export create inode 2: \"f\" in 1\n"
            "1 image.export write inode 2 [0, 1)\n"
            "2 image.export truncate inode 2 to 1\n"
            "3 image.export sync-begin 1 of inode 2\n"
            "4 image.export sync-end 1 of inode 2 ok\n"
            "5 image.export sync-begin 2 of inode 1\n"
            "6 image.export sync-end 2 of inode 1 ok\n");
}

TEST_F(ImageTransferTest, ZerosThatWereWrittenAreNoHole) {
  // What a crash may show instead of bytes that were never written must not show here.
  MustPut(posix_, path_ + "/f", std::string(kBlockBytes, '\0'));
  const auto image = Image::FromDirectory(posix_, path_);
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(image->Find(test::Resolve(*image, "/f"))->blocks[0]);
}

TEST_F(ImageTransferTest, ExportWantsAnEmptyDirectory) {
  MustPut(posix_, path_ + "/old", "mine");
  EXPECT_EQ(Sample().ExportTo(posix_, path_).code(), Code::kNotEmpty);
  EXPECT_EQ(Sample().ExportTo(posix_, path_ + "/missing").code(), Code::kNotFound);
  EXPECT_EQ(Sample().ExportTo(posix_, path_ + "/old").code(), Code::kNotADirectory);
  EXPECT_EQ(MustGet(posix_, path_ + "/old"), "mine");
}

TEST_F(ImageTransferTest, WhatIsNeitherFileNorDirectoryIsRefused) {
  std::filesystem::create_directory(path_ + "/real");
  std::filesystem::create_directory_symlink(path_ + "/real", path_ + "/symbolic");
  EXPECT_EQ(Image::FromDirectory(posix_, path_).status().code(), Code::kUnsupported);
  std::filesystem::remove(path_ + "/symbolic");
  std::filesystem::create_symlink("/dev/null", path_ + "/device");
  EXPECT_EQ(Image::FromDirectory(posix_, path_).status().code(), Code::kUnsupported);
}

TEST_F(ImageTransferTest, ADirectoryWithTwoNamesCannotBeExported) {
  Image image;
  const InodeNumber directory = AddDirectory(image, "a");
  image.SetEntry(kRootInode, "b", directory);
  EXPECT_EQ(image.ExportTo(posix_, path_).code(), Code::kUnsupported);
}

}  // namespace
}  // namespace faultfs
