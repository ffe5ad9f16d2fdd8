// What tests of workers and runner share: an engine that is never opened, scenarios over it, and
// explorations that behave as a test tells them to.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/runner/runner.h"

namespace crashlab::testing {

class FakeAdapter final : public Adapter {
 public:
  explicit FakeAdapter(std::string_view name = "fake") : name_(name) {}
  std::string_view name() const override { return name_; }
  std::string_view summary() const override { return "never opened"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext&) const override {
    return Status::Error(Code::kUnsupported, "never opened");
  }

 private:
  const std::string_view name_;
  const Capabilities capabilities_{.verbs = {Verb::kSet}, .calls = {}};
  const Contract contract_;
};

inline void SleepMs(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

/// A scenario of `runs` generated programs.
inline Scenario Generated(std::string name, uint64_t runs, uint64_t seed = 1) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.file = scenario.name + ".toml";
  scenario.store.adapter = "fake";
  scenario.workload.emplace();
  scenario.workload->runs = runs;
  scenario.workload->seed = seed;
  return scenario;
}

inline CrashStep PowerLossAt(std::string at, std::vector<std::string> lost = {}) {
  CrashStep step;
  step.state.at = std::move(at);
  step.state.lost = std::move(lost);
  step.state.fill = "zeros";
  return step;
}

/// Recovery `number`, as an explorer announces it.
inline void Recover(Monitor& monitor, int number) {
  monitor.Recovering([number] {
    return std::vector<CrashStep>{PowerLossAt("wal.sync#" + std::to_string(number),
                                              {"wal.append#" + std::to_string(number) + "/s0"})};
  });
}

inline CaseResult Healthy(uint64_t number = 0) {
  CaseResult result;
  result.counts = {.programs = 1,
                   .crash_points = 3,
                   .states = 7,
                   .recoveries = 5,
                   .judgements = 4,
                   .judgements_with_loss = 2};
  result.counts.exhausted_programs = 1;
  result.models = {
      {.programs = 1, .exhausted_programs = 1, .states = 7, .recoveries = 5, .judgements = 4}};
  result.digest = {number, 1};
  return result;
}

inline Finding FindingOf(const Case& c, Verdict verdict, std::string signature) {
  Finding finding;
  finding.verdict = verdict;
  finding.signature = std::move(signature);
  finding.detail = "seen by a test";
  finding.model = "posix";
  finding.reproducer = c;
  finding.reproducer.crash.chain = {PowerLossAt("end")};
  return finding;
}

/// An exploration that a test tells what to do, by the number of the case within its scenario.
/// Scenarios must have different seeds.
class FakeExplorer {
 public:
  using Behaviour = std::function<void(const Case& c, Monitor& monitor, CaseResult& result)>;

  explicit FakeExplorer(const std::vector<Scenario>& scenarios) {
    for (const Scenario& scenario : scenarios) {
      for (uint64_t i = 0; i < CaseCount(scenario); ++i) {
        numbers_[CaseSeed(scenario, i)] = {scenario.name, i};
      }
    }
  }
  void On(const std::string& scenario, uint64_t number, Behaviour behaviour) {
    behaviours_[{scenario, number}] = std::move(behaviour);
  }
  ExploreFunction Function() const {
    return [this](const Case& c, const Adapter&, const ExploreOptions&, Monitor& monitor) {
      const auto& key = numbers_.at(c.seed);
      CaseResult result = Healthy(key.second);
      if (const auto it = behaviours_.find(key); it != behaviours_.end()) {
        it->second(c, monitor, result);
      }
      return result;
    };
  }

 private:
  using Key = std::pair<std::string, uint64_t>;
  std::map<uint64_t, Key> numbers_;
  std::map<Key, Behaviour> behaviours_;
};

}  // namespace crashlab::testing
