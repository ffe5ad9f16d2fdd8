// The runs of a case: sweeps, file systems that show a failed sync differently, and what one that
// reports it late may be excused.
#include "harness/explore/variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/recovery.h"
#include "harness/explore/rotten.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The rules of the runs that a case has, each with the names of its models.
std::vector<std::string> RunsOf(const Case& c) {
  std::vector<std::string> runs;
  NotingMonitor monitor;
  (void)ExploreVariants(c, KvAdapter(), {}, monitor, [&](const Case& run) {
    std::string text;
    for (const std::string& rule : run.faults) text += rule + "; ";
    for (const faultfs::PersistenceModel& model : run.crash.models) {
      text += std::string(model.name) + " ";
    }
    runs.push_back(text);
    CaseResult result;
    result.counts.programs = result.counts.exhausted_programs = 1;
    return result;
  });
  return runs;
}

Case With(std::string_view program, std::vector<std::string_view> models) {
  Case c = CaseOf(program);
  c.crash.models.clear();
  for (std::string_view model : models) c.crash.models.push_back(*faultfs::FindModel(model));
  return c;
}

TEST(Variants, OneRunForAllModelsWithoutAFailedSync) {
  Case c = With("set a 10", {"posix", "btrfs", "ext4-journal"});
  EXPECT_THAT(RunsOf(c), ElementsAre("posix btrfs ext4-journal "));
  c.faults = {"fail IO_ERROR write nth=2", "evict any nth=3"};
  EXPECT_THAT(RunsOf(c),
              ElementsAre("fail IO_ERROR write nth=2; evict any nth=3; posix btrfs ext4-journal "));
}

TEST(Variants, OneForEachThatShowsAFailedSyncDifferently) {
  Case c = With("set a 10", {"posix", "btrfs", "xfs", "ext4-journal"});
  c.faults = {"fail IO_ERROR sync nth=1"};
  EXPECT_THAT(RunsOf(c), ElementsAre("fail IO_ERROR sync nth=1; posix xfs ",
                                     "fail IO_ERROR sync nth=1; btrfs ",
                                     "fail IO_ERROR sync nth=1; ext4-journal "));
  NotingMonitor monitor;
  const CaseResult result = ExploreVariants(c, KvAdapter(), {}, monitor, [](const Case&) {
    CaseResult one;
    one.counts.programs = one.counts.exhausted_programs = 1;
    return one;
  });
  EXPECT_EQ(result.counts.programs, 1u);
  EXPECT_EQ(result.counts.exhausted_programs, 1u);
}

TEST(Variants, ASweepEndsWithTheFirstRunInWhichItsRuleDoesNothing) {
  Case c = With("set a 10; set b 10", {"posix"});
  NotingMonitor monitor;
  c.sweep = {"fail IO_ERROR sync tag=wal.sync", "fail NO_SPACE write tag=wal.append always",
             "fail NO_SPACE write tag=wal.append times=2"};
  EXPECT_THAT(RunsOf(c), ElementsAre("fail IO_ERROR sync tag=wal.sync nth=1; posix ",
                                     "fail IO_ERROR sync tag=wal.sync nth=2; posix ",
                                     "fail NO_SPACE write tag=wal.append always nth=1; posix ",
                                     "fail NO_SPACE write tag=wal.append always nth=2; posix ",
                                     "fail NO_SPACE write tag=wal.append times=2 nth=1; posix ",
                                     "fail NO_SPACE write tag=wal.append times=2 nth=2; posix "));
}

TEST(Variants, ASweepGoesOnBehindACallThatAnotherRuleHas) {
  Case c = With("set a 10; set b 10; set c 10", {"posix"});
  c.faults = {"ignore sync tag=wal.sync nth=2"};
  c.sweep = {"ignore sync tag=wal.sync"};
  const std::string beside = "ignore sync tag=wal.sync nth=2; ";
  EXPECT_THAT(RunsOf(c), ElementsAre(beside + "ignore sync tag=wal.sync nth=1; posix ",
                                     beside + "ignore sync tag=wal.sync nth=3; posix "));
}

TEST(Variants, PagesGoBackAtEachMomentBehindAFailedSync) {
  Case c = With("set a 9000; set b 9000; set c 9000", {"posix"});
  c.store.durability = Durability::kBuffered;
  c.store.segment_bytes = 65536;
  c.faults = {"late IO_ERROR write tag=wal.append nth=1"};
  c.sweep = {"evict any"};
  EXPECT_GE(RunsOf(c).size(), 3u) << "one without a page, and others";
}

