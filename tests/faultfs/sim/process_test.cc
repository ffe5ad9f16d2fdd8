// A SimFileSystem as a process: its death, its locks, its limit of calls. What the calls themselves
// do is the conformance suite's subject (tests/faultfs/env/).
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using test::Bytes;
using test::kTag;
using test::MustGet;
using test::MustOpen;
using test::MustPut;
using test::MustWrite;

TEST(ProcessTest, ADeadProcessChangesNothing) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  MustPut(fs, "/f", "kept");
  ASSERT_TRUE(fs.CreateDir("/d", kTag).ok());
  const auto file = MustOpen(fs, "/f");
  const std::string before = Describe(volume.trace());
  fs.Kill();

  std::byte buffer[4];
  const Code dead = Code::kIoError;
  EXPECT_EQ(file->ReadAt(0, buffer).status().code(), dead);
  EXPECT_EQ(file->WriteAt(0, Bytes("lost"), kTag).status().code(), dead);
  EXPECT_EQ(file->Truncate(0, kTag).code(), dead);
  EXPECT_EQ(file->Size().status().code(), dead);
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), dead);
  EXPECT_EQ(file->StartWriteback(0, 0, kTag).code(), dead);
  EXPECT_EQ(file->Allocate(0, 9, false, kTag).code(), dead);
  EXPECT_EQ(file->Close().code(), dead);
  EXPECT_EQ(fs.Open("/new", test::kCreate, kTag).status().code(), dead);
  EXPECT_EQ(fs.Remove("/f", kTag).code(), dead);
  EXPECT_EQ(fs.Link("/f", "/g", kTag).code(), dead);
  EXPECT_EQ(fs.Rename("/f", "/g", kTag).code(), dead);
  EXPECT_EQ(fs.CreateDir("/e", kTag).code(), dead);
  EXPECT_EQ(fs.RemoveDir("/d", kTag).code(), dead);
  EXPECT_EQ(fs.List("/").status().code(), dead);
  EXPECT_EQ(fs.Stat("/").status().code(), dead);
  EXPECT_EQ(fs.SyncDir("/", kTag).code(), dead);
  EXPECT_EQ(fs.Lock("/LOCK", kTag).status().code(), dead);
  EXPECT_EQ(Describe(volume.trace()), before);

  SimFileSystem next(volume);
  EXPECT_EQ(MustGet(next, "/f"), "kept");
}

TEST(ProcessTest, DeathReleasesDescriptorsAndLocks) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  SimFileSystem other(volume);
  const auto lock = fs.Lock("/LOCK", kTag);  // inode 2
  ASSERT_TRUE(lock.ok());
  const auto file = MustOpen(fs, "/f");         // 3
  const auto shared = MustOpen(fs, "/shared");  // 4
  const auto theirs = MustOpen(other, "/shared");
  ASSERT_TRUE(fs.Remove("/f", kTag).ok());
  ASSERT_TRUE(fs.Remove("/shared", kTag).ok());
  EXPECT_EQ(other.Lock("/LOCK", kTag).status().code(), Code::kLocked);
  fs.Kill();
  EXPECT_EQ(volume.live().Find(3), nullptr);
  EXPECT_NE(volume.live().Find(4), nullptr) << "another process has it open";
  EXPECT_TRUE(other.Lock("/LOCK", kTag).ok());
  MustWrite(*theirs, 0, "x");
}

TEST(ProcessTest, FilesAndLocksMayOutliveTheirProcessAndTheVolume) {
  std::unique_ptr<File> file;
  std::unique_ptr<FileLock> lock;
  {
    Volume volume{Image()};
    SimFileSystem fs(volume);
    file = MustOpen(fs, "/f");
    lock = std::move(fs.Lock("/LOCK", kTag)).value();
  }
  EXPECT_EQ(file->Size().status().code(), Code::kIoError);
  lock.reset();
  file.reset();
}

