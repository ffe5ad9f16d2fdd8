// Reports of a run: text for people, JUnit XML for CI, JSON Lines for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "harness/runner.h"

namespace crashlab {

/// One line a scenario: name, as expected or not, exhausted or sampled, what was counted, rate.
[[nodiscard]] std::string OutcomeLine(const ScenarioOutcome& outcome);
/// A finding with its story; ends with the exact command that replays it from `file`.
[[nodiscard]] std::string FindingText(const Finding& finding, std::string_view file,
                                      std::string_view program_name);
/// Totals, the largest share of one scenario, what was not as expected.
[[nodiscard]] std::string SummaryText(const std::vector<ScenarioOutcome>& outcomes, double seconds);

[[nodiscard]] std::string JUnitXml(const std::vector<ScenarioOutcome>& outcomes);
/// One object a line: a scenario, a finding, the summary. `timings` false leaves out all that
/// differs between two equal runs.
[[nodiscard]] std::string JsonLines(const std::vector<ScenarioOutcome>& outcomes, bool timings);

}  // namespace crashlab