TEST(Variants, WhereNoPageGoesBackOneRunIsEnough) {
  Case c = With("set a 9000; kill", {"posix"});
  c.store.segment_bytes = 65536;
  c.sweep = {"evict list", "evict list page=2", "evict list page=9"};
  // Nothing has failed: they are all one run.
  EXPECT_THAT(RunsOf(c), ElementsAre("evict list nth=1; posix "));
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=1"};
  const std::vector<std::string> runs = RunsOf(c);
  const auto with = [&](std::string_view part) {
    return std::count_if(runs.begin(), runs.end(), [&](const std::string& run) {
      return run.find(part) != std::string::npos;
    });
  };
  EXPECT_EQ(with("evict list nth=1;"), 1);
  EXPECT_GE(with("evict list nth="), 2);
  EXPECT_EQ(with("page=2 nth=1;"), 0);
  EXPECT_EQ(with("page=2"), with("evict list nth=") - 1);
  EXPECT_EQ(with("page=9"), 0);
}

TEST(Variants, AnEvictionThatTookNothingIsNoCoverage) {
  Case c = With("set a 9000; set b 10", {"posix"});
  c.store.durability = Durability::kBuffered;
  c.store.segment_bytes = 65536;
  NotingMonitor monitor;
  const auto evictions = [&](std::string_view rule) {
    c.faults = {"late IO_ERROR write tag=wal.append nth=1", std::string(rule)};
    const auto run = RunProgram(c, KvAdapter(), {}, monitor);
    EXPECT_EQ(run.rule_counts.back().decided, 1u);
    const FaultClasses evict = FaultClass({.action = faultfs::IoDecision::Action::kEvict});
    size_t noted = 0;
    for (const auto& [call, classes] : run.faults.calls) noted += (classes & evict) != 0 ? 1 : 0;
    EXPECT_EQ(noted, run.evictions);
    return run.evictions;
  };
  EXPECT_EQ(evictions("evict create nth=1"), 0u);
  EXPECT_EQ(evictions("evict write tag=wal.append nth=2"), 1u);
  EXPECT_EQ(evictions("evict write tag=wal.append page=3 nth=2"), 1u);
  EXPECT_EQ(evictions("evict write tag=wal.append page=4 nth=2"), 0u);
}

TEST(Variants, AFindingOfASweepIsAnOrdinaryCase) {
  Case c = With("set a 10; set b 10", {"posix"});
  c.crash.budget = 200;
  c.sweep = {"ignore sync"};
  NotingMonitor monitor;
  const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
  ASSERT_FALSE(result.findings.empty());
  const Finding& finding = result.findings.front();
  EXPECT_EQ(finding.verdict, Verdict::kLostAcked);
  EXPECT_THAT(finding.reproducer.sweep, IsEmpty());
  ASSERT_EQ(finding.reproducer.faults.size(), 1u);
  EXPECT_THAT(finding.reproducer.faults.front(), ::testing::StartsWith("ignore sync nth="));
  const Result<ReplayResult> again = Replay(finding.reproducer, KvAdapter(), {}, monitor);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  ASSERT_TRUE(again->finding.has_value());
  EXPECT_EQ(again->finding->signature, finding.signature);
}

// ---- An error that comes late

std::vector<Verdict> VerdictsOf(const Case& c, const Adapter& adapter = KvAdapter()) {
  NotingMonitor monitor;
  std::vector<Verdict> verdicts;
  for (const Finding& finding : Explore(c, adapter, {}, monitor).findings) {
    verdicts.push_back(finding.verdict);
  }
  return verdicts;
}

/// The same loss is excused where the next sync would tell of it, and found where nobody ever does.
TEST(LateReport, IsRotAndNotALie) {
  Case c = With("set a 10", {"ext4-journal"});
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=1"};
  EXPECT_THAT(VerdictsOf(c), IsEmpty());
  c.faults = {"ignore sync tag=wal.sync nth=1"};
  EXPECT_THAT(VerdictsOf(c), ::testing::Contains(Verdict::kLostAcked));
}

/// The pages of the first record, whose sync failed late, are lost one by one at the end of the
/// run.
TEST(LateReport, ExcusesNothingThatAWriteBearsWitnessOf) {
  Case c = With("set a 9000; set b 9000", {"ext4-journal"});
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=1"};
  NotingMonitor monitor;
  const Laboratory lab{c, KvAdapter(), {}, monitor};
  const auto run = RunProgram(c, KvAdapter(), {}, monitor);
  const faultfs::EffectGraph graph =
      faultfs::Lower(run.volume->base(), run.volume->trace(), c.crash.models.front());
  faultfs::PointView view(graph, faultfs::CrashPoints(run.volume->trace()).back());
  const Observation nothing{.open = {}, .dump = {}, .hash = HashOf({})};
  size_t corruption = 0;
  size_t silence_is_wrong = 0;
  size_t silence_is_excused = 0;
  for (const faultfs::CrashState& state : view.Systematic()) {
    Situation situation;
    situation.events = run.events.size();
    situation.power_lost = true;
    const faultfs::Image left = view.Materialize(state);
    NoteLateLoss(KvAdapter(), view, state, left, 0, situation);
    if (!situation.witnessed.has_value()) continue;
    faultfs::Volume volume(left, faultfs::Recording::kOff);
    const Life life = RecoverAndLook(lab, volume, run.opens.back());
    EXPECT_FALSE(JudgeLife(lab, *run.checker, situation, life).has_value());
    if (life.seen.open.Is(Code::kCorruption)) ++corruption;
    const auto silent = Judge(lab, *run.checker, situation, nothing);
    if (!silent.has_value()) {
      ++silence_is_excused;
    } else {
      EXPECT_EQ(silent->verdict, Verdict::kUndetectedCorruption);
      ++silence_is_wrong;
    }
  }
  EXPECT_GT(corruption, 0u);
  EXPECT_GT(silence_is_wrong, 0u);
  EXPECT_GT(silence_is_excused, 0u);
}

