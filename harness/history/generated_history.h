// Histories from a small engine whose threads are interleaved by a seed, right or slightly wrong:
// what the checkers are tested and measured with.
#pragma once

#include <cstdint>

#include "faultfs/env/random.h"
#include "harness/history/history.h"

namespace crashlab {

struct HistoryShape {
  uint32_t clients = 2;
  uint32_t calls = 2;  // of each client, at most
  uint32_t keys = 2;
  bool whole_reads = false;     // size, for-each and clear
  bool batches = false;         // every other call writes three keys at once
  uint32_t one_error_in = 8;    // mutations
  uint32_t slow_clients = 0;    // whose calls take eight times as long as the others'
  bool ends_after_all = false;  // not before all calls were invoked; otherwise at any time
  bool wrong = false;           // an answer, a sequence or the end is something else than it was
};

/// Mutations take effect one after the other in the order of their sequences; the next Open shows
/// what a prefix leaves that may lack what `durability` does not promise.
[[nodiscard]] History GenerateHistory(const HistoryShape& shape, Durability durability,
                                      const Contract& contract, faultfs::Random random);

}  // namespace crashlab
