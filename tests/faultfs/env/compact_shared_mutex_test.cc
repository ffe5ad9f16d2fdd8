// Threads that meet at one lock. Under ThreadSanitizer the accesses that it guards are checked too:
// it knows nothing of this lock but its atomics.
#include "faultfs/env/compact_shared_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace faultfs {
namespace {

using Writer = std::unique_lock<CompactSharedMutex>;
using Reader = std::shared_lock<CompactSharedMutex>;

/// Long enough for whoever waits to go to sleep. Nothing is concluded from that it did.
void LetThemSleep() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

class CompactSharedMutexTest : public testing::Test {
 protected:
  ~CompactSharedMutexTest() override { Join(); }

  void Start(const std::function<void()>& body) { threads_.emplace_back(body); }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  void Write(int hold_us = 0) {
    const Writer lock(mutex_);
    ++first_;
    if (hold_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(hold_us));
    ++second_;
  }
  void ReadWhole(int hold_us = 0) {
    const Reader lock(mutex_);
    const uint64_t first = first_;
    if (hold_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(hold_us));
    EXPECT_EQ(first, second_) << "a reader saw half of a write";
    EXPECT_EQ(first, first_) << "a writer came in while somebody read";
  }

  CompactSharedMutex mutex_;
  uint64_t first_ = 0;
  uint64_t second_ = 0;

 private:
  std::vector<std::thread> threads_;
};

TEST_F(CompactSharedMutexTest, WritersAreAlone) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 100'000;
  for (int t = 0; t < kThreads; ++t) {
    Start([this] {
      for (int i = 0; i < kWrites; ++i) {
        Write();
        ReadWhole();
      }
    });
  }
  Join();
  EXPECT_EQ(first_, uint64_t{kThreads} * kWrites);
}

TEST_F(CompactSharedMutexTest, WritersAreAloneAlsoWhenTheyHadToSleep) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 100;
  for (int t = 0; t < kThreads; ++t) {
    Start([this, t] {
      for (int i = 0; i < kWrites; ++i) {
        Write((i + t) % 3 * 20);
        ReadWhole((i + t) % 2 * 20);
      }
    });
  }
  Join();
  EXPECT_EQ(first_, uint64_t{kThreads} * kWrites);
}

TEST_F(CompactSharedMutexTest, ReadersShare) {
  const Reader lock(mutex_);
  Start([this] { ReadWhole(); });
  Join();
}

TEST_F(CompactSharedMutexTest, EverybodyBehindAWriterIsWoken) {
  std::atomic<int> through{0};
  Writer lock(mutex_);
  for (int t = 0; t < 3; ++t) {
    Start([&] { Write(), ++through; });
    Start([&] { ReadWhole(), ++through; });
  }
  LetThemSleep();
  EXPECT_EQ(through, 0);
  lock.unlock();
  Join();
  EXPECT_EQ(through, 6);
}

TEST_F(CompactSharedMutexTest, WritersBehindTheLastReaderAreWoken) {
  std::atomic<int> through{0};
  Reader first(mutex_);
  Reader second(mutex_);
  for (int t = 0; t < 3; ++t) Start([&] { Write(), ++through; });
  LetThemSleep();
  first.unlock();
  LetThemSleep();
  EXPECT_EQ(through, 0) << "one still reads";
  second.unlock();
  Join();
  EXPECT_EQ(through, 3);
}

TEST_F(CompactSharedMutexTest, WhoReadsMayReadAgainWhileAWriterWaits) {
  Reader outer(mutex_);
  std::thread writer([this] { Write(); });
  LetThemSleep();
  {
    const Reader inner(mutex_);
    EXPECT_EQ(first_, 0u);
  }
  std::thread other([this] { ReadWhole(); });
  other.join();  // a long read keeps no other out
  EXPECT_EQ(first_, 0u);
  outer.unlock();
  writer.join();
  EXPECT_EQ(first_, 1u);
}

TEST_F(CompactSharedMutexTest, AWriterComesInBetweenReadersWithoutEnd) {
  constexpr uint64_t kWrites = 200;
  std::atomic<bool> stop{false};
  std::atomic<int> reading{0};
  for (int t = 0; t < 3; ++t) {
    Start([&] {
      for (++reading; !stop.load(std::memory_order_relaxed);) ReadWhole();
    });
  }
  while (reading < 3) std::this_thread::yield();
  for (uint64_t i = 0; i < kWrites; ++i) Write();
  stop = true;
  Join();
  EXPECT_EQ(second_, kWrites);
}

}  // namespace
}  // namespace faultfs
