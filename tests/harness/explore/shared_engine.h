// SharedEngine: a tiny engine behind a lock, for several clients; right, or wrong in one way. Its
// locks are simulated where its clients are.
#pragma once

#include "harness/adapter.h"

namespace crashlab {

enum class SharedFlaw {
  kNone,
  kReadsWithoutLock,   // shows what is not durable yet; not on real threads, where that is a race
  kNumbersBeforeLock,  // gives a mutation its place before its turn has come
  kLocksInBothOrders,  // a writer takes two locks in one order, a reader in the other
  kTellsNoSequence,    // of its mutations
  kWritesBatchInTwo,   // edit by edit, each with the lock
  kNoDirSync,          // acknowledges before the rename is durable
  kDiesOfAReader,      // that comes while a writer is at work
};

[[nodiscard]] const Adapter& SharedEngine(SharedFlaw flaw);

}  // namespace crashlab
