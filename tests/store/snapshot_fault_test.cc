// Errors of the file system while a snapshot is made: what the call says, what stays, what goes on.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "faultfs/fault/fault_rules.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::FaultRules;
using faultfs::Status;
using Names = std::vector<std::string>;

FaultRules Rules(const std::string& text) {
  auto rules = faultfs::ParseFaultRules(text);
  EXPECT_TRUE(rules.ok()) << rules.status().ToString();
  return FaultRules(std::move(rules).value());
}

// A snapshot at 1, compacted, and a second mutation, unsynced.
void Prepare(StoreWorld& world, faultfs::IoHook* hook) {
  world.hook = hook;
  world.MustOpen();
  world.Put("a", "1");
  const Status status = world.store().Compact();
  ASSERT_TRUE(status.ok()) << status.ToString();
  world.PutBuffered("b", "2");
}

TEST(SnapshotFaultTest, BeforeItHasItsNameOnlyTheCallFails) {
  for (const char* place :
       {"create tag=snapshot.create nth=2", "write tag=snapshot.write nth=3",
        "sync tag=snapshot.sync nth=2", "rename tag=snapshot.publish nth=2",
        "open path=db/0000000002.snap.tmp nth=1", "read path=db/0000000002.snap.tmp nth=1",
        "size path=db/0000000002.snap.tmp nth=1", "open path=db/0000000001.snap nth=1",
        "read path=db/0000000001.snap nth=1", "read path=db/0000000002.wal nth=1"}) {
    for (const auto& [code, expected] :
         {std::pair("NO_SPACE", Code::kNoSpace), std::pair("IO_ERROR", Code::kIoError)}) {
      SCOPED_TRACE(std::string(code) + " " + place);
      StoreWorld world;
      FaultRules rules = Rules(std::string("fail ") + code + " " + place);
      ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
      const Status status = world.store().Compact();
      EXPECT_TRUE(status.Is(expected)) << status.ToString();
      EXPECT_EQ(rules.counts()[0].decided, 1u);
      EXPECT_EQ(world.Files(),
                (Names{"0000000001.snap", "0000000002.wal", "0000000003.wal", "LOCK"}))
          << "the old snapshot and the log stay, the temporary is gone";
      EXPECT_EQ(world.store().checkpoints().failed, 1u);
      EXPECT_EQ(world.store().checkpoints().last_status, status);
      world.Put("c", "3");
      const Dump expected_dump{{"a", "1"}, {"b", "2"}, {"c", "3"}};
      EXPECT_EQ(DumpOf(world.store()), expected_dump);

      const Status again = world.store().Compact();
      EXPECT_TRUE(again.ok()) << again.ToString();
      EXPECT_EQ(world.Files(), (Names{"0000000003.snap", "0000000004.wal", "LOCK"}));
      world.hook = nullptr;
      EXPECT_EQ(world.Recovered().value(), expected_dump);
    }
  }
}

TEST(SnapshotFaultTest, FailedSyncIsNotTriedAgainOnThatDescriptor) {
  StoreWorld world;
  FaultRules rules = Rules("fail IO_ERROR sync tag=snapshot.sync nth=2");
  ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
  EXPECT_TRUE(world.store().Snapshot().Is(Code::kIoError));
  size_t syncs = 0;
  for (const auto& op : world.volume().trace().ops) {
    syncs += op.kind == faultfs::TraceKind::kSyncEnd && op.tag.name() == "snapshot.sync" ? 1 : 0;
  }
  EXPECT_EQ(syncs, 2u) << "one of the first snapshot, one that failed";
}

TEST(SnapshotFaultTest, ATemporaryThatCouldNotBeRemovedIsNoObstacle) {
  StoreWorld world;
  FaultRules rules = Rules(
      "fail IO_ERROR sync tag=snapshot.sync nth=2\n"
      "fail IO_ERROR remove tag=snapshot.discard nth=1");
  ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
  EXPECT_TRUE(world.store().Compact().Is(Code::kIoError));
  EXPECT_TRUE(world.HasFile("0000000002.snap.tmp"));
  EXPECT_TRUE(world.store().Compact().ok());
  EXPECT_EQ(world.Files(), (Names{"0000000002.snap", "0000000003.wal", "LOCK"}));
}

TEST(SnapshotFaultTest, FailedDirectorySyncPoisonsAndRemovesNothing) {
  StoreWorld world;
  FaultRules rules = Rules("fail IO_ERROR sync-dir tag=snapshot.sync-dir nth=2");
  ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
  EXPECT_TRUE(world.store().Compact().Is(Code::kIoError));
  EXPECT_TRUE(world.HasFile("0000000001.snap"));
  EXPECT_TRUE(world.HasFile("0000000002.wal"));
  EXPECT_TRUE(world.store().Set("c", "3").Is(Code::kPoisoned));
  EXPECT_TRUE(world.store().Flush().Is(Code::kPoisoned));
  const size_t steps = world.volume().trace().ops.size();
  EXPECT_TRUE(world.store().Compact().Is(Code::kPoisoned));
  EXPECT_TRUE(world.store().ClearPersistence().Is(Code::kPoisoned));
  EXPECT_EQ(world.volume().trace().ops.size(), steps) << "nothing is tried";
  EXPECT_EQ(world.store().Get("b").value(), "2") << "reads go on";
  world.hook = nullptr;
  EXPECT_EQ(world.Recovered().value(), (Dump{{"a", "1"}, {"b", "2"}}));
}

