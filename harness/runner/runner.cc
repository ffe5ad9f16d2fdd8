#include "harness/runner/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/env/clock.h"
#include "harness/process/internal/workplace.h"
#include "harness/runner/internal/death_finding.h"
#include "harness/runner/internal/decision.h"
#include "harness/runner/internal/minimize_findings.h"
#include "harness/runner/internal/worker_pool.h"

namespace crashlab {
namespace {

// Of the programs of a scenario, the first and every so many run twice, and must do the same.
constexpr uint64_t kDoubleRunEvery = 16;

/// A scenario with the options applied, and its part of the jobs of the whole run.
struct Plan {
  const Scenario* given;
  Scenario scenario;
  const Adapter* adapter;
  uint64_t seed;
  uint64_t first_job;
  uint64_t cases;
  size_t parts = 1;  // cases that a program is: one for each model, if they are apart
};

/// What is kept of a job until its turn comes.
struct JobResult {
  CaseResult result;
  uint64_t begin_ns = 0;
  uint64_t end_ns = 0;
};

void ApplyOptions(const RunOptions& options, Scenario& scenario) {
  scenario.faults.insert(scenario.faults.end(), options.faults.begin(), options.faults.end());
  if (scenario.workload) {
    if (options.seed) scenario.workload->seed = *options.seed;
    if (options.runs) scenario.workload->runs = *options.runs;
    scenario.workload->runs *= options.times;
  } else if (options.seed) {
    scenario.seed = *options.seed;
  }
}

uint64_t CasesOfShard(uint64_t cases, const RunOptions& options) {
  if (cases < options.shard) return 0;
  return (cases - options.shard) / options.shards + 1;
}

Result<std::vector<Plan>> MakePlans(const std::vector<Scenario>& scenarios,
                                    const AdapterSet& adapters, const RunOptions& options) {
  std::vector<Plan> plans;
  uint64_t next_job = 0;
  for (const Scenario& given : scenarios) {
    Plan plan{&given, given, nullptr, 0, next_job, 0};
    FAULTFS_ASSIGN_OR_RETURN(plan.adapter, adapters.Find(given.store.adapter));
    ApplyOptions(options, plan.scenario);
    plan.seed = plan.scenario.workload ? plan.scenario.workload->seed : plan.scenario.seed;
    if (options.models_apart && plan.scenario.program) {
      plan.parts = plan.scenario.crash.models.size();
    }
    plan.cases = CasesOfShard(CaseCount(plan.scenario) * plan.parts, options);
    next_job += plan.cases;
    plans.push_back(std::move(plan));
  }
  return plans;
}

class Running final : public PoolClient {
 public:
  Running(std::vector<Plan> plans, const AdapterSet& adapters, const RunOptions& options,
          const RunEvents& events, const ExploreFunction& explore)
      : plans_(std::move(plans)),
        adapters_(adapters),
        options_(options),
        events_(events),
        explore_(explore),
        jobs_(plans_.empty() ? 0 : plans_.back().first_job + plans_.back().cases),
        limit_(jobs_),
        begin_ns_(clock_.NowNanos()) {}

  Result<std::vector<ScenarioOutcome>> Run() {
    BeginScenario();
    EndScenarios();
    const WorkFunction work = [this](uint64_t job, Monitor& monitor) {
      const Plan& plan = PlanOf(job);
      ExploreOptions explore_options = options_.explore;
      explore_options.double_run |= IndexOf(plan, job) % kDoubleRunEvery == 0;
      return Encode(explore_(CaseOf(plan, job), *plan.adapter, explore_options, monitor));
    };
    const Status ran = RunPool(
        jobs_, work,
        {.workers = Workers(), .hang_ms = options_.hang_ms, .memory_bytes = options_.memory_bytes},
        *this);
    if (AnyOnDisk()) Workplace::Sweep();
    FAULTFS_RETURN_IF_ERROR(ran);
    EndCutShort();
    FAULTFS_RETURN_IF_ERROR(MinimizeAll());
    return std::move(outcomes_);
  }

