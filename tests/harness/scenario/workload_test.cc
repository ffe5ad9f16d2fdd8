// Generated cases: always the same from one seed, and as manifold as they are meant to be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "faultfs/fault/fault_rule.h"
#include "harness/scenario/scenario.h"
#include "tests/harness/scenario/lab_adapter.h"

namespace crashlab {
namespace {

constexpr uint64_t kCases = 400;

Scenario Generated(std::string adapter = "kv") {
  Scenario scenario;
  scenario.name = "generated";
  scenario.store.adapter = std::move(adapter);
  scenario.workload.emplace();
  scenario.workload->runs = kCases;
  scenario.workload->operations = {5, 12};
  scenario.workload->value_bytes = {0, 9000};
  scenario.workload->keys = {1, 5};
  return scenario;
}

Case CaseOf(const Scenario& scenario, uint64_t index) {
  return MakeCase(scenario, CaseSeed(scenario, index), test::LabAdapters());
}

/// Calls `look` with each operation of many programs, and the one before it (or null).
template <typename Look>
void EachOperation(const Scenario& scenario, Look look) {
  for (uint64_t i = 0; i < CaseCount(scenario); ++i) {
    const Case c = CaseOf(scenario, i);
    const Operation* before = nullptr;
    for (const Operation& operation : c.program) {
      look(operation, before);
      before = &operation;
    }
  }
}

// ---- Seeds -------------------------------------------------------------------------------------

TEST(WorkloadTest, OneSeedOneCase) {
  Scenario scenario = Generated();
  scenario.workload->mixed_durability = true;
  scenario.workload->faults = {"fail IO_ERROR sync"};
  for (uint64_t i = 0; i < 50; ++i) EXPECT_EQ(CaseOf(scenario, i), CaseOf(scenario, i));
}

TEST(WorkloadTest, CaseSeedsDifferByIndexSeedAndName) {
  std::set<uint64_t> seeds;
  Scenario scenario = Generated();
  for (uint64_t i = 0; i < kCases; ++i) seeds.insert(CaseSeed(scenario, i));
  scenario.workload->seed = 2;
  for (uint64_t i = 0; i < kCases; ++i) seeds.insert(CaseSeed(scenario, i));
  scenario.name = "other";
  for (uint64_t i = 0; i < kCases; ++i) seeds.insert(CaseSeed(scenario, i));
  EXPECT_EQ(seeds.size(), 3 * kCases);
}

// Seeds in reports and in scenarios/regress stand for these programs. Whoever makes the stream move
// changes this test, knowing it.
TEST(WorkloadTest, GoldenPrograms) {
  Scenario scenario = Generated();
  scenario.store.options["checkpoint_bytes"] = "1000";
  scenario.workload->operations = {6, 6};
  scenario.workload->mixed_durability = true;
  scenario.workload->faults = {"fail IO_ERROR sync"};
  const auto text = [&](uint64_t seed) {
    const Case c = MakeCase(scenario, seed, test::LabAdapters());
    return Print(c.program) + (c.faults.empty() ? "no fault" : c.faults[0]);
  };
  EXPECT_EQ(CaseSeed(scenario, 0), 3912456906304780181u);
  EXPECT_EQ(text(1), R"(set b 3950
compact
compact
compact
compact
set a 8070
fail IO_ERROR sync nth=1)");
  EXPECT_EQ(text(4), R"(delete p sync
delete p buffered
delete p sync
delete p buffered
batch sync set pp 9000; set pp 2540
set p 959 buffered
fail IO_ERROR sync nth=10)");
  EXPECT_EQ(text(8), R"(set "b\x0a\x00\x00\x27" 1519 sync
flush
compact
background
flush
batch sync set "b\x0a\x00\x00\x27" 1404; set "b\x0a\x00\x00\x27" 1448; delete "a"*766
no fault)");
  EXPECT_EQ(text(135), R"(compact
set b 2969 sync
compact
snapshot
background
set c 3019 buffered
fail IO_ERROR sync nth=1)");
  EXPECT_EQ(text(0xfedcba9876543210u), R"(set "c"*361 3825
set b 5959
background
set "c"*361 6811
set p 8631
batch
fail IO_ERROR sync nth=14)");
}

TEST(WorkloadTest, AFixedProgramIsOneCase) {
  Scenario scenario;
  scenario.program = ParseProgram("set a 1\nkill\n").value();
  scenario.seed = 77;
  scenario.faults = {"ignore sync"};
  scenario.crash.budget = 5;
  EXPECT_EQ(CaseCount(scenario), 1u);
  const Case c = CaseOf(scenario, 0);
  EXPECT_EQ(c.seed, 77u);
  EXPECT_EQ(c.program, *scenario.program);
  EXPECT_EQ(c.faults, scenario.faults);
  EXPECT_EQ(c.crash.budget, 5u);
  EXPECT_EQ(c.store, scenario.store);
}

// ---- What programs are made of
// -------------------------------------------------------------------

TEST(WorkloadTest, EveryVerbOfTheAdapterOccursAndNoOther) {
  std::map<Verb, size_t> seen;
  Scenario scenario = Generated();
  scenario.workload->runs = 600;
  scenario.store.options["checkpoint_bytes"] = "1000";
  EachOperation(scenario, [&](const Operation& op, const Operation*) { ++seen[op.verb]; });
  for (int i = 0; i < kVerbCount; ++i) {
    const Verb verb = static_cast<Verb>(i);
    if (verb == Verb::kCall || verb == Verb::kClose) {
      EXPECT_EQ(seen[verb], 0u) << Name(verb);
    } else {
      EXPECT_GE(seen[verb], 20u) << Name(verb);
    }
  }
  EXPECT_GT(seen[Verb::kSet], seen[Verb::kSize]);

  std::set<std::string> words;
  EachOperation(Generated("lab"), [&](const Operation& op, const Operation*) {
    words.insert(std::string(Name(op.verb)) + op.call);
  });
  EXPECT_THAT(words, ::testing::ElementsAre("callsave", "callsweep", "get", "reopen", "set"));
}

TEST(WorkloadTest, BackgroundComesWhereJobsCanWaitOrIfItIsAskedFor) {
  const auto count = [](const Scenario& scenario) {
    size_t seen = 0;
    EachOperation(scenario, [&](const Operation& op, const Operation*) {
      seen += op.verb == Verb::kBackground;
    });
    return seen;
  };
  Scenario scenario = Generated();
  EXPECT_EQ(count(scenario), 0u);
  scenario.workload->weights = {{Verb::kBackground, 20}};
  EXPECT_GE(count(scenario), 100u);
  scenario.workload->weights = {{Verb::kBackground, 0}};
  scenario.store.options["checkpoint_bytes"] = "1";
  EXPECT_EQ(count(scenario), 0u);
  scenario.workload->weights.clear();
  EXPECT_GE(count(scenario), 100u);
}

TEST(WorkloadTest, ClearingPersistenceCarriesNoDurability) {
  Scenario scenario = Generated();
  scenario.workload->mixed_durability = true;
  scenario.workload->weights = {{Verb::kClearPersistence, 100}, {Verb::kSnapshot, 100}};
  size_t seen = 0;
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    seen += op.verb == Verb::kClearPersistence || op.verb == Verb::kSnapshot;
    ASSERT_TRUE(TakesDurability(op.verb) || !op.durability.has_value());
  });
  EXPECT_GE(seen, 1000u);
}

