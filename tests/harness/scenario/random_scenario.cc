#include "tests/harness/scenario/random_scenario.h"

#include <algorithm>
#include <string>
#include <vector>

#include "faultfs/env/random.h"

namespace crashlab::test {
namespace {

using faultfs::PersistenceModel;
using faultfs::Random;

class ScenarioDrawer {
 public:
  explicit ScenarioDrawer(uint64_t seed) : random_(seed) {}

  Scenario Draw() {
    Scenario scenario;
    scenario.name = "random";
    scenario.why = Text();
    scenario.store = Store();
    const bool fixed = Maybe();
    if (fixed) {
      scenario.program = ParseProgram(kPrograms[random_.Below(std::size(kPrograms))]).value();
      scenario.seed = Seed();
    } else {
      scenario.workload = Work(scenario.store.adapter == "lab");
    }
    if (random_.OneIn(3) || (fixed && ClientsOf(*scenario.program) > 1)) {
      scenario.clients = Clients(fixed);
      if (scenario.clients->real_threads && Maybe()) {
        scenario.process = OnDisk(fixed);
        scenario.clients->schedules = ClientPlan().schedules;
      } else {
        scenario.crash = WithoutRot(Plan(fixed));
        if (scenario.clients->real_threads) scenario.crash.chain.clear();
      }
      if (Maybe()) scenario.at_least.schedules = Number(1, 99);
    } else if (random_.OneIn(3)) {
      scenario.process = OnDisk(fixed);
    } else {
      scenario.crash = Plan(fixed);
    }
    if (Maybe()) scenario.faults = Rules();
    if (Maybe() && scenario.crash.chain.empty())
      scenario.sweep = {"fail IO_ERROR any", "evict any", "evict any page=2"};
    if (Maybe()) scenario.expect = Expected(scenario.crash);
    if (Maybe()) {
      auto& least = scenario.at_least;
      (scenario.process ? least.reopened : least.recoveries) = Number(1, 1'000'000);
    }
    if (scenario.process && scenario.process->depth > 1 && Maybe()) {
      scenario.at_least.inner_reopened = Number(1, 50);
    }
    if (Maybe()) scenario.at_least.programs = Number(1, CaseCount(scenario));
    if (Maybe()) scenario.at_least.exhausted = true;
    if (Maybe()) scenario.promised_coverage = {"log wal.append torn", "* snapshot.* inner-*"};
    if (scenario.crash.depth > 1 && Maybe()) scenario.at_least.inner_recoveries = Number(1, 50);
    if (Maybe()) scenario.notes = {Text(), "", "\x01 \xff\n'''\"\"\""};
    return scenario;
  }

 private:
  // Of the verbs that all adapters have.
  static constexpr std::string_view kPrograms[] = {
      "",
      "set a 1\nget a\nreopen\n",
      "set \"''' \\\"\\\"\\\" \\\\ \\x00\" 5 sync\n",
      "set \"\" 0 buffered\nget \"\"\nset \"]]>\" 1",
      "set \"long key \"*100 1",
      "1: set a 1\n0: get a\nreopen\n15: set \"b c\" 7 sync",
  };

  bool Maybe() { return random_.OneIn(2); }
  uint64_t Number(uint64_t low, uint64_t high) { return low + random_.Below(high - low + 1); }
  uint64_t Seed() { return random_.Next() >> random_.Below(64); }

  std::string Text() {
    constexpr std::string_view kLikely("ab '\"\\#=[]{},\t\x01\x7f\r", 18);
    std::string text;
    for (uint64_t i = random_.Below(30); i > 0; --i) text += kLikely[random_.Below(kLikely.size())];
    if (random_.OneIn(4)) text += "\xc3\xa9";
    return text;
  }

  StoreConfig Store() {
    StoreConfig store;
    store.adapter = Maybe() ? "lab" : "kv";
    store.durability = Maybe() ? Durability::kSync : Durability::kBuffered;
    store.segment_bytes = Number(1, 1 << 20);
    if (store.adapter == "lab" && Maybe()) store.options["mode"] = Text();
    if (store.adapter == "lab" && Maybe()) store.options["pages"] = "12";
    return store;
  }

  Workload Work(bool lab) {
    Workload work;
    work.seed = Seed();
    work.runs = Number(1, 1000);
    work.operations = Range(1, 20);
    work.value_bytes = Range(0, 9000);
    work.keys = Range(1, 9);
    if (Maybe()) work.weights[Verb::kSet] = static_cast<uint32_t>(Number(1, 100));
    if (Maybe()) work.weights[Verb::kReopen] = static_cast<uint32_t>(Number(0, 100));
    if (lab && Maybe()) work.calls["save"] = static_cast<uint32_t>(Number(0, 100));
    work.mixed_durability = Maybe();
    if (Maybe()) work.faults = Rules();
    return work;
  }

  Workload::Range Range(uint64_t low, uint64_t high) {
    const uint64_t from = Number(low, high);
    return {from, Maybe() ? from : Number(from, high)};
  }

  CrashPlan Plan(bool fixed) {
    CrashPlan plan;
    plan.models = Models();
    plan.budget = Number(1, 5000);
    plan.depth = Maybe() ? 1 : 2;
    plan.inner = Number(1, 9);
    plan.inner_budget = Number(1, 900);
    plan.probe = Maybe();
    if (Maybe()) {
      plan.rot = Number(1, 400);
      if (Maybe()) plan.rot_kinds = {faultfs::RotKind::kLost, faultfs::RotKind::kFlip};
    }
    if (Maybe()) std::reverse(plan.kinds.begin(), plan.kinds.end());
    if (random_.OneIn(3)) plan.kinds.pop_back();
    if (!fixed || Maybe()) return plan;
    plan.models.resize(1);
    for (uint64_t i = Number(1, 3); i > 0; --i) plan.chain.push_back(Step());
    if (plan.chain.size() == 1 && plan.chain[0].kind == CrashKind::kPowerLoss && Maybe()) {
      plan.chain[0].rot = {"flip /db/LOCK 3.1", "misdirected wal.append#2 /db/a b 512"};
    }
    return plan;
  }

