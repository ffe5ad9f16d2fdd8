// Histories as drawings: a line a client, a call from its `[` to its `]`, time from left to right.
//
//   Drawn(R"(A: [set a 12      ]
//            B:    [get a : 1]   [get a : nothing])")
//
// Calls are numbered from 1 by their `[`. Behind ` : ` stands what a read gave: the number of the
// call whose value it is ("1", or "1.2" for edit 2 of a batch), "nothing", a number (contains,
// size), or entries "a=1 b=2" (for-each). `]` is Ok, `]!` an error that proves nothing, `]x` one
// that proves that nothing happened; a call without an end was in flight at the crash. `#7` is its
// sequence.
#pragma once

#include <string>
#include <string_view>

#include "harness/history/history.h"

namespace crashlab {

[[nodiscard]] History Drawn(std::string_view drawing);
/// The same, the state that the next Open showed in entries "a=1 b=2.0".
[[nodiscard]] History PowerLossShows(History history, std::string_view content);
[[nodiscard]] History ProcessDeathShows(History history, std::string_view content);

/// The contract of our own store.
[[nodiscard]] const Contract& KvContract();

}  // namespace crashlab
