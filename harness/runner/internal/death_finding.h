// The finding of a job whose worker process died.
#pragma once

#include "harness/case.h"
#include "harness/runner/internal/worker_pool.h"

namespace crashlab {

/// `c` is the case of the job. The reproducer is the chain whose last recovery the process died in,
/// or the whole case if it died in the program itself or its place was not found again.
[[nodiscard]] Finding FindingOfDeath(const Case& c, const Death& death);

/// A chain in words, for people: a line each.
[[nodiscard]] std::vector<std::string> ChainStory(const std::vector<CrashStep>& chain);

}  // namespace crashlab