/// The runs of a case whose pages go back before each call in turn.
std::vector<crashlab::Run> EvictedRuns(Case c) {
  std::vector<crashlab::Run> runs;
  NotingMonitor monitor;
  c.faults.emplace_back();
  for (int nth = 1;; ++nth) {
    c.faults.back() = "evict any nth=" + std::to_string(nth);
    crashlab::Run run = RunProgram(c, KvAdapter(), {}, monitor);
    if (run.rule_counts.back().matched < static_cast<uint64_t>(nth)) return runs;
    if (run.evictions > 0) runs.push_back(std::move(run));
  }
}

// A page of which a sync had said Ok goes, and the process dies: the next one reads what is in its
// place. Where a write bears witness that is corruption; where none does it may go unnoticed.
TEST(LateReport, AnEvictedPageIsRotOnAMachineThatRuns) {
  Case c = With("set a 9000; kill; set b 10; kill; size", {"ext4-journal"});
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=1"};
  size_t refused = 0;
  size_t unnoticed = 0;
  for (const crashlab::Run& run : EvictedRuns(c)) {
    EXPECT_FALSE(run.live.has_value());
    EXPECT_TRUE(std::any_of(run.events.begin(), run.events.end(),
                            [](const Event& event) { return event.kind == Event::Kind::kRotted; }));
    if (run.events.back().kind == Event::Kind::kKilled) ++refused;
    for (const Event& event : run.events) {
      if (event.kind == Event::Kind::kOpened && event.witnessed.has_value()) ++unnoticed;
    }
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(unnoticed, 0u);
  c.sweep = {"evict any", "evict any page=1", "evict any page=2", "evict any always"};
  c.crash.depth = 2;
  c.crash.budget = 100;
  c.crash.inner = 10;
  c.crash.inner_budget = 50;
  EXPECT_THAT(VerdictsOf(c), IsEmpty());
}

/// One page holds them all, and only the last one's bytes are gone: the others bear witness still.
TEST(LateReport, WhatIsWholeInAnEvictedPageBearsWitness) {
  Case c = With("set a 10; set b 10; set c 10; set d 10; kill", {"ext4-journal"});
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=3"};
  size_t judged = 0;
  for (const crashlab::Run& run : EvictedRuns(c)) {
    for (const RottenOpen& open : run.rotten_opens) {
      EXPECT_GE(open.witnessed, 3u) << "the first Open, and a set";
      ++judged;
    }
  }
  EXPECT_GT(judged, 0u);
}

TEST(LateReport, AnEngineThatDoesNotCheckWhatItReadsShowsIt) {
  Case c = With("set a 40; set b 40; kill; get b", {"ext4-journal"});
  c.crash.kinds = {CrashKind::kProcessDeath};
  c.faults = {"fail IO_ERROR sync nth=1"};
  EXPECT_THAT(VerdictsOf(c, TinyEngine(Flaw::kFilePerKey)), IsEmpty());
  c.sweep = {"evict any"};
  EXPECT_THAT(VerdictsOf(c, TinyEngine(Flaw::kFilePerKey)), ::testing::Contains(Verdict::kPhantom));
}

TEST(Reverting, TakesTheProcessFrontierDownUntilTheNextOpen) {
  // Nobody was told that the write-back failed, so that nobody can be blamed for the loss.
  Case c = With("set a 10; set b 10; kill; set c 10; flush", {"posix"});
  c.store.durability = Durability::kBuffered;
  c.faults = {"late IO_ERROR write tag=wal.append nth=1"};
  c.sweep = {"evict any"};
  EXPECT_THAT(VerdictsOf(c), IsEmpty());
  NotingMonitor monitor;
  c.faults.push_back("evict write tag=wal.append nth=2");
  const auto run = RunProgram(c, KvAdapter(), {}, monitor);
  size_t reverted = 0;
  for (const Event& event : run.events) {
    if (event.kind == Event::Kind::kReverted) ++reverted;
  }
  EXPECT_EQ(reverted, 1u);
}

TEST(FullDisk, TheStoreIsWritableWhenThereIsRoomAgain) {
  Case c = With("set a 10; set b 10; set c 10; set d 600; flush; compact; set e 10", {"posix"});
  c.store.segment_bytes = 512;
  c.sweep = {"fail NO_SPACE write,create,allocate times=3"};
  EXPECT_THAT(VerdictsOf(c), IsEmpty());
}

}  // namespace
}  // namespace crashlab
