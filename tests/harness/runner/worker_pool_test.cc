// Workers that abort, hang, eat memory and talk nonsense: each is an answer, and the others go on.
#include "harness/runner/internal/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "harness/runner/internal/death.h"
#include "harness/runner/internal/death_finding.h"
#include "tests/harness/runner/fake_cases.h"

namespace crashlab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Recover;
using testing::SleepMs;

class Recorder final : public PoolClient {
 public:
  bool Done(uint64_t job, std::string_view bytes, uint64_t) override {
    EXPECT_FALSE(done.contains(job)) << "a job ends once";
    done[job] = bytes;
    return true;
  }
  void Died(uint64_t job, Death death) override {
    EXPECT_FALSE(done.contains(job)) << "a job ends once";
    deaths[job] = std::move(death);
  }
  void Found(uint64_t job, const Finding& finding) override {
    found.emplace_back(job, finding.signature);
  }
  uint64_t Limit() const override { return limit; }
  bool Tick(const Counts&) override { return ++ticks < max_ticks; }

  std::map<uint64_t, std::string> done;
  std::map<uint64_t, Death> deaths;
  std::vector<std::pair<uint64_t, std::string>> found;
  uint64_t limit = UINT64_MAX;
  int ticks = 0;
  int max_ticks = 20 * 60;
};

std::string Text(uint64_t job) { return "result " + std::to_string(job); }

class WorkerPoolTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  /// Ten jobs; number 4 does `bad`, after recovery 1.
  void Run(const std::function<void(Monitor&)>& bad) {
    const WorkFunction work = [&](uint64_t job, Monitor& monitor) {
      Recover(monitor, 1);
      if (job == kBad) bad(monitor);
      return Text(job);
    };
    ASSERT_TRUE(RunPool(10, work, options_, pool_).ok());
  }
  /// All but the bad one came back; returns what became of that.
  Death TheDeath() {
    EXPECT_EQ(pool_.done.size(), 9u);
    EXPECT_FALSE(pool_.done.contains(kBad));
    EXPECT_EQ(pool_.deaths.size(), 1u);
    return pool_.deaths.contains(kBad) ? pool_.deaths[kBad] : Death();
  }

  static constexpr uint64_t kBad = 4;
  PoolOptions options_{.workers = GetParam(), .hang_ms = 20'000, .memory_bytes = uint64_t{4} << 30};
  Recorder pool_;
};

INSTANTIATE_TEST_SUITE_P(Workers, WorkerPoolTest, ::testing::Values(1, 2, 4));

TEST_P(WorkerPoolTest, DoesEveryJobOnce) {
  Run([](Monitor&) {});
  EXPECT_THAT(pool_.deaths, IsEmpty());
  ASSERT_EQ(pool_.done.size(), 10u);
  for (const auto& [job, text] : pool_.done) EXPECT_EQ(text, Text(job));
}

TEST_P(WorkerPoolTest, AnAbortIsFoundAtTheExactRecovery) {
  Run([](Monitor& monitor) {
    for (int i = 2; i <= 7; ++i) Recover(monitor, i);
    std::abort();
  });
  const Death death = TheDeath();
  EXPECT_EQ(death.verdict, Verdict::kCrash);
  EXPECT_EQ(death.how, "the worker process died of signal SIGABRT");
  EXPECT_EQ(death.recovery, 7u);
  ASSERT_TRUE(death.place);
  ASSERT_EQ(death.place->chain.size(), 1u);
  EXPECT_EQ(death.place->chain[0].state.at, "wal.sync#7");
}

TEST_P(WorkerPoolTest, TellsTheModelThatWasExplored) {
  Run([](Monitor& monitor) {
    monitor.Exploring(*faultfs::FindModel("prefix"));
    Recover(monitor, 2);
    raise(SIGKILL);
  });
  const Death death = TheDeath();
  EXPECT_EQ(death.how, "the worker process died of signal SIGKILL");
  ASSERT_TRUE(death.place);
  ASSERT_TRUE(death.place->model);
  EXPECT_EQ(death.place->model->name, "prefix");
}

TEST_P(WorkerPoolTest, ADeathBeforeAnyRecoveryHasNoPlace) {
  const WorkFunction work = [](uint64_t job, Monitor&) {
    if (job == kBad) _exit(3);
    return Text(job);
  };
  ASSERT_TRUE(RunPool(10, work, options_, pool_).ok());
  const Death death = TheDeath();
  EXPECT_EQ(death.how, "the worker process ended itself with exit code 3");
  EXPECT_EQ(death.recovery, 0u);
  EXPECT_FALSE(death.place);
}

TEST_P(WorkerPoolTest, EndingWithoutAnErrorIsADeathToo) {
  Run([](Monitor&) { _exit(0); });
  EXPECT_EQ(TheDeath().how, "the worker process ended itself with exit code 0");
}

