#include "harness/scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/harness/scenario/lab_adapter.h"
#include "tests/harness/scenario/random_scenario.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;

Result<Scenario> Parse(std::string_view text) {
  return ParseScenario(text, "dir/some.toml", test::LabAdapters());
}

Scenario Parsed(std::string_view text) {
  Result<Scenario> scenario = Parse(text);
  EXPECT_TRUE(scenario.ok()) << text << "\n" << scenario.status().ToString();
  return scenario.ok() ? std::move(scenario).value() : Scenario();
}

Case CaseOf(const Scenario& scenario) {
  return MakeCase(scenario, CaseSeed(scenario, 0), test::LabAdapters());
}

Scenario Reread(const Scenario& scenario) {
  const std::string text = PrintScenario(scenario);
  Result<Scenario> parsed =
      ParseScenario(text, "dir/" + scenario.name + ".toml", test::LabAdapters());
  EXPECT_TRUE(parsed.ok()) << text << "\n" << parsed.status().ToString();
  return parsed.ok() ? std::move(parsed).value() : Scenario();
}

TEST(ScenarioTest, PrintAndParseAreInverse) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const Scenario scenario = test::RandomScenario(seed);
    const Scenario reread = Reread(scenario);
    ASSERT_EQ(reread, scenario) << PrintScenario(scenario) << PrintScenario(reread);
    ASSERT_EQ(PrintScenario(reread), PrintScenario([&] {
                Scenario plain = scenario;
                plain.notes.clear();
                return plain;
              }()));
  }
}

TEST(ScenarioTest, ReadsAGeneratedOne) {
  const Scenario scenario = Parsed(R"(
why = "rolls of a segment under Sync"
expect = "pass"
at_least = { recoveries = 1000, programs = 20 }

[store]
adapter = "kv"
durability = "buffered"
segment_bytes = 4096

[workload]
seed = 3
runs = 20
operations = [5, 12]
value_bytes = 350
keys = [1, 3]
weights = { set = 40, reopen = 0 }
mixed_durability = true
faults = ["fail NO_SPACE write tag=wal.append"]

[crash]
models = ["posix", "prefix"]
tear = "byte-linear"
kinds = ["power-loss"]
budget = 500
depth = 2
inner = 4
inner_budget = 50
probe = false

[faults]
rules = ["ignore sync"]
)");
  EXPECT_EQ(scenario.name, "some");
  EXPECT_EQ(scenario.file, "dir/some.toml");
  EXPECT_EQ(scenario.why, "rolls of a segment under Sync");
  EXPECT_EQ(scenario.expect, Expectation());
  EXPECT_EQ(scenario.at_least, (AtLeast{.recoveries = 1000, .programs = 20}));
  EXPECT_EQ(scenario.store, (StoreConfig{"kv", Durability::kBuffered, 4096, {}}));
  ASSERT_TRUE(scenario.workload.has_value());
  EXPECT_EQ(scenario.workload->seed, 3u);
  EXPECT_EQ(scenario.workload->runs, 20u);
  EXPECT_EQ(scenario.workload->operations, (Workload::Range{5, 12}));
  EXPECT_EQ(scenario.workload->value_bytes, (Workload::Range{350, 350}));
  EXPECT_EQ(scenario.workload->weights,
            (std::map<Verb, uint32_t>{{Verb::kSet, 40}, {Verb::kReopen, 0}}));
  EXPECT_TRUE(scenario.workload->mixed_durability);
  EXPECT_EQ(scenario.workload->faults.size(), 1u);
  EXPECT_FALSE(scenario.program.has_value());
  ASSERT_EQ(scenario.crash.models.size(), 2u);
  EXPECT_EQ(scenario.crash.models[0].tear, faultfs::TearSize::kByteLinear);
  EXPECT_EQ(scenario.crash.models[1].tear, faultfs::TearSize::kByteLinear);
  EXPECT_EQ(scenario.crash.models[1].order, faultfs::EffectOrder::kTotal);
  EXPECT_EQ(scenario.crash.kinds, std::vector<CrashKind>{CrashKind::kPowerLoss});
  EXPECT_EQ(scenario.crash.budget, 500u);
  EXPECT_EQ(scenario.crash.depth, 2u);
  EXPECT_EQ(scenario.crash.inner, 4u);
  EXPECT_EQ(scenario.crash.inner_budget, 50u);
  EXPECT_FALSE(scenario.crash.probe);
  EXPECT_EQ(scenario.faults, std::vector<std::string>{"ignore sync"});
}

