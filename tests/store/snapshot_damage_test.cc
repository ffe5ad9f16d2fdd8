// Snapshots that are damaged, older than the log reaches back to, newer than it, or not there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/fault/fault_rules.h"
#include "store/format.h"
#include "store/snapshot_format.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::Image;
using faultfs::Result;
using faultfs::Status;

constexpr std::string_view kSnapshot = "0000000003.snap";

void ExpectOk(const Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }

const Dump kDump{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}};

// Three mutations in the snapshot, a fourth behind it.
Image WithSnapshot(bool compact) {
  StoreWorld world;
  world.MustOpen();
  for (const char* key : {"a", "b", "c"}) world.Put(key, std::string(1, *key - 'a' + '1'));
  ExpectOk(compact ? world.store().Compact() : world.store().Snapshot());
  world.Put("d", "4");
  world.Kill();
  return world.volume().live();
}

// The log reaches back to the beginning, or nothing does.
void ExpectFallsBackOrRefuses(const std::string& bytes, const std::string& what) {
  StoreWorld with_log(2, WithSnapshot(/*compact=*/false));
  with_log.SetBytes(kSnapshot, bytes);
  const Result<Dump> recovered = with_log.Recovered();
  ASSERT_TRUE(recovered.ok()) << what << ": " << recovered.status().ToString();
  EXPECT_EQ(*recovered, kDump) << what;
  EXPECT_EQ(with_log.store().recovery().bad_snapshots, 1u) << what;
  ExpectOk(with_log.store().Compact());
  EXPECT_FALSE(with_log.HasFile(kSnapshot)) << what;
  EXPECT_EQ(with_log.Recovered().value(), kDump) << what;

  StoreWorld alone(2, WithSnapshot(/*compact=*/true));
  alone.SetBytes(kSnapshot, bytes);
  const auto before = alone.ContentHash();
  const Status status = alone.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption)) << what << ": " << status.ToString();
  EXPECT_EQ(status.file(), "db/0000000003.snap") << what;
  EXPECT_TRUE(status.offset().has_value() && status.sequence() == 3u) << what;
  EXPECT_EQ(alone.ContentHash(), before) << "a refused Open changes nothing";
}

std::string SnapshotBytes() { return StoreWorld(1, WithSnapshot(true)).Bytes(kSnapshot); }

TEST(SnapshotDamageTest, EveryBitOfEveryByte) {
  std::string bytes = SnapshotBytes();
  for (size_t offset = 0; offset < bytes.size(); ++offset) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      const char good = bytes[offset];
      bytes[offset] = static_cast<char>(good ^ mask);
      ExpectFallsBackOrRefuses(bytes, std::to_string(offset));
      bytes[offset] = good;
    }
  }
}

TEST(SnapshotDamageTest, CutAtEveryByteZeroLengthAmongThem) {
  const std::string bytes = SnapshotBytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ExpectFallsBackOrRefuses(bytes.substr(0, size), std::to_string(size));
  }
}

TEST(SnapshotDamageTest, ZerosTextAndTrailingBytes) {
  const std::string bytes = SnapshotBytes();
  ExpectFallsBackOrRefuses(std::string(bytes.size(), '\0'), "zeros");
  ExpectFallsBackOrRefuses(std::string(4096, '\0'), "a page of zeros");
  ExpectFallsBackOrRefuses(bytes + std::string(1, '\0'), "one byte more");
  ExpectFallsBackOrRefuses(bytes + bytes, "twice");
  ExpectFallsBackOrRefuses(std::string(500, 'x'), "text");
}

TEST(SnapshotDamageTest, AnotherSnapshotUnderItsName) {
  StoreWorld other(7);
  other.MustOpen();
  other.Put("x", "wrong");
  ExpectOk(other.store().Snapshot());
  ExpectFallsBackOrRefuses(other.Bytes("0000000001.snap"), "another sequence");
}

TEST(SnapshotDamageTest, ChunksOfAnotherSnapshotOfThatSequence) {
  StoreWorld other(7);
  other.MustOpen();
  for (const char* key : {"a", "b", "c"}) other.Put(key, "x");
  ExpectOk(other.store().Snapshot());
  std::string bytes = SnapshotBytes();
  const std::string foreign = other.Bytes(kSnapshot);
  ASSERT_EQ(bytes.size(), foreign.size());
  bytes.replace(kSnapshotHeaderBytes, std::string::npos, foreign.substr(kSnapshotHeaderBytes));
  ExpectFallsBackOrRefuses(bytes, "another salt");
}

