// When a scenario is as expected, when not, and when nobody can say.
#include "harness/runner/internal/decision.h"

#include <gtest/gtest.h>

#include "tests/harness/runner/fake_cases.h"

namespace crashlab {
namespace {

class DecisionTest : public ::testing::Test {
 protected:
  DecisionTest() {
    outcome_.scenario = &scenario_;
    outcome_.cases = outcome_.cases_done = 10;
    outcome_.counts = {.programs = 10, .recoveries = 100, .inner_recoveries = 5};
    outcome_.counts.exhausted_programs = 9;
  }

  void Finds(Verdict verdict, std::string signature, std::string model = "posix") {
    outcome_.findings.push_back(testing::FindingOf({}, verdict, std::move(signature)));
    outcome_.findings.back().model = std::move(model);
  }
  void OnModels(std::vector<std::string> names) {
    for (std::string& name : names) {
      outcome_.models.push_back({std::move(name), {.programs = 10, .recoveries = 100}});
    }
  }
  void ExpectDecision(ScenarioStatus status, std::string_view reason) {
    Decide(input_, outcome_);
    EXPECT_EQ(outcome_.status, status);
    EXPECT_EQ(outcome_.reason, reason);
  }

  Scenario scenario_ = testing::Generated("s", 10);
  ScenarioOutcome outcome_;
  DecisionInput input_;
};

TEST_F(DecisionTest, PassWithoutAFinding) { ExpectDecision(ScenarioStatus::kAsExpected, ""); }

TEST_F(DecisionTest, PassWithAFinding) {
  Finds(Verdict::kHole, "HOLE x");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected pass, found HOLE x");
}

TEST_F(DecisionTest, AFindingCountsEvenIfTheRunWasCutShort) {
  Finds(Verdict::kHole, "HOLE x");
  input_.cut_short = "interrupted";
  ExpectDecision(ScenarioStatus::kUnexpected, "expected pass, found HOLE x");
}

TEST_F(DecisionTest, CutShort) {
  input_.cut_short = "the budget of 1 s was used up";
  ExpectDecision(ScenarioStatus::kNotDecided, "the budget of 1 s was used up");
}

TEST_F(DecisionTest, LeftOutIsNoPass) {
  outcome_.counts = {.left_out = 10};
  ExpectDecision(ScenarioStatus::kLeftOut, "a tmpfs of its own needs root (CAP_SYS_ADMIN)");
}

TEST_F(DecisionTest, AFindingOutweighsWhatWasLeftOut) {
  outcome_.counts.left_out = 1;
  Finds(Verdict::kHole, "HOLE x");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected pass, found HOLE x");
}

TEST_F(DecisionTest, ReopenedStoresAreRecoveriesToo) {
  outcome_.counts = {.programs = 10, .kills = 40, .reopened = 40};
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  scenario_.at_least.reopened = 41;
  ExpectDecision(ScenarioStatus::kUnexpected, "40 stores reopened, but at_least asks for 41");
  scenario_.at_least = {.inner_reopened = 5};
  outcome_.counts.inner_reopened = 5;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  outcome_.counts.inner_reopened = 4;
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "4 stores reopened after a kill of a recovery, but at_least asks for 5");
}

TEST_F(DecisionTest, SchedulesAreCounted) {
  outcome_.counts.schedules = 40;
  scenario_.at_least.schedules = 40;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  scenario_.at_least.schedules = 41;
  ExpectDecision(ScenarioStatus::kUnexpected, "40 schedules, but at_least asks for 41");
}

TEST_F(DecisionTest, TheVerdictComes) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  Finds(Verdict::kLostAcked, "LOST_ACKED any");
  ExpectDecision(ScenarioStatus::kAsExpected, "");
}

TEST_F(DecisionTest, TheVerdictDoesNotCome) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  ExpectDecision(ScenarioStatus::kUnexpected, "expected LOST_ACKED, found nothing");
}

TEST_F(DecisionTest, AnotherVerdictComes) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  Finds(Verdict::kLostAcked, "LOST_ACKED a");
  Finds(Verdict::kHole, "HOLE b");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected LOST_ACKED, found HOLE b");
}

TEST_F(DecisionTest, AnotherVerdictMayComeAlso) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  scenario_.expect.also = {Verdict::kHole};
  Finds(Verdict::kHole, "HOLE b");
  Finds(Verdict::kLostAcked, "LOST_ACKED a");
  ExpectDecision(ScenarioStatus::kAsExpected, "");
}

TEST_F(DecisionTest, WhatMayComeAlsoIsNotEnough) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  scenario_.expect.also = {Verdict::kHole};
  Finds(Verdict::kHole, "HOLE b");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected LOST_ACKED, found only HOLE b");
}

TEST_F(DecisionTest, TheSignatureMustCome) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  scenario_.expect.signature = "LOST_ACKED right";
  Finds(Verdict::kLostAcked, "LOST_ACKED other");
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "expected \"LOST_ACKED right\", found only LOST_ACKED other");
  Finds(Verdict::kLostAcked, "LOST_ACKED right");
  ExpectDecision(ScenarioStatus::kAsExpected, "");
}

