// Errors of the file system: what each call then says, what the store still does, and what is there
// after the process is gone.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/fault/fault_rules.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::FaultRules;
using faultfs::Result;
using faultfs::Status;

FaultRules Rules(const std::string& text) {
  auto rules = faultfs::ParseFaultRules(text);
  EXPECT_TRUE(rules.ok()) << rules.status().ToString();
  return FaultRules(std::move(rules).value());
}

class FaultTest : public ::testing::Test {
 protected:
  // Opens under the rules, which must each have acted when the test ends.
  void Start(const std::string& rules) {
    rules_ = std::make_unique<FaultRules>(faultfs::ParseFaultRules(rules).value());
    world_.hook = rules_.get();
    world_.MustOpen();
  }
  void TearDown() override {
    for (const auto& count : rules_->counts()) EXPECT_GT(count.decided, 0u);
  }
  Store& store() { return world_.store(); }
  Dump RecoveredWithoutFaults() {
    world_.hook = nullptr;
    auto recovered = world_.Recovered();
    EXPECT_TRUE(recovered.ok()) << recovered.status().ToString();
    return recovered.ok() ? *recovered : Dump();
  }
  void ExpectPoisoned() {
    const auto before = world_.ContentHash();
    const auto steps = world_.volume().trace().ops.size();
    for (const Status& status : {store().Set("x", "y"), store().Delete("x"), store().Clear(),
                                 store().Write(WriteBatch()), store().Flush()}) {
      EXPECT_TRUE(status.Is(Code::kPoisoned)) << status.ToString();
      EXPECT_NE(status.message().find("IO_ERROR"), std::string_view::npos) << status.message();
    }
    EXPECT_TRUE(store().Get("a").ok()) << "reads go on";
    EXPECT_TRUE(store().Close().Is(Code::kPoisoned));
    EXPECT_TRUE(store().Close().Is(Code::kClosed));
    EXPECT_EQ(world_.ContentHash(), before);
    EXPECT_EQ(world_.volume().trace().ops.size(), steps) << "not even a sync is tried";
  }

  StoreWorld world_;
  std::unique_ptr<FaultRules> rules_;
};

TEST_F(FaultTest, FailedSyncPoisonsAndShowsNothing) {
  Start("fail IO_ERROR sync tag=wal.sync nth=2");
  world_.Put("a", "1");
  EXPECT_TRUE(store().Set("a", "2").Is(Code::kIoError)) << "the first to see it gets the error";
  EXPECT_EQ(store().Get("a").value(), "1") << "nothing is visible before it is durable";
  EXPECT_EQ(store().last_sequence(), 1u);
  ExpectPoisoned();
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "2"}})) << "it was appended, so it may be there";
  EXPECT_EQ(store().recovery().carried, 1u) << "and is rewritten, because nothing proves it";
}

TEST_F(FaultTest, NoSpaceFromASyncIsNoProofOfAnything) {
  Start("fail NO_SPACE sync tag=wal.sync nth=1");
  const Status status = store().Set("a", "1");
  EXPECT_TRUE(status.Is(Code::kIoError)) << status.ToString();
  EXPECT_NE(status.message().find("NO_SPACE"), std::string_view::npos);
  EXPECT_TRUE(store().Set("a", "1").Is(Code::kPoisoned));
}

TEST_F(FaultTest, FailedFlushPoisons) {
  Start("fail IO_ERROR sync tag=wal.sync-flush");
  world_.PutBuffered("a", "1");
  EXPECT_TRUE(store().Flush().Is(Code::kIoError));
  EXPECT_EQ(store().Get("a").value(), "1") << "what was published stays";
  ExpectPoisoned();
}

TEST_F(FaultTest, FailedCloseReportsAndLetsGo) {
  Start("fail IO_ERROR sync tag=wal.sync-close");
  world_.PutBuffered("a", "1");
  EXPECT_TRUE(store().Close().Is(Code::kIoError));
  world_.hook = nullptr;
  EXPECT_TRUE(Store::Open(world_.options, StoreWorld::kDirectory).ok()) << "the lock is free";
}

