// Damaged files: what is torn is cut, what is claimed is never lost in silence, nothing crashes.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faultfs/env/io_hook.h"
#include "store/crc32c.h"
#include "store/format.h"
#include "store/mutation.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

constexpr std::string_view kFirst = "0000000001.wal";
constexpr size_t kPutBytes = kRecordHeaderBytes + kOperationHeaderBytes + 2;  // one-byte key, value

// The map after the first `count` puts of "a" = "1", "b" = "2", …
Dump PutsUpTo(size_t count) {
  Dump dump;
  for (size_t i = 0; i < count; ++i) {
    dump.emplace(std::string(1, static_cast<char>('a' + i)),
                 std::string(1, static_cast<char>('1' + i)));
  }
  return dump;
}

void PutAll(StoreWorld& world, size_t count, Durability durability) {
  for (const auto& [key, value] : PutsUpTo(count)) {
    ASSERT_TRUE(world.store().Set(key, value, {.durability = durability}).ok());
  }
}

// A store whose process died after `count` puts into the first segment.
void MakeLog(StoreWorld& world, size_t count, Durability durability) {
  world.MustOpen();
  PutAll(world, count, durability);
  world.Kill();
}

// After any recovery: write, close, reopen.
void ExpectStillWorks(StoreWorld& world, Dump expected, const std::string& where) {
  world.Put("probe", "1");
  expected["probe"] = "1";
  world.Close();
  const Result<Dump> again = world.Recovered();
  ASSERT_TRUE(again.ok()) << where << ": " << again.status().ToString();
  EXPECT_EQ(*again, expected) << where;
}

RecordHeader HeaderIn(std::string_view file, uint64_t offset_bytes) {
  RecordHeader header;
  const auto bytes = std::as_bytes(std::span(file)).subspan(offset_bytes);
  EXPECT_EQ(DecodeRecordHeader(bytes.first<kRecordHeaderBytes>(), &header), HeaderFault::kNone);
  return header;
}

std::string Encoded(const RecordHeader& header) {
  std::string bytes(kRecordHeaderBytes, '\0');
  EncodeRecordHeader(header, std::as_writable_bytes(std::span(bytes)).first<kRecordHeaderBytes>());
  return bytes;
}

// What the store itself would have appended next, but for what a test then changes.
RecordHeader NextHeaderOf(const std::string& file, uint64_t sequence, std::string_view payload) {
  RecordHeader header = HeaderIn(file, kSegmentHeaderBytes);
  header.offset_bytes = file.size();
  header.sequence = sequence;
  header.synced_upto = 0;
  header.payload_bytes = static_cast<uint32_t>(payload.size());
  header.payload_crc = Crc32c(payload);
  header.type = RecordType::kMutation;
  return header;
}

TEST(TornTailTest, UnsyncedLogCutAtEveryByte) {
  constexpr size_t kPuts = 3;
  for (size_t size = kSegmentHeaderBytes; size <= kSegmentHeaderBytes + kPuts * kPutBytes; ++size) {
    StoreWorld world;
    MakeLog(world, kPuts, Durability::kBuffered);
    world.Resize(kFirst, size);
    const size_t whole = (size - kSegmentHeaderBytes) / kPutBytes;
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << size << ": " << recovered.status().ToString();
    EXPECT_EQ(*recovered, PutsUpTo(whole)) << size;
    const RecoveryInfo& info = world.store().recovery();
    EXPECT_EQ(info.carried, whole);
    EXPECT_EQ(info.last_sequence, whole);
    EXPECT_EQ(info.cut_bytes, (size - kSegmentHeaderBytes) % kPutBytes);
    EXPECT_EQ(info.cut_reason.empty(), info.cut_bytes == 0);
    ExpectStillWorks(world, PutsUpTo(whole), std::to_string(size));
  }
}

TEST(TornTailTest, UnsyncedLogOfZerosFromEveryByteOn) {
  // The size of the file reached the disk and the data did not: torn in the length, the header, the
  // key, the value.
  constexpr size_t kPuts = 3;
  constexpr size_t kEnd = kSegmentHeaderBytes + kPuts * kPutBytes;
  for (size_t begin = kSegmentHeaderBytes; begin < kEnd; ++begin) {
    StoreWorld world;
    MakeLog(world, kPuts, Durability::kBuffered);
    world.ZeroRange(kFirst, begin, kEnd);
    const size_t whole = (begin - kSegmentHeaderBytes) / kPutBytes;
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << begin << ": " << recovered.status().ToString();
    // The last bytes of a header are zeros anyhow, but each record ends with a value that is none.
    EXPECT_EQ(*recovered, PutsUpTo(whole)) << begin;
    EXPECT_FALSE(world.store().recovery().cut_reason.empty()) << begin;
    ExpectStillWorks(world, PutsUpTo(whole), std::to_string(begin));
  }
}

