// A scenario asked another question: on which of these models does what it drives go wrong?
#include <algorithm>
#include <utility>

#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

/// Looks for all that is like the chain, wherever it comes.
void DropChain(CrashPlan& plan) {
  const std::vector<CrashStep> chain = std::exchange(plan.chain, {});
  plan.kinds.clear();
  std::vector<faultfs::RotKind> rot_kinds;
  for (const CrashStep& step : chain) {
    if (std::find(plan.kinds.begin(), plan.kinds.end(), step.kind) == plan.kinds.end()) {
      plan.kinds.push_back(step.kind);
    }
    for (const std::string& text : step.rot) {
      const Result<faultfs::Rot> rot = faultfs::ParseRot(text);
      if (!rot.ok()) continue;  // refused when the scenario was read
      if (std::find(rot_kinds.begin(), rot_kinds.end(), rot->kind) == rot_kinds.end()) {
        rot_kinds.push_back(rot->kind);
      }
    }
  }
  plan.budget = kStatesUnderModels;
  plan.depth = chain.size() > 1 ? 2 : 1;
  plan.inner = kInnerUnderModels;
  plan.inner_budget = kInnerStatesUnderModels;
  if (rot_kinds.empty()) return;
  plan.rot = kRotUnderModels;
  plan.rot_kinds = std::move(rot_kinds);
}

}  // namespace

Status AskUnderModels(const std::vector<faultfs::PersistenceModel>& models, Scenario& scenario) {
  if (scenario.process) {
    return Status::Error(Code::kInvalidArgument,
                         "no model has a say in what real processes leave ([process])")
        .File(scenario.file);
  }
  scenario.crash.models = models;
  if (!scenario.crash.chain.empty()) DropChain(scenario.crash);
  scenario.expect = {};
  scenario.at_least = {};
  scenario.promised_coverage.clear();
  return {};
}

}  // namespace crashlab