TEST(SnapshotFaultTest, FailedSyncOfTheLogPoisons) {
  StoreWorld world;
  FaultRules rules = Rules("fail IO_ERROR sync tag=wal.sync-roll nth=1");
  ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
  EXPECT_TRUE(world.store().Snapshot().Is(Code::kIoError));
  EXPECT_TRUE(world.store().Set("c", "3").Is(Code::kPoisoned));
}

TEST(SnapshotFaultTest, RemovalThatFailsIsTakenUpAgain) {
  for (const char* tag : {"wal.remove-covered", "snapshot.remove-old"}) {
    StoreWorld world;
    FaultRules rules = Rules(std::string("fail IO_ERROR remove tag=") + tag + " nth=2");
    ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
    EXPECT_TRUE(world.store().Compact().Is(Code::kIoError) || tag[0] == 's') << tag;
    world.Put("c", "3");
    static_cast<void>(world.store().Compact());
    EXPECT_EQ(rules.counts()[0].decided, 1u) << tag;
    EXPECT_TRUE(world.store().Compact().ok()) << tag;
    EXPECT_EQ(world.Files(), (Names{"0000000003.snap", "0000000004.wal", "LOCK"})) << tag;
    EXPECT_EQ(world.Recovered().value(), (Dump{{"a", "1"}, {"b", "2"}, {"c", "3"}})) << tag;
  }
}

// Changes a byte of the temporary once it has been synced, as a disk may.
class Rot final : public faultfs::IoHook {
 public:
  Rot(StoreWorld& world, size_t offset_bytes) : world_(world), offset_bytes_(offset_bytes) {}
  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    const bool second = call.path == "db/0000000002.snap.tmp";
    if (call.op == faultfs::IoOp::kSync && second) {
      const std::string name = "0000000002.snap.tmp";
      size_bytes = world_.Bytes(name).size();
      if (offset_bytes_ < size_bytes) world_.FlipByte(name, offset_bytes_);
    }
    return {};
  }
  size_t size_bytes = 0;

 private:
  StoreWorld& world_;
  const size_t offset_bytes_;
};

TEST(SnapshotFaultTest, WhatDoesNotReadBackIsNeverPublished) {
  size_t size = 1;
  for (size_t offset = 0; offset < size; ++offset) {
    StoreWorld world;
    Rot rot(world, offset);
    ASSERT_NO_FATAL_FAILURE(Prepare(world, &rot));
    const Status status = world.store().Compact();
    size = rot.size_bytes;
    ASSERT_FALSE(status.ok()) << offset;
    ASSERT_TRUE(world.HasFile("0000000001.snap") && world.HasFile("0000000002.wal")) << offset;
    ASSERT_FALSE(world.HasFile("0000000002.snap")) << offset;
    world.Put("c", "3");
    ASSERT_EQ(world.Recovered().value(), (Dump{{"a", "1"}, {"b", "2"}, {"c", "3"}})) << offset;
  }
  EXPECT_GT(size, 100u);
}

TEST(SnapshotFaultTest, DamagedSourcesGiveNoSnapshot) {
  for (const char* name : {"0000000001.snap", "0000000002.wal"}) {
    StoreWorld world;
    ASSERT_NO_FATAL_FAILURE(Prepare(world, nullptr));
    world.FlipByte(name, 100);
    const Status status = world.store().Compact();
    EXPECT_TRUE(status.Is(Code::kCorruption)) << status.ToString();
    EXPECT_EQ(status.file(), std::string("db/") + name);
    EXPECT_TRUE(world.HasFile(name)) << "what is left of it stays";
    world.Put("c", "3");
    EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  }
}

TEST(SnapshotFaultTest, ClearPersistenceIsDoneOnceTheClearIsDurable) {
  StoreWorld world;
  FaultRules rules = Rules("fail NO_SPACE write tag=snapshot.write nth=3");
  ASSERT_NO_FATAL_FAILURE(Prepare(world, &rules));
  EXPECT_TRUE(world.store().ClearPersistence().ok());
  EXPECT_TRUE(world.store().checkpoints().last_status.Is(Code::kNoSpace));
  EXPECT_EQ(DumpOf(world.store()), Dump());
  EXPECT_EQ(world.Recovered().value(), Dump());
}

}  // namespace
}  // namespace kv
