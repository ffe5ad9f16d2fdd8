#include "harness/explore/variants.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/env/check.h"
#include "faultfs/fault/fault_rule.h"
#include "harness/explore/run.h"
#include "harness/explore/schedules.h"

namespace crashlab {
namespace {

using faultfs::FaultRule;
using faultfs::IoDecision;
using faultfs::IoOp;
using faultfs::PersistenceModel;

/// Whether a rule can leave pages clean and unwritten.
bool FailsWriteBack(const std::string& text) {
  const Result<FaultRule> rule = faultfs::ParseFaultRule(text);
  FAULTFS_CHECK(rule.ok(), "scenarios check their fault rules when they are read");
  if (rule->fault.action == IoDecision::Action::kLate) return true;
  return rule->fault.action == IoDecision::Action::kFail &&
         rule->operations.test(static_cast<size_t>(IoOp::kSync));
}

bool Evicts(const std::string& text) {
  const Result<FaultRule> rule = faultfs::ParseFaultRule(text);
  return rule.ok() && rule->fault.action == IoDecision::Action::kEvict;
}

/// Models of a case, by their places in its plan.
using Group = std::vector<size_t>;

/// The models of the case by what its program sees of them, in the order of the first of each.
std::vector<Group> Groups(const Case& c) {
  std::vector<Group> groups;
  const bool differ = std::any_of(c.faults.begin(), c.faults.end(), FailsWriteBack) ||
                      std::any_of(c.sweep.begin(), c.sweep.end(), FailsWriteBack);
  const std::vector<PersistenceModel>& models = c.crash.models;
  for (size_t model = 0; model < models.size(); ++model) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
      return !differ || models[other.front()].failure_rules() == models[model].failure_rules();
    });
    if (group == groups.end()) group = groups.insert(groups.end(), Group());
    group->push_back(model);
  }
  return groups;
}

class Variants {
 public:
  Variants(const Case& c, const Adapter& adapter, const ExploreOptions& options, Monitor& monitor,
           const ExploreRun& explore)
      : case_(c), adapter_(adapter), options_(options), monitor_(monitor), explore_(explore) {}

  CaseResult Run() && {
    const std::vector<Group> groups = Groups(case_);
    total_.models.resize(case_.crash.models.size());
    for (const Group& group : groups) {
      Case run = case_;
      run.crash.models.clear();
      for (const size_t model : group) run.crash.models.push_back(case_.crash.models[model]);
      run.sweep.clear();
      evicted_.clear();
      if (case_.sweep.empty()) Explore(run, group);
      for (const std::string& rule : case_.sweep) Sweep(run, group, rule);
    }
    if (case_.sweep.empty() && (groups.size() > 1 || case_.clients)) {
      // One case that had several runs.
      Counts& counts = total_.counts;
      const bool all = counts.exhausted_programs == counts.programs && all_schedules_;
      counts.exhausted_programs = all ? 1 : 0;
      counts.double_runs = counts.double_runs == counts.programs ? 1 : 0;
      counts.programs = 1;
    }
    return std::move(total_);
  }

 private:
  /// With the first call failing, the second, …, until there is none.
  void Sweep(const Case& plain, const Group& group, const std::string& rule) {
    for (uint64_t nth = 1; !Enough(); ++nth) {
      Case run = plain;
      run.faults.push_back(rule + " nth=" + std::to_string(nth));
      monitor_.Sweeping(run.faults.back());
      monitor_.Recovering([] { return std::vector<CrashStep>(); });
      const crashlab::Run tried = RunProgram(run, adapter_, options_, monitor_);
      if (tried.rule_counts.back().matched < nth) return;
      if (tried.rule_counts.back().decided == 0) continue;  // another rule has this call
      // Where no page goes, or the same at the same place, it is the run that there was.
      if (Evicts(rule) && !run.clients && !evicted_.insert(tried.digest).second) {
        total_.coverage.Add(tried.faults);
        continue;
      }
      Explore(run, group);
    }
  }

  /// What the runs of one group have to report takes nothing from the next.
  bool Enough() const { return found_in_group_ >= options_.max_findings; }

  void Explore(const Case& run, const Group& group) {
    if (group != group_) {
      group_ = group;
      found_in_group_ = 0;
    }
    if (!run.clients) return ExploreOne(run, group);
    if (OnRealThreads(run)) return ExploreRuns(run, group);
    ExploreSchedules(run, group);
  }

  void ExploreSchedules(const Case& run, const Group& group) {
    const std::optional<std::string>& named = run.clients->schedule;
    if (named.has_value()) {
      all_schedules_ = false;
      monitor_.Scheduling(*named);
      return ExploreOne(run, group);
    }
    // The picks of each are known when it has run; then they can be replayed as often as needed.
    std::set<std::string> known;
    Schedules schedules(run);
    while (faultfs::Schedule* const schedule = schedules.Next()) {
      if (Enough()) break;
      monitor_.Scheduling("#" + std::to_string(schedules.number()));
      monitor_.Recovering([] { return std::vector<CrashStep>(); });
      Case one = run;
      one.clients->schedule = RunProgram(run, adapter_, options_, monitor_, schedule).schedule;
      if (!known.insert(*one.clients->schedule).second) continue;
      monitor_.Scheduling(*one.clients->schedule);
      ExploreOne(one, group);
    }
    all_schedules_ &= schedules.exhausted();
  }

  /// On real threads: each run is one of its own.
  void ExploreRuns(const Case& run, const Group& group) {
    all_schedules_ = false;
    for (uint64_t i = 0; i < run.clients->schedules && !Enough(); ++i) {
      monitor_.Recovering([] { return std::vector<CrashStep>(); });
      ExploreOne(run, group);
    }
  }

  void ExploreOne(const Case& run, const Group& group) {
    if (Enough()) return;
    CaseResult result = explore_(run);
    total_.counts += result.counts;
    total_.coverage.Add(result.coverage);
    for (size_t i = 0; i < result.models.size(); ++i) {
      total_.models[group[i]] += result.models[i];
    }
    total_.digest = ++runs_ == 1 ? result.digest : faultfs::Combine(total_.digest, result.digest);
    for (Finding& finding : result.findings) {
      const auto known =
          std::find_if(total_.findings.begin(), total_.findings.end(), [&](const Finding& other) {
            return other.signature == finding.signature && other.model == finding.model;
          });
      if (known != total_.findings.end()) continue;
      ++found_in_group_;
      total_.findings.push_back(std::move(finding));
    }
  }

  const Case& case_;
  const Adapter& adapter_;
  const ExploreOptions& options_;
  Monitor& monitor_;
  const ExploreRun& explore_;
  CaseResult total_;
  Group group_;  // of the last run
  uint64_t found_in_group_ = 0;
  uint64_t runs_ = 0;
  std::set<faultfs::Hash128> evicted_;  // digests of runs of this group with an eviction
  bool all_schedules_ = true;
};

}  // namespace

CaseResult ExploreVariants(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                           Monitor& monitor, const ExploreRun& explore) {
  return Variants(c, adapter, options, monitor, explore).Run();
}

}  // namespace crashlab
