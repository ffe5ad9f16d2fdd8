// Reports of a run: text for people, JUnit XML for CI, JSON Lines for programs.
//
// All of it follows from the outcomes; nothing but seconds and rates differs between two equal
// runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/runner/runner.h"

namespace crashlab {

/// What was asked for, seeds first: printed before anything is run.
[[nodiscard]] std::string HeaderText(const std::vector<Scenario>& scenarios,
                                     const RunOptions& options, std::string_view version);

/// One line a scenario: as expected or not, name, exhausted or sampled, what was counted, rate; and
/// a second one that says why, if it is not plainly as expected. With several models also one with
/// the verdict of each: "LOST_ACKED on posix, btrfs; clean on xfs".
[[nodiscard]] std::string OutcomeLine(const ScenarioOutcome& outcome);

/// Where the files of a finding on a real disk are kept, beside the finding's own: `FILE.disk`
/// without the ending.
[[nodiscard]] std::string DiskFolderOf(std::string_view file);

/// A finding with its program and story; ends with the exact command that replays it from `file`.
[[nodiscard]] std::string FindingText(const Finding& finding, std::string_view file,
                                      std::string_view program_name);

/// A finding that was made smaller: found as what, by how much work, and then its FindingText.
[[nodiscard]] std::string MinimizedText(const Finding& found, const Minimized& minimized,
                                        std::string_view file, std::string_view program_name);

/// A finding that its scenario expects: what it is, on which of several models, and how to replay
/// it.
[[nodiscard]] std::string ExpectedFindingText(const Scenario& scenario, const Finding& finding,
                                              std::string_view file, std::string_view program_name);

/// Totals, the largest share of one scenario, what was not as expected, what the exit code means.
/// Loud if nothing was recovered at all.
[[nodiscard]] std::string SummaryText(const std::vector<ScenarioOutcome>& outcomes, double seconds);

/// A table: a line for each call, a column for each fault class that any of them met with.
[[nodiscard]] std::string CoverageText(const Coverage& coverage);

/// 0 all as expected but for what was left out, 1 something unexpected, 3 something not decided, or
/// nothing but left out. A finding outweighs what was not decided.
[[nodiscard]] int ExitCode(const std::vector<ScenarioOutcome>& outcomes);

/// A test suite with a test case for each scenario: unexpected is a failure, not decided an error,
/// left out is skipped.
[[nodiscard]] std::string JUnitXml(const std::vector<ScenarioOutcome>& outcomes);

/// One object a line, each with a "type": "scenario", "finding" (after its scenario), at the end
/// "summary". `timings` false leaves out all that differs between two equal runs.
[[nodiscard]] std::string JsonLines(const std::vector<ScenarioOutcome>& outcomes, bool timings);

/// A word as a shell takes it, quoted if it must be.
[[nodiscard]] std::string ShellWord(std::string_view word);

}  // namespace crashlab
