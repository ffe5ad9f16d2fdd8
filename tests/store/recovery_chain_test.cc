// Segments, temporaries and what is left of interrupted work: which files are the log, which are
// dead, and what is rewritten.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/fault/fault_rules.h"
#include "store/format.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;
using Names = std::vector<std::string>;

SegmentHeader HeaderOf(StoreWorld& world, std::string_view name) {
  const std::string bytes = world.Bytes(name);
  const auto header =
      DecodeSegmentHeader(std::as_bytes(std::span(bytes)).first<kSegmentHeaderBytes>());
  EXPECT_TRUE(header.has_value()) << name;
  return header.value_or(SegmentHeader());
}

std::string Encoded(const SegmentHeader& header) {
  std::string bytes(kSegmentHeaderBytes, '\0');
  EncodeSegmentHeader(header,
                      std::as_writable_bytes(std::span(bytes)).first<kSegmentHeaderBytes>());
  return bytes;
}

TEST(RecoveredTailTest, WhatNothingProvesIsRewrittenOnce) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.PutBuffered("b", "2");
  world.PutBuffered("c", "3");
  world.Kill();

  world.MustOpen();
  EXPECT_EQ(world.store().recovery().proven_sequence, 1u);
  EXPECT_EQ(world.store().recovery().carried, 2u);
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  const SegmentHeader second = HeaderOf(world, "0000000002.wal");
  EXPECT_EQ(second.first_sequence, 2u);
  EXPECT_EQ(second.predecessor.segment, 1u);
  EXPECT_EQ(second.predecessor.last_sequence, 1u);
  EXPECT_EQ(world.Bytes("0000000001.wal").size(), second.predecessor.size_bytes)
      << "the dead copy is cut";
  world.Kill();

  world.MustOpen();
  EXPECT_EQ(world.store().recovery().proven_sequence, 3u) << "the marker says so";
  EXPECT_EQ(world.store().recovery().carried, 0u);
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST(RecoveredTailTest, IsDurableBeforeOpenReturnsAndBeforeTheOldCopyGoes) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.PutBuffered("b", "2");
  world.Kill();
  const size_t begin = world.volume().trace().ops.size();
  world.MustOpen();
  std::string steps;
  for (size_t i = begin; i < world.volume().trace().ops.size(); ++i) {
    steps.append(world.volume().trace().ops[i].tag.name()).append("\n");
  }
  EXPECT_EQ(steps,
            "wal.create\nwal.header\nwal.sync-new\nwal.sync-new\nwal.publish\nwal.sync-dir\n"
            "wal.sync-dir\nwal.cut\nwal.sync-cut\nwal.sync-cut\nwal.marker\n");
}

TEST(RecoveredTailTest, SegmentWhoseEveryRecordIsCarriedGoes) {
  StoreWorld world;
  world.MustOpen();
  world.PutBuffered("a", "1");
  world.Kill();
  world.MustOpen();
  EXPECT_EQ(world.Files(), (Names{"0000000002.wal", "LOCK"}));
  EXPECT_EQ(HeaderOf(world, "0000000002.wal").predecessor, Predecessor());
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}}));
}

TEST(RecoveredTailTest, LargeTailIsCarriedWhole) {
  StoreWorld world;
  world.MustOpen();
  Dump expected;
  for (int i = 0; i < 40; ++i) {
    const std::string value(100'000, static_cast<char>('a' + i % 26));
    world.PutBuffered(std::to_string(i), value);
    expected[std::to_string(i)] = value;
  }
  world.Kill();
  for (int i = 0; i < 3; ++i) {
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
    EXPECT_TRUE(*recovered == expected);
    world.Kill();
  }
}

TEST(DeadBytesTest, BehindTheLogicalSizeAnythingMayStand) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.PutBuffered("b", "2");
  world.Kill();
  const std::string with_tail = world.Bytes("0000000001.wal");
  world.MustOpen();
  world.Put("b", "new");
  world.Kill();
  world.SetBytes("0000000001.wal", with_tail + "garbage");  // as if the cut had been lost
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, (Dump{{"a", "1"}, {"b", "new"}}));
}

