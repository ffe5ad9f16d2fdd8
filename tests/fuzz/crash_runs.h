// Runs whose crash states are read and printed, and crash states as inputs of a fuzz target.
//
// An input is a byte that says which run, under which model, and then text, a word and what follows
// it in each line:
//   at POINT        the last one counts
//   fill WORD       likewise; zeros without it
//   lost EFFECT
//   tear EFFECT front 17
// Other lines say nothing, so that every input is a text of a state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "faultfs/crash/crash_state.h"
#include "faultfs/crash/effect_graph.h"

namespace faultfs::fuzz {

/// How many runs and models there are, at most one for each value of a byte.
[[nodiscard]] size_t GraphCount();
/// Made when it is first asked for. `index` < GraphCount(). Not thread-safe.
[[nodiscard]] const EffectGraph& GraphOf(size_t index);

[[nodiscard]] CrashStateText TextFrom(std::string_view lines);
/// TextFrom(LinesOf(text)) == text for every text whose words have no line ends.
[[nodiscard]] std::string LinesOf(const CrashStateText& text);

}  // namespace faultfs::fuzz