TEST(ScenarioTest, ReadsAFixedOneWithAChain) {
  const Scenario scenario = Parsed(R"(
expect = { verdict = "LOST_ACKED", signature = "LOST_ACKED power-loss", also = ["HOLE"] }
seed = "0xffffffffffffffff"
program = """
set a 10
reopen
"""

[store]
adapter = "lab"
mode = "slow"
pages = 7
fast = true

[[crash.chain]]
kind = "process-death"
at = "end"

[[crash.chain]]
kind = "power-loss"
at = "wal.sync#1.begin"
lost = ["wal.append#1/s0"]
tears = ["wal.append#1/s0 front 17"]
fill = "garbage"
)");
  EXPECT_EQ(scenario.expect,
            (Expectation{Verdict::kLostAcked, "LOST_ACKED power-loss", {Verdict::kHole}}));
  EXPECT_EQ(scenario.seed, UINT64_MAX);
  EXPECT_EQ(Print(scenario.program.value()), "set a 10\nreopen\n");
  EXPECT_EQ(scenario.store.options, (std::map<std::string, std::string>{
                                        {"mode", "slow"}, {"pages", "7"}, {"fast", "true"}}));
  ASSERT_EQ(scenario.crash.chain.size(), 2u);
  EXPECT_EQ(scenario.crash.chain[0], (CrashStep{CrashKind::kProcessDeath, {"end", {}, {}, ""}}));
  EXPECT_EQ(
      scenario.crash.chain[1],
      (CrashStep{
          CrashKind::kPowerLoss,
          {"wal.sync#1.begin", {"wal.append#1/s0"}, {"wal.append#1/s0 front 17"}, "garbage"}}));
}

TEST(ScenarioTest, ReadsClientsOfGeneratedPrograms) {
  const Scenario scenario = Parsed(R"(
at_least = { schedules = 300 }
[workload]
[clients]
count = [2, 5]
schedules = 30
kinds = ["pct", "random"]
depth = 4
[faults]
sweep = ["fail IO_ERROR any"]
)");
  ASSERT_TRUE(scenario.clients.has_value());
  ClientPlan plan;
  plan.most = 5;
  plan.schedules = 30;
  plan.kinds = {ScheduleKind::kPct, ScheduleKind::kRandom};
  plan.depth = 4;
  EXPECT_EQ(*scenario.clients, plan);
  EXPECT_EQ(scenario.at_least.schedules, 300u);
  EXPECT_EQ(CaseOf(scenario).clients, plan);
  EXPECT_EQ(Parsed("[workload]\n[clients]\ncount = 3").clients->least, 3u);
  EXPECT_EQ(Parsed("[workload]\n[clients]\ncount = 3").clients->most, 3u);
  EXPECT_FALSE(Parsed("[workload]").clients.has_value());
}