TEST(DeadBytesTest, TornTailComesBackAndStaysDead) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.PutBuffered("b", "2");
  world.Kill();
  const std::string whole = world.Bytes("0000000001.wal");
  world.CutTail("0000000001.wal", 1);
  world.MustOpen();  // decided: "b" never was
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}}));
  world.Kill();
  world.SetBytes("0000000001.wal", whole);
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(*recovered, (Dump{{"a", "1"}}));
}

class ChainTest : public ::testing::Test {
 protected:
  // Segments 1, 2, 3 with one synced put each.
  void SetUp() override {
    world_.options.segment_bytes = 1;
    world_.MustOpen();
    for (const char* key : {"a", "b", "c"}) world_.Put(key, "v");
    world_.Kill();
  }
  const Dump expected_{{"a", "v"}, {"b", "v"}, {"c", "v"}};
  StoreWorld world_;
};

TEST_F(ChainTest, MissingSegmentIsNamed) {
  world_.RemoveFile("0000000002.wal");
  const auto before = world_.ContentHash();
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption)) << status.ToString();
  EXPECT_EQ(status.file(), "db/0000000002.wal");
  EXPECT_EQ(status.sequence(), 2u);
  EXPECT_EQ(world_.ContentHash(), before);
}

TEST_F(ChainTest, ShortenedSegmentIsRefused) {
  const uint64_t live = HeaderOf(world_, "0000000003.wal").predecessor.size_bytes;
  world_.Resize("0000000002.wal", live - 1);
  EXPECT_TRUE(world_.Open().Is(Code::kCorruption));
  world_.Resize("0000000002.wal", kSegmentHeaderBytes);
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption));
  EXPECT_EQ(status.sequence(), 2u);
  EXPECT_EQ(status.message(), "a claimed mutation is missing: the segment ends too early");
}

TEST_F(ChainTest, MarkerBehindTheLogicalSizeMayBeTorn) {
  world_.CutTail("0000000002.wal", 1);
  const Result<Dump> recovered = world_.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, expected_);
}

TEST_F(ChainTest, SwappedSegmentsAreRefused) {
  const std::string first = world_.Bytes("0000000001.wal");
  world_.SetBytes("0000000001.wal", world_.Bytes("0000000002.wal"));
  world_.SetBytes("0000000002.wal", first);
  EXPECT_TRUE(world_.Open().Is(Code::kCorruption));
}

TEST_F(ChainTest, HeaderThatDoesNotContinueItsPredecessorIsRefused) {
  SegmentHeader header = HeaderOf(world_, "0000000003.wal");
  header.first_sequence = 4;
  std::string bytes = world_.Bytes("0000000003.wal");
  bytes.replace(0, kSegmentHeaderBytes, Encoded(header));
  world_.SetBytes("0000000003.wal", bytes);
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption));
  EXPECT_EQ(status.sequence(), 3u);
}

TEST_F(ChainTest, HeaderThatNamesItselfIsRefused) {
  SegmentHeader header = HeaderOf(world_, "0000000003.wal");
  header.predecessor.segment = 3;
  std::string bytes = world_.Bytes("0000000003.wal");
  bytes.replace(0, kSegmentHeaderBytes, Encoded(header));
  world_.SetBytes("0000000003.wal", bytes);
  EXPECT_TRUE(world_.Open().Is(Code::kCorruption));
}

TEST_F(ChainTest, NewestHeaderDamagedBeforeARecordIsRefused) {
  world_.ZeroRange("0000000003.wal", 0, kSegmentHeaderBytes);
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption));
  EXPECT_EQ(status.file(), "db/0000000003.wal");
  EXPECT_EQ(status.message(), "the header of a segment that holds records is damaged");
}

