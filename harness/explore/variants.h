// The runs of a case: one for most, more where a fault rule can make a sync fail and the models of
// the case show that differently to the running program, and one for each failing call of a sweep.
#pragma once

#include <functional>

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"

namespace crashlab {

/// Explores one run: a case without a sweep, whose models show it the same.
using ExploreRun = std::function<CaseResult(const Case& run)>;

/// The runs of `c` in a fixed order, and the sum of what they gave. As one program counts a case
/// without a sweep; of a sweep each failing call does, and that run ends it in which its rule no
/// longer acts; of the runs in which an eviction finds no page to take, which are one run, the
/// first. Of each group of models at most `options.max_findings` are kept.
[[nodiscard]] CaseResult ExploreVariants(const Case& c, const Adapter& adapter,
                                         const ExploreOptions& options, Monitor& monitor,
                                         const ExploreRun& explore);

}  // namespace crashlab