TEST_F(FaultTest, NoSpaceOnAppendIsCutBackAndTheStoreGoesOn) {
  Start("short 70 write tag=wal.append nth=2\nfail NO_SPACE write tag=wal.append nth=3");
  world_.Put("a", "1");
  const uint64_t size = world_.Bytes("0000000001.wal").size();
  const Status status = store().Set("b", "2");
  EXPECT_TRUE(status.Is(Code::kNoSpace)) << status.ToString();
  EXPECT_EQ(world_.Bytes("0000000001.wal").size(), size);
  EXPECT_EQ(store().Contains("b").value(), false);
  EXPECT_EQ(store().last_sequence(), 1u);
  world_.Put("c", "3");
  EXPECT_TRUE(world_.HasFile("0000000002.wal")) << "never behind a rollback in the same segment";
  EXPECT_EQ(store().last_sequence(), 2u);
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}, {"c", "3"}}));
}

TEST_F(FaultTest, NoSpaceOnTheFirstRecordLeavesTheSegmentOutOfTheChain) {
  Start("fail NO_SPACE write tag=wal.append nth=1");
  EXPECT_TRUE(store().Set("a", "1").Is(Code::kNoSpace));
  world_.Put("b", "2");
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"b", "2"}}));
  EXPECT_EQ(store().recovery().segments, 1u);
}

TEST_F(FaultTest, FailedCutPoisons) {
  Start("fail NO_SPACE write tag=wal.append nth=2\nfail IO_ERROR truncate tag=wal.rollback");
  world_.Put("a", "1");
  EXPECT_TRUE(store().Set("b", "2").Is(Code::kIoError));
  ExpectPoisoned();
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}}));
}

TEST_F(FaultTest, OtherWriteErrorPoisons) {
  Start("short 100 write tag=wal.append nth=2\nfail IO_ERROR write tag=wal.append nth=3");
  world_.Put("a", "1");
  EXPECT_TRUE(store().Set("b", std::string(100, 'x')).Is(Code::kIoError));
  ExpectPoisoned();
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}}));
}

TEST_F(FaultTest, ShortWritesAreTakenUp) {
  Start("short 1 write");
  world_.Put("a", "1");
  world_.Put("b", "2");
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}, {"b", "2"}}));
}

TEST_F(FaultTest, ErrorsThatProveNothingDoNotLookLikeProof) {
  // What callers take for "not applied" may come from the file system, too.
  for (const char* code : {"INVALID_ARGUMENT", "TOO_LARGE", "POISONED", "CLOSED"}) {
    StoreWorld world;
    FaultRules rules = Rules(std::string("fail ") + code + " write tag=wal.append");
    world.hook = &rules;
    world.MustOpen();
    const Status status = world.store().Set("a", "1");
    EXPECT_TRUE(status.Is(Code::kIoError)) << status.ToString();
    EXPECT_NE(status.message().find(code), std::string_view::npos) << status.message();
  }
  Start("fail IO_ERROR write tag=wal.append");
  EXPECT_TRUE(store().Set("a", "1").Is(Code::kIoError));
}

TEST_F(FaultTest, FailedMarkerConcernsNoCaller) {
  Start("short 10 write tag=wal.marker nth=1\nfail NO_SPACE write tag=wal.marker nth=2");
  world_.Put("a", "1");
  world_.Put("b", "2");
  EXPECT_TRUE(world_.HasFile("0000000002.wal")) << "never behind a torn marker";
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}, {"b", "2"}}));
}

TEST_F(FaultTest, MarkerWithAnUnknownErrorPoisonsButTheMutationStands) {
  Start("fail IO_ERROR write tag=wal.marker nth=1");
  world_.Put("a", "1");
  EXPECT_EQ(store().Get("a").value(), "1");
  ExpectPoisoned();
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}}));
}