  // PoolClient:

  bool Done(uint64_t job, std::string_view bytes, uint64_t duration_ns) override {
    std::optional<CaseResult> result = DecodeCaseResult(bytes);
    if (!result) return false;
    Accept(job, *std::move(result), duration_ns);
    return true;
  }

  void Died(uint64_t job, Death death) override {
    CaseResult result;
    result.counts = death.counts;
    result.findings = std::move(death.found);
    const Plan& plan = PlanOf(job);
    result.findings.push_back(FindingOfDeath(CaseOf(plan, job), death));
    result.digest = faultfs::HashBytes(result.findings.back().signature);
    Accept(job, std::move(result), 0);
  }

  void Found(uint64_t job, const Finding& finding) override {
    if (!options_.fail_fast) Tell(job, WithModel(job, finding));
  }

  uint64_t Limit() const override { return limit_; }

  bool Tick(const Counts& running) override {
    const uint64_t elapsed_ns = clock_.NowNanos() - begin_ns_;
    if (options_.budget_ms && elapsed_ns / 1'000'000 >= *options_.budget_ms) {
      cut_short_ = fmt::format("the budget of {} s was used up",
                               static_cast<double>(*options_.budget_ms) / 1000);
    }
    if (options_.interrupted != nullptr && options_.interrupted->load()) cut_short_ = "interrupted";
    if (events_.on_progress && ++ticks_ % 2 == 0) {
      Counts counts = counts_done_;
      counts += running;
      events_.on_progress({.scenario = outcomes_.size(),
                           .scenarios = plans_.size(),
                           .cases_done = jobs_done_,
                           .cases = jobs_,
                           .counts = counts,
                           .seconds = static_cast<double>(elapsed_ns) / 1e9});
    }
    return cut_short_.empty();
  }

 private:
  /// A run that was cut short has no time for it.
  Status MinimizeAll() {
    if (!cut_short_.empty()) return {};
    FAULTFS_RETURN_IF_ERROR(
        MinimizeFindings(outcomes_, adapters_, options_, [this] { return Tick({}); }));
    if (!events_.on_minimized) return {};
    for (const ScenarioOutcome& outcome : outcomes_) {
      for (size_t i = 0; i < outcome.minimized.size(); ++i) {
        if (outcome.minimized[i].has_value()) events_.on_minimized(outcome, i);
      }
    }
    return {};
  }

  bool AnyOnDisk() const {
    return std::any_of(plans_.begin(), plans_.end(),
                       [](const Plan& plan) { return plan.scenario.process.has_value(); });
  }

  uint32_t Workers() const {
    const auto cores = std::max<int64_t>(1, sysconf(_SC_NPROCESSORS_ONLN));
    const uint64_t wanted = options_.jobs > 0 ? options_.jobs : static_cast<uint64_t>(cores);
    return static_cast<uint32_t>(std::clamp<uint64_t>(wanted, 1, std::max<uint64_t>(jobs_, 1)));
  }

  const Plan& PlanOf(uint64_t job) const {
    // The last that begins at or before the job; those without cases begin where the next does.
    auto it = std::upper_bound(plans_.begin(), plans_.end(), job,
                               [](uint64_t j, const Plan& plan) { return j < plan.first_job; });
    return *std::prev(it);
  }
  uint64_t IndexOf(const Plan& plan, uint64_t job) const {
    return options_.shard - 1 + (job - plan.first_job) * options_.shards;
  }
  uint64_t SeedOf(const Plan& plan, uint64_t job) const {
    return CaseSeed(plan.scenario, IndexOf(plan, job) / plan.parts);
  }
  /// The model of a job that has one for itself, by its place among the scenario's.
  size_t PartOf(const Plan& plan, uint64_t job) const { return IndexOf(plan, job) % plan.parts; }
  Case CaseOf(const Plan& plan, uint64_t job) const {
    Case c = MakeCase(plan.scenario, SeedOf(plan, job), adapters_);
    if (plan.parts > 1) c.crash.models = {plan.scenario.crash.models[PartOf(plan, job)]};
    return c;
  }
  /// What needs no power loss is known of the job's model alone.
  Finding WithModel(uint64_t job, Finding finding) const {
    const Plan& plan = PlanOf(job);
    if (plan.parts > 1) finding.model = ModelName(plan.scenario.crash.models[PartOf(plan, job)]);
    return finding;
  }

