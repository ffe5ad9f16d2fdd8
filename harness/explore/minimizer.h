// Minimizer: from a finding to a small one like it.
//
// Smaller cases (candidates.h) are tried in order; one that still gives the verdict, at whatever
// crash state, takes the place of the case, and the walk goes on where it was. The walk ends when
// no single candidate works: the result is 1-minimal. Then the crash states are shrunk (finding.h).
#pragma once

#include <cstdint>

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
};

/// A finding that does not show again comes back as it was, not minimal.
[[nodiscard]] Minimized Minimize(const Finding& finding, const Adapter& adapter,
                                 const ExploreOptions& explore, const MinimizeOptions& options,
                                 Monitor& monitor);

}  // namespace crashlab