TEST_F(FaultTest, RollThatFailsBeforeTheRenameFailsTheCallOnly) {
  for (const char* place : {"create tag=wal.create nth=2", "write tag=wal.header nth=2",
                            "sync tag=wal.sync-new nth=2", "rename tag=wal.publish nth=2"}) {
    for (const auto& [code, expected] :
         {std::pair("NO_SPACE", Code::kNoSpace), std::pair("IO_ERROR", Code::kIoError)}) {
      StoreWorld world;
      FaultRules rules = Rules(std::string("fail ") + code + " " + place);
      world.hook = &rules;
      world.options.segment_bytes = 1;
      world.MustOpen();
      world.Put("a", "1");
      const Status status = world.store().Set("b", "2");
      EXPECT_TRUE(status.Is(expected)) << place << ": " << status.ToString();
      EXPECT_EQ(world.Files(), (std::vector<std::string>{"0000000001.wal", "LOCK"}))
          << place << ": the temporary is gone";
      world.Put("c", "3");
      EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "1"}, {"c", "3"}}));
      world.hook = nullptr;
      EXPECT_EQ(world.Recovered().value(), (Dump{{"a", "1"}, {"c", "3"}})) << place;
    }
  }
  Start("fail NO_SPACE create tag=wal.create nth=2");
  world_.Close();
  EXPECT_TRUE(world_.Open().Is(Code::kNoSpace));
}

TEST_F(FaultTest, RollWhoseDirectorySyncFailsPoisons) {
  world_.options.segment_bytes = 1;
  Start("fail IO_ERROR sync-dir tag=wal.sync-dir nth=2");
  world_.Put("a", "1");
  EXPECT_TRUE(store().Set("b", "2").Is(Code::kIoError));
  ExpectPoisoned();
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}}));
}

TEST_F(FaultTest, RollOfABufferedSegmentSyncsItFirst) {
  world_.options.segment_bytes = 1;
  Start("fail IO_ERROR sync tag=wal.sync-roll");
  world_.PutBuffered("a", "1");
  EXPECT_TRUE(store().Set("b", "2", {.durability = Durability::kBuffered}).Is(Code::kIoError));
  ExpectPoisoned();
}

TEST_F(FaultTest, RecoveredTailDoesNotRestOnANameThatMayGo) {
  // A first recovery publishes its segment but cannot sync the directory; the next one must write
  // the records again, because that name may be lost although a later directory sync says Ok.
  world_.MustOpen();
  world_.Put("a", "1");
  world_.PutBuffered("b", "2");
  world_.Kill();
  rules_ = std::make_unique<FaultRules>(
      faultfs::ParseFaultRules("fail IO_ERROR sync-dir tag=wal.sync-dir").value());
  world_.hook = rules_.get();
  EXPECT_TRUE(world_.Open().Is(Code::kIoError));
  EXPECT_TRUE(world_.HasFile("0000000002.wal"));
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(store().recovery().carried, 1u);
  EXPECT_FALSE(world_.HasFile("0000000002.wal")) << "and the old name is out of the chain";
  world_.Kill();
  EXPECT_EQ(RecoveredWithoutFaults(), (Dump{{"a", "1"}, {"b", "2"}}));
}

TEST_F(FaultTest, FailedSyncOfTheParentUndoesTheDirectory) {
  rules_ = std::make_unique<FaultRules>(
      faultfs::ParseFaultRules("fail IO_ERROR sync-dir tag=dir.sync-parent nth=1").value());
  world_.hook = rules_.get();
  const auto before = world_.ContentHash();
  EXPECT_TRUE(world_.Open().Is(Code::kIoError));
  EXPECT_EQ(world_.ContentHash(), before);
  EXPECT_TRUE(world_.Open().ok());
}

// One program of all operations with small segments; every call of the file system fails in turn,
// in every way. Afterwards the process dies, and what is recovered must be one of the maps that the
// answers of the program allow.
class EveryCallFailsTest : public ::testing::TestWithParam<const char*> {
 protected:
  // What may be in the store: after Ok the operation is, after Fail it is not, after Info who
  // knows.
  using Worlds = std::set<Dump>;

