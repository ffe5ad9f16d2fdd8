// Many threads on one store. What these tests can see depends on luck; run under ThreadSanitizer
// they see every unlocked access on the paths they take.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "faultfs/env/io_hook.h"
#include "faultfs/env/thread.h"
#include "faultfs/env/thread_executor.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::IoDecision;
using faultfs::Thread;

TEST(ConcurrencyTest, WritersOfTheirOwnKeysLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 200;
  static constexpr Durability kDurabilities[] = {
      Durability::kSync, Durability::kBuffered, Durability::kGroupCommit, Durability::kGroupCommit};
  StoreWorld world;
  world.options.segment_bytes = 4000;
  world.MustOpen();
  std::vector<Thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&world, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = std::to_string(t) + "-" + std::to_string(i % 20);
        const auto durability = kDurabilities[i % 4];
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
    world.options.durability = round % 2 == 0 ? Durability::kSync : Durability::kGroupCommit;
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

/// Holds up the first sync with a tag until it is let go, and says how often each call was made.
class Gate final : public faultfs::IoHook {
 public:
  explicit Gate(faultfs::IoTag tag, IoDecision decision = {}) : tag_(tag), decision_(decision) {}

  [[nodiscard]] IoDecision Decide(const faultfs::IoCall& call) override {
    if (call.tag == faultfs::IoTag("wal.append")) ++appends;
    if (call.op != faultfs::IoOp::kSync || !(call.tag == tag_)) return {};
    if (++syncs > 1) return {};
    entered.Set();
    open.Wait();
    return decision_;
  }

  faultfs::Event entered;
  faultfs::Event open;
  std::atomic<int> appends{0};
  std::atomic<int> syncs{0};

 private:
  const faultfs::IoTag tag_;
  const IoDecision decision_;
};

TEST(ConcurrencyTest, ReadersDoNotWaitForASyncAndSeeNothingOfIt) {
  Gate gate(faultfs::IoTag("wal.sync"));
  StoreWorld world;
  world.options.durability = Durability::kGroupCommit;
  world.hook = &gate;
  world.MustOpen();
  world.PutBuffered("a", "old");
  Thread writer([&] { EXPECT_TRUE(world.store().Set("a", "new").ok()); });
  gate.entered.Wait();
  EXPECT_EQ(world.store().Get("a").value(), "old");
  EXPECT_EQ(world.store().Size().value(), 1u);
  EXPECT_EQ(DumpOf(world.store()), (Dump{{"a", "old"}}));
  EXPECT_EQ(world.store().last_sequence(), 1u);
  gate.open.Set();
  writer.join();
  EXPECT_EQ(world.store().Get("a").value(), "new");
}

TEST(ConcurrencyTest, BufferedWritesGoOnWhileAFlushSyncs) {
  Gate gate(faultfs::IoTag("wal.sync-flush"));
  StoreWorld world;
  world.hook = &gate;
  world.MustOpen();
  world.PutBuffered("a", "1");
  Thread flusher([&] { EXPECT_TRUE(world.store().Flush().ok()); });
  gate.entered.Wait();
  world.PutBuffered("b", "2");
  EXPECT_EQ(world.store().Get("b").value(), "2");
  gate.open.Set();
  flusher.join();
  EXPECT_TRUE(world.store().Flush().ok());
  EXPECT_EQ(gate.syncs.load(), 2) << "the first Flush says nothing of what came while it ran";
}

TEST(ConcurrencyTest, AFailedSyncIsTheErrorOfItsGroupAndRefusesWhoeverComesBehind) {
  Gate gate(faultfs::IoTag("wal.sync"),
            {.action = IoDecision::Action::kFail, .code = faultfs::Code::kIoError});
  StoreWorld world;
  world.options.durability = Durability::kGroupCommit;
  world.hook = &gate;
  world.MustOpen();
  Thread leader([&] { EXPECT_TRUE(world.store().Set("a", "1").Is(faultfs::Code::kIoError)); });
  gate.entered.Wait();
  std::vector<Thread> others;
  for (const auto durability :
       {Durability::kGroupCommit, Durability::kSync, Durability::kBuffered}) {
    others.emplace_back([&world, durability] {
      EXPECT_TRUE(
          world.store().Set("b", "2", {.durability = durability}).Is(faultfs::Code::kPoisoned));
    });
  }
  others.emplace_back(
      [&world] { EXPECT_TRUE(world.store().Flush().Is(faultfs::Code::kPoisoned)); });
  gate.open.Set();
  leader.join();
  for (Thread& other : others) other.join();
  EXPECT_EQ(gate.appends.load(), 1) << "what was not written is not in the log";
  EXPECT_EQ(gate.syncs.load(), 1) << "and no sync is tried again";
  EXPECT_EQ(world.store().last_sequence(), 0u);
  EXPECT_EQ(world.store().Get("a").value(), std::nullopt);
}

TEST(ConcurrencyTest, EveryCallAgainstEveryOther) {
  faultfs::ThreadExecutor executor;
  StoreWorld world;
  world.options.durability = Durability::kGroupCommit;
  world.options.segment_bytes = 2000;
  world.options.checkpoint_bytes = 3000;
  world.options.executor = &executor;
  world.MustOpen();
  std::vector<Thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&world, t] {
      Store& store = world.store();
      for (int i = 0; i < 150; ++i) {
        const std::string key = std::to_string((t + i) % 7);
        const WriteOptions options{.durability = Durability(i % 3)};
        WriteBatch batch;
        batch.Set(key, "batch");
        batch.Delete("absent");
        EXPECT_TRUE(store.Set(key, std::to_string(i), options).ok());
        if (i % 5 == t) {
          EXPECT_TRUE(store.Write(batch, options).ok());
        }
        if (i % 11 == t) {
          EXPECT_TRUE(store.Delete(key, options).ok());
        }
        if (i % 13 == t) {
          EXPECT_TRUE(store.Flush().ok());
        }
        if (i % 29 == t) {
          EXPECT_TRUE(store.Snapshot().ok());
        }
        if (i % 31 == t) {
          EXPECT_TRUE(store.Compact().ok());
        }
        if (i % 37 == t) {
          EXPECT_TRUE(store.Clear(options).ok());
        }
        if (i % 71 == t) {
          EXPECT_TRUE(store.ClearPersistence().ok());
        }
        EXPECT_TRUE(store.Size().ok());
      }
    });
  }
  for (Thread& thread : threads) thread.join();
  const Dump before = DumpOf(world.store());
  const uint64_t last = world.store().last_sequence();
  EXPECT_EQ(world.Recovered().value(), before);
  EXPECT_EQ(world.store().last_sequence(), last);
  world.Close();
}

}  // namespace
}  // namespace kv
