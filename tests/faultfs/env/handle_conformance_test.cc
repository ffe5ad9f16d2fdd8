// How files are opened, what a descriptor may do, how long it lives; locks.
#include "tests/faultfs/env/conformance.h"

namespace faultfs {
namespace {

using HandleConformance = Conformance;
INSTANTIATE_TEST_SUITE_P(All, HandleConformance, testing::ValuesIn(kSubjects), SubjectName);

constexpr OpenFlags kWrite{.write = true};
constexpr OpenFlags kCreate{.write = true, .create = true};
constexpr OpenFlags kExclusive{.write = true, .create = true, .exclusive = true};

TEST_P(HandleConformance, OpenOfAMissingFile) {
  EXPECT_EQ(Open("f"), Code::kNotFound);
  EXPECT_EQ(Open("f", kWrite), Code::kNotFound);
  EXPECT_EQ(Names(), "");
  EXPECT_EQ(Open("f", kCreate), Code::kOk);
  EXPECT_EQ(Names(), "f");
}

TEST_P(HandleConformance, CreateKeepsWhatIsThere) {
  Put("f", "content");
  EXPECT_EQ(Open("f", kCreate), Code::kOk);
  EXPECT_EQ(Content("f"), "content");
}

TEST_P(HandleConformance, ExclusiveMakesOrRefuses) {
  EXPECT_EQ(Open("f", kExclusive), Code::kOk);
  EXPECT_EQ(Open("f", kExclusive), Code::kAlreadyExists);
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Open("d", kExclusive), Code::kAlreadyExists);
}

TEST_P(HandleConformance, FlagsThatMakeNoSense) {
  EXPECT_EQ(Open("f", {.create = true}), Code::kInvalidArgument);
  EXPECT_EQ(Open("f", {.write = true, .exclusive = true}), Code::kInvalidArgument);
  EXPECT_EQ(Open("f", {.create = true, .exclusive = true}), Code::kInvalidArgument);
  EXPECT_EQ(Names(), "");
}

TEST_P(HandleConformance, ADirectoryIsNotOpened) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Open("d"), Code::kIsADirectory);
  EXPECT_EQ(Open("d", kWrite), Code::kIsADirectory);
  EXPECT_EQ(Open("d", kCreate), Code::kIsADirectory);
  EXPECT_EQ(Open(""), Code::kIsADirectory) << "the test's own directory";
}

TEST_P(HandleConformance, ReadOnlyMeansReadOnly) {
  Put("f", "abc");
  const auto file = ReadOnly("f");
  EXPECT_EQ(Of(file->WriteAt(0, Bytes("x"), kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->WriteAt(0, {}, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Truncate(0, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Allocate(0, 100, false, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Allocate(0, 100, true, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(ReadText(*file), "abc");
}

TEST_P(HandleConformance, CloseTwiceAndUseAfterClose) {
  const auto file = Writable("f");
  WriteText(*file, 0, "abc");
  EXPECT_EQ(Of(file->Close()), Code::kOk);
  EXPECT_EQ(Of(file->Close()), Code::kClosed);
  std::byte byte{};
  EXPECT_EQ(Of(file->ReadAt(0, {&byte, 1})), Code::kClosed);
  EXPECT_EQ(Of(file->WriteAt(0, {&byte, 1}, kTag)), Code::kClosed);
  EXPECT_EQ(Of(file->Truncate(0, kTag)), Code::kClosed);
  EXPECT_EQ(Of(file->Size()), Code::kClosed);
  EXPECT_EQ(Of(file->Sync(SyncKind::kFull, kTag)), Code::kClosed);
  EXPECT_EQ(Of(file->StartWriteback(0, 0, kTag)), Code::kClosed);
  EXPECT_EQ(Of(file->Allocate(0, 10, false, kTag)), Code::kClosed);
  EXPECT_EQ(Content("f"), "abc");
}

TEST_P(HandleConformance, UnlinkedFileLivesOnInItsDescriptor) {
  Put("f", "abc");
  const auto file = Writable("f");
  EXPECT_EQ(Remove("f"), Code::kOk);
  EXPECT_EQ(Names(), "");
  WriteText(*file, 3, "def");
  EXPECT_EQ(ReadText(*file), "abcdef");
  EXPECT_EQ(Of(file->Truncate(4, kTag)), Code::kOk);
  EXPECT_EQ(Of(file->Sync(SyncKind::kFull, kTag)), Code::kOk);
  EXPECT_EQ(ReadText(*file), "abcd");
}

TEST_P(HandleConformance, ANewFileUnderAnOldNameIsAnotherFile) {
  Put("f", "old");
  const auto old = Writable("f");
  EXPECT_EQ(Remove("f"), Code::kOk);
  Put("f", "new");
  WriteText(*old, 0, "OLD");
  EXPECT_EQ(Content("f"), "new");
  EXPECT_EQ(ReadText(*old), "OLD");
}

TEST_P(HandleConformance, ADescriptorFollowsItsFileThroughARename) {
  Put("f", "abc");
  Put("g", "replaced");
  const auto file = Writable("f");
  const auto replaced = ReadOnly("g");
  EXPECT_EQ(Rename("f", "g"), Code::kOk);
  WriteText(*file, 3, "!");
  EXPECT_EQ(Content("g"), "abc!");
  EXPECT_EQ(ReadText(*replaced), "replaced");
}

TEST_P(HandleConformance, LockIsExclusiveAndEndsWithItsHandle) {
  auto first = fs().Lock(In("LOCK"), kTag);
  ASSERT_EQ(Of(first), Code::kOk);
  EXPECT_EQ(Lock("LOCK"), Code::kLocked);
  EXPECT_EQ(Lock("LOCK"), Code::kLocked) << "being refused releases nothing";
  first = Status::Error(Code::kNotFound, "the lock goes here");
  EXPECT_EQ(Lock("LOCK"), Code::kOk);
}

TEST_P(HandleConformance, LockCreatesItsFileAndLeavesIt) {
  EXPECT_EQ(Lock("LOCK"), Code::kOk);
  EXPECT_EQ(Names(), "LOCK");
  EXPECT_EQ(Content("LOCK"), "");
  Put("LOCK", "content");
  EXPECT_EQ(Lock("LOCK"), Code::kOk);
  EXPECT_EQ(Content("LOCK"), "content");
}

TEST_P(HandleConformance, LockIsOfTheFileAndNotOfItsName) {
  const auto lock = fs().Lock(In("LOCK"), kTag);
  EXPECT_EQ(Link("LOCK", "other"), Code::kOk);
  EXPECT_EQ(Lock("other"), Code::kLocked);
  EXPECT_EQ(Remove("LOCK"), Code::kOk);
  EXPECT_EQ(Lock("LOCK"), Code::kOk) << "a new file";
  EXPECT_EQ(Lock("other"), Code::kLocked);
}

TEST_P(HandleConformance, LockKeepsNobodyFromReadingAndWriting) {
  const auto lock = fs().Lock(In("LOCK"), kTag);
  Put("LOCK", "written");
  EXPECT_EQ(Content("LOCK"), "written");
}

TEST_P(HandleConformance, LockWhereNoFileCanBe) {
  EXPECT_EQ(CreateDir("d"), Code::kOk);
  EXPECT_EQ(Lock("d"), Code::kIsADirectory);
  EXPECT_EQ(Lock("missing/LOCK"), Code::kNotFound);
}

}  // namespace
}  // namespace faultfs
