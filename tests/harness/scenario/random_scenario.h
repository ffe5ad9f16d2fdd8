// Any scenario that a file can hold, for tests of printing and parsing.
#pragma once

#include <cstdint>

#include "harness/scenario/scenario.h"

namespace crashlab::test {

/// Valid for the adapters of lab_adapter.h. Equal seeds, equal scenarios.
[[nodiscard]] Scenario RandomScenario(uint64_t seed);

}  // namespace crashlab::test