TEST_F(DecisionTest, TheVerdictMustComeOnEachModelNamed) {
  OnModels({"posix", "btrfs", "xfs"});
  scenario_.expect.verdict = Verdict::kLostAcked;
  scenario_.expect.also = {Verdict::kHole};
  scenario_.expect.on = {"posix", "btrfs"};
  Finds(Verdict::kLostAcked, "LOST_ACKED a", "posix");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected LOST_ACKED on btrfs, found nothing there");
  Finds(Verdict::kHole, "HOLE a", "btrfs");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected LOST_ACKED on btrfs, found HOLE");
  input_.whole = false;
  ExpectDecision(ScenarioStatus::kNotDecided,
                 "expected LOST_ACKED on btrfs, found HOLE in this part of the cases");
  input_.whole = true;
  Finds(Verdict::kLostAcked, "LOST_ACKED a", "btrfs");
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  scenario_.expect.signature = "LOST_ACKED b";
  Finds(Verdict::kLostAcked, "LOST_ACKED b", "posix");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected \"LOST_ACKED b\" on btrfs, found HOLE");
}

TEST_F(DecisionTest, WhatIsPromisedCleanIs) {
  OnModels({"posix", "btrfs", "xfs"});
  scenario_.expect.verdict = Verdict::kLostAcked;
  scenario_.expect.clean_on = {"btrfs", "xfs"};
  Finds(Verdict::kLostAcked, "LOST_ACKED a", "posix");
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  Finds(Verdict::kLostAcked, "LOST_ACKED a", "xfs");
  ExpectDecision(ScenarioStatus::kUnexpected, "expected clean on xfs, found LOST_ACKED a");
  outcome_.findings.pop_back();
  outcome_.models[2].counts.programs = 9;
  ExpectDecision(ScenarioStatus::kNotDecided,
                 "1 of 10 programs ended before xfs, which is to be clean, was judged");
  outcome_.models[2].counts = {};
  ExpectDecision(ScenarioStatus::kNotDecided, "nothing was judged on xfs, which is to be clean");
}

TEST_F(DecisionTest, WhatNeedsNoModelIsOnEveryModel) {
  OnModels({"posix", "btrfs"});
  scenario_.expect.verdict = Verdict::kLostAcked;
  scenario_.expect.on = {"posix", "btrfs"};
  Finds(Verdict::kLostAcked, "LOST_ACKED process-death", "");
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  scenario_.expect.on = {"posix"};
  scenario_.expect.clean_on = {"btrfs"};
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "expected clean on btrfs, found LOST_ACKED process-death");
}

TEST_F(DecisionTest, AVerdictThatMayLieInAnotherPartIsNotDecided) {
  scenario_.expect.verdict = Verdict::kLostAcked;
  input_.whole = false;
  ExpectDecision(ScenarioStatus::kNotDecided, "LOST_ACKED did not come in this part of the cases");
}

TEST_F(DecisionTest, AShardWithoutCases) {
  outcome_.cases = outcome_.cases_done = 0;
  outcome_.counts = {};
  ExpectDecision(ScenarioStatus::kAsExpected, "no cases in this shard");
}

TEST_F(DecisionTest, NothingRecovered) {
  outcome_.counts.recoveries = 0;
  ExpectDecision(ScenarioStatus::kNotDecided, "nothing was recovered, so nothing was judged");
}

TEST_F(DecisionTest, UndecidedJudgements) {
  outcome_.counts.unknown = 3;
  ExpectDecision(ScenarioStatus::kNotDecided, "3 judgements the checker could not decide");
}

TEST_F(DecisionTest, AtLeastSoManyRecoveries) {
  scenario_.at_least.recoveries = 100;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  scenario_.at_least.recoveries = 101;
  ExpectDecision(ScenarioStatus::kUnexpected, "100 recoveries, but at_least asks for 101");
  input_.whole = false;  // a part need not do what the whole promises
  ExpectDecision(ScenarioStatus::kAsExpected, "");
}

TEST_F(DecisionTest, OtherSeedsAndFaultsHaveNoMinimum) {
  scenario_.at_least.recoveries = 101;
  scenario_.at_least.rotten_recoveries = 1;
  ExpectDecision(ScenarioStatus::kUnexpected, "100 recoveries, but at_least asks for 101");
  input_.minimums = false;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  scenario_.at_least.recoveries = 0;
  input_.minimums = true;
  ExpectDecision(ScenarioStatus::kUnexpected, "0 rotten recoveries, but at_least asks for 1");
}

TEST_F(DecisionTest, AtLeastSoManyPrograms) {
  scenario_.at_least.programs = 11;
  ExpectDecision(ScenarioStatus::kUnexpected, "10 programs, but at_least asks for 11");
}

TEST_F(DecisionTest, AtLeastSoManyInnerRecoveries) {
  scenario_.at_least.inner_recoveries = 6;
  ExpectDecision(ScenarioStatus::kUnexpected, "5 inner recoveries, but at_least asks for 6");
}

TEST_F(DecisionTest, PromisedCoverage) {
  scenario_.promised_coverage = {"log wal.* lost", "log wal.append torn"};
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "coverage \"log wal.* lost\" is promised, and there was no call");
  outcome_.coverage.Note("log", "wal.append", kLost);
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "coverage \"log wal.append torn\" is promised, and there was no \"log wal.append "
                 "torn\"");
  input_.whole = false;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  input_.whole = true;
  input_.minimums = false;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  input_.minimums = true;
  outcome_.coverage.Note("log", "wal.append", kTorn);
  ExpectDecision(ScenarioStatus::kAsExpected, "");
  outcome_.coverage.Note("log", "wal.marker", 0);
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "coverage \"log wal.* lost\" is promised, and there was no \"log wal.marker "
                 "lost\"");
}

TEST_F(DecisionTest, AtLeastExhausted) {
  scenario_.at_least.exhausted = true;
  ExpectDecision(ScenarioStatus::kUnexpected,
                 "9 of 10 programs exhausted, but at_least asks for all");
  outcome_.exhausted = true;
  ExpectDecision(ScenarioStatus::kAsExpected, "");
}

}  // namespace
}  // namespace crashlab
