// Candidates: the smaller cases next to a case, in the order in which they are worth trying.
//
// First ranges of operations in the order of ddmin (Zeller, Hildebrandt: "Simplifying and isolating
// failure-inducing input", IEEE TSE 2002): halves, quarters, … single operations; then clients;
// then what is within the operations: edits of batches, values, keys, durabilities; faults and
// crashes of the chain; and the switches of the schedule. The minimizer walks this list, and a
// property test wraps it as a tree of shrinks.
//
// A schedule is of one program: under a smaller one its picks may not fit any more. Only what is
// said below happens to it here; whoever runs the case finds what fits.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/case.h"

namespace crashlab {

/// One way to make a case smaller, and its place in the order.
struct Reduction {
  enum class Kind : uint8_t {
    kDropOperations,   // [begin, begin + count) of the program
    kMergeClient,      // what client `begin` does, client `count` (a lower one) does; clients above
                       // `begin` are one lower then, in the picks of the schedule too
    kDropEdits,        // [begin, begin + count) of the batch of operation `operation`
    kDropFault,        // rule `begin`
    kDropCrash,        // step `begin` of a chain that has more than one
    kPlainDurability,  // operation `operation` under the store's own
    kShortenKey,       // of operation `operation` (of edit `begin`, in a batch): to one letter
    kShrinkValue,      // to `count` bytes
    kDropSwitch,  // run `begin` of the picks: who ran before goes on (of run 0: it is left out)
  };
  Kind kind = Kind::kDropOperations;
  size_t operation = 0;
  size_t begin = 0;
  size_t count = 0;

  friend bool operator==(const Reduction&, const Reduction&) = default;
};

/// All of them, lazily: a list of what could be done, and the case that each would give.
[[nodiscard]] std::vector<Reduction> ReductionsOf(const Case& c);
[[nodiscard]] Case Reduce(const Case& c, const Reduction& reduction);

/// Whether `a` comes at or after `b` in the order: where a walk goes on after `b` succeeded.
[[nodiscard]] bool AtOrAfter(const Reduction& a, const Reduction& b);

/// The smaller cases themselves, in order.
[[nodiscard]] std::vector<Case> Candidates(const Case& c);

}  // namespace crashlab
