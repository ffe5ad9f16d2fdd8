// The bytes of the log, held against docs/store-format.md.
#include "store/format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "faultfs/sim/sim_file_system.h"
#include "store/crc32c.h"
#include "store/recovery_table.h"
#include "store/snapshot_format.h"
#include "store/store.h"

namespace kv {
namespace {

std::vector<std::string> PageLines() {
  std::ifstream page(std::string(CRASHLAB_SOURCE_DIR) + "/docs/store-format.md");
  EXPECT_TRUE(page.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(page, line);) lines.push_back(line);
  return lines;
}

// The lines between `begin`, exclusive, and the next line that starts with `end`.
std::vector<std::string> Section(std::string_view begin, std::string_view end) {
  std::vector<std::string> section;
  bool inside = false;
  for (const std::string& line : PageLines()) {
    if (inside && line.starts_with(end)) return section;
    if (inside) section.push_back(line);
    if (line == begin) inside = true;
  }
  ADD_FAILURE() << "no section " << begin;
  return section;
}

TEST(Crc32cTest, KnownAnswers) {
  // RFC 3720, B.4, and the check value of the catalogues of checksums.
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

// A salt that is easy to see in a dump.
class FixedEntropy final : public faultfs::Entropy {
 public:
  uint64_t Next() override { return 0x0123456789abcdefu; }
};

// The bytes of an example: a line is an offset, some bytes, and behind a bar what they are.
std::string BytesOnPage(std::string_view fence) {
  std::string bytes;
  for (const std::string& line : Section(fence, "```")) {
    std::istringstream words(line.substr(0, line.find('|')));
    std::string word;
    words >> word;
    EXPECT_EQ(std::stoul(word, nullptr, 16), bytes.size()) << line;
    while (words >> word) bytes.push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

// The bytes of a file of a store that got one Set and a Snapshot, if asked for.
std::string BytesInStore(std::string_view name, bool snapshot) {
  FixedEntropy entropy;
  faultfs::Volume volume{faultfs::Image()};
  faultfs::SimFileSystem file_system(volume);
  {
    auto store = Store::Open({.file_system = &file_system, .entropy = &entropy}, "db");
    EXPECT_TRUE(store.ok());
    EXPECT_TRUE((*store)->Set("key", "value").ok());
    if (snapshot) {
      EXPECT_TRUE((*store)->Snapshot().ok());
    }
    EXPECT_TRUE((*store)->Close().ok());
  }
  auto file = file_system.Open("db/" + std::string(name), {}, faultfs::IoTag("test.read"));
  if (!file.ok()) return "no such file";
  std::string bytes((*file)->Size().value(), '\0');
  EXPECT_TRUE(ReadFully(**file, 0, std::as_writable_bytes(std::span(bytes))).ok());
  return bytes;
}

TEST(FormatPageTest, WorkedExamplesAreWhatTheStoreWrites) {
  EXPECT_EQ(BytesInStore("0000000001.wal", /*snapshot=*/false), BytesOnPage("```hex"));
  EXPECT_EQ(BytesInStore("0000000001.snap", /*snapshot=*/true), BytesOnPage("```hex snapshot"));
}

std::string_view NameOf(Found found) {
  switch (found) {
    case Found::kRecord:
      return "the next record, intact";
    case Found::kEnd:
      return "the live bytes end between two records";
    case Found::kDamage:
      return "bytes that are not the next record";
    case Found::kSegmentHeader:
      return "a segment without an intact header";
    case Found::kNoFile:
      return "no file for a named predecessor";
    case Found::kDeadBytes:
      return "bytes behind the logical size";
    case Found::kUnlinked:
      return "an older segment that no header names";
    case Found::kTemporary:
      return "a temporary file";
    case Found::kSnapshot:
      return "the newest intact snapshot";
    case Found::kOlderSnapshot:
      return "an older snapshot";
    case Found::kBadSnapshot:
      return "a snapshot that is damaged";
    case Found::kCovered:
      return "anything at or below the snapshot's sequence";
  }
  return "";
}

std::string_view NameOf(If condition) {
  return condition == If::kAny ? "–" : condition == If::kYes ? "yes" : "no";
}

std::string_view NameOf(Action action) {
  switch (action) {
    case Action::kUse:
      return "use";
    case Action::kStop:
      return "stop";
    case Action::kCut:
      return "cut";
    case Action::kSkip:
      return "skip";
    case Action::kRemove:
      return "remove";
    case Action::kRefuse:
      return "**refuse**";
  }
  return "";
}

// "| a  | b |" → "a|b|"
std::string Cells(const std::string& row) {
  std::string cells;
  std::istringstream stream(row.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) {
    const size_t begin = cell.find_first_not_of(' ');
    const size_t end = cell.find_last_not_of(' ');
    if (begin == std::string::npos) continue;
    cells.append(cell, begin, end - begin + 1).append("|");
  }
  return cells;
}

TEST(FormatPageTest, DecisionTableIsTheOneInTheCode) {
  std::vector<std::string> on_page;
  for (const std::string& line : Section("## Recovery: the decision table", "## ")) {
    if (line.starts_with("| ") && !line.starts_with("| found ")) on_page.push_back(Cells(line));
  }
  if (!on_page.empty() && on_page.front().starts_with("--")) on_page.erase(on_page.begin());
  std::vector<std::string> in_code;
  for (const RecoveryRow& row : kRecoveryTable) {
    std::string cells;
    for (const std::string_view cell : {NameOf(row.found), NameOf(row.claimed),
                                        NameOf(row.own_record), NameOf(row.action), row.reason}) {
      cells.append(cell).append("|");
    }
    in_code.push_back(cells);
  }
  EXPECT_EQ(on_page, in_code);
}

TEST(RecoveryTableTest, ClaimedDamageIsNeverForgiven) {
  EXPECT_EQ(Decide(Found::kDamage, true).action, Action::kRefuse);
  EXPECT_EQ(Decide(Found::kDamage, false).action, Action::kCut);
  EXPECT_EQ(Decide(Found::kEnd, true).action, Action::kRefuse);
  EXPECT_EQ(Decide(Found::kEnd, false).action, Action::kStop);
  EXPECT_EQ(Decide(Found::kSegmentHeader, false, true).action, Action::kRefuse);
  EXPECT_EQ(Decide(Found::kSegmentHeader, false, false).action, Action::kRemove);
  EXPECT_EQ(Decide(Found::kSegmentHeader, true, false).action, Action::kRefuse);
}

TEST(HeaderTest, RoundTripAndEveryFlippedBitIsNoticed) {
  const SegmentHeader segment{
      .segment = 7,
      .salt = 0xfedcba9876543210u,
      .first_sequence = 12,
      .predecessor = {.segment = 5, .size_bytes = 999, .last_sequence = 11}};
  const RecordHeader record{.segment = 7,
                            .salt = 3,
                            .offset_bytes = 64,
                            .sequence = 12,
                            .synced_upto = 11,
                            .payload_bytes = 5,
                            .payload_crc = 0xdeadbeef,
                            .type = RecordType::kMarker};
  std::byte bytes[64];
  EncodeSegmentHeader(segment, bytes);
  EXPECT_EQ(DecodeSegmentHeader(bytes), segment);
  for (int bit = 0; bit < 512; ++bit) {
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_EQ(DecodeSegmentHeader(bytes), std::nullopt) << bit;
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
  }
  EncodeRecordHeader(record, bytes);
  RecordHeader decoded;
  EXPECT_EQ(DecodeRecordHeader(bytes, &decoded), HeaderFault::kNone);
  EXPECT_EQ(decoded, record);
  for (int bit = 0; bit < 512; ++bit) {
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_NE(DecodeRecordHeader(bytes, &decoded), HeaderFault::kNone) << bit;
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
  }
}

TEST(HeaderTest, SnapshotRoundTripAndEveryFlippedBitIsNoticed) {
  const SnapshotHeader snapshot{.sequence = 12, .salt = 0xfedcba9876543210u};
  const ChunkHeader chunk{.sequence = 12,
                          .salt = 3,
                          .offset_bytes = 32,
                          .entries_before = 7,
                          .payload_bytes = 5,
                          .payload_crc = 0xdeadbeef,
                          .entries = 2,
                          .type = ChunkType::kFooter};
  std::byte bytes[kChunkHeaderBytes];
  const std::span<std::byte, kSnapshotHeaderBytes> head =
      std::span(bytes).first<kSnapshotHeaderBytes>();
  EncodeSnapshotHeader(snapshot, head);
  EXPECT_EQ(DecodeSnapshotHeader(head), snapshot);
  for (size_t bit = 0; bit < 8 * kSnapshotHeaderBytes; ++bit) {
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_EQ(DecodeSnapshotHeader(head), std::nullopt) << bit;
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
  }
  EncodeChunkHeader(chunk, bytes);
  EXPECT_EQ(DecodeChunkHeader(bytes), chunk);
  for (size_t bit = 0; bit < 8 * kChunkHeaderBytes; ++bit) {
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_EQ(DecodeChunkHeader(bytes), std::nullopt) << bit;
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
  }
}

TEST(HeaderTest, ZerosAreNoHeader) {
  const std::byte zeros[64] = {};
  RecordHeader decoded;
  EXPECT_EQ(DecodeSegmentHeader(zeros), std::nullopt);
  EXPECT_EQ(DecodeSnapshotHeader(std::span(zeros).first<kSnapshotHeaderBytes>()), std::nullopt);
  EXPECT_EQ(DecodeChunkHeader(std::span(zeros).first<kChunkHeaderBytes>()), std::nullopt);
  EXPECT_EQ(DecodeRecordHeader(zeros, &decoded), HeaderFault::kMagic);
}

TEST(FileNameTest, NumbersRoundTrip) {
  EXPECT_EQ(SegmentPath("db", 1), "db/0000000001.wal");
  EXPECT_EQ(TemporaryPath("x/y", 42), "x/y/0000000042.tmp");
  EXPECT_EQ(SegmentPath("db", 12345678901), "db/12345678901.wal");
  EXPECT_EQ(SnapshotPath("db", 7), "db/0000000007.snap");
  EXPECT_EQ(SnapshotTemporaryPath("db", 12345678901), "db/12345678901.snap.tmp");
  EXPECT_EQ(ParseFileName("0000000007.snap", kSnapshotSuffix), 7u);
  EXPECT_EQ(ParseFileName("0000000007.snap.tmp", kSnapshotTemporarySuffix), 7u);
  EXPECT_EQ(ParseFileName("0000000007.snap.tmp", kTemporarySuffix), std::nullopt);
  EXPECT_EQ(ParseFileName("12345678901.snap.tmp", kTemporarySuffix), std::nullopt);
  EXPECT_EQ(ParseFileName("0000000001.wal", kSegmentSuffix), 1u);
  EXPECT_EQ(ParseFileName("12345678901.wal", kSegmentSuffix), 12345678901u);
  for (const char* name :
       {"1.wal", "0000000000.wal", "00000000001.wal", "000000001x.wal", "0000000001.tmp",
        "0000000001.wal~", ".wal", "LOCK", "99999999999999999999.wal", "9223372036854775807.wal",
        "-000000001.wal", "+000000001.wal", " 000000001.wal"}) {
    EXPECT_EQ(ParseFileName(name, kSegmentSuffix), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace kv
