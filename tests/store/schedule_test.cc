// The store under every schedule of tiny programs, and under many of larger ones: the same sources
// as the real one, with simulated threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/env/io_hook.h"
#include "faultfs/sim/scheduler.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Client;
using faultfs::ClientProgram;
using faultfs::Code;
using faultfs::ExhaustiveSchedule;
using faultfs::IoDecision;
using faultfs::PctSchedule;
using faultfs::RandomWalk;
using faultfs::ReplaySchedule;
using faultfs::Schedule;
using faultfs::ScheduledRun;
using faultfs::Scheduler;
using faultfs::Status;
using faultfs::TraceKind;

/// Fails the n-th call with a tag.
class FailNth final : public faultfs::IoHook {
 public:
  FailNth(std::string tag, int nth, Code code) : tag_(std::move(tag)), nth_(nth), code_(code) {}

  [[nodiscard]] IoDecision Decide(const faultfs::IoCall& call) override {
    if (call.tag.name() != tag_ || ++count_ != nth_) return {};
    return {.action = IoDecision::Action::kFail, .code = code_};
  }

 private:
  const std::string tag_;
  const int nth_;
  const Code code_;
  int count_ = 0;
};

/// What the disk was asked for, by tag.
size_t CountOf(const faultfs::Volume& volume, std::string_view tag, TraceKind kind) {
  const auto& ops = volume.trace().ops;
  return static_cast<size_t>(std::count_if(ops.begin(), ops.end(), [&](const faultfs::TraceOp& op) {
    return op.tag.name() == tag && op.kind == kind;
  }));
}

/// A store under GroupCommit, clients, and what becomes of both under one schedule.
class Play {
 public:
  explicit Play(faultfs::IoHook* hook = nullptr) {
    world.options.durability = Durability::kGroupCommit;
    world.hook = hook;
  }

  /// Programs for a store that is open.
  ScheduledRun operator()(const std::vector<ClientProgram>& programs, Schedule& schedule) {
    if (world_is_new_) world.MustOpen();
    world_is_new_ = false;
    ScheduledRun run = scheduler.Run(programs, schedule);
    EXPECT_FALSE(run.hang.has_value()) << run.hang->ToString() << run.schedule;
    return run;
  }
  ClientProgram Set(std::string key, std::string value, Status* status,
                    Durability durability = Durability::kGroupCommit) {
    return [this, key, value, status, durability](Client&) {
      *status = world.store().Set(key, value, {.durability = durability});
    };
  }

  StoreWorld world;
  Scheduler scheduler;

 private:
  bool world_is_new_ = true;
};

TEST(ScheduleTest, TwoSetsOfOneKeyAreInTheOrderOfTheLog) {
  ExhaustiveSchedule all(3);
  size_t runs = 0;
  size_t shared = 0;
  do {
    Play run;
    Status status[2];
    run({run.Set("k", "0", &status[0]), run.Set("k", "1", &status[1])}, all);
    EXPECT_TRUE(status[0].ok() && status[1].ok());
    EXPECT_EQ(run.world.store().last_sequence(), 2u);
    const size_t writes = CountOf(run.world.volume(), "wal.append", TraceKind::kWrite);
    EXPECT_EQ(CountOf(run.world.volume(), "wal.sync", TraceKind::kSyncBegin), writes);
    shared += writes == 1 ? 1 : 0;
    const Dump live = DumpOf(run.world.store());
    run.world.Kill();
    EXPECT_EQ(run.world.Recovered().value(), live);
    ++runs;
  } while (all.Next());
  EXPECT_GT(runs, 100u);
  EXPECT_EQ(shared, 0u) << "two alone never share: one leads at once, the other comes behind";
}

TEST(ScheduleTest, WhoQueuesWhileASyncRunsSharesTheNext) {
  ExhaustiveSchedule all(1);
  size_t most_shared = 0;
  size_t runs = 0;
  do {
    Play run;
    Status status[3];
    run({run.Set("a", "0", &status[0]), run.Set("b", "1", &status[1]),
         run.Set("c", "2", &status[2])},
        all);
    for (const Status& one : status) EXPECT_TRUE(one.ok());
    EXPECT_EQ(DumpOf(run.world.store()).size(), 3u);
    const size_t writes = CountOf(run.world.volume(), "wal.append", TraceKind::kWrite);
    EXPECT_EQ(CountOf(run.world.volume(), "wal.sync", TraceKind::kSyncBegin), writes);
    EXPECT_GE(writes, 2u);
    most_shared = std::max(most_shared, 3 - writes);
    ++runs;
  } while (all.Next());
  EXPECT_EQ(most_shared, 1u) << "one write and one sync for two of the three";
  EXPECT_GT(runs, 100u);
}

