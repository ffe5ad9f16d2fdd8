// Whether any order explains what several clients saw, without a word from inside the engine.
//
// The search is the one of Wing and Gong (Testing and verifying concurrent objects, 1993) with the
// memory of Lowe (Testing for linearizability, 2017), made for crashes: strict linearizability
// (Aguilera and Frølund, 2003), where a call that was in flight takes effect before the crash or
// never, and an engine that promises less than that (Buffered, after power loss) is held to a read
// of the whole state at one moment, the CUT, that lies behind everything it vouched for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/history/history.h"

namespace crashlab {

struct BlackBoxLimits {
  // Calls tried at a place of the order; a count, so that every machine gives up at the same one.
  uint64_t steps = 4'000'000;
};

struct BlackBoxAnswer {
  Answer answer = Answer::kUnknown;
  uint64_t steps = 0;
  // kLegal: an order that explains it, with the CUT as 0; calls that never took effect are not in
  // it. kIllegal: the longest that did not break anything yet. Of several groups of keys that were
  // looked at apart, one behind the other; of an illegal one, only that.
  std::vector<OpNumber> order;
  std::string detail;  // for people, unless it is legal
};

/// Groups of keys are looked at apart where that is sound: no call reads or clears all keys, and
/// nothing but what the crash left open is missing. A group of more than 64 calls is kUnknown.
[[nodiscard]] BlackBoxAnswer CheckBlackBox(const History& history, const Contract& contract,
                                           Durability store_default,
                                           const BlackBoxLimits& limits = {});

}  // namespace crashlab
