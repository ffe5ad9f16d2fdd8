// Snapshot, Compact, ClearPersistence: what they leave in the directory and what is found there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/fault/fault_rules.h"
#include "store/format.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using Names = std::vector<std::string>;

// What the store did to the disk since step `begin`, one tag a line; a run of one tag is one line.
std::string TagsSince(const StoreWorld& world, size_t begin) {
  std::string tags;
  std::string_view last;
  for (size_t i = begin; i < world.volume().trace().ops.size(); ++i) {
    const std::string_view tag = world.volume().trace().ops[i].tag.name();
    if (tag != last) tags.append(tag).append("\n");
    last = tag;
  }
  return tags;
}

size_t StepsOf(const StoreWorld& world) { return world.volume().trace().ops.size(); }

void ExpectOk(const faultfs::Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }

TEST(SnapshotTest, KeepsTheLogAndIsUsedByTheNextOpen) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.PutBuffered("b", "2");
  ExpectOk(world.store().Snapshot());
  EXPECT_EQ(world.Files(), (Names{"0000000001.wal", "0000000002.snap", "0000000002.wal", "LOCK"}));
  world.Put("c", "3");
  world.Kill();
  world.MustOpen();
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  const RecoveryInfo& info = world.store().recovery();
  EXPECT_EQ(info.snapshot_sequence, 2u);
  EXPECT_EQ(info.snapshot_entries, 2u);
  EXPECT_EQ(info.replayed, 1u) << "what the snapshot covers is not replayed";
  EXPECT_EQ(info.segments, 1u) << "and not even read";
  EXPECT_EQ(info.last_sequence, 3u);
  EXPECT_EQ(info.proven_sequence, 3u);
  EXPECT_TRUE(world.HasFile("0000000001.wal"))
      << "nobody can know whether the snapshot's name is durable";
}

TEST(SnapshotTest, CompactionStepByStep) {
  StoreWorld world;
  world.MustOpen();
  world.PutBuffered("a", "1");
  const size_t begin = StepsOf(world);
  ExpectOk(world.store().Compact());
  EXPECT_EQ(TagsSince(world, begin),
            "wal.sync-roll\nwal.create\nwal.header\nwal.sync-new\nwal.publish\nwal.sync-dir\n"
            "snapshot.create\nsnapshot.write\nsnapshot.sync\nsnapshot.publish\n"
            "snapshot.sync-dir\nwal.remove-covered\n");
  EXPECT_EQ(world.Files(), (Names{"0000000001.snap", "0000000002.wal", "LOCK"}));
}

TEST(SnapshotTest, TheOneBeforeIsKeptAndNoMore) {
  StoreWorld world;
  world.MustOpen();
  for (int i = 1; i <= 4; ++i) {
    world.Put("k", std::to_string(i));
    ExpectOk(world.store().Snapshot());
  }
  EXPECT_TRUE(world.HasFile("0000000004.snap"));
  EXPECT_TRUE(world.HasFile("0000000003.snap"));
  EXPECT_FALSE(world.HasFile("0000000002.snap"));
  ExpectOk(world.store().Compact());
  EXPECT_EQ(world.Files(), (Names{"0000000004.snap", "0000000005.wal", "LOCK"}));
}

TEST(SnapshotTest, OfTheSameStateIsMadeOnce) {
  StoreWorld world;
  world.MustOpen();
  ExpectOk(world.store().Snapshot());
  ExpectOk(world.store().Compact());
  EXPECT_EQ(world.Files(), (Names{"0000000001.wal", "LOCK"})) << "nothing was ever written";
  world.Put("a", "1");
  ExpectOk(world.store().Snapshot());
  const size_t steps = StepsOf(world);
  ExpectOk(world.store().Snapshot());
  EXPECT_EQ(StepsOf(world), steps);

  world.MustOpen();
  const size_t begin = StepsOf(world);
  ExpectOk(world.store().Compact());
  EXPECT_EQ(TagsSince(world, begin),
            "snapshot.create\nsnapshot.write\nsnapshot.sync\nsnapshot.publish\n"
            "snapshot.sync-dir\nwal.remove-covered\n")
      << "of another process's work only what is on the disk is known";
}

TEST(SnapshotTest, IsMergedFromTheOneBeforeAndTheLog) {
  StoreWorld world;
  world.options.segment_bytes = 400;
  world.MustOpen();
  for (const char* key : {"b", "d", "f", "h"}) world.Put(key, "old");
  ExpectOk(world.store().Compact());
  world.Put("a", "first");
  world.Put("d", "new");
  world.Put("e", "between");
  ASSERT_TRUE(world.store().Delete("f").ok());
  ASSERT_TRUE(world.store().Delete("never").ok());
  world.Put("z", "last");
  const Dump expected{{"a", "first"},   {"b", "old"}, {"d", "new"},
                      {"e", "between"}, {"h", "old"}, {"z", "last"}};
  ExpectOk(world.store().Compact());
  EXPECT_EQ(world.Recovered().value(), expected);
  EXPECT_EQ(world.store().recovery().replayed, 0u);

  ASSERT_TRUE(world.store().Clear().ok());
  world.Put("c", "after");
  ExpectOk(world.store().Compact());
  EXPECT_EQ(world.Recovered().value(), (Dump{{"c", "after"}}));
}

TEST(SnapshotTest, DeleteAndOverwriteAfterCompaction) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.Put("b", "1");
  ExpectOk(world.store().Compact());
  world.Put("a", "2");
  ASSERT_TRUE(world.store().Delete("b").ok());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.Recovered().value(), (Dump{{"a", "2"}}));
}

