// Scenarios over workers: one outcome whatever the number of workers, and nothing lost on the way.
#include "harness/runner/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "harness/report/report.h"
#include "tests/harness/runner/fake_cases.h"

namespace crashlab {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeExplorer;
using ::testing::Field;
using testing::FindingOf;
using testing::Generated;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Recover;
using ::testing::SizeIs;
using testing::SleepMs;

FakeExplorer::Behaviour Finds(Verdict verdict, std::string signature, int after_ms = 0) {
  return [=](const Case& c, Monitor&, CaseResult& result) {
    SleepMs(after_ms);
    result.findings.push_back(FindingOf(c, verdict, signature));
  };
}

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { options_.jobs = 2; }

  void Add(Scenario scenario) { scenarios_.push_back(std::move(scenario)); }
  FakeExplorer& explorer() {
    if (!explorer_) explorer_.emplace(scenarios_);
    return *explorer_;
  }
  std::vector<ScenarioOutcome> Run(RunEvents events = {}) {
    auto outcomes = RunScenarios(scenarios_, adapters_, options_, events, explorer().Function());
    EXPECT_TRUE(outcomes.ok());
    return outcomes.ok() ? *outcomes : std::vector<ScenarioOutcome>();
  }
  /// Everything but timings.
  std::string Report() { return JsonLines(Run(), /*timings=*/false); }

  testing::FakeAdapter fake_;
  AdapterSet adapters_{{&fake_}};
  std::vector<Scenario> scenarios_;
  RunOptions options_;
  std::optional<FakeExplorer> explorer_;
};

TEST_F(RunnerTest, SumsItsCases) {
  Add(Generated("a", 4, 1));
  Add(Generated("b", 3, 2));
  const auto outcomes = Run();
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_EQ(outcomes[0].scenario, &scenarios_[0]);
  EXPECT_EQ(outcomes[0].counts.recoveries, 20u);
  EXPECT_EQ(outcomes[0].cases_done, 4u);
  EXPECT_TRUE(outcomes[0].exhausted);
  EXPECT_EQ(outcomes[1].counts.recoveries, 15u);
  EXPECT_THAT(outcomes, Each(Field(&ScenarioOutcome::status, ScenarioStatus::kAsExpected)));
}

TEST_F(RunnerTest, TheSameSignatureOnAnotherModelIsAnotherFinding) {
  Scenario scenario = Generated("a", 12);
  scenario.crash.models = {*faultfs::FindModel("posix"), *faultfs::FindModel("btrfs"),
                           *faultfs::FindModel("xfs")};
  Add(scenario);
  for (const uint64_t number : {2, 5, 9}) {
    explorer().On("a", number, [=](const Case& c, Monitor& monitor, CaseResult& result) {
      SleepMs(number == 2 ? 60 : 0);  // late ones come first
      for (const char* model : {"posix", "btrfs"}) {
        if (number == 2 && model == std::string_view("btrfs")) continue;
        Finding finding = FindingOf(c, Verdict::kLostAcked, "LOST_ACKED x");
        finding.model = model;
        result.findings.push_back(finding);
        monitor.Found(finding);
      }
      result.models = {{.programs = 1, .states = 3, .recoveries = 2, .judgements = 2},
                       {.programs = 1, .states = 4, .recoveries = 1, .judgements = 1},
                       {.programs = 1, .recoveries = 1}};
    });
  }
  std::set<std::string> told;
  const auto outcomes =
      Run({.on_outcome = {},
           .on_finding = [&](const Scenario&, uint64_t,
                             const Finding& finding) { told.insert(finding.model); },
           .on_progress = {}});
  ASSERT_THAT(outcomes[0].findings, SizeIs(2));
  EXPECT_EQ(outcomes[0].findings[0].model, "posix");
  EXPECT_EQ(outcomes[0].finding_seeds[0], CaseSeed(scenarios_[0], 2));
  EXPECT_EQ(outcomes[0].findings[1].model, "btrfs");
  EXPECT_EQ(outcomes[0].finding_seeds[1], CaseSeed(scenarios_[0], 5)) << "the lowest of its own";
  EXPECT_THAT(told, ElementsAre("btrfs", "posix"));
  EXPECT_THAT(outcomes[0].VerdictsOn("btrfs"), ElementsAre(Verdict::kLostAcked));
  EXPECT_THAT(outcomes[0].VerdictsOn("xfs"), IsEmpty());
  ASSERT_THAT(outcomes[0].models, SizeIs(3));
  EXPECT_EQ(outcomes[0].models[0].name, "posix");
  EXPECT_EQ(outcomes[0].models[1].counts.states, 12u);
  EXPECT_EQ(outcomes[0].models[2].counts.programs, 3u) << "the others are healthy on one model";
  options_.jobs = 1;
  const std::string expected = Report();
  options_.jobs = 7;
  EXPECT_EQ(Report(), expected);
}