TEST(TornTailTest, TrailingBytesAreCutWhateverTheyAre) {
  const std::string record = [] {
    StoreWorld world;
    MakeLog(world, 1, Durability::kBuffered);
    return world.Bytes(kFirst).substr(kSegmentHeaderBytes);
  }();
  for (const auto durability : {Durability::kBuffered, Durability::kSync}) {
    for (const std::string& trailing :
         {std::string(1, '\0'), std::string(63, '\0'), std::string(4096, '\0'), std::string(1, 'x'),
          std::string(1000, 'x'), record, record + record, record.substr(0, kRecordHeaderBytes)}) {
      StoreWorld world;
      MakeLog(world, 2, durability);
      world.Append(kFirst, trailing);
      const Result<Dump> recovered = world.Recovered();
      ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
      EXPECT_EQ(*recovered, PutsUpTo(2));
      EXPECT_EQ(world.store().recovery().cut_bytes, trailing.size());
      ExpectStillWorks(world, PutsUpTo(2), std::to_string(trailing.size()));
    }
  }
}

TEST(TornTailTest, UnsyncedRecordsInAnyOrderKeepAPrefix) {
  // Of five unsynced records every subset may reach the disk; what was not written reads as zeros.
  for (unsigned kept = 0; kept < 32; ++kept) {
    StoreWorld world;
    MakeLog(world, 5, Durability::kBuffered);
    size_t prefix = 0;
    while (prefix < 5 && (kept >> prefix & 1u) != 0) ++prefix;
    for (size_t i = 0; i < 5; ++i) {
      const uint64_t begin = kSegmentHeaderBytes + i * kPutBytes;
      if ((kept >> i & 1u) == 0) world.ZeroRange(kFirst, begin, begin + kPutBytes);
    }
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << kept << ": " << recovered.status().ToString();
    EXPECT_EQ(*recovered, PutsUpTo(prefix)) << kept;
    ExpectStillWorks(world, PutsUpTo(prefix), std::to_string(kept));
  }
}

TEST(TornTailTest, SyncedLogCutAtEveryByteKeepsWhatIsWhole) {
  // A file that became shorter holds no claim about what it lost: a prefix is all that can be
  // known.
  StoreWorld whole;
  MakeLog(whole, 3, Durability::kSync);
  const size_t full = whole.Bytes(kFirst).size();
  for (size_t size = kSegmentHeaderBytes; size <= full; ++size) {
    StoreWorld world;
    MakeLog(world, 3, Durability::kSync);
    world.Resize(kFirst, size);
    const size_t step = kPutBytes + kRecordHeaderBytes;  // a put and its marker
    const size_t rest = size - kSegmentHeaderBytes;
    const size_t puts = std::min<size_t>(3, rest / step + (rest % step >= kPutBytes ? 1 : 0));
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << size << ": " << recovered.status().ToString();
    EXPECT_EQ(*recovered, PutsUpTo(puts)) << size;
  }
}

// Damages one byte of every file in every place: the dump is exact, or Open refuses.
void ExpectNoFlipGoesUnnoticed(const faultfs::Image& image, const Dump& expected,
                               const std::vector<std::string>& files, uint64_t segment_bytes) {
  size_t refused = 0;
  size_t exact = 0;
  for (const std::string& name : files) {
    const size_t size = StoreWorld(1, image).Bytes(name).size();
    for (size_t offset = 0; offset < size; ++offset) {
      for (const uint8_t mask : {uint8_t{0x01}, uint8_t{0x80}, uint8_t{0xff}}) {
        StoreWorld world(2, image);
        world.options.segment_bytes = segment_bytes;
        world.FlipByte(name, offset, mask);
        const auto before = world.ContentHash();
        const Result<Dump> recovered = world.Recovered();
        if (recovered.ok()) {
          ++exact;
          ASSERT_EQ(*recovered, expected) << name << " " << offset;
          continue;
        }
        ++refused;
        const Status status = recovered.status();
        ASSERT_TRUE(status.Is(Code::kCorruption)) << status.ToString();
        EXPECT_EQ(status.file(), "db/" + name);
        EXPECT_TRUE(status.offset().has_value() && status.sequence().has_value());
        EXPECT_EQ(world.ContentHash(), before) << "a refused Open changes nothing";
      }
    }
  }
  EXPECT_GT(refused, exact) << "most bytes of a small log are claimed";
}

TEST(RotTest, EveryByteOfASyncedSegment) {
  StoreWorld world;
  MakeLog(world, 3, Durability::kSync);
  ExpectNoFlipGoesUnnoticed(world.volume().live(), PutsUpTo(3), {std::string(kFirst)}, 1 << 20);
}