  static CrashPlan WithoutRot(CrashPlan plan) {
    plan.rot = 0;
    plan.rot_kinds = faultfs::AllRotKinds();
    for (CrashStep& step : plan.chain) step.rot.clear();
    return plan;
  }

  ClientPlan Clients(bool fixed) {
    ClientPlan plan;
    if (!fixed) {
      plan.least = static_cast<uint32_t>(Number(1, kMaxClients));
      plan.most = static_cast<uint32_t>(Number(plan.least, kMaxClients));
    }
    if (fixed && random_.OneIn(3)) {
      constexpr std::string_view kPicks[] = {"", "0*12 1*4", "3 0 3"};
      plan.schedule = kPicks[random_.Below(std::size(kPicks))];
      return plan;
    }
    plan.schedules = Number(1, 1'000'000);
    if (random_.OneIn(4)) {
      plan.real_threads = true;
      return plan;
    }
    switch (random_.Below(4)) {
      case 0:
        plan.kinds = std::vector(1, ScheduleKind::kExhaustive);
        plan.preemptions = static_cast<uint32_t>(Number(0, 8));
        break;
      case 1:
        plan.kinds = std::vector(1, ScheduleKind::kRandom);
        break;
      case 2:
        plan.kinds = {ScheduleKind::kRandom, ScheduleKind::kPct};
        [[fallthrough]];
      default:
        plan.depth = static_cast<uint32_t>(Number(1, 16));
    }
    if (fixed && Maybe()) plan.schedule = "#" + std::to_string(Number(1, 99));
    return plan;
  }

  ProcessPlan OnDisk(bool fixed) {
    ProcessPlan plan;
    plan.kills = Number(1, 99);
    if (Maybe()) plan.when = {KillWhen::kMoment, KillWhen::kWithin};
    if (Maybe()) plan.tmpfs_bytes = Number(16, 1000) << (Maybe() ? 10 : 12);
    if (Maybe()) plan.file_size_limit_bytes = Number(1, 100'000);
    if (Maybe()) plan.depth = 2;
    if (Maybe()) plan.inner = Number(1, 99);
    if (fixed && Maybe()) plan.kill = {KillPoint{KillWhen::kCall, Number(1, 99)}};
    if (fixed && random_.OneIn(4)) plan.kill = {KillPoint()};
    if (!plan.kill.empty() && Maybe()) plan.kill.push_back({KillWhen::kWithin, Number(1, 99)});
    return plan;
  }

  std::vector<PersistenceModel> Models() {
    std::vector<PersistenceModel> models;
    for (uint64_t i = Number(1, 3); i > 0; --i) {
      PersistenceModel model = faultfs::kModels[random_.Below(std::size(faultfs::kModels))];
      for (const std::string_view key : faultfs::SwitchKeys()) {
        if (!random_.OneIn(4)) continue;
        const std::vector<std::string_view> words = faultfs::SwitchValues(key);
        const Status set = faultfs::SetSwitch(model, key, words[random_.Below(words.size())]);
        FAULTFS_CHECK(set.ok(), "a word of the switch's own");
      }
      if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
    }
    return models;
  }

  CrashStep Step() {
    CrashStep step;
    step.state.at = "wal.append#" + std::to_string(Number(1, 9));
    if (Maybe()) {
      step.kind = CrashKind::kProcessDeath;
      return step;
    }
    for (uint64_t i = random_.Below(6); i > 0; --i) {
      step.state.lost.push_back("wal.append#1/s" + std::to_string(i) + Text());
    }
    if (Maybe()) step.state.tears = {"wal.append#1/s0 front 17", "a b#1/s1 back 300"};
    constexpr std::string_view kFills[] = {"zeros", "garbage", "earlier", "freed"};
    step.state.fill = kFills[random_.Below(std::size(kFills))];
    return step;
  }

  std::vector<std::string> Rules() {
    constexpr std::string_view kRules[] = {"fail NO_SPACE write path=*.wal nth=3", "ignore sync",
                                           "short 100 write tag=\"a \\\"b\" nth=2 always",
                                           "evict stat,sync page=2 times=3"};
    std::vector<std::string> rules;
    for (uint64_t i = Number(1, 3); i > 0; --i) {
      rules.emplace_back(kRules[random_.Below(std::size(kRules))]);
    }
    return rules;
  }

  Expectation Expected(const CrashPlan& plan) {
    Expectation expect;
    const auto verdict = random_.Below(kVerdictCount - 2);
    expect.verdict = static_cast<Verdict>(verdict);
    if (Maybe()) expect.signature = "s" + Text();
    if (Maybe()) expect.also.push_back(static_cast<Verdict>(verdict + 1));
    if (Maybe()) expect.also.push_back(static_cast<Verdict>(verdict + 2));
    for (size_t i = 0; i < plan.models.size(); ++i) {
      const std::string name = ModelName(plan.models[i]);
      if (Maybe()) {
        expect.on.push_back(name);
      } else if (i > 0 && Maybe()) {
        expect.clean_on.push_back(name);
      }
    }
    return expect;
  }

  Random random_;
};

}  // namespace

Scenario RandomScenario(uint64_t seed) { return ScenarioDrawer(seed).Draw(); }

}  // namespace crashlab::test