TEST(ScheduleTest, BehindABufferedWriteNobodySyncsAndBehindASyncNobodyShares) {
  ExhaustiveSchedule all(1);
  do {
    Play run;
    Status status[3];
    run({run.Set("a", "0", &status[0]), run.Set("b", "1", &status[1], Durability::kBuffered),
         run.Set("c", "2", &status[2], Durability::kSync)},
        all);
    for (const Status& one : status) EXPECT_TRUE(one.ok());
    EXPECT_EQ(CountOf(run.world.volume(), "wal.sync", TraceKind::kSyncBegin), 2u);
  } while (all.Next());
}

TEST(ScheduleTest, TheErrorOfASyncReachesItsGroupAndNobodyBehindItIsWritten) {
  ExhaustiveSchedule all(1);
  size_t infos_of_two = 0;
  do {
    FailNth hook("wal.sync", 2, Code::kIoError);
    Play run(&hook);
    Status status[4];
    run({run.Set("a", "0", &status[0]), run.Set("b", "1", &status[1]),
         run.Set("c", "2", &status[2])},
        all);
    // The first group has its sync; the second fails; nobody comes behind it and is done.
    size_t ok = 0;
    size_t info = 0;
    size_t fail = 0;
    for (int i = 0; i < 3; ++i) {
      ok += status[i].ok() ? 1 : 0;
      info += status[i].Is(Code::kIoError) ? 1 : 0;
      fail += status[i].Is(Code::kPoisoned) ? 1 : 0;
    }
    EXPECT_EQ(ok, 1u);
    EXPECT_EQ(ok + info + fail, 3u);
    EXPECT_GE(info, 1u);
    infos_of_two += info == 2 ? 1 : 0;
    EXPECT_EQ(DumpOf(run.world.store()).size(), ok) << "what failed is not visible";
    EXPECT_EQ(run.world.store().last_sequence(), ok);
    EXPECT_TRUE(run.world.store().Flush().Is(Code::kPoisoned));
    const size_t written = ok + info;
    run.world.hook = nullptr;
    run.world.Kill();
    EXPECT_EQ(run.world.Recovered().value().size(), written)
        << "and what is Fail never was written";
  } while (all.Next());
  EXPECT_GT(infos_of_two, 0u) << "a group of two shares its error";
}

TEST(ScheduleTest, NoSpaceForAGroupIsCutBackAndTheStoreGoesOn) {
  ExhaustiveSchedule all(1);
  do {
    FailNth hook("wal.append", 2, Code::kNoSpace);
    Play run(&hook);
    Status status[3];
    run({run.Set("a", "0", &status[0]), run.Set("b", "1", &status[1]),
         run.Set("c", "2", &status[2])},
        all);
    size_t ok = 0;
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(status[i].ok() || status[i].Is(Code::kNoSpace)) << status[i].ToString();
      ok += status[i].ok() ? 1 : 0;
    }
    EXPECT_GE(ok, 1u);
    EXPECT_LT(ok, 3u);
    EXPECT_TRUE(run.world.store().Set("d", "3").ok());
    const Dump live = DumpOf(run.world.store());
    EXPECT_EQ(live.size(), ok + 1);
    run.world.Kill();
    EXPECT_EQ(run.world.Recovered().value(), live);
  } while (all.Next());
}

TEST(ScheduleTest, AReaderSeesNoWriteBeforeItIsDurableAndNoneOutOfOrder) {
  ExhaustiveSchedule all(1);
  size_t seen_neither = 0;
  size_t seen_both = 0;
  do {
    Play run;
    Status status[2];
    std::optional<std::string> b;
    std::optional<std::string> a;
    size_t syncs_begun = 0;
    size_t syncs_ended = 0;
    run({run.Set("a", "1", &status[0]),
         [&](Client&) {
           status[1] = run.world.store().Set("b", "2", {.durability = Durability::kBuffered});
         },
         [&](Client&) {
           b = run.world.store().Get("b").value();
           a = run.world.store().Get("a").value();
           syncs_begun = CountOf(run.world.volume(), "wal.sync", TraceKind::kSyncBegin);
           syncs_ended = CountOf(run.world.volume(), "wal.sync", TraceKind::kSyncEnd);
         }},
        all);
    if (a.has_value()) {
      EXPECT_EQ(syncs_ended, 1u);
    }
    if (syncs_begun > syncs_ended) {
      EXPECT_FALSE(a.has_value()) << "it is being synced";
    }
    seen_neither += !a && !b ? 1 : 0;
    seen_both += a && b ? 1 : 0;
  } while (all.Next());
  EXPECT_GT(seen_neither, 0u);
  EXPECT_GT(seen_both, 0u);
}

