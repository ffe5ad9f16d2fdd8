// Checkpoints in the background: when they come, what happens when they fail, who waits for whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "faultfs/env/executor.h"
#include "faultfs/env/thread.h"
#include "faultfs/fault/fault_rules.h"
#include "store/checkpoint_pace.h"
#include "store/format.h"
#include "store/io_tags.h"
#include "store/mutation.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::FaultRules;
using faultfs::Status;
using faultfs::Thread;

class CheckpointTest : public ::testing::Test {
 protected:
  void Start(uint64_t checkpoint_bytes) {
    world_.options.checkpoint_bytes = checkpoint_bytes;
    world_.options.executor = &executor_;
    world_.options.segment_bytes = 1000;
    world_.MustOpen();
  }
  void PutMany(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(i % 10);
      expected_[key] = std::to_string(next_++);
      world_.PutBuffered(key, expected_[key]);
    }
  }
  uint64_t DiskBytes() {
    uint64_t bytes = 0;
    for (const std::string& name : world_.Files()) bytes += world_.Bytes(name).size();
    return bytes;
  }

  faultfs::ManualExecutor executor_;
  StoreWorld world_;
  Dump expected_;
  int next_ = 0;
};

TEST_F(CheckpointTest, NoneUnlessAskedFor) {
  Start(0);
  PutMany(500);
  EXPECT_EQ(executor_.pending(), 0u);
  EXPECT_EQ(world_.store().checkpoints().completed, 0u);
}

TEST_F(CheckpointTest, ComesWhenTheLogHasGrown) {
  Start(5000);
  PutMany(40);
  EXPECT_EQ(executor_.pending(), 0u);
  PutMany(100);
  EXPECT_EQ(executor_.pending(), 1u) << "one at a time";
  ASSERT_TRUE(executor_.RunNext());
  const CheckpointInfo info = world_.store().checkpoints();
  EXPECT_EQ(info.completed, 1u);
  EXPECT_EQ(info.failed, 0u);
  EXPECT_EQ(info.sequence, 140u);
  EXPECT_TRUE(info.last_status.ok());
  EXPECT_EQ(world_.Files().size(), 3u) << "covered segments are gone";
  PutMany(10);
  EXPECT_EQ(executor_.pending(), 0u) << "counted anew";
  EXPECT_EQ(world_.Recovered().value(), expected_);
}

