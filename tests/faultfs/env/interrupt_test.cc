// What PosixFileSystem makes of calls that a signal interrupts. The calls of the C library that it
// makes are replaced here by ones that are interrupted as often as told before they go through:
// the kernel interrupts calls on ordinary files too rarely to wait for.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "faultfs/env/posix_file_system.h"

namespace {

int interrupts_left = 0;
int calls = 0;

/// Whether this call is interrupted.
bool Interrupted() {
  ++calls;
  if (interrupts_left == 0) return false;
  --interrupts_left;
  errno = EINTR;
  return true;
}

}  // namespace

extern "C" {

ssize_t pread(int fd, void* buffer, size_t size, off_t offset) {
  return Interrupted() ? -1 : syscall(SYS_pread64, fd, buffer, size, offset);
}
ssize_t pwrite(int fd, const void* buffer, size_t size, off_t offset) {
  return Interrupted() ? -1 : syscall(SYS_pwrite64, fd, buffer, size, offset);
}
int fsync(int fd) { return Interrupted() ? -1 : static_cast<int>(syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { return Interrupted() ? -1 : static_cast<int>(syscall(SYS_fdatasync, fd)); }
int ftruncate(int fd, off_t size) noexcept {
  return Interrupted() ? -1 : static_cast<int>(syscall(SYS_ftruncate, fd, size));
}
int fallocate(int fd, int mode, off_t offset, off_t size) {
  return Interrupted() ? -1 : static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, size));
}

}  // extern "C"

namespace faultfs {
namespace {

constexpr IoTag kTag{"test"};

class Interrupt : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(root_.data()), nullptr);
    auto file = fs_.Open(root_ + "/f", {.write = true, .create = true}, kTag);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    file_ = std::move(file).value();
    Write("before");
    calls = 0;
  }
  void TearDown() override {
    interrupts_left = 0;
    EXPECT_TRUE(fs_.Remove(root_ + "/f", kTag).ok());
    EXPECT_TRUE(fs_.RemoveDir(root_, kTag).ok());
  }

  void Write(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    const WriteOutcome outcome = WriteFully(*file_, 0, bytes, kTag);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.ToString();
  }
  std::string Read() {
    std::string text(64, '\0');
    const auto bytes = std::as_writable_bytes(std::span(text.data(), text.size()));
    const Result<size_t> got = ReadFully(*file_, 0, bytes);
    EXPECT_TRUE(got.ok()) << got.status().ToString();
    text.resize(got.ok() ? *got : 0);
    return text;
  }

  std::string root_ = testing::TempDir() + "interrupt-XXXXXX";
  PosixFileSystem fs_;
  std::unique_ptr<File> file_;
};

TEST_F(Interrupt, AReadIsTakenUpAgain) {
  interrupts_left = 3;
  EXPECT_EQ(Read(), "before");
  EXPECT_EQ(calls, 5);  // three interrupted, one with the bytes, one for the end of the file
}

TEST_F(Interrupt, AWriteIsTakenUpAgain) {
  interrupts_left = 2;
  Write("behind");
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Read(), "behind");
}

TEST_F(Interrupt, ATruncateAndAnAllocationAreTakenUpAgain) {
  interrupts_left = 2;
  EXPECT_TRUE(file_->Truncate(2, kTag).ok());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Read(), "be");
  interrupts_left = 1;
  const Status allocated = file_->Allocate(0, 4, /*keep_size=*/false, kTag);
  EXPECT_TRUE(allocated.ok() || allocated.Is(Code::kUnsupported)) << allocated.ToString();
}

/// A second fsync that succeeds would hide a first that failed.
TEST_F(Interrupt, ASyncIsReportedAndNotTakenUpAgain) {
  for (SyncKind kind : {SyncKind::kFull, SyncKind::kData}) {
    calls = 0;
    interrupts_left = 1;
    EXPECT_TRUE(file_->Sync(kind, kTag).Is(Code::kInterrupted));
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(file_->Sync(kind, kTag).ok());
  }
  calls = 0;
  interrupts_left = 1;
  EXPECT_TRUE(fs_.SyncDir(root_, kTag).Is(Code::kInterrupted));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace faultfs
