// Scenario files: TOML, one grammar and one parser for suites, regressions and findings alike. The
// format is described in docs/scenarios.md; Parse(Print(s)) == s.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"
#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/operation.h"
#include "harness/verdict.h"

namespace crashlab {

/// `[workload]`: what programs are generated. Ranges are inclusive.
struct Workload {
  struct Range {
    uint64_t low = 0;
    uint64_t high = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  uint64_t seed = 1;
  uint64_t runs = 1;  // programs
  Range operations{1, 10};
  Range value_bytes{0, 350};
  Range keys{1, 4};                       // distinct keys of a program
  std::map<Verb, uint32_t> weights;       // overrides of the swarm's; 0 switches a verb off
  std::map<std::string, uint32_t> calls;  // likewise, of the adapter's own verbs
  bool mixed_durability = false;          // operations may carry a durability of their own
  std::vector<std::string> faults;        // templates of fault rules; a program gets one, or none

  friend bool operator==(const Workload&, const Workload&) = default;
};

/// What a scenario must give.
struct Expectation {
  std::optional<Verdict> verdict;          // none: pass
  std::string signature;                   // empty: any with that verdict
  std::vector<Verdict> also;               // may come beside it
  std::vector<std::string> on = {};        // ModelNames: it must come on each; empty: on any
  std::vector<std::string> clean_on = {};  // likewise: nothing may be found there

  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// `at_least`: a scenario that did less than it promises has not passed.
struct AtLeast {
  uint64_t recoveries = 0;
  uint64_t programs = 0;
  uint64_t schedules = 0;  // of programs with [clients]
  uint64_t inner_recoveries = 0;
  uint64_t rotten_recoveries = 0;
  uint64_t reopened = 0;        // of real processes
  uint64_t inner_reopened = 0;  // likewise, after a kill of a recovery
  bool exhausted = false;       // every program must be

  friend bool operator==(const AtLeast&, const AtLeast&) = default;
};

struct Scenario {
  std::string name;  // file name without folder and ".toml"; not in the text
  std::string file;  // as given; for messages; not in the text
  std::string why;   // one line: what it guards
  StoreConfig store;
  std::optional<Workload> workload;  // exactly one of the two
  std::optional<Program> program;
  uint64_t seed = 1;  // of a fixed program: salts and draws
  CrashPlan crash;
  std::optional<ProcessPlan> process;  // `crash` is then the default, and has no part
  std::optional<ClientPlan> clients;   // of a fixed program: least and most are the default
  std::vector<std::string> faults;     // fault rules for every program
  std::vector<std::string> sweep;      // Case::sweep of every program
  Expectation expect;
  AtLeast at_least;
  std::vector<std::string> promised_coverage;  // CoveragePromises; asked like `at_least`
  std::vector<std::string> notes;  // of a finding: its story; comments in the text, not parsed back

  /// Equal but for `file` and `notes`.
  friend bool operator==(const Scenario& a, const Scenario& b);
};

/// kInvalidArgument: one line with file, line number (offset()), and the nearest right name for a
/// wrong key or word. `adapters` is asked for names of adapters and their options.
[[nodiscard]] Result<Scenario> ParseScenario(std::string_view text, std::string_view file,
                                             const AdapterSet& adapters);
[[nodiscard]] std::string PrintScenario(const Scenario& scenario);

/// Files as they are; of folders every *.toml below, sorted by path. One line for what is missing,
/// unreadable, no text, or wrong.
[[nodiscard]] Result<std::vector<Scenario>> LoadScenarios(const std::vector<std::string>& paths,
                                                          const AdapterSet& adapters);

/// How many cases a scenario has.
[[nodiscard]] uint64_t CaseCount(const Scenario& scenario);
/// The seed of case `index` (0 ≤ index < CaseCount) under the scenario's own seed.
[[nodiscard]] uint64_t CaseSeed(const Scenario& scenario, uint64_t index);
/// The case itself: a pure function of scenario and seed (workload.cc generates the program).
[[nodiscard]] Case MakeCase(const Scenario& scenario, uint64_t case_seed,
                            const AdapterSet& adapters);

/// A scenario that gives this finding and nothing else: fixed program, one chain, expecting the
/// verdict and signature.
[[nodiscard]] Scenario ScenarioOf(const Finding& finding, std::string_view name);

// What AskUnderModels looks at instead of a chain, of a program and model: enough for all states of
// programs as small as a finding's is made.
inline constexpr uint64_t kStatesUnderModels = 20'000;
inline constexpr uint64_t kRotUnderModels = 2'000;    // if the chain has rot
inline constexpr uint64_t kInnerUnderModels = 1'000;  // if it has two crashes: so many recoveries
inline constexpr uint64_t kInnerStatesUnderModels = 300;

/// Makes the scenario ask on which of `models` what it drives goes wrong. They take the place of
/// its own; the chain of a finding gives way to all crashes of its kinds, rot of its kinds and, for
/// two crashes, depth 2. Store, program, seed, faults and schedule stay. What it expected and
/// promised was said of other models, so that nothing is left of it. kInvalidArgument: real
/// processes.
[[nodiscard]] Status AskUnderModels(const std::vector<faultfs::PersistenceModel>& models,
                                    Scenario& scenario);

}  // namespace crashlab