TEST_F(ChainTest, NewestWithoutHeaderAndRecordsNeverStarted) {
  for (const std::string& bytes :
       {std::string(), std::string(10, 'x'), std::string(kSegmentHeaderBytes, '\0'),
        std::string(5000, '\0')}) {
    world_.SetBytes("0000000009.wal", bytes);
    const Result<Dump> recovered = world_.Recovered();
    ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
    EXPECT_EQ(*recovered, expected_);
    EXPECT_FALSE(world_.HasFile("0000000009.wal"));
    EXPECT_TRUE(world_.HasFile("0000000010.wal")) << "its number is not used again";
    world_.RemoveFile("0000000010.wal");
  }
}

TEST_F(ChainTest, CopyUnderAnotherNumberNeverStarted) {
  world_.SetBytes("0000000007.wal", world_.Bytes("0000000003.wal"));
  const Result<Dump> recovered = world_.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, expected_);
}

TEST_F(ChainTest, UnlinkedOlderSegmentIsDeadWhateverItHolds) {
  world_.MustOpen();  // segment 4, empty
  world_.Kill();
  const std::string empty = world_.Bytes("0000000004.wal");
  world_.MustOpen();  // segment 5 leaves segment 4 out of the chain
  world_.Kill();
  for (const std::string& bytes : {empty, empty + "garbage", std::string("no header"),
                                   std::string(kSegmentHeaderBytes, '\0')}) {
    world_.SetBytes("0000000004.wal", bytes);  // as if the removal had been lost
    const Result<Dump> recovered = world_.Recovered();
    ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
    EXPECT_EQ(*recovered, expected_);
    EXPECT_FALSE(world_.HasFile("0000000004.wal"));
  }
}

TEST_F(ChainTest, LaterVersionIsNotTouched) {
  SegmentHeader header = HeaderOf(world_, "0000000003.wal");
  header.version = kFormatVersion + 1;
  std::string bytes = world_.Bytes("0000000003.wal");
  bytes.replace(0, kSegmentHeaderBytes, Encoded(header));
  world_.SetBytes("0000000003.wal", bytes);
  const auto before = world_.ContentHash();
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kUnsupported)) << status.ToString();
  EXPECT_EQ(status.file(), "db/0000000003.wal");
  EXPECT_EQ(world_.ContentHash(), before);
}

TEST_F(ChainTest, TemporariesGoAndTheirNumbersAreNotUsedAgain) {
  world_.SetBytes("0000000041.tmp", "half a segment");
  world_.SetBytes("notes.tmp", "not ours");
  world_.SetBytes("12.wal", "not ours");
  world_.SetBytes("00000000012.wal", "not ours");
  const Result<Dump> recovered = world_.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, expected_);
  EXPECT_EQ(world_.Files(),
            (Names{"0000000001.wal", "00000000012.wal", "0000000002.wal", "0000000003.wal",
                   "0000000042.wal", "12.wal", "LOCK", "notes.tmp"}));
}

TEST_F(ChainTest, ReadErrorsFailOpenAndAreNoEndOfTheLog) {
  // Each read of the recovery in turn; Open must pass the error on and change nothing.
  size_t failures = 0;
  for (uint64_t nth = 1;; ++nth) {
    faultfs::FaultRules rules(
        faultfs::ParseFaultRules("fail IO_ERROR read,size,list,open nth=" + std::to_string(nth))
            .value());
    world_.hook = &rules;
    const auto before = world_.ContentHash();
    const Status status = world_.Open();
    world_.hook = nullptr;
    if (rules.counts()[0].decided == 0) break;
    ++failures;
    EXPECT_TRUE(status.Is(Code::kIoError)) << status.ToString();
    EXPECT_EQ(world_.ContentHash(), before);
    world_.Kill();
  }
  EXPECT_GE(failures, 10u) << "three segments: open, size, read each, and the listing";
}

TEST(ManySegmentsTest, ChainLongerThanTheOpenReaders) {
  StoreWorld world;
  world.options.segment_bytes = 1;
  world.MustOpen();
  Dump expected;
  for (int i = 0; i < 200; ++i) {
    world.Put(std::to_string(i), "v");
    expected[std::to_string(i)] = "v";
  }
  world.Kill();
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, expected);
}

}  // namespace
}  // namespace kv
