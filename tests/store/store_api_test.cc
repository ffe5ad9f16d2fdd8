// What a caller sees while nothing goes wrong.
#include <gtest/gtest.h>

#include <string>

#include "store/directory.h"
#include "store/store.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;

class StoreApiTest : public ::testing::TestWithParam<Durability> {
 protected:
  void SetUp() override {
    world_.options.durability = GetParam();
    world_.MustOpen();
  }
  Store& store() { return world_.store(); }
  void Reopen() {
    world_.Close();
    world_.MustOpen();
  }

  StoreWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Policies, StoreApiTest,
                         ::testing::Values(Durability::kBuffered, Durability::kSync),
                         [](const auto& policy) {
                           return policy.param == Durability::kSync ? "Sync" : "Buffered";
                         });

TEST_P(StoreApiTest, SetGetDeleteContainsSize) {
  EXPECT_EQ(store().Get("a").value(), std::nullopt);
  ASSERT_TRUE(store().Set("a", "1").ok());
  ASSERT_TRUE(store().Set("b", "2").ok());
  ASSERT_TRUE(store().Set("a", "3").ok());
  EXPECT_EQ(store().Get("a").value(), "3");
  EXPECT_TRUE(store().Contains("b").value());
  EXPECT_EQ(store().Size().value(), 2u);
  ASSERT_TRUE(store().Delete("b").ok());
  EXPECT_FALSE(store().Contains("b").value());
  ASSERT_TRUE(store().Delete("never there").ok());
  EXPECT_EQ(store().last_sequence(), 5u) << "a delete of a missing key is a mutation too";
  Reopen();
  EXPECT_EQ(DumpOf(store()), (Dump{{"a", "3"}}));
  EXPECT_EQ(store().last_sequence(), 5u);
}

TEST_P(StoreApiTest, AnyBytesAreKeysAndValues) {
  const std::string zeros("\0\0\0", 3);
  const std::string all = [] {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    return bytes;
  }();
  const Dump expected{{"", all}, {zeros, ""}, {all, zeros}, {"\xff\xfe", "\n"}};
  for (const auto& [key, value] : expected) ASSERT_TRUE(store().Set(key, value).ok());
  EXPECT_EQ(DumpOf(store()), expected);
  Reopen();
  EXPECT_EQ(DumpOf(store()), expected);
}

TEST_P(StoreApiTest, ClearRemovesEverythingAndLaterWritesStay) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store().Set(std::to_string(i), "x").ok());
  ASSERT_TRUE(store().Clear().ok());
  EXPECT_EQ(store().Size().value(), 0u);
  ASSERT_TRUE(store().Set("after", "1").ok());
  Reopen();
  EXPECT_EQ(DumpOf(store()), (Dump{{"after", "1"}}));
  EXPECT_EQ(store().last_sequence(), 102u);
}

TEST_P(StoreApiTest, BatchIsOneMutationInOrder) {
  ASSERT_TRUE(store().Set("gone", "x").ok());
  WriteBatch batch;
  batch.Set("a", "1");
  batch.Set("a", "2");
  batch.Delete("gone");
  batch.Set("b", "");
  batch.Delete("b");
  batch.Set("b", "3");
  EXPECT_EQ(batch.size(), 6u);
  ASSERT_TRUE(store().Write(batch).ok());
  EXPECT_EQ(store().last_sequence(), 2u);
  ASSERT_TRUE(store().Write(WriteBatch()).ok());
  EXPECT_EQ(store().last_sequence(), 3u) << "an empty batch is a mutation too";
  Reopen();
  EXPECT_EQ(DumpOf(store()), (Dump{{"a", "2"}, {"b", "3"}}));
  EXPECT_EQ(store().last_sequence(), 3u);
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.payload(), "");
}

TEST_P(StoreApiTest, LimitsAreCheckedBeforeAnythingIsWritten) {
  const auto before = world_.ContentHash();
  const std::string long_key(kMaxKeyBytes + 1, 'k');
  const std::string long_value(kMaxValueBytes + 1, 'v');
  EXPECT_TRUE(store().Set(long_key, "v").Is(Code::kTooLarge));
  EXPECT_TRUE(store().Delete(long_key).Is(Code::kTooLarge));
  EXPECT_TRUE(store().Set("k", long_value).Is(Code::kTooLarge));
  WriteBatch batch;
  batch.Set("fine", "1");
  batch.Set(long_key, "1");
  batch.Set("fine too", "1");
  EXPECT_TRUE(store().Write(batch).Is(Code::kTooLarge)) << "the whole batch is refused";
  EXPECT_EQ(world_.ContentHash(), before);
  EXPECT_EQ(store().last_sequence(), 0u);
  EXPECT_EQ(store().Size().value(), 0u);

  ASSERT_TRUE(store().Set(std::string(kMaxKeyBytes, 'k'), "v").ok());
  batch.Clear();
  batch.Set("fine", "1");
  EXPECT_TRUE(store().Write(batch).ok()) << "a cleared batch has forgotten the error";
}