TEST_P(WorkerPoolTest, ALoopOverCallsHangs) {
  Run([](Monitor& monitor) { monitor.Hung(/*in_open=*/false); });
  const Death death = TheDeath();
  EXPECT_EQ(death.verdict, Verdict::kHang);
  EXPECT_EQ(death.how, "the worker process made more file-system calls than its limit");
  EXPECT_TRUE(death.place);
}

TEST_P(WorkerPoolTest, ALoopOverCallsInOpenIsToldApart) {
  Run([](Monitor& monitor) { monitor.Hung(/*in_open=*/true); });
  EXPECT_EQ(TheDeath().verdict, Verdict::kOpenHung);
}

TEST_P(WorkerPoolTest, ALoopWithoutCallsIsEndedByWallTime) {
  options_.hang_ms = 300;
  Run([](Monitor&) {
    while (true) SleepMs(10);
  });
  const Death death = TheDeath();
  EXPECT_EQ(death.verdict, Verdict::kHang);
  EXPECT_THAT(death.how, HasSubstr("no sign of life for 300 ms of wall time"));
  ASSERT_TRUE(death.place);
  EXPECT_EQ(death.place->chain[0].state.at, "wal.sync#1");
}

TEST_P(WorkerPoolTest, SlowIsNotHung) {
  options_.hang_ms = 300;
  Run([](Monitor& monitor) {
    for (int i = 2; i < 12; ++i) {
      Recover(monitor, i);
      SleepMs(50);
    }
  });
  EXPECT_THAT(pool_.deaths, IsEmpty());
}

/// Holds on to resident memory; never gives it back.
void Eat(size_t bytes) {
  static std::vector<std::unique_ptr<char[]>> eaten;
  eaten.push_back(std::make_unique<char[]>(bytes));
  memset(eaten.back().get(), 1, bytes);
}

TEST_P(WorkerPoolTest, EatingMemoryIsADeath) {
  options_.memory_bytes = uint64_t{300} << 20;
  Run([](Monitor& monitor) {
    for (int i = 2;; ++i) {
      Recover(monitor, i);
      Eat(8 << 20);
      SleepMs(2);
    }
  });
  const Death death = TheDeath();
  EXPECT_EQ(death.verdict, Verdict::kCrash);
  EXPECT_THAT(death.how, HasSubstr("more memory than its limit of 300 MiB"));
  EXPECT_GT(death.recovery, 1u);
  EXPECT_TRUE(death.place);
}

TEST_P(WorkerPoolTest, MemoryThatCameTogetherOverManyJobsIsNoJobsFault) {
  options_.memory_bytes = uint64_t{300} << 20;
  const WorkFunction work = [](uint64_t job, Monitor&) {
    Eat(120 << 20);
    SleepMs(250);
    return Text(job);
  };
  ASSERT_TRUE(RunPool(4, work, options_, pool_).ok());
  EXPECT_THAT(pool_.deaths, IsEmpty());
  EXPECT_EQ(pool_.done.size(), 4u);
}

/// Pipes that are open in this process.
std::set<int> OpenPipes() {
  std::set<int> pipes;
  for (int fd = 3; fd < 256; ++fd) {
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) pipes.insert(fd);
  }
  return pipes;
}

TEST_P(WorkerPoolTest, GarbageOnThePipeIsADeath) {
  const std::set<int> before = OpenPipes();
  Run([&](Monitor&) {
    for (const int fd : OpenPipes()) {
      if (!before.contains(fd)) static_cast<void>(!write(fd, "garbage, garbage", 16));
    }
    while (true) SleepMs(10);
  });
  EXPECT_EQ(TheDeath().how, "the worker process sent something that is no result, and was killed");
}

TEST_P(WorkerPoolTest, AResultThatTheClientRefusesIsADeath) {
  class Refusing final : public PoolClient {
   public:
    bool Done(uint64_t, std::string_view, uint64_t) override { return false; }
    void Died(uint64_t, Death death) override { how = death.how; }
    void Found(uint64_t, const Finding&) override {}
    uint64_t Limit() const override { return 1; }
    bool Tick(const Counts&) override { return true; }
    std::string how;
  } client;
  const WorkFunction work = [](uint64_t job, Monitor& monitor) {
    Recover(monitor, 1);
    return Text(job);
  };
  ASSERT_TRUE(RunPool(1, work, options_, client).ok());
  EXPECT_THAT(client.how, HasSubstr("sent something that is no result"));
}