  void Accept(uint64_t job, CaseResult result, uint64_t duration_ns) {
    const uint64_t now_ns = clock_.NowNanos();
    counts_done_ += result.counts;
    ++jobs_done_;
    const Plan& plan = PlanOf(job);
    for (Finding& finding : result.findings) {
      finding = WithModel(job, std::move(finding));
      if (!options_.fail_fast) Tell(job, finding);
      if (options_.fail_fast && !IsExpected(plan.scenario.expect, finding)) LowerLimit(job + 1);
    }
    results_[job] = {std::move(result), now_ns - std::min(duration_ns, now_ns), now_ns};
    EndScenarios();
  }

  void LowerLimit(uint64_t limit) { limit_ = std::min(limit_, limit); }

  /// Of each signature and model the lowest job so far.
  void Tell(uint64_t job, const Finding& finding) {
    const Plan& plan = PlanOf(job);
    const auto key = std::tuple(plan.first_job, finding.signature, finding.model);
    const auto [it, is_new] = told_.try_emplace(key, job);
    if (!is_new && it->second <= job) return;
    it->second = job;
    if (events_.on_finding) events_.on_finding(*plan.given, SeedOf(plan, job), finding);
  }

  // Scenarios are put together in order, each from its results in order, as far as there are any.

  void BeginScenario() {
    if (outcomes_.size() == plans_.size()) return;
    const Plan& plan = plans_[outcomes_.size()];
    current_ = ScenarioOutcome();
    current_.scenario = plan.given;
    current_.seed = plan.seed;
    current_.cases = plan.cases;
    for (const faultfs::PersistenceModel& model : plan.scenario.crash.models) {
      current_.models.push_back({.name = ModelName(model), .counts = {}});
    }
    first_begin_ns_ = UINT64_MAX;
    last_end_ns_ = 0;
  }

  void EndScenarios() {
    while (outcomes_.size() < plans_.size()) {
      const Plan& plan = plans_[outcomes_.size()];
      const uint64_t end = std::min(limit_, plan.first_job + plan.cases);
      while (next_job_ < end) {
        const auto it = results_.find(next_job_);
        if (it == results_.end()) return;
        Add(plan, std::move(it->second));
        results_.erase(it);
      }
      if (end < plan.first_job + plan.cases) current_.reason = kFailedFast;
      EndScenario(plan, current_.reason);
    }
  }

  /// The results at hand although some before them are missing.
  void EndCutShort() {
    while (outcomes_.size() < plans_.size()) {
      const Plan& plan = plans_[outcomes_.size()];
      for (auto it = results_.begin();
           it != results_.end() && it->first < plan.first_job + plan.cases;
           it = results_.erase(it)) {
        next_job_ = it->first;
        Add(plan, std::move(it->second));
      }
      next_job_ = plan.first_job + plan.cases;
      EndScenario(plan, current_.cases_done == current_.cases ? "" : cut_short_);
    }
  }

