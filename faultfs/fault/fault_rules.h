// FaultRules: an IoHook that decides by fault rules (fault_rule.h), and counts how often each
// acted.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/io_hook.h"
#include "faultfs/fault/fault_rule.h"

namespace faultfs {

/// One rule a line; empty lines and lines that begin with '#' say nothing. An error names the line.
[[nodiscard]] Result<std::vector<FaultRule>> ParseFaultRules(std::string_view text);
/// One rule a line, each with its end.
[[nodiscard]] std::string PrintFaultRules(const std::vector<FaultRule>& rules);

/// Every rule counts every call that matches it; of the rules that act on a call the first decides.
/// So a rule's `nth` means the same whatever other rules stand beside it. An eviction comes before
/// the call and takes nothing from what else may happen to it: of those the first acts too.
///
/// Deterministic: decisions follow from the rules and the calls in their order. Thread-safe; with
/// several threads the order is that in which they came.
class FaultRules final : public IoHook {
 public:
  /// Each rule must pass CheckFaultRule.
  explicit FaultRules(std::vector<FaultRule> rules);

  [[nodiscard]] IoDecision Decide(const IoCall& call) override;
  /// If there is a `full` among the rules.
  [[nodiscard]] bool NeedsSpace() const override { return needs_space_; }

  [[nodiscard]] const std::vector<FaultRule>& rules() const { return rules_; }

  struct Count {
    uint64_t matched = 0;  // FaultRule::Matches
    uint64_t decided = 0;  // calls that this rule did something to
    friend bool operator==(const Count&, const Count&) = default;
  };
  /// By the index of the rule. A rule that never decided tested nothing.
  [[nodiscard]] std::vector<Count> counts() const;

  /// Begins to count anew, as after construction.
  void Reset();

 private:
  const std::vector<FaultRule> rules_;
  bool needs_space_ = false;
  mutable std::mutex mutex_;
  std::vector<Count> counts_;
};

}  // namespace faultfs
