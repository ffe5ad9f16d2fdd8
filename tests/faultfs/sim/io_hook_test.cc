// What SimFileSystem shows to an IoHook, and what it makes of the hook's decisions.
#include "faultfs/env/io_hook.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"

namespace faultfs {
namespace {

using Action = IoDecision::Action;
using test::Bytes;
using test::kTag;
using test::MustOpen;
using test::MustWrite;

/// Notes each call as text; decides `next` once, for the next call of kind `on`.
class Recorder final : public IoHook {
 public:
  IoDecision Decide(const IoCall& call) override {
    std::string line(IoOpName(call.op));
    line.append(" ").append(call.path);
    if (!call.path2.empty()) line.append(" to ").append(call.path2);
    if (call.offset_bytes + call.length_bytes > 0) {
      line += " " + std::to_string(call.offset_bytes) + "+" + std::to_string(call.length_bytes);
    }
    if (!call.tag.name().empty()) line.append(" ").append(call.tag.name());
    lines.push_back(line);
    if (call.op != on) return {};
    return std::exchange(next, {});
  }

  std::vector<std::string> lines;
  IoOp on = IoOp::kOpen;
  IoDecision next;
};

class IoHookTest : public testing::Test {
 protected:
  void DecideOnce(IoOp op, IoDecision decision) {
    hook_.on = op;
    hook_.next = decision;
  }
  /// The steps from `first` on.
  std::string Steps(size_t first) {
    Trace rest;
    rest.ops.assign(volume_.trace().ops.begin() + static_cast<std::ptrdiff_t>(first),
                    volume_.trace().ops.end());
    return Describe(rest);
  }

  Volume volume_{Image()};
  Recorder hook_;
  SimFileSystem fs_{volume_, &hook_};
};

TEST_F(IoHookTest, EachCallIsShown) {
  ASSERT_TRUE(fs_.CreateDir("/d", kTag).ok());
  const auto file = MustOpen(fs_, "/d/f");
  MustOpen(fs_, "/d/f");
  EXPECT_FALSE(fs_.Open("/d/missing/f", test::kCreate, kTag).ok());
  MustWrite(*file, 10, "abc");
  std::byte buffer[5];
  ASSERT_TRUE(file->ReadAt(1, buffer).ok());
  ASSERT_TRUE(file->Truncate(4, kTag).ok());
  ASSERT_TRUE(file->Size().ok());
  ASSERT_TRUE(file->Sync(SyncKind::kData, kTag).ok());
  ASSERT_TRUE(file->StartWriteback(0, 4, kTag).ok());
  ASSERT_TRUE(file->Allocate(0, 8, true, kTag).ok());
  ASSERT_TRUE(file->Close().ok());
  ASSERT_TRUE(fs_.Link("/d/f", "g", kTag).ok());
  ASSERT_TRUE(fs_.Rename("g", "/h", kTag).ok());
  ASSERT_TRUE(fs_.Remove("/h", kTag).ok());
  ASSERT_TRUE(fs_.List("/d").ok());
  ASSERT_TRUE(fs_.Stat("/d").ok());
  ASSERT_TRUE(fs_.SyncDir("/d", kTag).ok());
  ASSERT_TRUE(fs_.Lock("/LOCK", kTag).ok());
  ASSERT_TRUE(fs_.Lock("/LOCK", kTag).ok());
  ASSERT_TRUE(fs_.CreateDir("/e", kTag).ok());
  ASSERT_TRUE(fs_.RemoveDir("/e", kTag).ok());
  const std::vector<std::string> expected = {"create-dir /d test.op",
                                             "create /d/f test.op",
                                             "open /d/f test.op",
                                             "open /d/missing/f test.op",
                                             "write /d/f 10+3 test.op",
                                             "read /d/f 1+5",
                                             "truncate /d/f 4+0 test.op",
                                             "size /d/f",
                                             "sync /d/f test.op",
                                             "writeback /d/f 0+4 test.op",
                                             "allocate /d/f 0+8 test.op",
                                             "close /d/f",
                                             "link /d/f to g test.op",
                                             "rename g to /h test.op",
                                             "remove /h test.op",
                                             "list /d",
                                             "stat /d",
                                             "sync-dir /d test.op",
                                             "create /LOCK test.op",
                                             "lock /LOCK test.op",
                                             "create-dir /e test.op",
                                             "remove-dir /e test.op"};
  EXPECT_EQ(hook_.lines, expected);
}

TEST_F(IoHookTest, AFailedCallChangesNothing) {
  const auto file = MustOpen(fs_, "/f");
  MustWrite(*file, 0, "old");
  ASSERT_TRUE(fs_.CreateDir("/d", kTag).ok());
  const size_t steps = volume_.trace().ops.size();
  const IoDecision fail{.action = Action::kFail, .code = Code::kNoSpace};
  const auto expect_no_space = [&](IoOp op, auto call) {
    DecideOnce(op, fail);
    EXPECT_EQ(call().code(), Code::kNoSpace) << IoOpName(op);
    EXPECT_EQ(hook_.next.action, Action::kProceed) << IoOpName(op) << " was not shown";
  };
  std::byte buffer[3];
  expect_no_space(IoOp::kOpen, [&] { return fs_.Open("/f", test::kRead, kTag).status(); });
  expect_no_space(IoOp::kCreate, [&] { return fs_.Open("/n", test::kCreate, kTag).status(); });
  expect_no_space(IoOp::kCreate, [&] { return fs_.Lock("/LOCK", kTag).status(); });
  expect_no_space(IoOp::kRead, [&] { return file->ReadAt(0, buffer).status(); });
  expect_no_space(IoOp::kWrite, [&] { return file->WriteAt(0, Bytes("new"), kTag).status(); });
  expect_no_space(IoOp::kTruncate, [&] { return file->Truncate(0, kTag); });
  expect_no_space(IoOp::kSize, [&] { return file->Size().status(); });
  expect_no_space(IoOp::kWriteback, [&] { return file->StartWriteback(0, 0, kTag); });
  expect_no_space(IoOp::kAllocate, [&] { return file->Allocate(0, 9, false, kTag); });
  expect_no_space(IoOp::kRemove, [&] { return fs_.Remove("/f", kTag); });
  expect_no_space(IoOp::kLink, [&] { return fs_.Link("/f", "/g", kTag); });
  expect_no_space(IoOp::kRename, [&] { return fs_.Rename("/f", "/g", kTag); });
  expect_no_space(IoOp::kCreateDir, [&] { return fs_.CreateDir("/e", kTag); });
  expect_no_space(IoOp::kRemoveDir, [&] { return fs_.RemoveDir("/d", kTag); });
  expect_no_space(IoOp::kList, [&] { return fs_.List("/").status(); });
  expect_no_space(IoOp::kStat, [&] { return fs_.Stat("/").status(); });
  expect_no_space(IoOp::kLock, [&] { return fs_.Lock("/f", kTag).status(); });
  EXPECT_EQ(volume_.trace().ops.size(), steps) << Steps(steps);

  // But a failed close has closed.
  expect_no_space(IoOp::kClose, [&] { return file->Close(); });
  EXPECT_EQ(file->Close().code(), Code::kClosed);
}

TEST_F(IoHookTest, AFailedSyncIsRecordedAsOneThatDidNothing) {
  const auto file = MustOpen(fs_, "/f");
  DecideOnce(IoOp::kSync, {.action = Action::kFail, .code = Code::kIoError});
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), Code::kIoError);
  DecideOnce(IoOp::kSyncDir, {.action = Action::kFail, .code = Code::kNoSpace});
  EXPECT_EQ(fs_.SyncDir("/", kTag).code(), Code::kNoSpace);
  DecideOnce(IoOp::kSyncDir, {.action = Action::kFail, .code = Code::kNoSpace});
  EXPECT_EQ(fs_.SyncDir("/missing", kTag).code(), Code::kNoSpace);
  EXPECT_EQ(Steps(1),
            "0 test.op sync-begin 1 of inode 2\n"
            "1 test.op sync-end 1 of inode 2 failed\n"
            "2 test.op sync-begin 2 of inode 1\n"
            "3 test.op sync-end 2 of inode 1 failed\n");
}