TEST(SnapshotTest, SequencesGoOn) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.Put("b", "2");
  ExpectOk(world.store().Compact());
  for (uint64_t next = 3; next < 6; ++next) {
    world.MustOpen();
    EXPECT_EQ(world.store().last_sequence(), next - 1);
    world.Put("n", std::to_string(next));
    EXPECT_EQ(world.store().last_sequence(), next);
  }
  EXPECT_EQ(world.Recovered().value(), (Dump{{"a", "1"}, {"b", "2"}, {"n", "5"}}));
}

TEST(SnapshotTest, FiveThousandRecordsInManyChunks) {
  StoreWorld world;
  world.options.segment_bytes = 50'000;
  world.MustOpen();
  Dump expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = "key" + std::to_string(i * 7919 % 2000);
    expected[key] = std::string(100, static_cast<char>('a' + i % 26)) + std::to_string(i);
    world.PutBuffered(key, expected[key]);
    if (i % 1700 == 1699) ExpectOk(world.store().Compact());
  }
  EXPECT_TRUE(world.Recovered().value() == expected);
  ExpectOk(world.store().Compact());
  EXPECT_TRUE(world.Recovered().value() == expected);
  EXPECT_EQ(world.store().recovery().snapshot_entries, expected.size());
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

TEST(SnapshotTest, LargeValuesAndAStreamWithASmallBuffer) {
  StoreWorld world;
  world.MustOpen();
  Dump expected;
  for (int i = 0; i < 20; ++i) {
    expected[std::to_string(i)] = std::string(size_t{512} << 10, static_cast<char>('a' + i));
    world.PutBuffered(std::to_string(i), expected[std::to_string(i)]);
  }
  const size_t begin = StepsOf(world);
  ExpectOk(world.store().Compact());
  EXPECT_NE(TagsSince(world, begin).find("snapshot.pace"), std::string::npos)
      << "ten megabytes are not left to one sync";
  ReadSizes sizes;
  world.hook = &sizes;
  EXPECT_TRUE(world.Recovered().value() == expected);
  EXPECT_LT(sizes.largest, uint64_t{600} << 10) << "a value, not the file";
}

TEST(SnapshotTest, SameCallsGiveTheSameBytes) {
  const auto run = [](uint32_t shards) {
    StoreWorld world(/*seed=*/42);
    world.options.shards = shards;
    world.options.segment_bytes = 1000;
    world.MustOpen();
    for (int i = 0; i < 60; ++i) {
      world.PutBuffered(std::to_string(i * 37 % 100), "value");
      if (i % 20 == 10) ExpectOk(world.store().Snapshot());
    }
    ExpectOk(world.store().Compact());
    world.Close();
    return std::make_pair(world.ContentHash(), Describe(world.volume().trace()));
  };
  EXPECT_EQ(run(16), run(16));
  EXPECT_EQ(run(16), run(3)) << "shards are no matter of the files";
}

TEST(SnapshotTest, ReopenedAHundredTimes) {
  StoreWorld world;
  world.MustOpen();
  Dump expected;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key" + std::to_string(i % 7);
    world.Put(key, std::to_string(i));
    expected[key] = std::to_string(i);
    if (i % 3 == 0) ExpectOk(world.store().Compact());
    if (i % 5 == 0) ExpectOk(world.store().Snapshot());
    ASSERT_EQ(world.Recovered().value(), expected) << i;
    ASSERT_LE(world.Files().size(), 12u) << i;
  }
}

TEST(SnapshotTest, LeftoversOfOlderCrashesGo) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  ExpectOk(world.store().Compact());
  world.Put("b", "2");
  world.Kill();
  world.SetBytes("0000000009.snap.tmp", "half a snapshot");
  world.SetBytes("0000000002.snap.tmp", "");
  world.SetBytes("0000000009.tmp", "half a segment");
  EXPECT_EQ(world.Recovered().value(), (Dump{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(world.Files(), (Names{"0000000001.snap", "0000000002.wal", "0000000010.wal", "LOCK"}));
}

TEST(SnapshotTest, RefusedAfterClose) {
  StoreWorld world;
  world.MustOpen();
  world.Put("a", "1");
  world.Close();
  EXPECT_TRUE(world.store().Snapshot().Is(Code::kClosed));
  EXPECT_TRUE(world.store().Compact().Is(Code::kClosed));
  EXPECT_TRUE(world.store().ClearPersistence().Is(Code::kClosed));
}

TEST(ClearPersistenceTest, LeavesAnEmptyStoreAndNothingOld) {
  StoreWorld world;
  world.options.segment_bytes = 200;
  world.MustOpen();
  for (int i = 0; i < 10; ++i) world.PutBuffered(std::to_string(i), "secret");
  ExpectOk(world.store().Snapshot());
  world.Put("x", "secret");
  ExpectOk(world.store().ClearPersistence());
  EXPECT_EQ(DumpOf(world.store()), Dump());
  for (const std::string& name : world.Files()) {
    EXPECT_EQ(world.Bytes(name).find("secret"), std::string::npos) << name;
  }
  EXPECT_EQ(world.Files().size(), 3u) << "a snapshot, a segment, the lock";
  EXPECT_EQ(world.Recovered().value(), Dump());
  EXPECT_EQ(world.store().last_sequence(), 12u) << "it is a mutation, the twelfth";
  world.Put("y", "1");
  EXPECT_EQ(world.Recovered().value(), (Dump{{"y", "1"}}));
}

TEST(ClearPersistenceTest, OfAnEmptyStore) {
  StoreWorld world;
  world.MustOpen();
  ExpectOk(world.store().ClearPersistence());
  ExpectOk(world.store().ClearPersistence());
  EXPECT_EQ(world.Recovered().value(), Dump());
}

}  // namespace
}  // namespace kv