TEST_F(RunnerTest, AProgramIsACaseForEachModelIfTheyAreApart) {
  Scenario scenario = Generated("a", 1);
  scenario.workload.reset();
  scenario.program.emplace();
  scenario.crash.models = {*faultfs::FindModel("posix"), *faultfs::FindModel("btrfs"),
                           *faultfs::FindModel("xfs")};
  Add(scenario);
  Add(Generated("b", 2, 7));
  explorer().On("a", 0, [](const Case& c, Monitor& monitor, CaseResult& result) {
    ASSERT_THAT(c.crash.models, SizeIs(1));
    if (c.crash.models[0].name == "posix") std::abort();
    if (c.crash.models[0].name == "xfs") return;
    result.findings.push_back(FindingOf(c, Verdict::kHole, "HOLE process-death"));
    result.findings.back().model.clear();
    result.counts.exhausted_programs = result.models[0].exhausted_programs = 0;
    monitor.Found(result.findings.back());
  });
  options_.models_apart = true;
  std::set<std::string> told;
  const auto outcomes =
      Run({.on_outcome = {},
           .on_finding = [&](const Scenario&, uint64_t,
                             const Finding& finding) { told.insert(finding.model); },
           .on_progress = {}});
  EXPECT_EQ(outcomes[0].cases_done, 3u);
  EXPECT_EQ(outcomes[0].counts.programs, 1u);
  EXPECT_FALSE(outcomes[0].exhausted);
  EXPECT_THAT(outcomes[0].VerdictsOn("posix"), ElementsAre(Verdict::kCrash));
  EXPECT_THAT(outcomes[0].VerdictsOn("btrfs"), ElementsAre(Verdict::kHole)) << "no other's death";
  EXPECT_THAT(outcomes[0].VerdictsOn("xfs"), IsEmpty());
  EXPECT_EQ(outcomes[0].models[0].counts, ModelCounts());
  EXPECT_EQ(outcomes[0].models[1].counts.exhausted_programs, 0u);
  EXPECT_EQ(outcomes[0].models[2].counts.exhausted_programs, 1u);
  EXPECT_THAT(told, ElementsAre("btrfs", "posix"));
  EXPECT_EQ(outcomes[1].cases_done, 2u) << "generated programs share what models leave alike";
}

TEST_F(RunnerTest, CoverageIsThatOfAllCases) {
  Add(Generated("a", 9));
  for (const uint64_t number : {1, 8}) {
    explorer().On("a", number, [=](const Case&, Monitor&, CaseResult& result) {
      result.coverage.Note("log", "wal.append", number == 1 ? kLost : kTorn);
      if (number == 8) result.coverage.Note("log", "wal.sync", 0);
    });
  }
  const std::string report = Report();
  EXPECT_THAT(report, HasSubstr(R"("coverage":[{"file":"log","tag":"wal.append",)"
                                R"("faults":["lost","torn"]},)"
                                R"({"file":"log","tag":"wal.sync","faults":[]}])"));
  options_.jobs = 5;
  EXPECT_EQ(Report(), report);
}