TEST(WorkloadTest, ProgramsDifferInWhatTheyDo) {
  const Scenario scenario = Generated();
  std::map<Verb, size_t> without;
  for (uint64_t i = 0; i < kCases; ++i) {
    const Case c = CaseOf(scenario, i);
    EXPECT_GE(c.program.size(), 5u);
    EXPECT_LE(c.program.size(), 12u);
    for (const Verb verb : {Verb::kSet, Verb::kDelete, Verb::kBatch}) {
      without[verb] += std::none_of(c.program.begin(), c.program.end(),
                                    [&](const Operation& op) { return op.verb == verb; });
    }
  }
  EXPECT_LT(without[Verb::kSet], kCases / 3);
  EXPECT_GT(without[Verb::kDelete], kCases / 5);
  EXPECT_GT(without[Verb::kBatch], kCases / 5);
}

TEST(WorkloadTest, InterestingSequencesOccur) {
  std::map<std::string, size_t> seen;
  for (uint64_t i = 0; i < kCases; ++i) {
    std::set<std::string> live;
    Verb before = Verb::kGet;
    for (const Operation& op : CaseOf(Generated(), i).program) {
      const bool opens = op.verb == Verb::kReopen || op.verb == Verb::kKill;
      seen["two opens"] += opens && (before == Verb::kReopen || before == Verb::kKill);
      seen["overwrite"] += op.verb == Verb::kSet && live.contains(op.key);
      seen["delete"] += op.verb == Verb::kDelete && live.contains(op.key);
      seen["delete missing"] += op.verb == Verb::kDelete && !live.contains(op.key);
      seen["clear content"] += op.verb == Verb::kClear && !live.empty();
      seen["empty batch"] += op.verb == Verb::kBatch && op.batch.empty();
      std::set<std::string> keys;
      for (const Edit& edit : op.batch) {
        seen["batch deletes"] += edit.erase;
        seen["batch repeats a key"] += !keys.insert(edit.key).second;
        if (!edit.erase) live.insert(edit.key);
        if (edit.erase) live.erase(edit.key);
      }
      if (op.verb == Verb::kSet) live.insert(op.key);
      if (op.verb == Verb::kDelete) live.erase(op.key);
      if (op.verb == Verb::kClear) live.clear();
      before = op.verb;
    }
  }
  EXPECT_EQ(seen.size(), 8u);
  for (const auto& [what, count] : seen) EXPECT_GE(count, 10u) << what;
}