TEST(SnapshotDamageTest, OfALaterVersionIsNotGuessedAt) {
  for (const bool compact : {false, true}) {
    StoreWorld world(2, WithSnapshot(compact));
    std::string bytes = world.Bytes(kSnapshot);
    const auto head = std::as_writable_bytes(std::span(bytes)).first<kSnapshotHeaderBytes>();
    SnapshotHeader header = DecodeSnapshotHeader(head).value();
    header.version = 2;
    EncodeSnapshotHeader(header, head);
    world.SetBytes(kSnapshot, bytes);
    const Status status = world.Open();
    EXPECT_TRUE(status.Is(Code::kUnsupported)) << status.ToString();
    EXPECT_EQ(status.file(), "db/0000000003.snap");
  }
}

TEST(SnapshotDamageTest, ReadErrorIsNoDamage) {
  for (const char* rule : {"fail IO_ERROR read path=db/0000000003.snap",
                           "fail IO_ERROR open path=db/0000000003.snap"}) {
    StoreWorld world(2, WithSnapshot(/*compact=*/false));
    faultfs::FaultRules rules(faultfs::ParseFaultRules(rule).value());
    world.hook = &rules;
    const auto before = world.ContentHash();
    EXPECT_TRUE(world.Open().Is(Code::kIoError));
    EXPECT_EQ(world.ContentHash(), before);
    world.hook = nullptr;
    EXPECT_EQ(world.Recovered().value(), kDump);
  }
}

TEST(SnapshotDamageTest, NoLogAndNoWholeSnapshotIsNoEmptyStore) {
  StoreWorld world(2, WithSnapshot(/*compact=*/true));
  for (const std::string& name : world.Files()) {
    if (name.ends_with(".wal")) world.RemoveFile(name);
  }
  world.SetBytes(kSnapshot, "");
  EXPECT_TRUE(world.Open().Is(Code::kCorruption));
}

TEST(SnapshotDamageTest, ANameIsAClaim) {
  StoreWorld world;
  world.MustOpen();
  for (int i = 0; i < 3; ++i) world.Put(std::to_string(i), "v");
  world.Kill();
  world.SetBytes("0000000009.snap", "");
  const Status status = world.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption)) << "nine mutations were durable; three are there";
  world.RemoveFile("0000000009.snap");
  world.SetBytes("0000000003.snap", "");
  EXPECT_EQ(world.Recovered().value().size(), 3u);
}

class PreviousSnapshotTest : public ::testing::Test {
 protected:
  // Compacted at 1, a snapshot at 3, one at 5, and a sixth mutation.
  void SetUp() override {
    world_.options.segment_bytes = 1;
    world_.MustOpen();
    for (int i = 1; i <= 6; ++i) {
      world_.Put("k" + std::to_string(i), "v");
      expected_["k" + std::to_string(i)] = "v";
      if (i == 1) ExpectOk(world_.store().Compact());
      if (i == 3 || i == 5) ExpectOk(world_.store().Snapshot());
    }
    world_.Kill();
  }
  StoreWorld world_;
  Dump expected_;
};

TEST_F(PreviousSnapshotTest, IsUsedIfTheLogReachesBackToIt) {
  ASSERT_TRUE(world_.HasFile("0000000003.snap"));
  world_.FlipByte("0000000005.snap", 50);
  for (int i = 0; i < 2; ++i) {
    const Result<Dump> recovered = world_.Recovered();
    ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
    EXPECT_EQ(*recovered, expected_);
    EXPECT_EQ(world_.store().recovery().snapshot_sequence, 3u);
    EXPECT_EQ(world_.store().recovery().replayed, 3u);
  }
}

TEST_F(PreviousSnapshotTest, AGapBehindItIsNoticed) {
  // Mutations 4 and 5 are in files of their own.
  world_.FlipByte("0000000005.snap", 50);
  std::string lost;
  for (const std::string& name : world_.Files()) {
    if (!name.ends_with(".wal")) continue;
    const std::string bytes = world_.Bytes(name);
    const auto header =
        DecodeSegmentHeader(std::as_bytes(std::span(bytes)).first<kSegmentHeaderBytes>());
    if (header->first_sequence == 4) lost = name;
  }
  ASSERT_NE(lost, "");
  world_.RemoveFile(lost);
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption)) << status.ToString();
  EXPECT_NE(status.message().find(lost), std::string_view::npos) << status.message();
}

TEST_F(PreviousSnapshotTest, BothDamagedIsRefused) {
  world_.FlipByte("0000000005.snap", 50);
  world_.FlipByte("0000000003.snap", 50);
  const Status status = world_.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption)) << "mutation 1 was compacted away";
  EXPECT_EQ(status.file(), "db/0000000005.snap");
}

TEST(CoveredTest, DamageToWhatTheSnapshotCoversIsNotJudged) {
  const Image image = WithSnapshot(/*compact=*/false);
  const size_t size = StoreWorld(1, image).Bytes("0000000001.wal").size();
  for (size_t offset = 0; offset < size; ++offset) {
    StoreWorld world(2, image);
    world.FlipByte("0000000001.wal", offset);
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << offset << ": " << recovered.status().ToString();
    ASSERT_EQ(*recovered, kDump);
  }
  StoreWorld world(2, image);
  world.RemoveFile("0000000001.wal");
  EXPECT_EQ(world.Recovered().value(), kDump) << "a gap below the snapshot is legal";
}