  void Add(const Plan& plan, JobResult job) {
    const CaseResult& result = job.result;
    const uint64_t seed = SeedOf(plan, next_job_);
    current_.counts += result.counts;
    for (size_t i = 0; i < std::min(result.models.size(), current_.models.size()); ++i) {
      const size_t model = plan.parts > 1 ? PartOf(plan, next_job_) : i;
      current_.models[model].counts += result.models[i];
    }
    current_.coverage.Add(result.coverage);
    current_.digest = faultfs::Combine(current_.digest, result.digest);
    current_.finding_count += result.findings.size();
    ++current_.cases_done;
    for (const Finding& finding : result.findings) {
      if (options_.fail_fast) Tell(next_job_, finding);
      const auto& known = current_.findings;
      if (std::any_of(known.begin(), known.end(), [&](const Finding& other) {
            return other.signature == finding.signature && other.model == finding.model;
          })) {
        continue;
      }
      current_.findings.push_back(finding);
      current_.finding_seeds.push_back(seed);
    }
    first_begin_ns_ = std::min(first_begin_ns_, job.begin_ns);
    last_end_ns_ = std::max(last_end_ns_, job.end_ns);
    ++next_job_;
  }

  void EndScenario(const Plan& plan, const std::string& cut_short) {
    const Counts& counts = current_.counts;
    current_.exhausted = current_.cases_done == current_.cases && counts.programs > 0 &&
                         counts.exhausted_programs == counts.programs;
    if (plan.parts > 1) {
      current_.counts.exhausted_programs = current_.exhausted ? 1 : 0;
      current_.counts.programs = std::min<uint64_t>(counts.programs, 1);
    }
    if (last_end_ns_ > 0) {
      current_.seconds = static_cast<double>(last_end_ns_ - first_begin_ns_) / 1e9;
    }
    const bool whole = options_.shards == 1 && (!options_.runs || !plan.scenario.workload ||
                                                *options_.runs >= plan.given->workload->runs);
    const bool minimums = !options_.seed && options_.faults.empty();
    Decide({.minimums = minimums, .whole = whole, .cut_short = cut_short}, current_);
    if (options_.fail_fast && current_.status == ScenarioStatus::kUnexpected) {
      LowerLimit(next_job_);
    }
    if (events_.on_outcome) events_.on_outcome(current_);
    outcomes_.push_back(std::move(current_));
    BeginScenario();
  }

  static constexpr const char* kFailedFast = "left out: a failure came before it (--fail-fast)";

  const std::vector<Plan> plans_;
  const AdapterSet& adapters_;
  const RunOptions& options_;
  const RunEvents& events_;
  const ExploreFunction& explore_;
  const uint64_t jobs_;
  uint64_t limit_;  // only `fail_fast` lowers it
  faultfs::SystemClock clock_;
  const uint64_t begin_ns_;
  std::string cut_short_;
  std::map<uint64_t, JobResult> results_;  // that wait for one before them
  std::map<std::tuple<uint64_t, std::string, std::string>, uint64_t> told_;
  uint64_t next_job_ = 0;  // of the scenario at hand
  ScenarioOutcome current_;
  uint64_t first_begin_ns_ = UINT64_MAX;
  uint64_t last_end_ns_ = 0;
  std::vector<ScenarioOutcome> outcomes_;
  Counts counts_done_;
  uint64_t jobs_done_ = 0;
  uint64_t ticks_ = 0;
};

}  // namespace

std::vector<Verdict> ScenarioOutcome::VerdictsOn(std::string_view model) const {
  std::set<Verdict> verdicts;
  for (const Finding& finding : findings) {
    if (finding.model.empty() || finding.model == model) verdicts.insert(finding.verdict);
  }
  return {verdicts.begin(), verdicts.end()};
}

Result<std::vector<ScenarioOutcome>> RunScenarios(const std::vector<Scenario>& scenarios,
                                                  const AdapterSet& adapters,
                                                  const RunOptions& options,
                                                  const RunEvents& events,
                                                  const ExploreFunction& explore) {
  FAULTFS_CHECK(options.shards >= 1 && options.shard >= 1 && options.shard <= options.shards,
                "a shard is one of its number");
  FAULTFS_ASSIGN_OR_RETURN(std::vector<Plan> plans, MakePlans(scenarios, adapters, options));
  return Running(std::move(plans), adapters, options, events, explore).Run();
}

}  // namespace crashlab
