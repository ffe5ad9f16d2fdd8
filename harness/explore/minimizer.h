// Minimizer: from a finding to a small one like it.
//
// Smaller cases (candidates.h) are tried in order; one that still gives the verdict, at whatever
// crash state, takes the place of the case, and the walk goes on where it was. The walk ends when
// no single candidate works: the result is 1-minimal. Then the crash states are shrunk (finding.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"

namespace crashlab {

struct MinimizeOptions {
  uint64_t max_program_runs = 10'000;  // 0: not at all
  uint64_t max_recoveries = 200'000;
  uint64_t search_recoveries = 300;  // of one program, to find the verdict in it
};

struct Minimized {
  Finding finding;
  uint64_t program_runs = 0;
  uint64_t recoveries = 0;
  bool one_minimal = false;  // false: a limit came first

  friend bool operator==(const Minimized&, const Minimized&) = default;
};

/// How a failure is looked for in another case, and how it is told. A failure that ends the process
/// needs another search than one that a checker sees (runner/internal/death_search.h).
class FailureSearch {
 public:
  struct Answer {
    std::optional<Case>
        found;  // with the chain that fails (empty: the run itself) and the schedule
    uint64_t program_runs = 0;
    uint64_t recoveries = 0;
  };

  virtual ~FailureSearch() = default;
  /// The failure in `c`, whose chain and schedule are those of the last case that had it. Of
  /// several clients under other schedules too, unless `as_scheduled`.
  [[nodiscard]] virtual Answer Find(const Case& c, bool as_scheduled) = 0;
  /// Once, at the end: `c` is what Find found last. Shrinks its chain, and sets signature, detail,
  /// story and reproducer.
  virtual void Finish(Case c, Finding& finding) = 0;
};

/// A finding that does not show again comes back as it was, not minimal.
[[nodiscard]] Minimized Minimize(const Finding& finding, const MinimizeOptions& options,
                                 FailureSearch& search);

/// With a search in this process: for every verdict that does not end it.
[[nodiscard]] Minimized Minimize(const Finding& finding, const Adapter& adapter,
                                 const ExploreOptions& explore, const MinimizeOptions& options,
                                 Monitor& monitor);

}  // namespace crashlab