TEST(RotTest, EveryByteOfAChainOfSegments) {
  StoreWorld world;
  world.options.segment_bytes = 1;
  MakeLog(world, 4, Durability::kSync);
  world.MustOpen();  // so that the last record's segment has a successor too
  world.Put("a", "1");
  world.Kill();
  ExpectNoFlipGoesUnnoticed(
      world.volume().live(), PutsUpTo(4),
      {"0000000001.wal", "0000000002.wal", "0000000003.wal", "0000000004.wal", "0000000005.wal"},
      1);
}

TEST(RotTest, SecondOfThreeSyncedPutsNamesFileOffsetSequenceAndReason) {
  StoreWorld world;
  MakeLog(world, 3, Durability::kSync);
  const uint64_t second = kSegmentHeaderBytes + kPutBytes + kRecordHeaderBytes;
  world.FlipByte(kFirst, second + kRecordHeaderBytes);  // its payload
  const Status status = world.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption));
  EXPECT_EQ(status.file(), "db/0000000001.wal");
  EXPECT_EQ(status.offset(), second);
  EXPECT_EQ(status.sequence(), 2u);
  EXPECT_EQ(status.message(), "a claimed mutation is damaged: the payload fails its checksum");
}

TEST(RotTest, AClaimBehindAFlippedLengthIsFound) {
  StoreWorld world;
  MakeLog(world, 3, Durability::kSync);
  world.FlipByte(kFirst, kSegmentHeaderBytes + 48 + 2);  // payload length of the first record
  const Status status = world.Open();
  EXPECT_TRUE(status.Is(Code::kCorruption)) << status.ToString();
  EXPECT_EQ(status.sequence(), 1u);
}

TEST(RotTest, UnwitnessedLastRecordIsTakenForATornTail) {
  // What no format can decide: nothing written later says that the last record was durable.
  StoreWorld world;
  MakeLog(world, 2, Durability::kSync);
  const size_t size = world.Bytes(kFirst).size();
  world.CutTail(kFirst, kRecordHeaderBytes);  // the last marker never reached the disk
  world.FlipByte(kFirst, size - kRecordHeaderBytes - 1);
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, PutsUpTo(1));
}

TEST(ForgedRecordTest, LengthBeyondTheFileIsTornAndAllocatesNothing) {
  StoreWorld world;
  MakeLog(world, 1, Durability::kBuffered);
  RecordHeader header = NextHeaderOf(world.Bytes(kFirst), 2, "");
  header.payload_bytes = 0xfffffff0u;
  world.Append(kFirst, Encoded(header) + "short");
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, PutsUpTo(1));
  EXPECT_EQ(world.store().recovery().cut_reason, "the payload does not fit into the file");
}

TEST(ForgedRecordTest, WellSealedNonsenseIsNotApplied) {
  struct Case {
    std::string payload;
    std::string_view reason;
    uint64_t sequence = 2;
    uint8_t type = 1;
  };
  std::string trailing;
  AppendOperation({.kind = OperationKind::kSet, .key = "x", .value = "y"}, &trailing);
  trailing += "z";
  std::string long_key;
  AppendOperation({.kind = OperationKind::kSet, .key = "x", .value = "y"}, &long_key);
  long_key[1] = 100;
  std::string no_kind(kOperationHeaderBytes, '\0');
  std::string fourth_kind(kOperationHeaderBytes, '\0');
  fourth_kind[0] = 4;
  std::string last_kind(kOperationHeaderBytes, '\0');
  last_kind[0] = '\xff';
  std::string clear_with_key;
  AppendOperation({.kind = OperationKind::kClear, .key = "x", .value = ""}, &clear_with_key);
  std::string delete_with_value;
  AppendOperation({.kind = OperationKind::kDelete, .key = "x", .value = "y"}, &delete_with_value);
  std::string good;
  AppendOperation({.kind = OperationKind::kSet, .key = "x", .value = "y"}, &good);

  constexpr std::string_view kMalformed = "the payload is no sequence of operations";
  constexpr std::string_view kSequence = "the record has another sequence than must come here";
  constexpr std::string_view kLength = "the payload does not fit into the file";
  const Case cases[] = {
      {trailing, kMalformed},
      {long_key, kMalformed},
      {no_kind, kMalformed},
      {fourth_kind, kMalformed},
      {last_kind, kMalformed},
      {clear_with_key, kMalformed},
      {delete_with_value, kMalformed},
      {good, kSequence, 3},
      {good, kSequence, 1},
      {good, kLength, 1, 2},  // a marker has no payload
      {"", kSequence, 2, 2},  // a marker carries the last mutation's sequence
      {good, "the record has an unknown type", 2, 3},
      {good, "the record has an unknown type", 2, 0},
  };
  for (const Case& forged : cases) {
    StoreWorld world;
    MakeLog(world, 1, Durability::kBuffered);
    RecordHeader header = NextHeaderOf(world.Bytes(kFirst), forged.sequence, forged.payload);
    header.type = static_cast<RecordType>(forged.type);
    world.Append(kFirst, Encoded(header) + forged.payload);
    const Result<Dump> recovered = world.Recovered();
    ASSERT_TRUE(recovered.ok()) << forged.reason << ": " << recovered.status().ToString();
    EXPECT_EQ(*recovered, PutsUpTo(1)) << forged.reason;
    EXPECT_EQ(world.store().recovery().cut_reason, forged.reason);
    ExpectStillWorks(world, PutsUpTo(1), std::string(forged.reason));
  }
}

