// The adapter of our own store: with kv_dead_bytes the only file of the harness that knows store/.
#pragma once

#include "harness/adapter.h"

namespace crashlab {

/// "kv".
[[nodiscard]] const Adapter& KvAdapter();

}  // namespace crashlab
