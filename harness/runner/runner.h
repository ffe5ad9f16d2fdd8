// Runner: scenarios over worker processes.
//
// Each worker is a fork that takes case numbers from a shared counter, explores them in process and
// sends back results; the parent puts them in the order of their numbers, so that the outcome does
// not depend on how many workers there are. Before anything that may not come back a worker notes
// what it does in a page it shares with its parent, which makes a finding of a worker that aborts,
// hangs or eats memory, and goes on with a new one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"
#include "harness/explore/minimizer.h"
#include "harness/process/explore_on_disk.h"
#include "harness/scenario/scenario.h"

namespace crashlab {

struct RunOptions {
  std::optional<uint64_t> seed;     // instead of the scenarios' own
  std::optional<uint64_t> runs;     // programs of each generated scenario
  uint64_t times = 1;               // so many times the programs of each generated scenario
  std::vector<std::string> faults;  // rules for every program, beside the scenarios' own
  // A fixed program is explored under each of its models by itself: what dies under one does not
  // keep the others from being judged, and each finding has its model.
  bool models_apart = false;
  uint32_t jobs = 0;   // 0: one for each core
  uint32_t shard = 1;  // cases with number ≡ shard - 1 (mod shards)
  uint32_t shards = 1;
  std::optional<uint64_t> budget_ms;  // of wall time for all; cuts short, and says so
  bool fail_fast = false;             // stop at the first case that is not as expected
  uint64_t hang_ms = 30'000;          // backstop: a worker that shows no sign of life for so long
  uint64_t memory_bytes = uint64_t{2} << 30;  // of a worker
  // Of each finding that is not expected.
  MinimizeOptions minimize = {.max_program_runs = 1'000, .max_recoveries = 100'000};
  ExploreOptions explore;  // every 16th program of a scenario runs twice whatever this says
  // Set by a signal handler, say: the run ends soon, with what there is. May be null.
  const std::atomic<bool>* interrupted = nullptr;
};

enum class ScenarioStatus : uint8_t {
  kAsExpected,
  kUnexpected,  // a finding that was not expected, or the expected one did not come
  kNotDecided,  // cut short, or `at_least` not reached because of it
  kLeftOut,     // this machine does not allow it: no pass, and no failure
};

/// What became of a scenario under one of its models.
struct ModelOutcome {
  std::string name;  // ModelName
  ModelCounts counts;
};

struct ScenarioOutcome {
  const Scenario* scenario = nullptr;
  uint64_t seed = 0;  // the scenario's: its case seeds follow from it
  Counts counts;
  uint64_t cases_done = 0;
  uint64_t cases = 0;                   // of this shard
  std::vector<ModelOutcome> models;     // of the scenario's, in its order
  std::vector<Finding> findings;        // one for each signature and model, of the lowest case
  std::vector<uint64_t> finding_seeds;  // of the cases that gave them
  // Of each finding; none: expected, or not made smaller. What a scenario expects is asked of
  // `findings`.
  std::vector<std::optional<Minimized>> minimized;
  Coverage coverage;           // of all cases
  uint64_t finding_count = 0;  // likewise
  bool exhausted = false;
  faultfs::Hash128 digest;  // of all case digests in order
  ScenarioStatus status = ScenarioStatus::kNotDecided;
  std::string reason;  // one line: why it is not as expected
  double seconds = 0;  // a timing: never part of a decision

  /// The finding, as small as it is known.
  [[nodiscard]] const Finding& Smallest(size_t index) const {
    const bool smaller = index < minimized.size() && minimized[index].has_value();
    return smaller ? minimized[index]->finding : findings[index];
  }

  /// What was found under a model, or without any that mattered: each verdict once, in their order.
  /// None: clean, as far as it was judged.
  [[nodiscard]] std::vector<Verdict> VerdictsOn(std::string_view model) const;
};

struct Progress {
  size_t scenario = 0;  // index of the first that has not ended
  size_t scenarios = 0;
  uint64_t cases_done = 0;  // of all scenarios
  uint64_t cases = 0;
  Counts counts;  // of all so far, the cases at hand among them
  double seconds = 0;
};

/// What a run tells while it goes on. Functions may be empty.
struct RunEvents {
  /// For each scenario as it ends, in their order.
  std::function<void(const ScenarioOutcome&)> on_outcome;
  /// For each new signature and model of a scenario at once, before it is known whether it was
  /// expected; and again if a case with a lower number turns out to give it, which then replaces
  /// it. With `fail_fast` in the order of cases, so that nothing is told that the outcome leaves
  /// out.
  std::function<void(const Scenario&, uint64_t case_seed, const Finding&)> on_finding;
  /// After all outcomes, for each finding that was made smaller, in their order.
  std::function<void(const ScenarioOutcome&, size_t finding)> on_minimized = {};
  /// Some ten times a second.
  std::function<void(const Progress&)> on_progress;
};

using ExploreFunction =
    std::function<CaseResult(const Case&, const Adapter&, const ExploreOptions&, Monitor&)>;

/// Runs all scenarios, then makes small what was found and not expected. One pool of workers goes
/// over the cases of all scenarios, so that the last case of one keeps nobody waiting. All that is
/// returned, `seconds` aside, follows from the arguments alone, whatever `jobs` is, unless the run
/// was cut short.
///
/// An outcome, decided:
///  - expecting pass: any finding is unexpected.
///  - expecting a verdict: it must come (with the signature, if one is given), and every finding
///    must be of that verdict or of one in `also`. It must come on each model of `on`; on those of
///    `clean_on` nothing may be found, and something must have been judged. A finding without a
///    model is one on every model.
///  - in both: `at_least` must be reached, unless `seed` or `faults` make this another run than it
///    was counted for. Its numbers are not asked of a part of the cases (of a
///    shard, or of fewer `runs`), and a verdict that does not come in such a part is not decided.
///  - cut short (budget, interruption, `fail_fast` elsewhere) or nothing recovered: not decided.
///  - programs left out, and nothing found in the others: left out.
///  - no cases at all in this shard: as expected, and says so.
///
/// Errors: an unknown adapter; no worker process could be started.
[[nodiscard]] Result<std::vector<ScenarioOutcome>> RunScenarios(
    const std::vector<Scenario>& scenarios, const AdapterSet& adapters, const RunOptions& options,
    const RunEvents& events, const ExploreFunction& explore = ExploreCase);

}  // namespace crashlab
