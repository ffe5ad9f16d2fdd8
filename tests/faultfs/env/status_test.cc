#include "faultfs/env/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "faultfs/env/io_hook.h"

namespace faultfs {
namespace {

Status Corrupt() { return Status::Error(Code::kCorruption, "bad checksum"); }

TEST(Status, OkSaysNothing) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(status.Is(Code::kOk));
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.file(), "");
  EXPECT_EQ(status.offset(), std::nullopt);
  EXPECT_EQ(status.ToString(), "OK");
}

TEST(Status, AnErrorCarriesWhatIsKnown) {
  const Status status = Corrupt().File("/db/1.wal").Offset(4096).Sequence(7);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kCorruption);
  EXPECT_EQ(status.message(), "bad checksum");
  EXPECT_EQ(status.file(), "/db/1.wal");
  EXPECT_EQ(status.offset(), 4096u);
  EXPECT_EQ(status.sequence(), 7u);
}

TEST(Status, PrintsOneLine) {
  EXPECT_EQ(Corrupt().ToString(), "CORRUPTION: bad checksum");
  EXPECT_EQ(Corrupt().Offset(0).ToString(), "CORRUPTION: bad checksum (offset 0)");
  EXPECT_EQ(Corrupt().File("f").Sequence(3).ToString(),
            "CORRUPTION: bad checksum (file f, sequence 3)");
  EXPECT_EQ(Status::Error(Code::kIoError, "").File("f").ToString(), "IO_ERROR (file f)");
}

TEST(Status, TheInnermostContextStays) {
  const Status status = Corrupt().File("inner").File("outer").Offset(1).Offset(2).Sequence(3);
  EXPECT_EQ(status.file(), "inner");
  EXPECT_EQ(status.offset(), 1u);
}

TEST(Status, ContextOnOkIsNone) {
  const Status status = Status().File("f").Offset(1).Sequence(2);
  EXPECT_EQ(status.ToString(), "OK");
}

TEST(Status, ContextAddedToACopyStaysThere) {
  const Status original = Corrupt();
  const Status copy = Status(original).File("f").Offset(9);
  EXPECT_EQ(original.ToString(), "CORRUPTION: bad checksum");
  EXPECT_EQ(copy.file(), "f");
}

TEST(Status, EqualInAllParts) {
  EXPECT_EQ(Status(), Status());
  EXPECT_EQ(Corrupt(), Corrupt());
  EXPECT_NE(Corrupt(), Status());
  EXPECT_NE(Status(), Corrupt());
  EXPECT_NE(Corrupt(), Status::Error(Code::kIoError, "bad checksum"));
  EXPECT_NE(Corrupt(), Status::Error(Code::kCorruption, "other"));
  EXPECT_NE(Corrupt(), Corrupt().File("f"));
  EXPECT_NE(Corrupt(), Corrupt().Offset(0));
  EXPECT_NE(Corrupt(), Corrupt().Sequence(0));
}

TEST(Code, NamesAreUniqueAndComeBack) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::kInterrupted); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(CodeFromName(CodeName(code)), code);
    names.insert(CodeName(code));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(Code::kInterrupted) + 1);
  EXPECT_EQ(CodeFromName("NO_SUCH_CODE"), std::nullopt);
  EXPECT_EQ(CodeFromName(""), std::nullopt);
  // Spelled out in files that people keep.
  EXPECT_EQ(CodeName(Code::kOk), "OK");
  EXPECT_EQ(CodeName(Code::kNoSpace), "NO_SPACE");
  EXPECT_EQ(CodeName(Code::kIoError), "IO_ERROR");
  EXPECT_EQ(CodeName(Code::kResourceExhausted), "RESOURCE_EXHAUSTED");
}

TEST(IoOp, NamesAreUnique) {
  std::set<std::string_view> names;
  for (int i = 0; i < kIoOpCount; ++i) names.insert(IoOpName(static_cast<IoOp>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kIoOpCount));
  EXPECT_EQ(IoOpName(IoOp::kOpen), "open");
  EXPECT_EQ(IoOpName(IoOp::kWriteback), "writeback");
  EXPECT_EQ(IoOpName(IoOp::kCreateDir), "create-dir");
  EXPECT_EQ(IoOpName(IoOp::kSyncDir), "sync-dir");
  EXPECT_EQ(IoOpName(IoOp::kLock), "lock");
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Status::Error(Code::kInvalidArgument, "odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  FAULTFS_ASSIGN_OR_RETURN(const int half, Half(number));
  FAULTFS_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status IsEven(int number) {
  FAULTFS_RETURN_IF_ERROR(Half(number).status());
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_TRUE(Half(4).ok());
  EXPECT_EQ(*Half(4), 2);
  EXPECT_EQ(Half(4).status(), Status());
  EXPECT_FALSE(Half(3).ok());
  EXPECT_EQ(Half(3).status().code(), Code::kInvalidArgument);
}

TEST(Result, TheMacrosLeaveWithTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_EQ(Quarter(7).status().message(), "odd");
  EXPECT_TRUE(IsEven(2).ok());
  EXPECT_FALSE(IsEven(1).ok());
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(ResultDeathTest, TheValueOfAnErrorIsNotReadable) {
  EXPECT_DEATH((void)*Half(3), "value of a Result that holds an error");
  EXPECT_DEATH((void)Status::Error(Code::kOk, ""), "an error needs a code that is one");
  EXPECT_DEATH((void)Result<int>(Status()), "must carry an error");
}

}  // namespace
}  // namespace faultfs
