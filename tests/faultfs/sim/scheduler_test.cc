// Small programs whose schedules can be counted by hand.
#include "faultfs/sim/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/env/simulated_thread.h"
#include "faultfs/sim/sim_file_system.h"

namespace faultfs {
namespace {

using simulated_threads::CondVar;
using simulated_threads::Event;
using simulated_threads::Mutex;
using simulated_threads::MutexLock;
using simulated_threads::SharedLock;
using simulated_threads::SharedMutex;
using simulated_threads::Thread;
using simulated_threads::WaitableWord;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kIncrement[] = "between load and store";

/// Adds one, and may be interrupted in the middle.
ClientProgram RacyIncrement(int& counter) {
  return [&counter](Client& client) {
    const int seen = counter;
    client.Yield(kIncrement);
    counter = seen + 1;
  };
}

struct Outcome {
  int counter = 0;
  ScheduledRun run;
};

Outcome RunRace(Schedule& schedule) {
  Outcome outcome;
  Scheduler scheduler;
  outcome.run =
      scheduler.Run({RacyIncrement(outcome.counter), RacyIncrement(outcome.counter)}, schedule);
  return outcome;
}

size_t CountAll(uint32_t preemptions, const std::function<ScheduledRun(Schedule&)>& run,
                std::set<std::string>* texts = nullptr) {
  ExhaustiveSchedule all(preemptions);
  size_t count = 0;
  do {
    const ScheduledRun done = run(all);
    EXPECT_LE(done.preemptions, preemptions);
    if (texts != nullptr) {
      EXPECT_TRUE(texts->insert(done.schedule).second) << done.schedule << " twice";
    }
    ++count;
  } while (all.Next());
  return count;
}

TEST(SchedulerTest, OneClientRunsThrough) {
  RandomWalk schedule(1);
  Scheduler scheduler;
  int counter = 0;
  const ScheduledRun run = scheduler.Run({RacyIncrement(counter)}, schedule);
  EXPECT_EQ(counter, 1);
  EXPECT_EQ(run.schedule, "0*2");
  EXPECT_EQ(Describe(run.steps), "0 begin\n0 yield between load and store\n");
  EXPECT_FALSE(run.hang.has_value());
}

TEST(SchedulerTest, WithoutPreemptionsNoIncrementIsLost) {
  std::set<std::string> texts;
  const size_t count = CountAll(
      0,
      [](Schedule& schedule) {
        Outcome outcome = RunRace(schedule);
        EXPECT_EQ(outcome.counter, 2);
        return std::move(outcome.run);
      },
      &texts);
  EXPECT_EQ(count, 2u) << "who begins is no preemption";
  EXPECT_EQ(texts, (std::set<std::string>{"0*2 1*2", "1*2 0*2"}));
}

TEST(SchedulerTest, OnePreemptionLosesAnIncrement) {
  std::set<std::string> texts;
  std::set<std::string> lost;
  CountAll(
      1,
      [&](Schedule& schedule) {
        Outcome outcome = RunRace(schedule);
        if (outcome.counter == 1) lost.insert(outcome.run.schedule);
        return std::move(outcome.run);
      },
      &texts);
  EXPECT_EQ(texts, (std::set<std::string>{"0*2 1*2", "1*2 0*2", "0 1*2 0", "1 0*2 1"}));
  EXPECT_EQ(lost, (std::set<std::string>{"0 1*2 0", "1 0*2 1"}));
}

TEST(SchedulerTest, TwoPreemptionsAreAllThereAre) {
  std::set<std::string> texts;
  CountAll(
      9, [](Schedule& schedule) { return RunRace(schedule).run; }, &texts);
  EXPECT_EQ(texts.size(), 6u) << "two picks each, in every order: 4! / (2! 2!)";
}

TEST(SchedulerTest, ARandomWalkFindsItSoonAndAReplayFindsItAgain) {
  for (uint64_t seed = 1; seed < 100; ++seed) {
    RandomWalk walk(seed);
    const Outcome found = RunRace(walk);
    if (found.counter == 2) continue;
    auto replay = ReplaySchedule::Parse(found.run.schedule);
    ASSERT_TRUE(replay.ok());
    const Outcome again = RunRace(*replay);
    EXPECT_FALSE(replay->diverged());
    EXPECT_EQ(again.counter, 1);
    EXPECT_EQ(again.run.steps, found.run.steps);
    EXPECT_EQ(again.run.schedule, found.run.schedule);
    return;
  }
  FAIL() << "a race of one preemption is not that rare";
}

/// Under how many of 2000 seeds two clients take turns at every one of their `steps`.
size_t HitsOfDepth(uint32_t steps, const std::function<std::unique_ptr<Schedule>(uint64_t)>& make) {
  size_t hits = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    std::vector<int> order;
    Scheduler scheduler;
    const auto schedule = make(seed);
    const auto program = [&](int id) {
      return [&, id](Client& client) {
        for (uint32_t i = 0; i < steps; ++i) {
          order.push_back(id);
          client.Yield();
        }
      };
    };
    static_cast<void>(scheduler.Run({program(0), program(1)}, *schedule));
    bool alternate = true;
    for (size_t i = 1; i < order.size(); ++i) alternate &= order[i] != order[i - 1];
    hits += alternate ? 1 : 0;
  }
  return hits;
}

TEST(SchedulerTest, PctFindsABugOfItsDepthAndNoneBelow) {
  // 0 1 0 1 needs two changes of priority, so depth 3, among about five picks.
  EXPECT_GT(HitsOfDepth(2, [](uint64_t seed) { return std::make_unique<PctSchedule>(seed, 3, 5); }),
            10u);
  EXPECT_EQ(HitsOfDepth(2, [](uint64_t seed) { return std::make_unique<PctSchedule>(seed, 1, 5); }),
            0u)
      << "without a change of priority nobody is interrupted";
  EXPECT_EQ(HitsOfDepth(2, [](uint64_t seed) { return std::make_unique<PctSchedule>(seed, 2, 5); }),
            0u);
}

/// Takes the first lock, then the second.
ClientProgram LockBoth(Mutex& first, Mutex& second) {
  return [&](Client&) {
    const MutexLock outer(first);
    const MutexLock inner(second);
  };
}

TEST(SchedulerTest, ADeadlockSaysWhoWaitsForWhat) {
  ExhaustiveSchedule all(1);
  size_t hangs = 0;
  do {
    Mutex a("a");
    Mutex b("b");
    Scheduler scheduler;
    const ScheduledRun run = scheduler.Run({LockBoth(a, b), LockBoth(b, a)}, all);
    if (!run.hang.has_value()) continue;
    ++hangs;
    EXPECT_EQ(run.hang->kind, Hang::Kind::kDeadlock);
    EXPECT_EQ(run.hang->ToString(),
              "nobody can go on\n"
              "  client 0 waits for the lock \"b\", held by client 1\n"
              "  client 1 waits for the lock \"a\", held by client 0\n");
  } while (all.Next());
  EXPECT_GT(hangs, 0u);
}

TEST(SchedulerTest, OneOrderOfLocksNeverHangs) {
  CountAll(3, [](Schedule& schedule) {
    Mutex a("a");
    Mutex b("b");
    Scheduler scheduler;
    ScheduledRun run = scheduler.Run({LockBoth(a, b), LockBoth(a, b)}, schedule);
    EXPECT_FALSE(run.hang.has_value());
    return run;
  });
}

TEST(SchedulerTest, AWakeUpThatIsLostIsAHang) {
  ExhaustiveSchedule all(1);
  size_t hangs = 0;
  size_t runs = 0;
  do {
    Event ready("ready");
    bool flag = false;
    Scheduler scheduler;
    const ScheduledRun run =
        scheduler.Run({[&](Client& client) {
                         if (flag) return;
                         client.Yield();
                         ready.Reset();  // the mistake: what was set in between is forgotten
                         ready.Wait();
                       },
                       [&](Client&) {
                         flag = true;
                         ready.Set();
                       }},
                      all);
    ++runs;
    if (!run.hang.has_value()) continue;
    ++hangs;
    EXPECT_THAT(run.hang->ToString(), HasSubstr("client 0 waits for \"ready\""));
  } while (all.Next());
  EXPECT_GT(hangs, 0u);
  EXPECT_LT(hangs, runs);
}

TEST(SchedulerTest, WhoRunsForEverIsStopped) {
  RandomWalk walk(1);
  Scheduler scheduler(/*max_points=*/100);
  const ScheduledRun run = scheduler.Run({[](Client& client) {
                                           while (true) client.Yield("round and round");
                                         }},
                                         walk);
  ASSERT_TRUE(run.hang.has_value());
  EXPECT_EQ(run.hang->kind, Hang::Kind::kLimit);
  EXPECT_EQ(run.hang->ToString(),
            "too many steps\n  client 0 could go on at: yield round and round\n");
  EXPECT_EQ(run.points, 100u);
}

/// A queue of one: condition variables, both ways.
TEST(SchedulerTest, AConditionIsNotMissed) {
  const size_t count = CountAll(2, [](Schedule& schedule) {
    Mutex mutex("slot");
    CondVar changed("slot changed");
    int slot = 0;
    int sum = 0;
    Scheduler scheduler;
    ScheduledRun run = scheduler.Run({[&](Client&) {
                                        for (int i = 1; i <= 2; ++i) {
                                          MutexLock lock(mutex);
                                          while (slot != 0) changed.Wait(lock);
                                          slot = i;
                                          changed.NotifyOne();
                                        }
                                      },
                                      [&](Client&) {
                                        for (int i = 1; i <= 2; ++i) {
                                          MutexLock lock(mutex);
                                          while (slot == 0) changed.Wait(lock);
                                          sum += std::exchange(slot, 0);
                                          changed.NotifyAll();
                                        }
                                      }},
                                     schedule);
    EXPECT_FALSE(run.hang.has_value());
    EXPECT_EQ(sum, 3);
    return run;
  });
  EXPECT_GT(count, 20u);
}

TEST(SchedulerTest, ReadersShareAndAWriterIsAlone) {
  CountAll(2, [](Schedule& schedule) {
    SharedMutex mutex("table");
    int readers = 0;
    bool writing = false;
    size_t most = 0;
    const ClientProgram reader = [&](Client& client) {
      const SharedLock lock(mutex);
      ++readers;
      most = std::max<size_t>(most, readers);
      EXPECT_FALSE(writing);
      client.Yield();
      --readers;
    };
    Scheduler scheduler;
    ScheduledRun run = scheduler.Run({reader, reader,
                                      [&](Client& client) {
                                        const std::unique_lock<SharedMutex> lock(mutex);
                                        EXPECT_EQ(readers, 0);
                                        writing = true;
                                        client.Yield();
                                        writing = false;
                                      }},
                                     schedule);
    EXPECT_FALSE(run.hang.has_value());
    EXPECT_GE(most, 1u);
    return run;
  });
}

TEST(SchedulerTest, AThreadIsAClientAndMayOutliveTheRun) {
  RandomWalk walk(5);
  Scheduler scheduler;
  WaitableWord<uint32_t> word(0, "word");
  Thread thread;
  int seen = 0;
  const ScheduledRun first =
      scheduler.Run({[&](Client&) { thread = Thread([&] { seen = word.WaitWhile(0); }); }}, walk);
  EXPECT_FALSE(first.hang.has_value()) << "nobody waits for a thread";
  EXPECT_EQ(seen, 0);
  const ScheduledRun second = scheduler.Run({[&](Client& client) {
                                              EXPECT_EQ(client.number(), 0u);
                                              word.Store(7);
                                              thread.join();
                                            }},
                                            walk);
  EXPECT_FALSE(second.hang.has_value());
  EXPECT_EQ(seen, 7);
}

TEST(SchedulerTest, CallsOfAFileSystemArePointsAndASyncIsTwo) {
  std::set<std::string> orders;
  CountAll(2, [&](Schedule& schedule) {
    Volume volume{Image()};
    SimFileSystem file_system(volume);
    const OpenFlags flags{.write = true, .create = true};
    const auto a = file_system.Open("a", flags, IoTag("a.create")).value();
    const auto b = file_system.Open("b", flags, IoTag("b.create")).value();
    const std::byte byte{1};
    Scheduler scheduler;
    ScheduledRun run = scheduler.Run(
        {[&](Client&) { EXPECT_TRUE(a->Sync(SyncKind::kData, IoTag("a.sync")).ok()); },
         [&](Client&) {
           EXPECT_TRUE(b->WriteAt(0, {&byte, 1}, IoTag("b.write")).ok());
         }},
        schedule);
    std::string order;
    for (const TraceOp& op : volume.trace().ops) {
      if (op.kind == TraceKind::kSyncBegin) order += "(";
      if (op.kind == TraceKind::kSyncEnd) order += ")";
      if (op.kind == TraceKind::kWrite) order += "w";
    }
    orders.insert(order);
    return run;
  });
  EXPECT_EQ(orders, (std::set<std::string>{"w()", "(w)", "()w"}));
}

TEST(ScheduleTest, ATextThatDoesNotFitIsFollowedAsFarAsItDoes) {
  auto replay = ReplaySchedule::Parse("1 7*2");
  ASSERT_TRUE(replay.ok());
  const Outcome outcome = RunRace(*replay);
  EXPECT_TRUE(replay->diverged());
  EXPECT_EQ(outcome.run.schedule, "1*2 0*2");
}

TEST(ScheduleTest, WhatIsNoSchedule) {
  for (const std::string text : {"x", "1*", "1*0", "1 ", "1  2", "-1", "1,2", "1*2*3"}) {
    EXPECT_TRUE(ReplaySchedule::Parse(text).status().Is(Code::kInvalidArgument)) << text;
  }
  EXPECT_TRUE(ReplaySchedule::Parse("").ok());
}

}  // namespace
}  // namespace faultfs
