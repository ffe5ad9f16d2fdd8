// Whether the order that an engine says it gave its mutations explains what several clients saw.
//
// The sequence numbers are a witness: the clients' own view must fit to them. What must have
// survived a crash still comes from the acknowledgements alone (ORACLE: the rule).
#pragma once

#include <optional>

#include "harness/history/history.h"
#include "harness/verdict.h"

namespace crashlab {

struct WhiteBoxAnswer {
  Answer answer = Answer::kUnknown;  // kUnknown: more open errors than worlds are kept for
  std::optional<Violation> violation = {};
};

/// Sequences are unique, respect real time, and every acknowledged mutation has one; each read fits
/// at a place in the log that is not before what was acknowledged, or read, before it was invoked,
/// and not behind what was invoked after it returned; and the next Open shows a prefix that holds
/// all that was promised. O(n log n), apart from the worlds of open errors.
[[nodiscard]] WhiteBoxAnswer CheckWhiteBox(const History& history, const Contract& contract,
                                           Durability store_default);

}  // namespace crashlab
