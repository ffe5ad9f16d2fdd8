// A disk of so many bytes: what takes room, what a call that finds too little of it comes to, and
// what makes room again.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using test::Bytes;
using test::kTag;
using test::MustOpen;
using test::MustPut;
using test::MustWrite;

constexpr uint64_t kBlock = kBlockBytes;

/// A disk of `blocks`. Remembers what the last call was shown with.
class Disk final : public IoHook {
 public:
  bool NeedsSpace() const override { return asks; }
  IoDecision Decide(const IoCall& call) override {
    used_blocks = call.used_bytes / kBlock;
    grows_blocks = call.grows_bytes / kBlock;
    EXPECT_EQ(call.used_bytes % kBlock + call.grows_bytes % kBlock, 0u);
    if (used_blocks + grows_blocks <= blocks || grows_blocks == 0) return {};
    return {.action = IoDecision::Action::kFull,
            .bytes = (blocks - std::min(blocks, used_blocks)) * kBlock};
  }

  bool asks = true;
  uint64_t blocks = 1000;
  uint64_t used_blocks = 0;
  uint64_t grows_blocks = 0;
};

class FullDiskTest : public testing::Test {
 protected:
  uint64_t Used() {
    EXPECT_TRUE(fs_.Stat("/").ok());
    return disk_.used_blocks;
  }
  /// What writing `length` bytes would add. Writes them.
  uint64_t Growth(File& file, uint64_t offset, uint64_t length) {
    EXPECT_EQ(*file.WriteAt(offset, Bytes(std::string(length, 'x')), kTag), length);
    return disk_.grows_blocks;
  }
  Code CodeOfWrite(File& file, uint64_t offset, std::string_view text) {
    return file.WriteAt(offset, Bytes(text), kTag).status().code();
  }

  Volume volume_{Image()};
  Disk disk_;
  SimFileSystem fs_{volume_, &disk_};
};

TEST_F(FullDiskTest, FilesDirectoriesAndTheirBlocksTakeRoom) {
  EXPECT_EQ(Used(), 0u) << "the root is there for nothing";
  ASSERT_TRUE(fs_.CreateDir("/d", kTag).ok());
  EXPECT_EQ(disk_.grows_blocks, 1u);
  EXPECT_EQ(Used(), 1u);
  const auto file = MustOpen(fs_, "/d/f");
  EXPECT_EQ(disk_.grows_blocks, 1u);
  EXPECT_EQ(Used(), 2u);
  EXPECT_EQ(Growth(*file, 0, 1), 1u);
  EXPECT_EQ(Growth(*file, 1, kBlock - 1), 0u) << "the block is there";
  EXPECT_EQ(Growth(*file, 0, kBlock + 1), 1u);
  EXPECT_EQ(Growth(*file, 10 * kBlock - 1, 2), 2u);
  EXPECT_EQ(Used(), 6u) << "the hole takes none";
  EXPECT_EQ(Growth(*file, 0, kBlock), 0u) << "nor what is written over";
  ASSERT_TRUE(fs_.Link("/d/f", "/d/g", kTag).ok());
  ASSERT_TRUE(file->Truncate(100 * kBlock, kTag).ok());
  EXPECT_EQ(Used(), 6u);
  const auto lock = fs_.Lock("/d/LOCK", kTag);
  EXPECT_EQ(disk_.grows_blocks, 1u);
  EXPECT_EQ(Used(), 7u);
}

TEST_F(FullDiskTest, RemovingAndCuttingMakesRoom) {
  MustPut(fs_, "/a", std::string(3 * kBlock, 'a'));
  const auto b = MustOpen(fs_, "/b");
  MustWrite(*b, 0, std::string(3 * kBlock, 'b'));
  EXPECT_EQ(Used(), 8u);
  ASSERT_TRUE(fs_.Remove("/a", kTag).ok());
  EXPECT_EQ(Used(), 4u);
  ASSERT_TRUE(b->Truncate(kBlock + 1, kTag).ok());
  EXPECT_EQ(Used(), 3u);
  ASSERT_TRUE(fs_.Remove("/b", kTag).ok());
  EXPECT_EQ(Used(), 3u) << "it is open";
  ASSERT_TRUE(b->Close().ok());
  EXPECT_EQ(Used(), 0u);
  MustPut(fs_, "/a", "1");
  MustPut(fs_, "/b", "2");
  ASSERT_TRUE(fs_.Rename("/a", "/b", kTag).ok());
  EXPECT_EQ(Used(), 2u);
}

TEST_F(FullDiskTest, WhatIsReservedTakesRoomOnce) {
  const auto file = MustOpen(fs_, "/f");
  const auto reserve = [&](uint64_t from, uint64_t to) {
    EXPECT_TRUE(file->Allocate(from * kBlock, (to - from) * kBlock, /*keep_size=*/true, kTag).ok());
    return disk_.grows_blocks;
  };
  EXPECT_EQ(reserve(2, 4), 2u);
  EXPECT_EQ(reserve(6, 8), 2u);
  EXPECT_EQ(reserve(3, 7), 2u);
  EXPECT_EQ(reserve(0, 8), 2u);
  EXPECT_EQ(reserve(0, 8), 0u);
  EXPECT_EQ(Used(), 9u);
  EXPECT_EQ(Growth(*file, kBlock, 8 * kBlock), 1u);
  EXPECT_EQ(reserve(8, 10), 1u);
  EXPECT_EQ(Used(), 11u);
  ASSERT_TRUE(file->Truncate(5 * kBlock, kTag).ok());
  EXPECT_EQ(Used(), 6u);
  ASSERT_TRUE(file->Truncate(0, kTag).ok());
  EXPECT_EQ(Used(), 1u);
  disk_.blocks = uint64_t{1} << 32;
  EXPECT_EQ(reserve(0, uint64_t{1} << 31), uint64_t{1} << 31) << "a large one takes no time";
}