TEST_F(RunnerTest, TheNumberOfWorkersDoesNotShow) {
  Add(Generated("a", 30, 1));
  Add(Generated("b", 1, 2));
  Add(Generated("c", 20, 3));
  for (const uint64_t number : {3, 9, 17}) {
    // Late ones come first.
    explorer().On("a", number, Finds(Verdict::kHole, "HOLE a", 40 - static_cast<int>(number)));
  }
  explorer().On("a", 11, [](const Case&, Monitor& monitor, CaseResult&) {
    Recover(monitor, 1);
    Recover(monitor, 2);
    raise(SIGKILL);
  });
  explorer().On("c", 0, [](const Case&, Monitor& monitor, CaseResult&) {
    monitor.Counted({.programs = 1, .recoveries = 1});
    Recover(monitor, 1);
    monitor.Hung(true);
  });
  options_.jobs = 1;
  const std::string one = Report();
  for (const uint32_t jobs : {2, 3, 7}) {
    options_.jobs = jobs;
    EXPECT_EQ(Report(), one) << jobs << " workers";
  }
  EXPECT_THAT(one, AllOf(HasSubstr("CRASH power-loss lost=wal.append"),
                         HasSubstr("OPEN_HUNG power-loss lost=wal.append")));
}

TEST_F(RunnerTest, OfASignatureTheLowestCaseIsKept) {
  Add(Generated("a", 10));
  explorer().On("a", 2, Finds(Verdict::kHole, "HOLE x", 150));
  explorer().On("a", 6, Finds(Verdict::kHole, "HOLE x"));
  std::vector<uint64_t> told;
  const auto outcomes = Run(
      {.on_outcome = {},
       .on_finding = [&](const Scenario&, uint64_t seed, const Finding&) { told.push_back(seed); },
       .on_progress = {}});
  ASSERT_THAT(outcomes[0].findings, SizeIs(1));
  EXPECT_EQ(outcomes[0].finding_count, 2u);
  EXPECT_THAT(outcomes[0].finding_seeds, ElementsAre(CaseSeed(scenarios_[0], 2)));
  // At once, and corrected later.
  EXPECT_THAT(told, ElementsAre(CaseSeed(scenarios_[0], 6), CaseSeed(scenarios_[0], 2)));
}

TEST_F(RunnerTest, ShardsArePartsOfTheWhole) {
  Add(Generated("a", 10, 1));
  Add(Generated("b", 2, 2));
  for (uint64_t i = 0; i < 10; ++i) {
    explorer().On("a", i, Finds(Verdict::kHole, "HOLE " + std::to_string(i)));
  }
  std::multiset<uint64_t> seeds;
  uint64_t programs = 0;
  for (uint32_t shard = 1; shard <= 3; ++shard) {
    options_.shard = shard;
    options_.shards = 3;
    const auto outcomes = Run();
    seeds.insert(outcomes[0].finding_seeds.begin(), outcomes[0].finding_seeds.end());
    for (const auto& outcome : outcomes) programs += outcome.counts.programs;
    if (shard == 3) {
      EXPECT_EQ(outcomes[1].cases, 0u);
      EXPECT_EQ(outcomes[1].status, ScenarioStatus::kAsExpected);
      EXPECT_EQ(outcomes[1].reason, "no cases in this shard");
    }
  }
  EXPECT_EQ(programs, 12u);
  std::multiset<uint64_t> all;
  for (uint64_t i = 0; i < 10; ++i) all.insert(CaseSeed(scenarios_[0], i));
  EXPECT_EQ(seeds, all);
}

TEST_F(RunnerTest, FailFastStopsAtTheLowestFailingCase) {
  Add(Generated("a", 20, 1));
  Add(Generated("b", 5, 2));
  explorer().On("a", 3, Finds(Verdict::kHole, "HOLE slow", 200));
  explorer().On("a", 4, Finds(Verdict::kHole, "HOLE quick"));
  options_.fail_fast = true;
  options_.jobs = 1;
  std::vector<std::string> told;
  const auto tell = [&](const Scenario&, uint64_t, const Finding& finding) {
    told.push_back(finding.signature);
  };
  const std::string one = JsonLines(Run({.on_outcome = {}, .on_finding = tell, .on_progress = {}}),
                                    /*timings=*/false);
  EXPECT_THAT(told, ElementsAre("HOLE slow"));
  for (const uint32_t jobs : {2, 4}) {
    options_.jobs = jobs;
    told.clear();
    const auto outcomes = Run({.on_outcome = {}, .on_finding = tell, .on_progress = {}});
    EXPECT_EQ(JsonLines(outcomes, /*timings=*/false), one);
    EXPECT_THAT(told, ElementsAre("HOLE slow"));
    EXPECT_EQ(outcomes[0].status, ScenarioStatus::kUnexpected);
    EXPECT_EQ(outcomes[0].cases_done, 4u);
    EXPECT_EQ(outcomes[1].status, ScenarioStatus::kNotDecided);
    EXPECT_THAT(outcomes[1].reason, HasSubstr("--fail-fast"));
  }
}

