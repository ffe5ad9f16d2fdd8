// SharedEngine: a tiny engine behind a lock, for several clients; right, or wrong in one way.
#pragma once

#include "harness/adapter.h"

namespace crashlab {

enum class SharedFlaw {
  kNone,
  kReadsWithoutLock,   // shows what is not durable yet
  kNumbersBeforeLock,  // gives a mutation its place before its turn has come
  kLocksInBothOrders,  // a writer takes two locks in one order, a reader in the other
  kTellsNoSequence,    // of its mutations
  kWritesBatchInTwo,   // edit by edit, each with the lock
};

[[nodiscard]] const Adapter& SharedEngine(SharedFlaw flaw);

}  // namespace crashlab
