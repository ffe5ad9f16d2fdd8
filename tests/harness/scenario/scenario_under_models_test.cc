// AskUnderModels: what stays of a scenario, and what is asked instead of its own question.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"
#include "tests/harness/scenario/lab_adapter.h"

namespace crashlab {
namespace {

using faultfs::PersistenceModel;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<PersistenceModel> kXfsAndPosix = {*faultfs::FindModel("xfs"),
                                                    *faultfs::FindModel("posix")};

Scenario Parsed(std::string_view text) {
  Result<Scenario> scenario = ParseScenario(text, "dir/some.toml", test::LabAdapters());
  EXPECT_TRUE(scenario.ok()) << text << "\n" << scenario.status().ToString();
  return scenario.ok() ? std::move(scenario).value() : Scenario();
}

Scenario Asked(std::string_view text) {
  Scenario scenario = Parsed(text);
  EXPECT_TRUE(AskUnderModels(kXfsAndPosix, scenario).ok());
  // It is a scenario like any other: it can be written down.
  EXPECT_EQ(Parsed(PrintScenario(scenario)), scenario) << PrintScenario(scenario);
  return scenario;
}

constexpr std::string_view kFinding = R"(
expect = { verdict = "LOST_ACKED", signature = "LOST_ACKED power-loss" }
at_least = { recoveries = 1 }
seed = 7
program = "set a 10"

[store]
adapter = "kv"
durability = "buffered"
segment_bytes = 4096

[crash]
models = ["btrfs"]
tear = "byte-linear"
budget = 3
probe = false

[[crash.chain]]
kind = "process-death"
at = "end"
)";

TEST(AskUnderModelsTest, OfAFindingAllButTheCrashStays) {
  const Scenario finding = Parsed(std::string(kFinding) + "[faults]\nrules = ['ignore sync']\n");
  const Scenario asked = Asked(std::string(kFinding) + "[faults]\nrules = ['ignore sync']\n");
  EXPECT_EQ(asked.program, finding.program);
  EXPECT_EQ(asked.seed, 7u);
  EXPECT_EQ(asked.store, finding.store);
  EXPECT_THAT(asked.faults, ElementsAre("ignore sync"));
  EXPECT_FALSE(asked.crash.probe);

  EXPECT_EQ(asked.crash.models, kXfsAndPosix) << "without the switches";
  EXPECT_THAT(asked.crash.chain, IsEmpty());
  EXPECT_EQ(asked.crash.budget, kStatesUnderModels);
  EXPECT_THAT(asked.crash.kinds, ElementsAre(CrashKind::kProcessDeath)) << "as in the chain";
  EXPECT_EQ(asked.crash.depth, 1u);
  EXPECT_EQ(asked.crash.rot, 0u);

  EXPECT_EQ(asked.expect, Expectation());
  EXPECT_EQ(asked.at_least, AtLeast());
}

TEST(AskUnderModelsTest, TwoCrashesAreLookedForWithDepthTwo) {
  const Scenario asked =
      Asked(std::string(kFinding) + "[[crash.chain]]\nkind = 'power-loss'\nat = 'end'\n");
  EXPECT_EQ(asked.crash.depth, 2u);
  EXPECT_EQ(asked.crash.inner, kInnerUnderModels);
  EXPECT_EQ(asked.crash.inner_budget, kInnerStatesUnderModels);
  EXPECT_THAT(asked.crash.kinds, ElementsAre(CrashKind::kProcessDeath, CrashKind::kPowerLoss));
}

TEST(AskUnderModelsTest, RotIsLookedForInTheSameWays) {
  const Scenario asked = Asked(R"(
program = "set a 10"
[crash]
models = ["posix"]
[[crash.chain]]
kind = "power-loss"
at = "end"
rot = ["zero /db/0000000001.wal 512", "lost wal.append#2", "zero /db/0000000001.wal 1024"]
)");
  EXPECT_EQ(asked.crash.rot, kRotUnderModels);
  EXPECT_THAT(asked.crash.rot_kinds, ElementsAre(faultfs::RotKind::kZero, faultfs::RotKind::kLost));
  EXPECT_THAT(asked.crash.kinds, ElementsAre(CrashKind::kPowerLoss));
}

TEST(AskUnderModelsTest, AScheduleStays) {
  const Scenario asked = Asked(R"(
program = "0: set a 1\n1: get a"
[clients]
schedule = "0*12 1*4"
[crash]
[[crash.chain]]
kind = "power-loss"
at = "end"
)");
  ASSERT_TRUE(asked.clients.has_value());
  EXPECT_EQ(asked.clients->schedule, "0*12 1*4");
}

TEST(AskUnderModelsTest, WhatHasNoChainKeepsItsPlanUnderOtherModels) {
  const Scenario asked = Asked(R"(
expect = { verdict = "LOST_ACKED", on = ["posix tear=4096"], clean_on = ["btrfs"] }
at_least = { recoveries = 10 }
[workload]
runs = 5
[crash]
budget = 77
depth = 2
inner = 3
[[crash.model]]
name = "posix"
tear = "4096"
[[crash.model]]
name = "btrfs"
[promises]
coverage = ["log wal.append lost*"]
)");
  EXPECT_EQ(asked.crash.models, kXfsAndPosix);
  EXPECT_EQ(asked.crash.budget, 77u);
  EXPECT_EQ(asked.crash.depth, 2u);
  EXPECT_EQ(asked.crash.inner, 3u);
  EXPECT_EQ(asked.workload->runs, 5u);
  EXPECT_EQ(asked.expect, Expectation());
  EXPECT_EQ(asked.at_least, AtLeast());
  EXPECT_THAT(asked.promised_coverage, IsEmpty());
}

TEST(AskUnderModelsTest, RealProcessesAreRefused) {
  Scenario scenario = Parsed("program = 'set a 1'\n[process]\nkills = 3\n");
  const Scenario before = scenario;
  const Status status = AskUnderModels(kXfsAndPosix, scenario);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.message(), "no model has a say in what real processes leave ([process])");
  EXPECT_EQ(status.file(), "dir/some.toml");
  EXPECT_EQ(scenario, before);
}

}  // namespace
}  // namespace crashlab
