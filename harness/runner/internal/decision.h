// Whether a scenario gave what it expects.
#pragma once

#include <string>

#include "harness/runner/runner.h"

namespace crashlab {

/// Whether a finding is of a kind that the scenario allows.
[[nodiscard]] bool IsExpected(const Expectation& expect, const Finding& finding);

struct DecisionInput {
  bool minimums = true;   // `at_least` was counted for this run: its own seed, no further faults
  bool whole = true;      // all cases of the scenario were to be run: no shard, no `runs`
  std::string cut_short;  // why not all of those were; empty: they were
};

/// Sets `status` and `reason` from everything else in the outcome.
void Decide(const DecisionInput& input, ScenarioOutcome& outcome);

}  // namespace crashlab
