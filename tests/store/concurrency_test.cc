// Many threads on one store. What these tests can see depends on luck; run under ThreadSanitizer
// they see every unlocked access on the paths they take.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "faultfs/env/thread.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Thread;

TEST(ConcurrencyTest, WritersOfTheirOwnKeysLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 200;
  StoreWorld world;
  world.options.segment_bytes = 4000;
  world.MustOpen();
  std::vector<Thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&world, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = std::to_string(t) + "-" + std::to_string(i % 20);
        const auto durability = i % 3 == 0 ? Durability::kSync : Durability::kBuffered;
        EXPECT_TRUE(world.store().Set(key, std::to_string(i), {.durability = durability}).ok());
        EXPECT_EQ(world.store().Get(key).value(), std::to_string(i)) << "one reads one's writes";
      }
    });
  }
  for (Thread& thread : threads) thread.join();
  EXPECT_EQ(world.store().last_sequence(), uint64_t{kThreads * kWrites});
  const Dump before = DumpOf(world.store());
  EXPECT_EQ(before.size(), size_t{kThreads * 20});
  EXPECT_EQ(world.Recovered().value(), before);
}

TEST(ConcurrencyTest, NoReaderSeesHalfABatch) {
  StoreWorld world;
  world.MustOpen();
  constexpr int kKeys = 8;
  const auto write_all = [&](const std::string& value) {
    WriteBatch batch;
    for (int i = 0; i < kKeys; ++i) batch.Set("key" + std::to_string(i), value);
    EXPECT_TRUE(world.store().Write(batch, {.durability = Durability::kBuffered}).ok());
  };
  write_all("start");
  std::atomic<bool> stop{false};
  std::vector<Thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        const Dump dump = DumpOf(world.store());
        if (dump.empty()) continue;  // after Clear
        EXPECT_EQ(dump.size(), size_t{kKeys});
        for (const auto& [key, value] : dump) EXPECT_EQ(value, dump.begin()->second);
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    if (i % 50 == 49) {
      EXPECT_TRUE(world.store().Clear({.durability = Durability::kBuffered}).ok());
    }
    write_all(std::to_string(i));
  }
  stop.store(true, std::memory_order_relaxed);
  for (Thread& reader : readers) reader.join();
}

TEST(ConcurrencyTest, CloseAgainstEverythingElse) {
  for (int round = 0; round < 20; ++round) {
    StoreWorld world;
    world.MustOpen();
    std::atomic<uint64_t> acked{0};
    std::vector<Thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        while (world.store().Set("k", "v").ok()) acked.fetch_add(1, std::memory_order_relaxed);
      });
      threads.emplace_back([&] {
        while (world.store().Get("k").ok() && world.store().Flush().ok()) {
        }
      });
    }
    while (acked.load(std::memory_order_relaxed) < 5) {
    }
    world.Close();
    for (Thread& thread : threads) thread.join();
    world.MustOpen();
    EXPECT_EQ(world.store().last_sequence(), acked.load());
  }
}

}  // namespace
}  // namespace kv