TEST(ProcessTest, ALateDestructorDoesNotTouchTheSuccessor) {
  Volume volume{Image()};
  auto fs = std::make_unique<SimFileSystem>(volume);
  auto old_lock = fs->Lock("/LOCK", kTag);
  auto old_file = MustOpen(*fs, "/f");
  fs.reset();
  SimFileSystem next(volume);
  const auto lock = next.Lock("/LOCK", kTag);
  ASSERT_TRUE(lock.ok());
  const auto file = MustOpen(next, "/f");
  ASSERT_TRUE(next.Remove("/f", kTag).ok());
  old_lock = Status::Error(Code::kIoError, "dropped");
  old_file.reset();
  EXPECT_EQ(next.Lock("/LOCK", kTag).status().code(), Code::kLocked);
  MustWrite(*file, 0, "still open");
}

TEST(ProcessTest, ALockIsOfTheFileNotOfTheName) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  std::optional<Result<std::unique_ptr<FileLock>>> lock = fs.Lock("/LOCK", kTag);
  EXPECT_EQ(fs.Lock("/LOCK", kTag).status().code(), Code::kLocked);
  ASSERT_TRUE(fs.Remove("/LOCK", kTag).ok());
  EXPECT_TRUE(fs.Lock("/LOCK", kTag).ok()) << "a new file";
  EXPECT_NE(volume.live().Find(2), nullptr);
  lock.reset();
  EXPECT_EQ(volume.live().Find(2), nullptr);
}

TEST(ProcessTest, CallsAreCounted) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  EXPECT_EQ(fs.calls(), 0u);
  const auto file = MustOpen(fs, "/f");                            // 1
  EXPECT_EQ(fs.Remove("/missing", kTag).code(), Code::kNotFound);  // 2
  EXPECT_EQ(*file->WriteAt(0, Bytes("x"), kTag), 1u);              // 3
  EXPECT_EQ(*file->Size(), 1u);                                    // 4
  EXPECT_TRUE(file->Close().ok());                                 // 5
  EXPECT_EQ(file->Close().code(), Code::kClosed);                  // 6
  EXPECT_EQ(fs.calls(), 6u);
}

TEST(ProcessTest, BeyondTheLimitEachCallFails) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  int exceeded = 0;
  fs.SetCallLimit(3, [&exceeded] { ++exceeded; });
  const auto file = MustOpen(fs, "/f");
  MustWrite(*file, 0, "1");
  MustWrite(*file, 0, "2");
  EXPECT_EQ(exceeded, 0);
  EXPECT_EQ(file->WriteAt(0, Bytes("3"), kTag).status().code(), Code::kIoError);
  EXPECT_EQ(fs.List("/").status().code(), Code::kIoError);
  EXPECT_EQ(exceeded, 2);
  EXPECT_EQ(test::Content(volume.live(), 2), "2");
}

TEST(ProcessTest, ErrorsNameCallPathAndPlace) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  EXPECT_EQ(fs.Open("/missing", test::kRead, kTag).status().ToString(),
            "NOT_FOUND: open (file /missing)");
  const auto file = MustOpen(fs, "/f");
  const auto reader = MustOpen(fs, "/f", test::kRead);
  EXPECT_EQ(reader->WriteAt(12, Bytes("x"), kTag).status().ToString(),
            "INVALID_ARGUMENT: write (file /f, offset 12)");
}

TEST(ProcessTest, FilesEndWhereTheSimulationEnds) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  const auto file = MustOpen(fs, "/f");
  EXPECT_EQ(file->WriteAt(kMaxDataBytes, Bytes("x"), kTag).status().code(), Code::kTooLarge);
  EXPECT_EQ(file->Truncate(uint64_t{1} << 50, kTag).code(), Code::kTooLarge);
  EXPECT_EQ(file->Allocate(uint64_t{1} << 50, 1, false, kTag).code(), Code::kTooLarge);
  EXPECT_TRUE(file->Truncate(uint64_t{1} << 40, kTag).ok());
  std::byte buffer[8];
  EXPECT_EQ(*file->ReadAt((uint64_t{1} << 40) - 3, buffer), 3u);
}

}  // namespace
}  // namespace faultfs