TEST_P(WorkerPoolTest, WhatItFoundBeforeItDiedIsKept) {
  Finding finding;
  finding.signature = "LOST_ACKED before";
  Run([&](Monitor& monitor) {
    monitor.Found(finding);
    std::abort();
  });
  const Death death = TheDeath();
  ASSERT_EQ(death.found.size(), 1u);
  EXPECT_EQ(death.found[0].signature, finding.signature);
  EXPECT_THAT(pool_.found, ElementsAre(std::pair(kBad, finding.signature)));
}

TEST_P(WorkerPoolTest, WhatItCountedAndSaidIsKept) {
  Run([](Monitor& monitor) {
    monitor.Counted({.programs = 1, .recoveries = 77});
    fprintf(stderr, "chatter\n==123==ERROR: Sanitizer: at 0x7ffe12ab\nstack\x01\n");
    fflush(stderr);
    std::abort();
  });
  const Death death = TheDeath();
  EXPECT_EQ(death.counts, (Counts{.programs = 1, .recoveries = 77}));
  ASSERT_GE(death.last_words.size(), 2u);
  EXPECT_EQ(death.last_words[0], "==PID==ERROR: Sanitizer: at 0x...");
  EXPECT_EQ(death.last_words[1], "stack\\x01");
}

TEST_P(WorkerPoolTest, JobsFromTheLimitOnAreGivenUp) {
  pool_.limit = 3;
  const WorkFunction work = [](uint64_t job, Monitor&) { return Text(job); };
  ASSERT_TRUE(RunPool(10, work, options_, pool_).ok());
  EXPECT_THAT(pool_.done,
              ElementsAre(std::pair(0, Text(0)), std::pair(1, Text(1)), std::pair(2, Text(2))));
}

TEST_P(WorkerPoolTest, ATickEndsEverything) {
  pool_.max_ticks = 3;
  Run([](Monitor&) {
    while (true) SleepMs(10);
  });
  EXPECT_FALSE(pool_.done.contains(kBad));
  EXPECT_THAT(pool_.deaths, IsEmpty());
}

TEST_P(WorkerPoolTest, EveryJobMayDie) {
  const WorkFunction work = [](uint64_t, Monitor& monitor) -> std::string {
    Recover(monitor, 1);
    raise(SIGKILL);
    return {};
  };
  ASSERT_TRUE(RunPool(8, work, options_, pool_).ok());
  EXPECT_EQ(pool_.deaths.size(), 8u);
  for (const auto& [job, death] : pool_.deaths) EXPECT_TRUE(death.place) << job;
}

TEST(DeathTest, LastWordsWithoutAReportAreTheLastLines) {
  std::string output;
  for (int i = 0; i < 100; ++i) output += "line " + std::to_string(i) + "\n";
  const std::vector<std::string> words = LastWords(output);
  ASSERT_EQ(words.size(), 8u);
  EXPECT_EQ(words.front(), "line 92");
  EXPECT_EQ(words.back(), "line 99");
  EXPECT_THAT(LastWords(""), IsEmpty());
}

TEST(DeathTest, AFindingCarriesTheChain) {
  Case c;
  c.seed = 9;
  Death death;
  death.how = "the worker process died of signal SIGABRT";
  death.recovery = 3;
  death.place = Place{{testing::PowerLossAt("wal.sync#1", {"wal.append#1/s0"})},
                      *faultfs::FindModel("prefix")};
  death.last_words = {"oops"};
  const Finding finding = FindingOfDeath(c, death);
  EXPECT_EQ(finding.signature, "CRASH power-loss lost=wal.append");
  EXPECT_EQ(finding.model, "prefix");
  EXPECT_EQ(finding.reproducer.seed, 9u);
  EXPECT_EQ(finding.reproducer.crash.chain, death.place->chain);
  EXPECT_THAT(finding.story,
              ElementsAre("power loss just before wal.sync#1", "  lost: wal.append#1/s0",
                          "the process that recovered died", "it said: oops"));
}

TEST(DeathTest, ADeathInTheProgramIsLive) {
  Death death;
  death.verdict = Verdict::kHang;
  death.how = "the worker process hung";
  const Finding finding = FindingOfDeath({}, death);
  EXPECT_EQ(finding.signature, "HANG live");
  EXPECT_THAT(finding.reproducer.crash.chain, IsEmpty());
  EXPECT_THAT(finding.detail, EndsWith("in the run of the program"));
}

TEST(DeathTest, APlaceThatIsNotFoundAgainIsSaid) {
  Death death;
  death.how = "the worker process hung";
  death.recovery = 5;
  const Finding finding = FindingOfDeath({}, death);
  EXPECT_EQ(finding.signature, "CRASH unlocated");
  EXPECT_THAT(finding.detail, AllOf(HasSubstr("near recovery 5"), HasSubstr("did not come")));
}

}  // namespace
}  // namespace crashlab