TEST(WorkloadTest, KeysOfAllStyles) {
  std::map<std::string, size_t> seen;
  for (uint64_t i = 0; i < kCases; ++i) {
    std::map<std::string, size_t> uses;
    for (const Operation& op : CaseOf(Generated(), i).program) {
      if (op.verb == Verb::kSet) ++uses[op.key];
    }
    EXPECT_LE(uses.size(), 5u);
    for (const auto& [key, count] : uses) {
      seen["empty"] += key.empty();
      seen["long"] += key.size() >= 200;
      seen["binary"] += key.find('\0') != std::string::npos;
      seen["short"] += key.size() == 1;
      seen["prefix"] += key == "pp";
      seen["hot"] += count >= 5;
      EXPECT_LE(key.size(), 1000u);
    }
  }
  for (const auto& [style, count] : seen) EXPECT_GE(count, 10u) << style;
}

TEST(WorkloadTest, SizesOfAllKindsWithinTheRange) {
  std::map<std::string, size_t> seen;
  EachOperation(Generated(), [&](const Operation& op, const Operation*) {
    if (op.verb != Verb::kSet) return;
    ASSERT_LE(op.value_bytes, 9000u);
    seen["empty"] += op.value_bytes == 0;
    seen["small"] += op.value_bytes > 0 && op.value_bytes <= 40;
    seen["largest"] += op.value_bytes == 9000;
    seen["multi-page"] += op.value_bytes > 4096;
    seen["just about a page"] += op.value_bytes >= 4096 - 160 && op.value_bytes <= 4097;
    seen["just about a sector"] += op.value_bytes >= 512 - 160 && op.value_bytes <= 513;
  });
  for (const auto& [kind, count] : seen) EXPECT_GE(count, 20u) << kind;

  Scenario narrow = Generated("lab");
  narrow.workload->value_bytes = {100, 120};
  EachOperation(narrow, [&](const Operation& op, const Operation*) {
    if (op.verb != Verb::kSet && op.verb != Verb::kCall) return;
    ASSERT_GE(op.value_bytes, 100u);
    ASSERT_LE(op.value_bytes, 120u);
  });
}

// ---- Several clients
// ------------------------------------------------------------------------------

Scenario OfClients(uint32_t least, uint32_t most, std::string adapter = "kv") {
  Scenario scenario = Generated(std::move(adapter));
  scenario.clients.emplace();
  scenario.clients->least = least;
  scenario.clients->most = most;
  return scenario;
}

TEST(WorkloadTest, AsManyClientsAsThePlanSays) {
  std::map<uint32_t, size_t> programs;
  std::map<uint32_t, size_t> operations;
  const Scenario scenario = OfClients(2, 4);
  for (uint64_t i = 0; i < kCases; ++i) {
    const Case c = CaseOf(scenario, i);
    EXPECT_EQ(c.clients, scenario.clients);
    ++programs[ClientsOf(c.program)];
    for (const Operation& operation : c.program) {
      if (!IsEverybodys(operation.verb)) {
        ++operations[operation.client];
      } else {
        ASSERT_EQ(operation.client, 0u);
      }
    }
    EXPECT_EQ(ParseProgram(Print(c.program)).value(), c.program);
  }
  for (const uint32_t count : {2, 3, 4}) EXPECT_GE(programs[count], kCases / 6) << count;
  EXPECT_LE(programs[1], kCases / 50) << "all of one client by chance";
  EXPECT_EQ(programs.size(), programs.contains(1) ? 4u : 3u);
  EXPECT_LT(operations[0], 2 * operations[1]);
  EXPECT_LT(operations[1], operations[0] + kCases);

  EachOperation(OfClients(1, 1),
                [](const Operation& op, const Operation*) { ASSERT_EQ(op.client, 0u); });
}