TEST_P(StoreApiTest, BatchLimitCountsEncodedBytes) {
  WriteBatch batch;
  const std::string value(kMaxValueBytes, 'v');
  for (int i = 0; i < 3; ++i) batch.Set("key", value);
  EXPECT_TRUE(batch.status().ok());
  const size_t left = kMaxBatchBytes - batch.payload().size();
  batch.Set("", std::string_view(value).substr(0, left - 8));
  EXPECT_TRUE(batch.status().Is(Code::kTooLarge)) << "one byte over";
  EXPECT_EQ(batch.size(), 3u);
}

TEST_P(StoreApiTest, ReopenedAHundredTimes) {
  Dump expected;
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(store().Set("key" + std::to_string(i % 7), number).ok());
    expected["key" + std::to_string(i % 7)] = number;
    Reopen();
    ASSERT_EQ(DumpOf(store()), expected);
    ASSERT_EQ(store().recovery().last_sequence, static_cast<uint64_t>(i + 1));
  }
}

TEST_P(StoreApiTest, ReopeningWithoutWritesLeavesNothingBehind) {
  ASSERT_TRUE(store().Set("a", "1").ok());
  for (int i = 0; i < 20; ++i) Reopen();
  EXPECT_EQ(world_.Files(), (std::vector<std::string>{"0000000001.wal", "0000000021.wal", "LOCK"}));
}

TEST_P(StoreApiTest, FiveThousandRecords) {
  Dump expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = "key" + std::to_string(i * 7919 % 1000);
    expected[key] = std::to_string(i);
    ASSERT_TRUE(store().Set(key, std::to_string(i)).ok());
  }
  Reopen();
  EXPECT_EQ(DumpOf(store()), expected);
}

TEST_P(StoreApiTest, RecordsLargerThanTheReadWindow) {
  Dump expected;
  for (int i = 0; i < 8; ++i) {
    std::string value(size_t{512} << 10, static_cast<char>('a' + i));
    value += std::to_string(i);
    ASSERT_TRUE(store().Set(std::to_string(i), value).ok());
    expected[std::to_string(i)] = value;
  }
  Reopen();
  EXPECT_TRUE(DumpOf(store()) == expected);
  world_.Kill();
  world_.MustOpen();
  EXPECT_TRUE(DumpOf(store()) == expected);
}

TEST_P(StoreApiTest, EveryRecordInASegmentOfItsOwn) {
  world_.Close();
  world_.options.segment_bytes = 1;
  world_.MustOpen();
  Dump expected;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(store().Set(std::to_string(i), "v").ok());
    expected[std::to_string(i)] = "v";
  }
  EXPECT_EQ(world_.Files().size(), 1 + 50u) << "LOCK and a segment a record";
  Reopen();
  EXPECT_EQ(DumpOf(store()), expected);
  EXPECT_EQ(store().recovery().segments, 50u);
}

TEST_P(StoreApiTest, SecondHandleIsRefused) {
  const auto before = world_.ContentHash();
  const auto second = Store::Open(world_.options, StoreWorld::kDirectory);
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(second.status().Is(Code::kLocked)) << second.status().ToString();
  EXPECT_EQ(second.status().file(), StoreWorld::kDirectory);
  EXPECT_EQ(world_.ContentHash(), before);
  ASSERT_TRUE(store().Set("a", "1").ok()) << "the first is not disturbed";
  world_.Close();
  EXPECT_TRUE(Store::Open(world_.options, StoreWorld::kDirectory).ok());
}

