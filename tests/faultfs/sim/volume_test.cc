#include "faultfs/sim/volume.h"

#include <gtest/gtest.h>

#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using test::kTag;
using test::MustGet;
using test::MustOpen;
using test::MustPut;
using test::MustSync;
using test::MustWrite;

TEST(VolumeTest, BaseStaysWhatItWas) {
  Image base;
  test::AddFile(base, "f", "old");
  Volume volume(base);
  SimFileSystem fs(volume);
  MustPut(fs, "/f", "new");
  MustPut(fs, "/g", "x");
  EXPECT_TRUE(SameContent(volume.base(), base));
  EXPECT_EQ(test::Content(volume.live(), test::Resolve(volume.live(), "/f")), "new");
}

TEST(VolumeTest, MarksKeepTheirPlace) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  volume.Mark(10);
  MustOpen(fs, "/a");
  volume.Mark(11);
  volume.Mark(12);
  MustOpen(fs, "/b");
  EXPECT_EQ(Describe(volume.trace()),
            "0 - mark 10\n"
            "1 test.op create inode 2: \"a\" in 1\n"
            "2 - mark 11\n"
            "3 - mark 12\n"
            "4 test.op create inode 3: \"b\" in 1\n");
}

TEST(VolumeTest, WithoutRecordingTheImageIsTheSame) {
  Volume recorded{Image()};
  Volume silent(Image(), Recording::kOff);
  for (Volume* volume : {&recorded, &silent}) {
    SimFileSystem fs(*volume);
    volume->Mark(1);
    MustPut(fs, "/a", "text");
    MustSync(*MustOpen(fs, "/a", {.write = true, .dsync = true}));
    ASSERT_TRUE(fs.Rename("/a", "/b", kTag).ok());
    ASSERT_TRUE(fs.SyncDir("/", kTag).ok());
  }
  EXPECT_TRUE(SameContent(recorded.live(), silent.live()));
  EXPECT_EQ(recorded.trace().ops.size(), 8u);
  EXPECT_TRUE(silent.trace().ops.empty());
}

TEST(VolumeTest, AFileWithoutNameOrDescriptorGoes) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  auto file = MustOpen(fs, "/f");
  auto second = MustOpen(fs, "/f");
  MustWrite(*file, 0, "still here");
  ASSERT_TRUE(fs.Remove("/f", kTag).ok());
  EXPECT_EQ(*second->Size(), 10u);
  MustWrite(*second, 0, "STILL");
  EXPECT_EQ(test::Content(volume.live(), 2), "STILL here");
  ASSERT_TRUE(file->Close().ok());
  EXPECT_NE(volume.live().Find(2), nullptr);
  second.reset();
  EXPECT_EQ(volume.live().Find(2), nullptr);
  MustOpen(fs, "/f");
  EXPECT_EQ(test::Resolve(volume.live(), "/f"), 3u) << "inode numbers are never used again";
}

TEST(VolumeTest, ReplacedAndRemovedInodesGo) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  MustPut(fs, "/a", "1");                      // 2
  MustPut(fs, "/b", "2");                      // 3
  ASSERT_TRUE(fs.CreateDir("/d", kTag).ok());  // 4
  ASSERT_TRUE(fs.CreateDir("/e", kTag).ok());  // 5
  ASSERT_TRUE(fs.Rename("/a", "/b", kTag).ok());
  ASSERT_TRUE(fs.Rename("/d", "/e", kTag).ok());
  EXPECT_EQ(volume.live().Find(3), nullptr);
  EXPECT_EQ(volume.live().Find(5), nullptr);
  ASSERT_TRUE(fs.RemoveDir("/e", kTag).ok());
  EXPECT_EQ(volume.live().Find(4), nullptr);
}

/// A run in two halves; `fs` is a new process in the second.
void FirstHalf(FileSystem& fs) {
  MustPut(fs, "/a", "one");
  MustPut(fs, "/gone", "x");
  ASSERT_TRUE(fs.Remove("/gone", kTag).ok());
  MustSync(*MustOpen(fs, "/a"));
}
void SecondHalf(FileSystem& fs) {
  MustPut(fs, "/b", "two");
  MustSync(*MustOpen(fs, "/b"));
  ASSERT_TRUE(fs.Rename("/b", "/a", kTag).ok());
}

TEST(VolumeTest, ResumeEqualsContinuing) {
  Image base;
  test::AddFile(base, "base", "b");
  Volume first(base);
  {
    SimFileSystem fs(first);
    FirstHalf(fs);
  }
  first.Mark(5);
  const size_t half = first.trace().ops.size();
  const Image half_image = first.live();
  {
    SimFileSystem fs(first);
    SecondHalf(fs);
  }

  const auto resumed = Volume::Resume(base, first.trace(), half);
  EXPECT_TRUE(SameContent(resumed->base(), base));
  EXPECT_TRUE(SameContent(resumed->live(), half_image));
  EXPECT_EQ(resumed->live().next_inode(), half_image.next_inode());
  SimFileSystem fs(*resumed);
  SecondHalf(fs);
  EXPECT_EQ(Describe(resumed->trace()), Describe(first.trace()));
  EXPECT_TRUE(SameContent(resumed->live(), first.live()));
}

TEST(VolumeTest, ResumeDropsWhatOnlyTheDeadProcessHeld) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  const auto file = MustOpen(fs, "/f");
  ASSERT_TRUE(fs.Remove("/f", kTag).ok());
  MustWrite(*file, 0, "x");
  const auto resumed = Volume::Resume(volume.base(), volume.trace(), volume.trace().ops.size());
  EXPECT_EQ(resumed->live().Find(2), nullptr);
  EXPECT_EQ(resumed->live().next_inode(), 3u);
  EXPECT_NE(volume.live().Find(2), nullptr);
}

TEST(VolumeTest, ResumeBetweenBeginAndEndOfASync) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  MustSync(*MustOpen(fs, "/f"));
  const auto resumed = Volume::Resume(volume.base(), volume.trace(), 2);
  SimFileSystem next(*resumed);
  MustSync(*MustOpen(next, "/f"));
  EXPECT_EQ(Describe(resumed->trace()),
            "0 test.op create inode 2: \"f\" in 1\n"
            "1 test.op sync-begin 1 of inode 2\n"
            "2 test.op sync-begin 2 of inode 2\n"
            "3 test.op sync-end 2 of inode 2 ok\n");
}

}  // namespace
}  // namespace faultfs