TEST(WorkloadTest, WhoseAnOperationIsMovesNothingElse) {
  for (uint64_t i = 0; i < 100; ++i) {
    Program few = CaseOf(OfClients(1, 1), i).program;
    Program many = CaseOf(OfClients(16, 16), i).program;
    for (Operation& operation : many) operation.client = 0;
    ASSERT_EQ(few, many);
  }
}

TEST(WorkloadTest, SeveralClientsLookAndMeetAtAHotKey) {
  size_t all = 0;
  size_t reads = 0;
  size_t stops = 0;
  size_t stops_of_one = 0;
  Scenario scenario = OfClients(2, 4);
  scenario.workload->operations = {12, 12};
  scenario.workload->keys = {4, 4};
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    ++all;
    reads += op.verb == Verb::kGet || op.verb == Verb::kContains || op.verb == Verb::kSize ||
             op.verb == Verb::kForEach;
    stops += IsEverybodys(op.verb);
    ASSERT_LE(op.value_bytes, 9000u);
  });
  EXPECT_GE(4 * reads, all);
  EXPECT_LE(2 * reads, all) << "and the rest has its place";
  const auto met =
      [](const Scenario& of) {  // sets and edits of the most frequent key, in a hundred
        size_t hot = 0;
        size_t changes = 0;
        for (uint64_t i = 0; i < CaseCount(of); ++i) {
          std::map<std::string, size_t> uses;
          for (const Operation& op : CaseOf(of, i).program) {
            if (op.verb == Verb::kSet) ++uses[op.key];
            for (const Edit& edit : op.batch) ++uses[edit.key];
          }
          size_t most = 0;
          for (const auto& [key, count] : uses) {
            changes += count;
            most = std::max(most, count);
          }
          hot += most;
        }
        return 100 * hot / changes;
      };
  Scenario alone = scenario;
  alone.clients.reset();
  EachOperation(
      alone, [&](const Operation& op, const Operation*) { stops_of_one += IsEverybodys(op.verb); });
  EXPECT_GT(met(scenario), met(alone) + 5);
  EXPECT_GE(stops, 20u);
  EXPECT_LT(3 * stops, stops_of_one);
}

TEST(WorkloadTest, WeightsOfReadsAreTheScenarios) {
  Scenario scenario = OfClients(3, 3);
  scenario.workload->weights = {
      {Verb::kGet, 0}, {Verb::kContains, 0}, {Verb::kSize, 0}, {Verb::kForEach, 0}};
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    ASSERT_FALSE(op.verb == Verb::kGet || op.verb == Verb::kContains || op.verb == Verb::kSize ||
                 op.verb == Verb::kForEach);
  });
  scenario.workload->weights = {{Verb::kSet, 1'000'000}, {Verb::kGet, 1}};
  size_t all = 0;
  size_t sets = 0;
  size_t gets = 0;
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    ++all;
    sets += op.verb == Verb::kSet;
    gets += op.verb == Verb::kGet;
  });
  EXPECT_GT(sets, all / 2);
  EXPECT_LT(sets, all * 4 / 5);
  EXPECT_LT(gets, all / 100);
}

TEST(WorkloadTest, ClosingComesWithClientsOrIfItIsAskedFor) {
  const auto count = [](const Scenario& scenario) {
    size_t seen = 0;
    EachOperation(scenario,
                  [&](const Operation& op, const Operation*) { seen += op.verb == Verb::kClose; });
    return seen;
  };
  EXPECT_EQ(count(Generated("lab")), 0u);
  const size_t seen = count(OfClients(2, 2, "lab"));
  EXPECT_GE(seen, 10u);
  EXPECT_LE(seen, kCases / 2);
  Scenario asked = Generated("lab");
  asked.workload->weights = {{Verb::kClose, 20}};
  EXPECT_GE(count(asked), kCases / 2);
}