TEST_F(RunnerTest, FailFastStopsAtAScenarioThatDidNotGiveItsVerdict) {
  Add(Generated("a", 3, 1));
  scenarios_[0].expect.verdict = Verdict::kLostAcked;
  Add(Generated("b", 3, 2));
  options_.fail_fast = true;
  const auto outcomes = Run();
  EXPECT_EQ(outcomes[0].status, ScenarioStatus::kUnexpected);
  EXPECT_EQ(outcomes[1].status, ScenarioStatus::kNotDecided);
}

TEST_F(RunnerTest, FailFastPassesWhatIsExpected) {
  Add(Generated("a", 3, 1));
  scenarios_[0].expect.verdict = Verdict::kHole;
  Add(Generated("b", 3, 2));
  explorer().On("a", 0, Finds(Verdict::kHole, "HOLE x"));
  options_.fail_fast = true;
  EXPECT_THAT(Run(), Each(Field(&ScenarioOutcome::status, ScenarioStatus::kAsExpected)));
}

TEST_F(RunnerTest, ABudgetCutsShortAndSaysSo) {
  Add(Generated("a", 2, 1));
  Add(Generated("b", 50, 2));
  for (uint64_t i = 0; i < 50; ++i) {
    explorer().On("b", i, [](const Case&, Monitor&, CaseResult&) { SleepMs(100); });
  }
  options_.budget_ms = 500;
  const auto outcomes = Run();
  EXPECT_EQ(outcomes[0].status, ScenarioStatus::kAsExpected);
  EXPECT_EQ(outcomes[1].status, ScenarioStatus::kNotDecided);
  EXPECT_EQ(outcomes[1].reason, "the budget of 0.5 s was used up");
  EXPECT_LT(outcomes[1].cases_done, 50u);
  EXPECT_GT(outcomes[1].cases_done, 0u) << "what was done counts";
  EXPECT_EQ(ExitCode(outcomes), 3);
}

