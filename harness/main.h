// The command line, for our own engine and for anybody's.
#pragma once

#include <vector>

#include "harness/adapter.h"

namespace crashlab {

/// All verbs of `crashlab` over the given adapters (the builtin ones are not added by itself).
/// Returns the exit code: 0 as expected, 1 findings, 2 wrong use, 3 not decided.
[[nodiscard]] int Main(int argc, const char* const* argv, std::vector<const Adapter*> adapters);

}  // namespace crashlab