TEST_F(IoHookTest, AnIgnoredSyncSaysOk) {
  const auto file = MustOpen(fs_, "/f", {.write = true, .create = true, .dsync = true});
  DecideOnce(IoOp::kSync, {.action = Action::kIgnore});
  EXPECT_TRUE(file->Sync(SyncKind::kData, kTag).ok());
  DecideOnce(IoOp::kSyncDir, {.action = Action::kIgnore});
  EXPECT_TRUE(fs_.SyncDir("/", kTag).ok());
  DecideOnce(IoOp::kWrite, {.action = Action::kIgnore});
  EXPECT_EQ(*file->WriteAt(5, Bytes("abc"), kTag), 3u);
  EXPECT_EQ(Steps(1),
            "0 test.op sync-begin 1 of inode 2 data\n"
            "1 test.op sync-end 1 of inode 2 data ignored\n"
            "2 test.op sync-begin 2 of inode 1\n"
            "3 test.op sync-end 2 of inode 1 ignored\n"
            "4 test.op write inode 2 [5, 8)\n"
            "5 test.op sync-begin 3 of inode 2 data [5, 8)\n"
            "6 test.op sync-end 3 of inode 2 data [5, 8) ignored\n");
}

TEST_F(IoHookTest, AShortTransferIsAPrefix) {
  const auto file = MustOpen(fs_, "/f");
  DecideOnce(IoOp::kWrite, {.action = Action::kShort, .bytes = 4});
  EXPECT_EQ(*file->WriteAt(0, Bytes("abcdefgh"), kTag), 4u);
  EXPECT_EQ(*file->Size(), 4u);
  std::byte buffer[4];
  DecideOnce(IoOp::kRead, {.action = Action::kShort, .bytes = 0});
  EXPECT_EQ(*file->ReadAt(0, buffer), 1u) << "at least one byte";
  EXPECT_EQ(buffer[0], std::byte{'a'});
  DecideOnce(IoOp::kWrite, {.action = Action::kShort, .bytes = 100});
  EXPECT_EQ(*file->WriteAt(4, Bytes("xy"), kTag), 2u);
  DecideOnce(IoOp::kWrite, {.action = Action::kShort, .bytes = 3});
  EXPECT_EQ(*file->WriteAt(0, {}, kTag), 0u);
  EXPECT_EQ(Steps(1), "0 test.op write inode 2 [0, 4)\n1 test.op write inode 2 [4, 6)\n");
}

/// A hook that uses the volume, as a driver that watches a run does.
class Onlooker final : public IoHook {
 public:
  explicit Onlooker(Volume& volume) : volume_(volume) {}
  IoDecision Decide(const IoCall&) override {
    volume_.Mark(volume_.live().next_inode());
    return {};
  }

 private:
  Volume& volume_;
};

TEST(IoHookLockTest, AHookMayUseTheVolume) {
  Volume volume{Image()};
  Onlooker hook(volume);
  SimFileSystem fs(volume, &hook);
  MustOpen(fs, "/f");
  MustOpen(fs, "/f");
  EXPECT_EQ(Describe(volume.trace()),
            "0 - mark 2\n1 test.op create inode 2: \"f\" in 1\n2 - mark 3\n");
}

}  // namespace
}  // namespace faultfs