TEST_F(FullDiskTest, AWriteComesShortAndThenFails) {
  disk_.blocks = 3;
  const auto file = MustOpen(fs_, "/f");
  MustWrite(*file, 0, std::string(kBlock - 10, 'a'));
  const std::string text(2 * kBlock, 'b');
  EXPECT_EQ(*file->WriteAt(kBlock - 10, Bytes(text), kTag), 10 + kBlock);
  EXPECT_EQ(*file->Size(), 2 * kBlock);
  EXPECT_EQ(CodeOfWrite(*file, 2 * kBlock, text), Code::kNoSpace);
  EXPECT_EQ(*file->Size(), 2 * kBlock);
  EXPECT_EQ(*file->WriteAt(0, Bytes(text), kTag), 2 * kBlock) << "what is there needs no room";
  EXPECT_EQ(*file->WriteAt(2 * kBlock - 7, Bytes(text), kTag), 7u) << "up to the end of its block";
}

TEST_F(FullDiskTest, AWriteIntoHolesTransfersWhatFits) {
  const auto file = MustOpen(fs_, "/f");
  MustWrite(*file, 2 * kBlock, "x");
  disk_.blocks = 3;
  EXPECT_EQ(*file->WriteAt(1, Bytes(std::string(5 * kBlock, 'y')), kTag), kBlock - 1);
  disk_.blocks = 4;
  EXPECT_EQ(*file->WriteAt(1, Bytes(std::string(5 * kBlock, 'y')), kTag), 3 * kBlock - 1);
}

TEST_F(FullDiskTest, NothingElseFitsByHalves) {
  disk_.blocks = 2;
  const auto file = MustOpen(fs_, "/f");
  const size_t steps = volume_.trace().ops.size();
  EXPECT_EQ(file->Allocate(0, 2 * kBlock, false, kTag).code(), Code::kNoSpace);
  MustWrite(*file, 0, "x");
  EXPECT_EQ(fs_.Open("/g", test::kCreate, kTag).status().code(), Code::kNoSpace);
  EXPECT_EQ(fs_.Lock("/LOCK", kTag).status().code(), Code::kNoSpace);
  EXPECT_EQ(fs_.CreateDir("/d", kTag).code(), Code::kNoSpace);
  EXPECT_EQ(volume_.trace().ops.size(), steps + 1) << "but for the write nothing was done";
}

TEST_F(FullDiskTest, ThereIsRoomAgain) {
  disk_.blocks = 4;
  MustPut(fs_, "/old", "x");
  const auto file = MustOpen(fs_, "/f");
  MustWrite(*file, 0, "y");
  EXPECT_EQ(CodeOfWrite(*file, kBlock, "z"), Code::kNoSpace);
  ASSERT_TRUE(fs_.Remove("/old", kTag).ok());
  MustWrite(*file, kBlock, "z");
  MustWrite(*file, 2 * kBlock, "z");
  EXPECT_EQ(CodeOfWrite(*file, 3 * kBlock, "z"), Code::kNoSpace);
  ASSERT_TRUE(file->Truncate(kBlock, kTag).ok());
  MustWrite(*file, kBlock, "z");
}

TEST_F(FullDiskTest, ACallThatIsRefusedAnywayNeedsNone) {
  ASSERT_TRUE(fs_.CreateDir("/d", kTag).ok());
  MustPut(fs_, "/f", "x");
  disk_.blocks = 0;
  EXPECT_EQ(fs_.CreateDir("/d", kTag).code(), Code::kAlreadyExists);
  EXPECT_EQ(fs_.CreateDir("/missing/d", kTag).code(), Code::kNotFound);
  EXPECT_EQ(fs_.Open("/missing/f", test::kCreate, kTag).status().code(), Code::kNotFound);
  const auto reader = MustOpen(fs_, "/f", test::kRead);
  EXPECT_EQ(CodeOfWrite(*reader, kBlock, "x"), Code::kInvalidArgument);
  const auto writer = MustOpen(fs_, "/f");
  EXPECT_EQ(writer->Allocate(0, uint64_t{1} << 62, false, kTag).code(), Code::kTooLarge);
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(CodeOfWrite(*writer, kBlock, "x"), Code::kClosed);
}

TEST_F(FullDiskTest, WhoDoesNotAskIsNotTold) {
  MustPut(fs_, "/f", "x");
  disk_.asks = false;
  const auto file = MustOpen(fs_, "/f");
  MustWrite(*file, kBlock, "y");
  EXPECT_EQ(disk_.used_blocks + disk_.grows_blocks, 0u);
}

TEST_F(FullDiskTest, WhatWasReservedIsRememberedWhenAVolumeResumes) {
  const auto file = MustOpen(fs_, "/f");
  ASSERT_TRUE(file->Allocate(0, 3 * kBlock, /*keep_size=*/true, kTag).ok());
  const auto resumed = Volume::Resume(volume_.base(), volume_.trace(), volume_.trace().ops.size());
  SimFileSystem again(*resumed, &disk_);
  ASSERT_TRUE(again.Stat("/").ok());
  EXPECT_EQ(disk_.used_blocks, 4u);
}

}  // namespace
}  // namespace faultfs