TEST(ScheduleTest, FlushCloseAndSnapshotUnderLoadLoseNoWakeUp) {
  const std::vector<std::function<Status(Store&)>> calls = {
      [](Store& store) { return store.Flush(); }, [](Store& store) { return store.Snapshot(); },
      [](Store& store) { return store.Compact(); }, [](Store& store) { return store.Close(); },
      [](Store& store) { return store.ClearPersistence(); }};
  for (size_t call = 0; call < calls.size(); ++call) {
    ExhaustiveSchedule all(1);
    size_t runs = 0;
    do {
      Play run;
      Status status[3];
      run({run.Set("a", "1", &status[0]), run.Set("b", "2", &status[1], Durability::kBuffered),
           [&](Client&) { status[2] = calls[call](run.world.store()); }},
          all);
      EXPECT_TRUE(status[2].ok());
      for (int i = 0; i < 2; ++i) EXPECT_TRUE(status[i].ok() || status[i].Is(Code::kClosed));
      if (++runs > 1500) break;  // one preemption at each of the calls of a snapshot is a lot
    } while (all.Next());
    EXPECT_GT(runs, 100u);
  }
}

/// Four clients that do a little of everything.
std::vector<ClientProgram> Mix(Play& run) {
  std::vector<ClientProgram> programs;
  for (int client = 0; client < 4; ++client) {
    programs.push_back([&run, client](Client&) {
      Store& store = run.world.store();
      for (int i = 0; i < 4; ++i) {
        const WriteOptions options{.durability = Durability((client + i) % 3)};
        const std::string key = std::to_string((client + i) % 3);
        EXPECT_TRUE(store.Set(key, std::to_string(client * 10 + i), options).ok());
        if (i == client) {
          EXPECT_TRUE(store.Flush().ok());
        }
        if (i == 2 && client == 1) {
          EXPECT_TRUE(store.Compact().ok());
        }
        if (i == 3 && client == 2) {
          EXPECT_TRUE(store.Clear(options).ok());
        }
        EXPECT_TRUE(store.Get(key).ok());
      }
    });
  }
  return programs;
}

TEST(ScheduleTest, ManySchedulesOfAMixAndEachReplays) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Play run;
    run.world.options.segment_bytes = 500;
    RandomWalk walk(seed);
    PctSchedule pct(seed, 4, 400);
    const ScheduledRun first =
        run(Mix(run), seed % 2 == 0 ? static_cast<Schedule&>(walk) : static_cast<Schedule&>(pct));
    EXPECT_EQ(run.world.store().last_sequence(), 17u);
    const Dump live = DumpOf(run.world.store());

    auto replay = ReplaySchedule::Parse(first.schedule);
    ASSERT_TRUE(replay.ok());
    Play again;
    again.world.options.segment_bytes = 500;
    const ScheduledRun second = again(Mix(again), *replay);
    EXPECT_FALSE(replay->diverged());
    EXPECT_EQ(second.steps, first.steps);
    EXPECT_EQ(again.world.ContentHash(), run.world.ContentHash());
    EXPECT_EQ(DumpOf(again.world.store()), live);

    run.world.Kill();
    EXPECT_EQ(run.world.Recovered().value(), live);
  }
}

/// The executor's thread is a client too, which the store starts and its end joins.
TEST(ScheduleTest, ACheckpointInTheBackgroundIsPartOfTheSchedule) {
  size_t completed = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Play run;
    run.world.options.checkpoint_bytes = 300;
    RandomWalk walk(seed);
    run({[&](Client&) {
          for (int i = 0; i < 8; ++i) EXPECT_TRUE(run.world.store().Set("k", "0123456789").ok());
        }},
        walk);
    run({[&](Client&) {
          EXPECT_TRUE(run.world.store().Close().ok());
          completed += run.world.store().checkpoints().completed;
          run.world.Kill();
        }},
        walk);
    EXPECT_EQ(run.world.Recovered().value(), (Dump{{"k", "0123456789"}}));
  }
  EXPECT_GT(completed, 0u);
}

}  // namespace
}  // namespace kv