  static bool ProvesNothing(Code code) {
    return code != Code::kInvalidArgument && code != Code::kTooLarge && code != Code::kNoSpace &&
           code != Code::kPoisoned && code != Code::kClosed;
  }

  template <typename Change>
  void Account(const Status& status, Change change) {
    Worlds next;
    for (Dump dump : worlds_) {
      if (!status.ok()) next.insert(dump);
      change(dump);
      if (status.ok() || ProvesNothing(status.code())) next.insert(dump);
    }
    worlds_ = std::move(next);
    if (status.ok()) change(visible_);
    EXPECT_EQ(DumpOf(store_world_->store()), visible_) << status.ToString();
  }

  void Set(const std::string& key, const std::string& value, Durability durability) {
    Account(store_world_->store().Set(key, value, {.durability = durability}),
            [&](Dump& dump) { dump[key] = value; });
  }

  // A call that changes no map, whatever it returns.
  void Keep(const Status& status) {
    EXPECT_EQ(DumpOf(store_world_->store()), visible_) << status.ToString();
  }

  void RunProgram() {
    Set("a", "1", Durability::kSync);
    Set("b", std::string(200, 'b'), Durability::kBuffered);
    Set("a", "2", Durability::kBuffered);
    Account(store_world_->store().Delete("a", {.durability = Durability::kSync}),
            [](Dump& dump) { dump.erase("a"); });
    Keep(store_world_->store().Snapshot());
    WriteBatch batch;
    batch.Set("c", "3");
    batch.Set("d", "4");
    Account(store_world_->store().Write(batch, {.durability = Durability::kBuffered}),
            [](Dump& dump) {
              dump.insert({{"c", "3"}, {"d", "4"}});
            });
    static_cast<void>(store_world_->store().Flush());
    Keep(store_world_->store().Compact());
    Set("b", "7", Durability::kBuffered);
    Keep(store_world_->store().Snapshot());
    Account(store_world_->store().Clear({.durability = Durability::kBuffered}),
            [](Dump& dump) { dump.clear(); });
    Set("e", "5", Durability::kSync);
    Keep(store_world_->store().Compact());
    Account(store_world_->store().ClearPersistence(), [](Dump& dump) { dump.clear(); });
    Set("f", "6", Durability::kBuffered);
  }

  std::unique_ptr<StoreWorld> store_world_;
  Worlds worlds_;
  Dump visible_;
};

INSTANTIATE_TEST_SUITE_P(Faults, EveryCallFailsTest,
                         ::testing::Values("fail IO_ERROR any nth=", "fail NO_SPACE any nth=",
                                           "fail IO_ERROR sync,sync-dir always nth=",
                                           "fail NO_SPACE write always nth=",
                                           "fail IO_ERROR any always nth="),
                         [](const auto& fault) { return "Fault" + std::to_string(fault.index); });

TEST_P(EveryCallFailsTest, WhatIsRecoveredFitsTheAnswers) {
  uint64_t nth = 1;
  for (bool acted = true; acted; ++nth) {
    ASSERT_LT(nth, 1000u);
    store_world_ = std::make_unique<StoreWorld>();
    store_world_->options.segment_bytes = 300;
    worlds_ = {Dump()};
    visible_ = Dump();
    FaultRules rules = Rules(GetParam() + std::to_string(nth));
    store_world_->hook = &rules;
    const bool opened = store_world_->Open().ok();
    if (opened) RunProgram();
    store_world_->Kill();
    store_world_->hook = nullptr;
    for (int reopen = 0; reopen < 2; ++reopen) {
      const Result<Dump> recovered = store_world_->Recovered();
      ASSERT_TRUE(recovered.ok()) << nth << ": " << recovered.status().ToString();
      EXPECT_TRUE(worlds_.contains(*recovered)) << nth;
      worlds_ = {*recovered};  // decided for good
      store_world_->Put("probe", "1");
      worlds_ = {DumpOf(store_world_->store())};
      store_world_->Kill();
    }
    acted = rules.counts()[0].decided > 0;
  }
  EXPECT_GT(nth, 10u) << "the fault met many calls";
}

}  // namespace
}  // namespace kv
