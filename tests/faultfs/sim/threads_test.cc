// Several threads, and several processes, on one volume. Worth most under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "faultfs/env/thread.h"
#include "faultfs/sim/sim_file_system.h"
#include "tests/faultfs/sim/machine.h"
#include "tests/faultfs/sim/random_calls.h"

namespace faultfs {
namespace {

using test::kTag;

template <typename Body>
void RunThreads(int count, Body body) {
  std::vector<Thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (Thread& thread : threads) thread.join();
}

TEST(ThreadsTest, TheTraceIsTheOrderOfWhatHappened) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  RunThreads(4, [&](int i) {
    test::RandomCaller caller(fs, Random(static_cast<uint64_t>(i)));
    for (int call = 0; call < 300; ++call) {
      caller.Call();
      if (call % 10 == 0) volume.Mark(static_cast<uint64_t>(i));
      if (call % 50 == 0) (void)volume.live().ContentHash();
    }
  });
  const Image replayed = LiveImage(volume.base(), volume.trace(), volume.trace().ops.size());
  EXPECT_TRUE(SameContent(replayed, volume.live()));
  EXPECT_GE(fs.calls(), 4u * 300u);
}

TEST(ThreadsTest, EachSyncEndsOnceAndIdsAreUnique) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  RunThreads(4, [&](int i) {
    const auto file = test::MustOpen(fs, "/f" + std::to_string(i));
    for (int round = 0; round < 100; ++round) {
      test::MustWrite(*file, 0, "x");
      test::MustSync(*file);
    }
  });
  std::set<uint32_t> begun;
  std::set<uint32_t> ended;
  for (const TraceOp& op : volume.trace().ops) {
    if (op.kind == TraceKind::kSyncBegin) {
      EXPECT_TRUE(begun.insert(op.sync_id).second);
    }
    if (op.kind == TraceKind::kSyncEnd) {
      EXPECT_TRUE(begun.contains(op.sync_id));
      EXPECT_TRUE(ended.insert(op.sync_id).second);
    }
  }
  EXPECT_EQ(begun.size(), 400u);
  EXPECT_EQ(ended.size(), 400u);
}

TEST(ThreadsTest, ImagesThatShareMayBeChangedByDifferentThreads) {
  Image base;
  const InodeNumber file = test::AddFile(base, "f", std::string(3 * kBlockBytes, 'b'));
  std::vector<Hash128> hashes(4);
  RunThreads(4, [&](int i) {
    for (int round = 0; round < 200; ++round) {
      Image copy = base;
      (void)copy.ContentHash();
      copy.Write(file, 5000, test::Bytes(std::to_string(i)));
      hashes[static_cast<size_t>(i)] = copy.ContentHash();
    }
  });
  EXPECT_EQ(std::set<Hash128>(hashes.begin(), hashes.end()).size(), 4u);
  EXPECT_EQ(test::Content(base, file), std::string(3 * kBlockBytes, 'b'));
}

TEST(ThreadsTest, OneOfManyProcessesGetsTheLock) {
  Volume volume{Image()};
  SimFileSystem outer(volume);
  std::atomic<int> inside{0};
  std::atomic<int> entered{0};
  RunThreads(4, [&](int) {
    SimFileSystem fs(volume);
    for (int round = 0; round < 200; ++round) {
      const auto lock = fs.Lock("/LOCK", kTag);
      if (!lock.ok()) {
        EXPECT_EQ(lock.status().code(), Code::kLocked);
        continue;
      }
      EXPECT_EQ(inside.fetch_add(1), 0);
      ++entered;
      inside.fetch_sub(1);
    }
  });
  EXPECT_GT(entered.load(), 0);
  EXPECT_TRUE(outer.Lock("/LOCK", kTag).ok());
}

}  // namespace
}  // namespace faultfs