TEST(ScenarioTest, ReadsClientsOfAFixedProgram) {
  const std::string program = "program = '''\n0: set a 1\n1: get a\n'''\n[clients]\n";
  EXPECT_EQ(Parsed(program).clients, ClientPlan());
  const Scenario all = Parsed(program + "kinds = ['exhaustive']\npreemptions = 0");
  EXPECT_EQ(all.clients->kinds, std::vector(1, ScheduleKind::kExhaustive));
  EXPECT_EQ(all.clients->preemptions, 0u);
  EXPECT_TRUE(Parsed(program + "threads = 'real'\nschedules = 7").clients->real_threads);
  EXPECT_FALSE(Parsed(program + "threads = 'simulated'").clients->real_threads);
  const Scenario planned = Parsed(program + "kinds = ['random']\nschedule = '#17'");
  EXPECT_EQ(planned.clients->schedule, "#17");
  EXPECT_EQ(NumberOfSchedule(*planned.clients->schedule), 17u);
  const Scenario one = Parsed(program + "schedule = '0*12 1*4'");
  EXPECT_EQ(CaseOf(one).clients->schedule, "0*12 1*4");
  EXPECT_EQ(PrintScenario(one), R"(expect = "pass"
seed = 1
program = """
0: set a 1
1: get a
"""

[store]
adapter = "kv"
durability = "sync"
segment_bytes = 67108864

[clients]
schedule = "0*12 1*4"

[crash]
models = ["posix"]
kinds = ["power-loss", "process-death"]
budget = 2000
depth = 1
probe = true
)");
}

TEST(ScenarioTest, TheTextOfAScheduleTellsItsRuns) {
  EXPECT_EQ(RunsOf("0*12 1 3*2"), (std::vector<ScheduleRun>{{0, 12}, {1, 1}, {3, 2}}));
  EXPECT_EQ(RunsOf(""), std::vector<ScheduleRun>());
  EXPECT_EQ(PrintSchedule({{0, 12}, {1, 1}, {1, 1}, {0, 1}, {3, UINT64_MAX}, {3, 2}}),
            "0*12 1*2 0 3*18446744073709551615");
  EXPECT_EQ(NumberOfSchedule("0*12"), std::nullopt);
  EXPECT_EQ(NumberOfSchedule("#1"), 1u);
  EXPECT_EQ(NumberOfSchedule("#0"), std::nullopt) << "the first is 1";
  EXPECT_TRUE(CheckSchedule("").ok());
}

TEST(ScenarioTest, PrintsInAStableOrder) {
  Scenario scenario = Parsed(R"(program = 'set "\x00" 1'
[crash]
models = ["prefix"]
order = "free"
)");
  scenario.notes = {"1. set: in flight", "  lost: everything\nof it", ""};
  EXPECT_EQ(PrintScenario(scenario), R"(# 1. set: in flight
#   lost: everything\x0aof it
#

expect = "pass"
seed = 1
program = '''
set "\x00" 1
'''

[store]
adapter = "kv"
durability = "sync"
segment_bytes = 67108864

[crash]
models = ["prefix"]
order = "free"
kinds = ["power-loss", "process-death"]
budget = 2000
depth = 1
probe = true
)");
}

