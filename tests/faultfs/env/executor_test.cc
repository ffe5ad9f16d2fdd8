#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/env/clock.h"
#include "faultfs/env/thread_executor.h"

namespace faultfs {
namespace {

TEST(ManualExecutor, RunsNothingByItself) {
  ManualExecutor executor;
  bool ran = false;
  executor.Submit([&] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(executor.pending(), 1u);
  EXPECT_TRUE(executor.RunNext());
  EXPECT_TRUE(ran);
  EXPECT_EQ(executor.pending(), 0u);
  EXPECT_FALSE(executor.RunNext());
}

TEST(ManualExecutor, RunsInOrderOnTheCallersThread) {
  ManualExecutor executor;
  std::string order;
  const auto here = std::this_thread::get_id();
  for (const char letter : {'a', 'b', 'c'}) {
    executor.Submit([&order, letter, here] {
      EXPECT_EQ(std::this_thread::get_id(), here);
      order += letter;
    });
  }
  while (executor.RunNext()) {
  }
  EXPECT_EQ(order, "abc");
}

TEST(ManualExecutor, AJobMaySubmitAnother) {
  ManualExecutor executor;
  std::string order;
  executor.Submit([&] {
    order += 'a';
    executor.Submit([&] { order += 'c'; });
  });
  executor.Submit([&] { order += 'b'; });
  EXPECT_TRUE(executor.RunNext());
  EXPECT_EQ(executor.pending(), 2u) << "the new job waits like any other";
  while (executor.RunNext()) {
  }
  EXPECT_EQ(order, "abc");
}

TEST(ThreadExecutor, RunsInOrderOnOneThreadOfItsOwn) {
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  {
    ThreadExecutor executor;
    for (int i = 0; i < 1000; ++i) {
      executor.Submit([&, i] {
        order.push_back(i);
        threads.push_back(std::this_thread::get_id());
      });
    }
  }  // runs what is queued, then joins
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  for (const auto thread : threads) EXPECT_EQ(thread, threads.front());
  EXPECT_NE(threads.front(), std::this_thread::get_id());
}

TEST(ThreadExecutor, RunsWithoutBeingAsked) {
  ThreadExecutor executor;
  for (int round = 0; round < 3; ++round) {
    Event ran;
    executor.Submit([&ran] { ran.Set(); });
    ran.Wait();
    EXPECT_TRUE(ran.IsSet());
  }
}

TEST(ThreadExecutor, TakesJobsFromManyThreads) {
  int done = 0;  // by the executor's one thread only
  {
    ThreadExecutor executor;
    std::vector<Thread> submitters;
    for (int i = 0; i < 4; ++i) {
      submitters.emplace_back([&] {
        for (int j = 0; j < 500; ++j) executor.Submit([&done] { ++done; });
      });
    }
    for (Thread& thread : submitters) thread.join();
  }
  EXPECT_EQ(done, 2000);
}

TEST(ThreadExecutor, AJobMaySubmitAnotherEvenAtTheEnd) {
  std::string order;
  {
    ThreadExecutor executor;
    executor.Submit([&] {
      order += 'a';
      executor.Submit([&] { order += 'b'; });
    });
  }
  EXPECT_EQ(order, "ab");
}

TEST(ThreadExecutor, WithoutJobsHasNoThreadToWaitFor) { const ThreadExecutor executor; }

TEST(Event, StaysSetUntilReset) {
  Event event;
  EXPECT_FALSE(event.IsSet());
  event.Set();
  event.Wait();
  event.Wait();
  EXPECT_TRUE(event.IsSet());
  event.Reset();
  EXPECT_FALSE(event.IsSet());
}

TEST(Event, PublishesWhatHappenedBefore) {
  Event event;
  int written = 0;
  Thread writer([&] {
    written = 42;
    event.Set();
  });
  event.Wait();
  EXPECT_EQ(written, 42);
  writer.join();
}

TEST(Clock, SystemClockNeverGoesBack) {
  SystemClock clock;
  uint64_t last = clock.NowNanos();
  for (int i = 0; i < 1000; ++i) {
    const uint64_t now = clock.NowNanos();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Clock, ManualClockMovesWhenTold) {
  ManualClock clock;
  EXPECT_EQ(clock.NowNanos(), 0u);
  clock.Advance(5);
  clock.Advance(7);
  EXPECT_EQ(clock.NowNanos(), 12u);
}

}  // namespace
}  // namespace faultfs
