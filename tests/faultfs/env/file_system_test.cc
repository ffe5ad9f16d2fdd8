// ReadFully and WriteFully over files that do things by halves, and what only the real system has.
#include "faultfs/env/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "faultfs/env/posix_file_system.h"

namespace faultfs {
namespace {

constexpr IoTag kTag{"test.io"};

/// Moves at most `step` bytes a call, and fails on the call after `budget` bytes.
class StutteringFile final : public File {
 public:
  StutteringFile(std::string content, size_t step, size_t budget)
      : content_(std::move(content)), step_(step), budget_(budget) {}

  Result<size_t> ReadAt(uint64_t offset_bytes, std::span<std::byte> out) override {
    if (moved_ >= budget_) return Status::Error(Code::kIoError, "budget");
    if (offset_bytes >= content_.size()) return size_t{0};
    const size_t length = std::min({step_, out.size(), content_.size() - offset_bytes});
    std::memcpy(out.data(), content_.data() + offset_bytes, length);
    moved_ += length;
    return length;
  }
  Result<size_t> WriteAt(uint64_t offset_bytes, std::span<const std::byte> data, IoTag) override {
    if (moved_ >= budget_) return Status::Error(Code::kNoSpace, "budget");
    const size_t length = std::min(step_, data.size());
    content_.resize(std::max<size_t>(content_.size(), offset_bytes + length));
    std::memcpy(content_.data() + offset_bytes, data.data(), length);
    moved_ += length;
    return length;
  }
  Status Truncate(uint64_t, IoTag) override { return {}; }
  Result<uint64_t> Size() override { return content_.size(); }
  Status Sync(SyncKind, IoTag) override { return {}; }
  Status StartWriteback(uint64_t, uint64_t, IoTag) override { return {}; }
  Status Allocate(uint64_t, uint64_t, bool, IoTag) override { return {}; }
  Status Close() override { return {}; }

  const std::string& content() const { return content_; }

 private:
  std::string content_;
  const size_t step_;
  const size_t budget_;
  size_t moved_ = 0;
};

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(ReadFully, GoesOnAfterShortReads) {
  StutteringFile file("abcdefgh", 3, 100);
  std::string out(6, '?');
  EXPECT_EQ(*ReadFully(file, 1, std::as_writable_bytes(std::span(out))), 6u);
  EXPECT_EQ(out, "bcdefg");
}

TEST(ReadFully, StopsAtTheEndOfTheFile) {
  StutteringFile file("abcdefgh", 3, 100);
  std::string out(10, '?');
  EXPECT_EQ(*ReadFully(file, 4, std::as_writable_bytes(std::span(out))), 4u);
  EXPECT_EQ(out, "efgh??????");
}

TEST(ReadFully, AnErrorIsNotTakenForTheEnd) {
  StutteringFile file("abcdefgh", 3, 4);
  std::string out(8, '?');
  const auto got = ReadFully(file, 0, std::as_writable_bytes(std::span(out)));
  EXPECT_EQ(got.status().code(), Code::kIoError);
}

TEST(WriteFully, GoesOnAfterShortWrites) {
  StutteringFile file("", 3, 100);
  const WriteOutcome outcome = WriteFully(file, 2, Bytes("abcdefgh"), kTag);
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.written_bytes, 8u);
  EXPECT_EQ(file.content(), std::string(2, '\0') + "abcdefgh");
}

TEST(WriteFully, SaysHowFarItCame) {
  StutteringFile file("", 3, 6);
  const WriteOutcome outcome = WriteFully(file, 0, Bytes("abcdefgh"), kTag);
  EXPECT_EQ(outcome.status.code(), Code::kNoSpace);
  EXPECT_EQ(outcome.written_bytes, 6u);
  EXPECT_EQ(file.content(), "abcdef");
}

TEST(WriteFully, NothingToWriteIsNoCall) {
  StutteringFile file("", 3, 0);
  EXPECT_TRUE(WriteFully(file, 0, {}, kTag).status.ok());
}

// Linux has a device that is always full, so this is the kernel's own ENOSPC.
TEST(PosixFileSystem, ReportsAFullDisk) {
  PosixFileSystem fs;
  auto file = fs.Open("/dev/full", {.write = true}, kTag);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const WriteOutcome outcome = WriteFully(**file, 0, Bytes("x"), kTag);
  EXPECT_EQ(outcome.status.code(), Code::kNoSpace);
  EXPECT_EQ(outcome.written_bytes, 0u);
  EXPECT_EQ(outcome.status.file(), "/dev/full");
  EXPECT_EQ(outcome.status.offset(), 0u);
}

TEST(PosixFileSystem, AnErrorNamesCallReasonAndFile) {
  PosixFileSystem fs;
  const Status status = fs.Open("/no/such/file", {}, kTag).status();
  EXPECT_EQ(status.ToString(), "NOT_FOUND: open: No such file or directory (file /no/such/file)");
}

TEST(PosixFileSystem, WhatIsNeitherFileNorDirectoryHasNoStat) {
  PosixFileSystem fs;
  EXPECT_EQ(fs.Stat("/dev/null").status().code(), Code::kUnsupported);
}

// A descriptor that an exec'd program inherits would hold a lock for ever.
TEST(PosixFileSystem, ClosesItsDescriptorsOnExec) {
  const std::string path = testing::TempDir() + "crashlab-cloexec-" + std::to_string(::getpid());
  PosixFileSystem fs;
  const auto file = fs.Open(path, {.write = true, .create = true}, kTag);
  ASSERT_TRUE(file.ok());
  const auto lock = fs.Lock(path, kTag);
  ASSERT_TRUE(lock.ok());
  const std::string command = "for fd in /proc/self/fd/*; do [ \"$(readlink $fd)\" = '" + path +
                              "' ] && exit 1; done; exit 0";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(fs.Remove(path, kTag).ok());
}

}  // namespace
}  // namespace faultfs