TEST(ScenarioTest, ModelsWithSwitchesOfTheirOwnAreTables) {
  const Scenario scenario = Parsed(R"(
program = ""
[crash]
[[crash.model]]
name = "posix"
[[crash.model]]
name = "posix"
tear = 4096
rename = "two-edits"
)");
  ASSERT_EQ(scenario.crash.models.size(), 2u);
  EXPECT_EQ(scenario.crash.models[1].tear, faultfs::TearSize::k4096);
  EXPECT_THAT(PrintScenario(scenario), HasSubstr(R"(
[[crash.model]]
name = "posix"

[[crash.model]]
name = "posix"
tear = "4096"
rename = "two-edits"
)"));
}

// ---- A finding
// -----------------------------------------------------------------------------------

Finding SomeFinding() {
  Finding finding;
  finding.verdict = Verdict::kTornBatch;
  finding.signature = "TORN_BATCH power-loss lost=wal.append";
  finding.detail = "batch 1: a of 2\nkey \xff";
  finding.reproducer.store.adapter = "kv";
  finding.reproducer.program = ParseProgram("batch set a 1; set \"\\xff\" 2\nset b 3").value();
  finding.reproducer.seed = 0xfedcba9876543210u;
  finding.reproducer.faults = {"short 10 write nth=2"};
  finding.reproducer.crash.budget = 77;
  finding.reproducer.crash.depth = 2;
  finding.reproducer.crash.models = {faultfs::kModels[1]};
  finding.reproducer.crash.chain = {
      {CrashKind::kProcessDeath, {"end", {}, {}, "zeros"}},
      {CrashKind::kPowerLoss, {"end", {"wal.append#1/s0"}, {}, "zeros"}}};
  finding.story = {"1. batch: Ok", "power loss at the end"};
  return finding;
}

TEST(ScenarioOfTest, GivesTheFindingAndNothingElse) {
  const Finding finding = SomeFinding();
  const Scenario scenario = ScenarioOf(finding, "sampled-sync 0x12/3");
  EXPECT_EQ(scenario.name, "sampled-sync-0x12-3");
  EXPECT_EQ(scenario.why, "TORN_BATCH: batch 1: a of 2 key \\xff");
  EXPECT_EQ(scenario.expect, (Expectation{finding.verdict, finding.signature, {}}));
  EXPECT_EQ(scenario.notes, finding.story);
  EXPECT_EQ(Reread(scenario), scenario);

  const Case again = MakeCase(scenario, CaseSeed(scenario, 0), test::LabAdapters());
  EXPECT_EQ(again.program, finding.reproducer.program);
  EXPECT_EQ(again.seed, finding.reproducer.seed);
  EXPECT_EQ(again.faults, finding.reproducer.faults);
  EXPECT_EQ(again.crash.models, finding.reproducer.crash.models);
  ASSERT_EQ(again.crash.chain.size(), 2u);
  EXPECT_EQ(again.crash.chain[1], finding.reproducer.crash.chain[1]);
  EXPECT_EQ(again.crash.chain[0].state.at, "end");
}

TEST(ScenarioOfTest, ALiveFindingRunsTheProgram) {
  Finding finding = SomeFinding();
  finding.reproducer.crash.chain.clear();
  const Scenario scenario = ScenarioOf(finding, "live");
  EXPECT_TRUE(scenario.crash.chain.empty());
  EXPECT_EQ(scenario.crash.budget, 1u);
  EXPECT_EQ(Reread(scenario), scenario);
}

TEST(ScenarioOfTest, AFindingOfSeveralClientsHasItsSchedule) {
  Finding finding = SomeFinding();
  finding.reproducer.program[1].client = 2;
  ClientPlan explored;
  explored.least = explored.most = 3;
  explored.schedules = 500;
  explored.kinds = {ScheduleKind::kRandom, ScheduleKind::kPct};
  explored.depth = 5;
  explored.preemptions = 7;
  explored.schedule = "0*3 2*9 1";
  const auto plan_of = [&](const ClientPlan& plan) {
    finding.reproducer.clients = plan;
    const Scenario scenario = ScenarioOf(finding, "clients");
    EXPECT_EQ(Reread(scenario), scenario);
    EXPECT_EQ(CaseOf(scenario).program, finding.reproducer.program);
    EXPECT_EQ(CaseOf(scenario).clients, scenario.clients);
    return scenario.clients.value();
  };
  ClientPlan picks;
  picks.schedule = explored.schedule;
  EXPECT_EQ(plan_of(explored), picks);

  explored.schedule = "#41";
  ClientPlan planned = explored;
  planned.least = ClientPlan().least;
  planned.most = ClientPlan().most;
  planned.preemptions = ClientPlan().preemptions;
  EXPECT_EQ(plan_of(explored), planned);

  explored.schedule.reset();
  explored.real_threads = true;
  ClientPlan real;
  real.schedules = 500;
  real.real_threads = true;
  EXPECT_EQ(plan_of(explored), real);
}

TEST(ScenarioOfTest, NamesAreSafeForFiles) {
  EXPECT_EQ(ScenarioOf(SomeFinding(), "../../etc/passwd").name, "etc-passwd");
  EXPECT_EQ(ScenarioOf(SomeFinding(), "").name, "finding");
  EXPECT_EQ(ScenarioOf(SomeFinding(), "///").name, "finding");
  EXPECT_EQ(ScenarioOf(SomeFinding(), "a b\nc.toml").name, "a-b-c.toml");
}

}  // namespace
}  // namespace crashlab