TEST_F(CheckpointTest, BoundsDiskAndRecovery) {
  Start(5000);
  for (int i = 0; i < 200; ++i) {
    PutMany(50);
    while (executor_.RunNext()) {
    }
    ASSERT_LT(DiskBytes(), 15'000u) << i;
  }
  EXPECT_GT(world_.store().checkpoints().completed, 90u);
  EXPECT_EQ(world_.Recovered().value(), expected_);
  EXPECT_LT(world_.store().recovery().replayed, 150u);
}

TEST_F(CheckpointTest, WhatWasRecoveredCounts) {
  Start(0);
  PutMany(100);
  world_.Kill();
  Start(5000);
  EXPECT_EQ(executor_.pending(), 0u) << "Open does nothing in the background";
  PutMany(1);
  EXPECT_EQ(executor_.pending(), 1u);
}

TEST_F(CheckpointTest, WhatACrashKeptFromBeingRemovedGoes) {
  Start(0);
  PutMany(20);
  ASSERT_TRUE(world_.store().Snapshot().ok());
  world_.Kill();
  Start(1'000'000);
  PutMany(1);
  ASSERT_TRUE(executor_.RunNext());
  EXPECT_EQ(world_.Files().size(), 3u);
  EXPECT_EQ(world_.Recovered().value(), expected_);
}

TEST_F(CheckpointTest, FailureIsReportedRetriedAndStopsNothing) {
  FaultRules rules(
      faultfs::ParseFaultRules("fail NO_SPACE write tag=snapshot.write nth=1").value());
  world_.hook = &rules;
  Start(5000);
  PutMany(80);
  ASSERT_TRUE(executor_.RunNext());
  CheckpointInfo info = world_.store().checkpoints();
  EXPECT_EQ(info.failed, 1u);
  EXPECT_TRUE(info.last_status.Is(Code::kNoSpace)) << info.last_status.ToString();
  EXPECT_EQ(info.sequence, 0u);
  PutMany(1);
  EXPECT_EQ(executor_.pending(), 0u) << "not at once";
  PutMany(80);
  ASSERT_TRUE(executor_.RunNext()) << "but later";
  info = world_.store().checkpoints();
  EXPECT_EQ(info.completed, 1u);
  EXPECT_TRUE(info.last_status.ok());
  EXPECT_EQ(world_.Recovered().value(), expected_);
}

TEST_F(CheckpointTest, AJobThatComesTooLateDoesNothing) {
  Start(100);
  PutMany(10);
  ASSERT_EQ(executor_.pending(), 1u);
  world_.Close();
  const size_t steps = world_.volume().trace().ops.size();
  EXPECT_TRUE(executor_.RunNext());
  world_.MustOpen();
  PutMany(1);
  ASSERT_EQ(executor_.pending(), 1u);
  world_.Kill();  // and the store is destroyed
  EXPECT_TRUE(executor_.RunNext());
  EXPECT_GT(world_.volume().trace().ops.size(), steps);
  EXPECT_EQ(world_.Recovered().value(), expected_);
}

// Runs the job within Submit.
class InlineExecutor final : public faultfs::Executor {
 public:
  void Submit(Job job) override { job(); }
};

TEST_F(CheckpointTest, AnExecutorMayRunTheJobAtOnce) {
  InlineExecutor at_once;
  Start(500);
  world_.options.executor = &at_once;
  world_.MustOpen();
  PutMany(100);
  EXPECT_GT(world_.store().checkpoints().completed, 5u);
  EXPECT_EQ(world_.Recovered().value(), expected_);
}

// Writes and reads whenever a snapshot does something slow.
class BusyClient final : public faultfs::IoHook {
 public:
  explicit BusyClient(StoreWorld& world) : world_(world) {}
  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    const bool slow = call.op == faultfs::IoOp::kSync || call.op == faultfs::IoOp::kWrite;
    if (slow && call.tag.name().starts_with("snapshot.")) {
      const std::string value = std::to_string(++writes);
      EXPECT_TRUE(world_.store().Set("during", value, {.durability = Durability::kSync}).ok());
      EXPECT_EQ(world_.store().Get("during").value(), value);
      EXPECT_EQ(DumpOf(world_.store()).size(), 2u);
    }
    return {};
  }
  int writes = 0;

 private:
  StoreWorld& world_;
};

TEST(CheckpointThreadTest, NobodyWaitsForTheCopyAndNothingOfItIsLost) {
  StoreWorld world;
  world.options.segment_bytes = 1;  // each of those writes rolls
  BusyClient client(world);
  world.hook = &client;
  world.MustOpen();
  world.Put("before", "1");
  ASSERT_TRUE(world.store().Compact().ok());
  EXPECT_EQ(client.writes, 3) << "a chunk, the footer, the sync";
  EXPECT_TRUE(world.HasFile("0000000001.snap"));
  world.hook = nullptr;
  EXPECT_EQ(world.Recovered().value(), (Dump{{"before", "1"}, {"during", "3"}}));
  EXPECT_EQ(world.store().recovery().snapshot_entries, 1u);
  EXPECT_EQ(world.store().recovery().replayed, 3u);
}