// A log of `puts` records in one segment, and a snapshot of its first `covered` mutations.
Image Straddling(int puts, int covered, Durability durability = Durability::kSync) {
  const auto value_of = [](int i) { return std::to_string(i); };
  StoreWorld other(5);
  other.MustOpen();
  for (int i = 1; i <= covered; ++i) other.Put("k", value_of(i));
  ExpectOk(other.store().Snapshot());
  const std::string name = SnapshotPath("", static_cast<uint64_t>(covered)).substr(1);
  StoreWorld world;
  world.MustOpen();
  for (int i = 1; i <= puts; ++i) {
    ExpectOk(world.store().Set("k", value_of(i), {.durability = durability}));
  }
  world.Kill();
  world.SetBytes(name, other.Bytes(name));
  return world.volume().live();
}

TEST(CoveredTest, TheNextMutationIsFoundBehindDamageToCoveredOnes) {
  const Image image = Straddling(/*puts=*/4, /*covered=*/2);
  // A put of "k" is 64 + 11 bytes, its marker 64.
  constexpr size_t kStep = 2 * kRecordHeaderBytes + 11;
  for (size_t offset = 0; offset < 2 * kStep; ++offset) {
    StoreWorld world(2, image);
    world.FlipByte("0000000001.wal", kSegmentHeaderBytes + offset);
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << offset << ": " << recovered.status().ToString();
    ASSERT_EQ(*recovered, (Dump{{"k", "4"}})) << offset;
    ASSERT_EQ(world.store().last_sequence(), 4u);
    world.Put("k", "5");
    const Result<Dump> again = world.Recovered();
    ASSERT_TRUE(again.ok()) << offset << ": " << again.status().ToString();
    ASSERT_EQ(*again, (Dump{{"k", "5"}})) << offset;
  }
  StoreWorld world(2, image);
  world.FlipByte("0000000001.wal", kSegmentHeaderBytes + 2 * kStep + 3);
  EXPECT_TRUE(world.Open().Is(Code::kCorruption)) << "the third is claimed and not covered";
}

TEST(CoveredTest, ATornEndWithinWhatIsCoveredShowsNoOlderValue) {
  const Image image = Straddling(/*puts=*/3, /*covered=*/3, Durability::kBuffered);
  const size_t size = StoreWorld(1, image).Bytes("0000000001.wal").size();
  for (size_t cut = 0; cut + kSegmentHeaderBytes <= size; ++cut) {
    StoreWorld world(2, image);
    world.CutTail("0000000001.wal", cut);
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << cut << ": " << recovered.status().ToString();
    ASSERT_EQ(*recovered, (Dump{{"k", "3"}})) << cut;
    ASSERT_EQ(world.store().last_sequence(), 3u) << cut;
  }
}

TEST(BeyondTheLogTest, TheSnapshotIsTheStore) {
  const Image image = Straddling(/*puts=*/2, /*covered=*/5);
  StoreWorld world(2, image);
  EXPECT_EQ(world.Recovered().value(), (Dump{{"k", "5"}}));
  EXPECT_EQ(world.store().last_sequence(), 5u);
  world.Put("k", "6");
  EXPECT_EQ(world.store().last_sequence(), 6u);
  EXPECT_EQ(world.Recovered().value(), (Dump{{"k", "6"}}));
  world.Put("l", "7");
  ExpectOk(world.store().Compact());
  EXPECT_EQ(world.Recovered().value(), (Dump{{"k", "6"}, {"l", "7"}}));
}

TEST(BeyondTheLogTest, WithoutAnyLog) {
  StoreWorld world(2, Straddling(2, 5));
  world.RemoveFile("0000000001.wal");
  EXPECT_EQ(world.Recovered().value(), (Dump{{"k", "5"}}));
  EXPECT_EQ(world.store().last_sequence(), 5u);
}

TEST(BeyondTheLogTest, OnlyTheSnapshotVouchesSoItIsWrittenAnew) {
  StoreWorld world(2, Straddling(2, 5));
  const std::string before = world.Bytes("0000000005.snap");
  world.MustOpen();
  EXPECT_NE(world.Bytes("0000000005.snap"), before) << "another salt";
  EXPECT_FALSE(world.HasFile("0000000001.wal")) << "dead: it ends before the snapshot";
  world.Kill();
  world.FlipByte("0000000005.snap", 40);
  EXPECT_TRUE(world.Open().Is(Code::kCorruption));
}

}  // namespace
}  // namespace kv