TEST_F(RunnerTest, AnInterruptionKeepsWhatIsThere) {
  Add(Generated("a", 50));
  explorer().On("a", 1, Finds(Verdict::kHole, "HOLE x"));
  for (uint64_t i = 2; i < 50; ++i) {
    explorer().On("a", i, [](const Case&, Monitor&, CaseResult&) { SleepMs(10'000); });
  }
  scenarios_[0].expect.verdict = Verdict::kHole;
  std::atomic<bool> interrupted{false};
  options_.interrupted = &interrupted;
  const auto outcomes =
      Run({.on_outcome = {},
           .on_finding = [&](const Scenario&, uint64_t, const Finding&) { interrupted = true; },
           .on_progress = {}});
  EXPECT_EQ(outcomes[0].status, ScenarioStatus::kNotDecided);
  EXPECT_EQ(outcomes[0].reason, "interrupted");
  EXPECT_THAT(outcomes[0].findings, SizeIs(1));
}

TEST_F(RunnerTest, ADeathIsAFindingAndTheOthersGoOn) {
  Add(Generated("a", 6));
  explorer().On("a", 2, [](const Case& c, Monitor& monitor, CaseResult&) {
    monitor.Found(FindingOf(c, Verdict::kHole, "HOLE before"));
    Recover(monitor, 1);
    fprintf(stderr, "check failed: at 0xdeadbeef\n");
    fflush(stderr);
    std::abort();
  });
  const auto outcomes = Run();
  EXPECT_EQ(outcomes[0].cases_done, 6u);
  ASSERT_THAT(outcomes[0].findings, SizeIs(2));
  EXPECT_EQ(outcomes[0].findings[0].signature, "HOLE before");
  const Finding& death = outcomes[0].findings[1];
  EXPECT_EQ(death.verdict, Verdict::kCrash);
  EXPECT_EQ(death.detail, "the worker process died of signal SIGABRT, in a recovery");
  EXPECT_EQ(death.reproducer.seed, CaseSeed(scenarios_[0], 2));
  EXPECT_FALSE(death.reproducer.program.empty()) << "its program is kept";
  EXPECT_THAT(death.reproducer.crash.chain, SizeIs(1));
  EXPECT_THAT(death.story, ::testing::Contains("it said: check failed: at 0x..."));
}

TEST_F(RunnerTest, NothingRecoveredIsNotDecided) {
  Add(Generated("a", 1));
  explorer().On("a", 0, [](const Case&, Monitor&, CaseResult& result) { result.counts = {}; });
  const auto outcomes = Run();
  EXPECT_EQ(outcomes[0].status, ScenarioStatus::kNotDecided);
  EXPECT_THAT(SummaryText(outcomes, 1), HasSubstr("NOTHING WAS RECOVERED"));
}

TEST_F(RunnerTest, SeedAndRunsReplaceTheScenarios) {
  Add(Generated("a", 7, 1));
  explorer_.emplace(std::vector<Scenario>{Generated("a", 4, 99)});
  options_.seed = 99;
  options_.runs = 4;
  const auto outcomes = Run();
  EXPECT_EQ(outcomes[0].seed, 99u);
  EXPECT_EQ(outcomes[0].cases, 4u);
  EXPECT_EQ(outcomes[0].counts.programs, 4u);
}

TEST_F(RunnerTest, AShareOfProgramsRunsTwice) {
  Add(Generated("a", 40));
  const auto explore = [](const Case&, const Adapter&, const ExploreOptions& options, Monitor&) {
    CaseResult result = testing::Healthy();
    result.counts.double_runs = options.double_run ? 1 : 0;
    return result;
  };
  const auto outcomes = RunScenarios(scenarios_, adapters_, options_, {}, explore);
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(outcomes->front().counts.double_runs, 3u);
}

TEST_F(RunnerTest, OutcomesComeInOrder) {
  for (uint64_t i = 0; i < 6; ++i) Add(Generated("s" + std::to_string(i), 2, i + 1));
  explorer().On("s0", 0, [](const Case&, Monitor&, CaseResult&) { SleepMs(200); });
  std::vector<std::string> names;
  Run({.on_outcome =
           [&](const ScenarioOutcome& outcome) { names.push_back(outcome.scenario->name); },
       .on_finding = {},
       .on_progress = {}});
  EXPECT_THAT(names, ElementsAre("s0", "s1", "s2", "s3", "s4", "s5"));
}

TEST_F(RunnerTest, ProgressGrows) {
  Add(Generated("a", 20));
  for (uint64_t i = 0; i < 20; ++i) {
    explorer().On("a", i, [](const Case&, Monitor& monitor, CaseResult&) {
      monitor.Counted({.recoveries = 3});
      SleepMs(50);
    });
  }
  std::vector<Progress> seen;
  Run({.on_outcome = {}, .on_finding = {}, .on_progress = [&](const Progress& progress) {
         seen.push_back(progress);
       }});
  ASSERT_GT(seen.size(), 2u);
  EXPECT_EQ(seen.back().cases, 20u);
  EXPECT_LE(seen.front().cases_done, seen.back().cases_done);
  EXPECT_GT(seen.back().counts.recoveries, 0u);
}

TEST_F(RunnerTest, AnUnknownAdapterIsAnError) {
  Add(Generated("a", 1));
  scenarios_[0].store.adapter = "fke";
  const auto outcomes = RunScenarios(scenarios_, adapters_, options_, {});
  ASSERT_FALSE(outcomes.ok());
  EXPECT_THAT(std::string(outcomes.status().message()), HasSubstr("fake"));
}

}  // namespace
}  // namespace crashlab