TEST(CheckpointPaceTest, TheLimitFollowsTheWork) {
  CheckpointPace pace;
  pace.Wait(UINT64_MAX);  // no checkpoint runs
  pace.Begin(/*log_bytes=*/1'000'000, /*allowance_bytes=*/500'000, /*work_bytes=*/1'000'000);
  pace.Wait(1'500'000);
  pace.Done(1);  // too little to move it
  pace.Done(499'999);
  pace.Wait(1'750'000);
  pace.Done(9'000'000);  // the work was more than was thought
  pace.Wait(2'000'000);
  std::atomic<bool> over{false};
  Thread writer([&] {
    pace.Wait(2'000'001);
    EXPECT_TRUE(over.load()) << "beyond it only the end helps";
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  over = true;
  EXPECT_EQ(pace.End(), 9'500'000u);
  writer.join();
  pace.Wait(UINT64_MAX);
}

// A disk that takes its time with a snapshot. Segments are long: one is published by Open, and by
// the cut that each checkpoint begins with.
class SlowSnapshots final : public faultfs::IoHook {
 public:
  explicit SlowSnapshots(uint64_t checkpoint_bytes) : checkpoint_bytes_(checkpoint_bytes) {}
  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    if (call.tag == tags::kWalPublish) at_cut_ = written_bytes.load();
    if (call.tag == tags::kSnapshotSync) {
      while (GrownBytes() + kSlackBytes < checkpoint_bytes_ && !done) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      most_grown_bytes = std::max(most_grown_bytes, GrownBytes());
    }
    return {};
  }
  // Headers and markers, which are not counted, and the put that waits.
  static constexpr uint64_t kSlackBytes = 1000;
  std::atomic<uint64_t> written_bytes{0};
  std::atomic<bool> done{false};
  uint64_t most_grown_bytes = 0;

 private:
  [[nodiscard]] uint64_t GrownBytes() const { return written_bytes - at_cut_; }

  const uint64_t checkpoint_bytes_;
  std::atomic<uint64_t> at_cut_{0};
};

TEST(CheckpointThreadTest, TheLogDoesNotOutgrowACheckpointThatIsSlow) {
  constexpr uint64_t kCheckpointBytes = 20'000;
  const std::string value(100, 'v');
  SlowSnapshots slow(kCheckpointBytes);
  StoreWorld world;
  world.options.checkpoint_bytes = kCheckpointBytes;
  world.hook = &slow;
  world.MustOpen();
  while (world.store().checkpoints().completed < 3) {
    world.PutBuffered("k", value);
    slow.written_bytes += kRecordHeaderBytes + kOperationHeaderBytes + 1 + value.size();
  }
  slow.done = true;
  world.Close();
  EXPECT_GE(slow.most_grown_bytes + SlowSnapshots::kSlackBytes, kCheckpointBytes)
      << "nobody waits for the whole of it";
  EXPECT_LE(slow.most_grown_bytes, 2 * kCheckpointBytes + SlowSnapshots::kSlackBytes);
  EXPECT_EQ(world.store().checkpoints().failed, 0u);
  EXPECT_EQ(world.Recovered().value(), (Dump{{"k", value}}));
  world.Close();
}

TEST(CheckpointThreadTest, CloseWaitsForACheckpoint) {
  for (int round = 0; round < 20; ++round) {
    StoreWorld world;
    world.options.checkpoint_bytes = 300;
    world.MustOpen();
    Dump expected;
    for (int i = 0; i < 5 + round; ++i) {
      world.PutBuffered(std::to_string(i), "v");
      expected[std::to_string(i)] = "v";
    }
    world.Close();
    EXPECT_EQ(world.Recovered().value(), expected);
    world.Close();
  }
}

TEST(CheckpointThreadTest, WritersReadersSnapshotsAndCheckpointsTogether) {
  constexpr int kThreads = 3;
  constexpr int kWrites = 300;
  StoreWorld world;
  world.options.segment_bytes = 3000;
  world.options.checkpoint_bytes = 8000;
  world.MustOpen();
  std::atomic<bool> stop{false};
  std::vector<Thread> writers;
  std::vector<Thread> others;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&world, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = std::to_string(t) + "-" + std::to_string(i % 20);
        const auto durability = i % 7 == 0 ? Durability::kSync : Durability::kBuffered;
        EXPECT_TRUE(world.store().Set(key, std::to_string(i), {.durability = durability}).ok());
        EXPECT_EQ(world.store().Get(key).value(), std::to_string(i)) << "one reads one's writes";
      }
    });
  }
  for (const bool compact : {false, true}) {
    others.emplace_back([&world, &stop, compact] {
      while (!stop.load(std::memory_order_relaxed)) {
        const Status status = compact ? world.store().Compact() : world.store().Snapshot();
        EXPECT_TRUE(status.ok()) << status.ToString();
      }
    });
  }
  for (Thread& writer : writers) writer.join();
  stop.store(true, std::memory_order_relaxed);
  for (Thread& other : others) other.join();
  const Dump before = DumpOf(world.store());
  EXPECT_EQ(before.size(), size_t{kThreads * 20});
  EXPECT_TRUE(world.store().Snapshot().ok());
  EXPECT_EQ(world.store().checkpoints().sequence, uint64_t{kThreads * kWrites});
  EXPECT_EQ(world.store().checkpoints().failed, 0u);
  world.Close();  // the background thread is done with the file system
  EXPECT_EQ(world.Recovered().value(), before);
  EXPECT_EQ(world.store().recovery().replayed, 0u);
  world.Close();
}

}  // namespace
}  // namespace kv
