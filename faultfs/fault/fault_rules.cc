#include "faultfs/fault/fault_rules.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "faultfs/env/check.h"

namespace faultfs {

Result<std::vector<FaultRule>> ParseFaultRules(std::string_view text) {
  std::vector<FaultRule> rules;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos || line[start] == '#') continue;
    Result<FaultRule> rule = ParseFaultRule(line);
    if (!rule.ok()) {
      return Status::Error(rule.status().code(), "line " + std::to_string(number) + ": " +
                                                     std::string(rule.status().message()));
    }
    rules.push_back(std::move(rule).value());
  }
  return rules;
}

std::string PrintFaultRules(const std::vector<FaultRule>& rules) {
  std::string text;
  for (const FaultRule& rule : rules) text += PrintFaultRule(rule) + '\n';
  return text;
}

FaultRules::FaultRules(std::vector<FaultRule> rules)
    : rules_(std::move(rules)), counts_(rules_.size()) {
  for (const FaultRule& rule : rules_) {
    FAULTFS_CHECK(CheckFaultRule(rule).ok(), "rules made by hand must be such as Parse makes");
    needs_space_ |= rule.fault.action == IoDecision::Action::kFull;
  }
}

IoDecision FaultRules::Decide(const IoCall& call) {
  const std::lock_guard lock(mutex_);
  IoDecision decision;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].Matches(call) || !rules_[i].ActsOn(++counts_[i].matched)) continue;
    const IoDecision& fault = rules_[i].fault;
    const bool evicts = fault.action == IoDecision::Action::kEvict;
    if (evicts ? decision.evicts : decision.action != IoDecision::Action::kProceed) continue;
    ++counts_[i].decided;
    if (evicts) {
      decision.evicts = true;
      decision.page = fault.page;
    } else {
      decision.action = fault.action;
      decision.code = fault.code;
      decision.bytes = fault.bytes;
    }
  }
  if (decision.action == IoDecision::Action::kFull) {
    decision.bytes -= std::min(decision.bytes, call.used_bytes);
  }
  return decision;
}

std::vector<FaultRules::Count> FaultRules::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void FaultRules::Reset() {
  const std::lock_guard lock(mutex_);
  counts_.assign(rules_.size(), Count{});
}

}  // namespace faultfs
