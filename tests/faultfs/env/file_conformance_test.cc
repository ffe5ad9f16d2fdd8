// What a file holds: bytes, sizes, holes, space.
#include <limits>

#include "tests/faultfs/env/conformance.h"

namespace faultfs {
namespace {

using FileConformance = Conformance;
INSTANTIATE_TEST_SUITE_P(All, FileConformance, testing::ValuesIn(kSubjects), SubjectName);

const std::string kPage(4096, 'p');

TEST_P(FileConformance, NewFileIsEmpty) {
  const auto file = Writable("f");
  EXPECT_EQ(*file->Size(), 0u);
  EXPECT_EQ(ReadText(*file), "");
  EXPECT_EQ(StatOf("f").size_bytes, 0u);
}

TEST_P(FileConformance, WritesAtTheEndAppend) {
  const auto file = Writable("f");
  WriteText(*file, 0, "one");
  WriteText(*file, 3, "two");
  EXPECT_EQ(ReadText(*file), "onetwo");
  EXPECT_EQ(*file->Size(), 6u);
}

TEST_P(FileConformance, OverwriteKeepsTheRest) {
  Put("f", "abcdefgh");
  WriteText(*Writable("f"), 2, "XY");
  EXPECT_EQ(Content("f"), "abXYefgh");
}

TEST_P(FileConformance, OverwriteAcrossPages) {
  const auto file = Writable("f");
  WriteText(*file, 0, kPage + kPage + kPage);
  WriteText(*file, 4094, "1234");
  EXPECT_EQ(ReadText(*file, 4090, 12), "pppp1234pppp");
  EXPECT_EQ(*file->Size(), 3 * 4096u);
}

TEST_P(FileConformance, GapsReadAsZeros) {
  const auto file = Writable("f");
  WriteText(*file, 10'000, "end");
  EXPECT_EQ(ReadText(*file), std::string(10'000, '\0') + "end");
}

TEST_P(FileConformance, ReadAtTheEndGivesNothing) {
  Put("f", "abc");
  const auto file = ReadOnly("f");
  EXPECT_EQ(ReadText(*file, 2), "c");
  EXPECT_EQ(ReadText(*file, 3), "");
  EXPECT_EQ(ReadText(*file, 1'000'000), "");
}

TEST_P(FileConformance, TransfersOfNothing) {
  Put("f", "abc");
  const auto file = Writable("f");
  EXPECT_EQ(*file->ReadAt(1, {}), 0u);
  EXPECT_EQ(*file->WriteAt(1, {}, kTag), 0u);
  EXPECT_EQ(*file->WriteAt(100, {}, kTag), 0u) << "an empty write beyond the end grows nothing";
  EXPECT_EQ(*file->Size(), 3u);
}

TEST_P(FileConformance, TruncateCuts) {
  Put("f", "abcdef");
  EXPECT_EQ(Of(Writable("f")->Truncate(2, kTag)), Code::kOk);
  EXPECT_EQ(Content("f"), "ab");
}

TEST_P(FileConformance, TruncateExtendsWithZeros) {
  Put("f", "ab");
  EXPECT_EQ(Of(Writable("f")->Truncate(9000, kTag)), Code::kOk);
  EXPECT_EQ(Content("f"), "ab" + std::string(8998, '\0'));
}

TEST_P(FileConformance, WhatWasCutDoesNotComeBack) {
  Put("f", "secret");
  const auto file = Writable("f");
  EXPECT_EQ(Of(file->Truncate(2, kTag)), Code::kOk);
  EXPECT_EQ(Of(file->Truncate(6, kTag)), Code::kOk);
  EXPECT_EQ(ReadText(*file), "se" + std::string(4, '\0'));
  EXPECT_EQ(Of(file->Truncate(1, kTag)), Code::kOk);
  WriteText(*file, 3, "x");
  EXPECT_EQ(ReadText(*file), "s" + std::string(2, '\0') + "x");
}

TEST_P(FileConformance, AllocateGrows) {
  Put("f", "abc");
  const auto file = Writable("f");
  EXPECT_EQ(Of(file->Allocate(1, 5000, /*keep_size=*/false, kTag)), Code::kOk);
  EXPECT_EQ(ReadText(*file), "abc" + std::string(4998, '\0'));
  EXPECT_EQ(Of(file->Allocate(0, 10, /*keep_size=*/false, kTag)), Code::kOk);
  EXPECT_EQ(*file->Size(), 5001u) << "allocating never shrinks";
}

TEST_P(FileConformance, AllocateCanKeepTheSize) {
  Put("f", "abc");
  const auto file = Writable("f");
  EXPECT_EQ(Of(file->Allocate(0, 8192, /*keep_size=*/true, kTag)), Code::kOk);
  EXPECT_EQ(*file->Size(), 3u);
  WriteText(*file, 5, "x");
  EXPECT_EQ(ReadText(*file), "abc" + std::string(2, '\0') + "x");
}

TEST_P(FileConformance, AllocateOfNothingIsInvalid) {
  const auto file = Writable("f");
  EXPECT_EQ(Of(file->Allocate(0, 0, false, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Allocate(0, 0, true, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(*file->Size(), 0u);
}

TEST_P(FileConformance, NumbersBeyondWhatAnOffsetHoldsAreInvalid) {
  constexpr uint64_t kTooFar = uint64_t{1} << 63;
  const auto file = Writable("f");
  std::byte byte{};
  EXPECT_EQ(Of(file->ReadAt(kTooFar, {&byte, 1})), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->WriteAt(kTooFar, {&byte, 1}, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Truncate(kTooFar, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Allocate(kTooFar, 1, false, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->Allocate(0, kTooFar, false, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(Of(file->StartWriteback(kTooFar, 1, kTag)), Code::kInvalidArgument);
  EXPECT_EQ(*file->Size(), 0u);
}

TEST_P(FileConformance, SyncsOfEveryKind) {
  const auto file = Writable("f");
  WriteText(*file, 0, kPage);
  EXPECT_EQ(Of(file->StartWriteback(0, 100, kTag)), Code::kOk);
  EXPECT_EQ(Of(file->StartWriteback(50, 0, kTag)), Code::kOk) << "0: to the end";
  EXPECT_EQ(Of(file->Sync(SyncKind::kData, kTag)), Code::kOk);
  EXPECT_EQ(Of(file->Sync(SyncKind::kFull, kTag)), Code::kOk);
  EXPECT_EQ(Of(ReadOnly("f")->Sync(SyncKind::kFull, kTag)), Code::kOk) << "through any descriptor";
  EXPECT_EQ(ReadText(*file), kPage);
}

TEST_P(FileConformance, DsyncWritesLikeAnyOther) {
  const auto file = Opened("f", {.write = true, .create = true, .dsync = true});
  WriteText(*file, 0, "abc");
  WriteText(*file, 3, kPage);
  EXPECT_EQ(Content("f"), "abc" + kPage);
}

TEST_P(FileConformance, DescriptorsSeeEachOther) {
  const auto a = Writable("f");
  const auto b = Writable("f");
  WriteText(*a, 0, "from a");
  EXPECT_EQ(ReadText(*b), "from a");
  EXPECT_EQ(Of(b->Truncate(4, kTag)), Code::kOk);
  EXPECT_EQ(*a->Size(), 4u);
}

}  // namespace
}  // namespace faultfs