TEST(ForgedRecordTest, RecordsOfAnotherPlaceAreForeign) {
  std::string payload;
  AppendOperation({.kind = OperationKind::kSet, .key = "x", .value = "y"}, &payload);
  const auto recovered_with = [&](auto change) {
    StoreWorld world;
    MakeLog(world, 1, Durability::kBuffered);
    RecordHeader header = NextHeaderOf(world.Bytes(kFirst), 2, payload);
    change(header);
    world.Append(kFirst, Encoded(header) + payload);
    const Result<Dump> recovered = world.Recovered();
    EXPECT_TRUE(recovered.ok());
    return std::make_pair(recovered.ok() ? recovered->size() : 0,
                          world.store().recovery().cut_reason);
  };
  const std::pair<size_t, std::string> foreign{1, "the record belongs to another place"};
  EXPECT_EQ(recovered_with([](RecordHeader&) {}), std::make_pair(size_t{2}, std::string()))
      << "the forgery is good unless something is changed";
  EXPECT_EQ(recovered_with([](RecordHeader& header) { header.salt ^= 1; }), foreign);
  EXPECT_EQ(recovered_with([](RecordHeader& header) { header.segment = 2; }), foreign);
  EXPECT_EQ(recovered_with([](RecordHeader& header) { header.offset_bytes += 1; }), foreign);
}

// Sees how much is read at once.
class ReadSizes final : public faultfs::IoHook {
 public:
  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    if (call.op == faultfs::IoOp::kRead) largest = std::max(largest, call.length_bytes);
    return {};
  }
  uint64_t largest = 0;
};

TEST(MemoryTest, HugeSparseFileIsReadThroughASmallWindow) {
  StoreWorld world;
  MakeLog(world, 2, Durability::kBuffered);
  world.Resize(kFirst, uint64_t{256} << 20);
  ReadSizes sizes;
  world.hook = &sizes;
  const Result<Dump> recovered = world.Recovered();
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_EQ(*recovered, PutsUpTo(2));
  EXPECT_EQ(sizes.largest, uint64_t{64} << 10);
  EXPECT_EQ(world.Files(), (std::vector<std::string>{"0000000002.wal", "LOCK"}))
      << "nothing of the sparse file is live any more";
}

TEST(MemoryTest, SmallFilesAreReadInOneCallOfTheirSize) {
  StoreWorld world;
  MakeLog(world, 2, Durability::kSync);
  ReadSizes sizes;
  world.hook = &sizes;
  world.MustOpen();
  EXPECT_EQ(sizes.largest, kSegmentHeaderBytes + 2 * (kPutBytes + kRecordHeaderBytes));
}

// Found by fuzzing: the next segment had a name that no later Open read, and what it held was gone.
TEST(UsedUpTest, ANumberBehindWhichNoNameIsLeftIsRefused) {
  for (const std::string_view name :
       {"4611686018427387904.wal", "4611686018427387904.tmp", "2305843009213693952.wal"}) {
    StoreWorld world;
    MakeLog(world, 2, Durability::kSync);
    world.SetBytes(name, "");
    const faultfs::Hash128 before = world.ContentHash();
    EXPECT_TRUE(world.Open().Is(faultfs::Code::kCorruption)) << name;
    EXPECT_EQ(world.ContentHash(), before);
  }
}

TEST(UsedUpTest, TheLastNumbersAreGood) {
  StoreWorld world;
  MakeLog(world, 2, Durability::kSync);
  world.SetBytes("2305843009213693950.wal", "");
  world.MustOpen();
  world.Put("more", "1");
  world.MustOpen();
  world.Put("and more", "1");
  const Result<Dump> recovered = world.Recovered();
  EXPECT_TRUE(recovered.status().Is(faultfs::Code::kCorruption));
  EXPECT_TRUE(world.HasFile("2305843009213693952.wal"));
}

}  // namespace
}  // namespace kv
