// What the death of a process cut: mutations that had no time to say which place in the log they
// got, if they got one.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "harness/history/history.h"

namespace crashlab {

/// Calls `visit` for each way in which `cut` (calls of the history, by index, without a sequence)
/// may stand in the log: a place behind all that had returned before the call was invoked, in any
/// order, and between two others only where their sequences leave room. One that got no place is
/// among them: it then stands at the end, where a prefix of the log leaves it out. False, and some
/// are missing, if there are more than `most`.
[[nodiscard]] bool ForEachPlacing(const History& history, const std::vector<size_t>& cut,
                                  size_t most, const std::function<void(const History&)>& visit);

}  // namespace crashlab