// ---- What the scenario asks for
// ------------------------------------------------------------------

TEST(WorkloadTest, DurabilityOfTheirOwnOnlyIfAsked) {
  Scenario scenario = Generated();
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    ASSERT_FALSE(op.durability.has_value());
  });
  scenario.workload->mixed_durability = true;
  std::map<std::optional<Durability>, size_t> seen;
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    if (TakesDurability(op.verb)) {
      ++seen[op.durability];
    } else {
      ASSERT_FALSE(op.durability.has_value());
    }
  });
  EXPECT_EQ(seen.size(), 3u);
  for (const auto& [durability, count] : seen) EXPECT_GE(count, 100u);
}

TEST(WorkloadTest, WeightsOverrideTheSwarm) {
  Scenario scenario = Generated();
  scenario.workload->weights = {{Verb::kSet, 0}, {Verb::kBatch, 0}, {Verb::kDelete, 1'000'000}};
  size_t deletes = 0;
  size_t others = 0;
  EachOperation(scenario, [&](const Operation& op, const Operation*) {
    ASSERT_NE(op.verb, Verb::kSet);
    ASSERT_NE(op.verb, Verb::kBatch);
    ++(op.verb == Verb::kDelete ? deletes : others);
  });
  EXPECT_GT(deletes, 100 * others);

  Scenario calls = Generated("lab");
  calls.workload->weights = {{Verb::kSet, 0}, {Verb::kGet, 0}, {Verb::kReopen, 0}};
  calls.workload->calls = {{"save", 0}};
  EachOperation(calls, [&](const Operation& op, const Operation*) {
    ASSERT_EQ(op.call, "sweep") << "nothing else is left, whatever the swarm had off";
  });
}

TEST(WorkloadTest, AProgramGetsOneFaultOrNone) {
  Scenario scenario = Generated();
  scenario.faults = {"ignore write nth=1"};
  scenario.workload->faults = {"fail IO_ERROR sync", "short 7 write always",
                               "fail NO_SPACE write nth=3", "full 65536 any"};
  std::map<std::string, size_t> seen;
  std::set<uint64_t> nth;
  for (uint64_t i = 0; i < kCases; ++i) {
    const Case c = CaseOf(scenario, i);
    ASSERT_LE(c.faults.size(), 2u);
    ASSERT_EQ(c.faults[0], "ignore write nth=1");
    if (c.faults.size() == 1) {
      ++seen["none"];
      continue;
    }
    const Result<faultfs::FaultRule> rule = faultfs::ParseFaultRule(c.faults[1]);
    ASSERT_TRUE(rule.ok()) << c.faults[1];
    if (c.faults[1] == "fail NO_SPACE write nth=3") {
      ++seen["as it stands"];
    } else if (rule->fault.action == faultfs::IoDecision::Action::kFull) {
      ++seen["a disk of so many bytes"];
      EXPECT_EQ(c.faults[1], "full 65536 any");
    } else if (rule->fault.action == faultfs::IoDecision::Action::kShort) {
      ++seen["from the nth on"];
      EXPECT_TRUE(rule->always) << c.faults[1];
    } else {
      ++seen["the nth alone"];
      EXPECT_FALSE(rule->always) << c.faults[1];
      nth.insert(rule->nth);
    }
  }
  EXPECT_EQ(seen.size(), 5u);
  for (const auto& [what, count] : seen) EXPECT_GE(count, kCases / 10) << what;
  EXPECT_TRUE(nth.contains(1));
  EXPECT_GE(nth.size(), 8u);
}

// Forked streams: what one part of the workload asks for moves no other part.
TEST(WorkloadTest, OneDecisionMovesNoOther) {
  const Scenario plain = Generated();
  Scenario more = plain;
  more.workload->faults = {"fail IO_ERROR sync"};
  for (uint64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(CaseOf(plain, i).program, CaseOf(more, i).program);
  }
  Scenario longer = plain;
  longer.workload->operations = {12, 12};
  for (uint64_t i = 0; i < 50; ++i) {
    const Program shorter = CaseOf(plain, i).program;
    Program cut = CaseOf(longer, i).program;
    cut.resize(shorter.size());
    EXPECT_EQ(cut, shorter);
  }
}

}  // namespace
}  // namespace crashlab