TEST_P(StoreApiTest, AfterCloseEverythingIsRefused) {
  ASSERT_TRUE(store().Set("a", "1").ok());
  world_.Close();
  EXPECT_TRUE(store().Get("a").status().Is(Code::kClosed));
  EXPECT_TRUE(store().Contains("a").status().Is(Code::kClosed));
  EXPECT_TRUE(store().Size().status().Is(Code::kClosed));
  EXPECT_TRUE(store().ForEach([](auto, auto) {}).Is(Code::kClosed));
  EXPECT_TRUE(store().Set("a", "2").Is(Code::kClosed));
  EXPECT_TRUE(store().Delete("a").Is(Code::kClosed));
  EXPECT_TRUE(store().Clear().Is(Code::kClosed));
  EXPECT_TRUE(store().Write(WriteBatch()).Is(Code::kClosed));
  EXPECT_TRUE(store().Flush().Is(Code::kClosed));
  EXPECT_TRUE(store().Close().Is(Code::kClosed));
  world_.MustOpen();
  EXPECT_EQ(DumpOf(store()), (Dump{{"a", "1"}}));
}

TEST_P(StoreApiTest, WriteOptionsOverrideTheStore) {
  const auto syncs = [&] {
    uint64_t count = 0;
    for (const auto& op : world_.volume().trace().ops) {
      if (op.kind == faultfs::TraceKind::kSyncEnd) ++count;
    }
    return count;
  };
  const uint64_t before = syncs();
  ASSERT_TRUE(store().Set("a", "1", {.durability = Durability::kBuffered}).ok());
  EXPECT_EQ(syncs(), before);
  ASSERT_TRUE(store().Set("a", "2", {.durability = Durability::kSync}).ok());
  EXPECT_EQ(syncs(), before + 1);
  ASSERT_TRUE(store().Flush().ok());
  EXPECT_EQ(syncs(), before + 1) << "everything is durable already";
  ASSERT_TRUE(store().Set("a", "3", {.durability = Durability::kBuffered}).ok());
  ASSERT_TRUE(store().Flush().ok());
  EXPECT_EQ(syncs(), before + 2);
}

TEST(StoreOpenTest, RefusesWhatMakesNoSense) {
  StoreWorld world;
  world.options.shards = 0;
  EXPECT_TRUE(world.Open().Is(Code::kInvalidArgument));
  world.options.shards = 1;
  world.options.segment_bytes = 0;
  EXPECT_TRUE(world.Open().Is(Code::kInvalidArgument));
  EXPECT_TRUE(Store::Open(Options(), "").status().Is(Code::kInvalidArgument));
}

TEST(StoreOpenTest, ParentMustExist) {
  StoreWorld world;
  world.MustOpen();
  EXPECT_TRUE(Store::Open(world.options, "no/such/parent").status().Is(Code::kNotFound));
}

TEST(StoreOpenTest, OneShardDoesWhatManyDo) {
  // ThreadSanitizer follows at most 64 locks a thread.
  for (const uint32_t shards : {1u, 2u, 7u, 50u}) {
    StoreWorld world;
    world.options.shards = shards;
    world.MustOpen();
    Dump expected;
    for (int i = 0; i < 200; ++i) {
      world.PutBuffered(std::to_string(i), "v");
      expected[std::to_string(i)] = "v";
    }
    WriteBatch batch;
    for (int i = 0; i < 100; ++i) batch.Delete(std::to_string(i));
    ASSERT_TRUE(world.store().Write(batch).ok());
    for (int i = 0; i < 100; ++i) expected.erase(std::to_string(i));
    EXPECT_EQ(DumpOf(world.store()), expected);
  }
}

TEST(StoreOpenTest, SameCallsGiveTheSameBytes) {
  const auto run = [](uint32_t shards) {
    StoreWorld world(/*seed=*/42);
    world.options.shards = shards;
    world.options.segment_bytes = 1000;
    world.MustOpen();
    for (int i = 0; i < 60; ++i) world.PutBuffered(std::to_string(i * 37 % 100), "value");
    EXPECT_TRUE(world.store().Clear().ok());
    world.Kill();
    world.MustOpen();
    world.Put("a", "1");
    world.Close();
    return std::make_pair(world.ContentHash(), Describe(world.volume().trace()));
  };
  EXPECT_EQ(run(16), run(16));
  EXPECT_EQ(run(16), run(3)) << "shards are no matter of the files";
}

TEST(ParentPathTest, NamesTheDirectoryThatHoldsTheEntry) {
  EXPECT_EQ(ParentPath("db"), ".");
  EXPECT_EQ(ParentPath("db/"), ".");
  EXPECT_EQ(ParentPath("/db"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(ParentPath("a/b"), "a");
  EXPECT_EQ(ParentPath("a//b//"), "a");
  EXPECT_EQ(ParentPath("/a/b/"), "/a");
  EXPECT_EQ(ParentPath("."), "./..");
  EXPECT_EQ(ParentPath("a/.."), "a/../..");
}

}  // namespace
}  // namespace kv
