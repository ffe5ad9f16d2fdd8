// Findings made small in worker processes, so that an engine that dies on the way costs nothing but
// that one finding's smallness.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "harness/explore/minimizer.h"
#include "harness/runner/runner.h"

namespace crashlab {

/// In one process of its own. kNotFound: it died, or was silent for too long.
[[nodiscard]] Result<Minimized> MinimizeApart(const Finding& finding, const Adapter& adapter,
                                              const RunOptions& options);

inline constexpr size_t kMaxMinimized = 32;

/// Every finding that its scenario does not expect, the first kMaxMinimized of them, on
/// `options.jobs` workers; sets ScenarioOutcome::minimized. `go_on` is asked some twenty times a
/// second; after false the rest stays as it was found.
[[nodiscard]] Status MinimizeFindings(std::vector<ScenarioOutcome>& outcomes,
                                      const AdapterSet& adapters, const RunOptions& options,
                                      const std::function<bool()>& go_on);

}  // namespace crashlab
