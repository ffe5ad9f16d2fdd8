// Cases of a scenario: seeds, generated programs, and the way back from a finding to a scenario.
#include <rapidcheck.h>

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/env/random.h"
#include "harness/scenario/internal/swarm.h"
#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

using internal::Choice;
using internal::Swarm;

// ---- RapidCheck generators of the parts --------------------------------------------------------

/// Uniform in [low, high]. At the nominal size inRange covers all of its range.
rc::Gen<uint64_t> Between(uint64_t low, uint64_t high) {
  return rc::gen::inRange<uint64_t>(low, high + 1);
}

rc::Gen<bool> InHundred(uint32_t share) {
  return rc::gen::map(Between(1, 100), [share](uint64_t ticket) { return ticket <= share; });
}

rc::Gen<Choice> AnyChoice(const Swarm& swarm) {
  uint64_t total = 0;
  for (const Choice& choice : swarm.choices) total += choice.weight;
  return rc::gen::map(Between(0, total - 1), [&swarm](uint64_t ticket) {
    for (const Choice& choice : swarm.choices) {
      if (ticket < choice.weight) return choice;
      ticket -= choice.weight;
    }
    return swarm.choices.back();
  });
}

rc::Gen<std::string> AnyKey(const Swarm& swarm) {
  return rc::gen::map(rc::gen::pair(InHundred(swarm.hot_key), Between(0, swarm.keys.size() - 1)),
                      [&swarm](const std::pair<bool, uint64_t>& drawn) {
                        return swarm.keys[drawn.first ? 0 : drawn.second];
                      });
}

rc::Gen<uint64_t> AnyValueBytes(const Swarm& swarm) {
  return rc::gen::mapcat(Between(0, swarm.value_bytes.size() - 1), [&swarm](uint64_t which) {
    return Between(swarm.value_bytes[which].low, swarm.value_bytes[which].high);
  });
}

rc::Gen<std::optional<Durability>> AnyDurability(const Swarm& swarm) {
  return rc::gen::map(rc::gen::pair(InHundred(swarm.own_durability), InHundred(swarm.own_sync)),
                      [](const std::pair<bool, bool>& drawn) {
                        std::optional<Durability> own;
                        if (drawn.first) {
                          own = drawn.second ? Durability::kSync : Durability::kBuffered;
                        }
                        return own;
                      });
}

rc::Gen<Edit> AnyEdit(const Swarm& swarm) {
  return rc::gen::map(
      rc::gen::tuple(InHundred(25), AnyKey(swarm), AnyValueBytes(swarm)),
      [](std::tuple<bool, std::string, uint64_t> drawn) {
        const bool erase = std::get<0>(drawn);
        return Edit{erase, std::move(std::get<1>(drawn)), erase ? 0 : std::get<2>(drawn)};
      });
}

/// An empty batch now and then: it is a mutation too.
rc::Gen<std::vector<Edit>> AnyBatch(const Swarm& swarm, Verb verb) {
  if (verb != Verb::kBatch) return rc::gen::just(std::vector<Edit>());
  return rc::gen::mapcat(Between(0, 8), [&swarm](uint64_t ticket) {
    const uint64_t edits = ticket == 0 ? 0 : (ticket + 1) / 2 + (ticket == 8 ? 2 : 0);
    return rc::gen::container<std::vector<Edit>>(edits, AnyEdit(swarm));
  });
}

rc::Gen<Operation> OperationOf(const Swarm& swarm, const Choice& choice) {
  return rc::gen::map(
      rc::gen::tuple(AnyKey(swarm), AnyValueBytes(swarm), AnyDurability(swarm),
                     AnyBatch(swarm, choice.verb)),
      [choice](
          std::tuple<std::string, uint64_t, std::optional<Durability>, std::vector<Edit>> drawn) {
        auto& [key, value_bytes, durability, batch] = drawn;
        const Verb verb = choice.verb;
        Operation operation;
        operation.verb = verb;
        operation.call = choice.call;
        const bool reads_key = verb == Verb::kGet || verb == Verb::kContains;
        if (reads_key || verb == Verb::kSet || verb == Verb::kDelete) {
          operation.key = std::move(key);
        }
        if (verb == Verb::kSet || verb == Verb::kCall) operation.value_bytes = value_bytes;
        if (verb == Verb::kBatch) operation.batch = std::move(batch);
        if (TakesDurability(verb)) operation.durability = durability;
        return operation;
      });
}

/// What `gen` gives for this seed. Called directly: the runner owns budget, progress and workers.
template <typename T>
T Generate(const rc::Gen<T>& gen, uint64_t seed) {
  return gen(rc::Random(seed), rc::kNominalSize).value();
}

/// Each operation has a stream of its own, so that one of them moves no other.
Program GenerateProgram(const Swarm& swarm, const faultfs::Random& random) {
  Program program;
  std::optional<Choice> before;
  for (uint64_t i = 0; i < swarm.operations; ++i) {
    const faultfs::Random one = random.Fork(i);
    const bool again =
        before.has_value() && Generate(InHundred(swarm.repeat_verb), one.Fork("repeat").Next());
    if (!again) before = Generate(AnyChoice(swarm), one.Fork("verb").Next());
    program.push_back(Generate(OperationOf(swarm, *before), one.Fork("operation").Next()));
    if (!IsEverybodys(before->verb)) {
      program.back().client = static_cast<uint32_t>(one.Fork("client").Below(swarm.clients));
    }
  }
  return program;
}

}  // namespace

uint64_t CaseCount(const Scenario& scenario) {
  return scenario.workload ? scenario.workload->runs : 1;
}

uint64_t CaseSeed(const Scenario& scenario, uint64_t index) {
  FAULTFS_CHECK(index < CaseCount(scenario), "a case of this scenario");
  if (!scenario.workload) return scenario.seed;
  const uint64_t stream =
      faultfs::Mix64(scenario.workload->seed, faultfs::MixString(scenario.name));
  return faultfs::Mix64(stream, index);
}

Case MakeCase(const Scenario& scenario, uint64_t case_seed, const AdapterSet& adapters) {
  Case c{.store = scenario.store,
         .program = {},
         .seed = case_seed,
         .faults = scenario.faults,
         .sweep = scenario.sweep,
         .crash = scenario.crash,
         .process = scenario.process,
         .clients = scenario.clients};
  if (scenario.program) {
    c.program = *scenario.program;
    return c;
  }
  const Result<const Adapter*> adapter = adapters.Find(scenario.store.adapter);
  FAULTFS_CHECK(adapter.ok() && scenario.workload.has_value(), "the parser has checked it");
  const faultfs::Random random(case_seed);
  const Swarm swarm =
      internal::DrawSwarm(*scenario.workload, scenario.clients, (*adapter)->capabilities(),
                          (*adapter)->WorksInBackground(scenario.store), random.Fork("swarm"));
  c.program = GenerateProgram(swarm, random.Fork("program"));
  c.faults.insert(c.faults.end(), swarm.faults.begin(), swarm.faults.end());
  return c;
}

}  // namespace crashlab
