#include "faultfs/env/compact_shared_mutex.h"

#include "faultfs/env/spin.h"

namespace faultfs {

void CompactSharedMutex::LockSlowly() {
  for (int tries = 0;; ++tries) {
    uint32_t state = state_.load(std::memory_order_relaxed);
    if ((state & (kHeld | kReaders)) == 0) {
      // Other writers may sleep too: they are woken by unlock and say so again.
      const uint32_t mine = kHeld | (state & kAsleep);
      if (state_.compare_exchange_weak(state, mine, std::memory_order_acquire)) return;
    } else if (tries < kSpins) {
      Pause();
    } else {
      Sleep(state, kWriterSleeps | kAsleep);
      tries = 0;
    }
  }
}

void CompactSharedMutex::LockSharedSlowly() {
  for (int tries = 0;; ++tries) {
    uint32_t state = state_.load(std::memory_order_relaxed);
    const bool give_way = (state & kWriterSleeps) != 0 && tries < kSpins;
    if ((state & kHeld) == 0 && !give_way) {
      if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) return;
    } else if (tries < kSpins) {
      Pause();
    } else {
      Sleep(state, kAsleep);
    }
  }
}

void CompactSharedMutex::Sleep(uint32_t state, uint32_t bits) {
  const uint32_t asleep = state | bits;
  if (state == asleep || state_.compare_exchange_strong(state, asleep, std::memory_order_relaxed)) {
    state_.wait(asleep, std::memory_order_relaxed);
  }
}

void CompactSharedMutex::WakeAll() {
  // A writer may have come, and others behind it gone to sleep: these too try again.
  if ((state_.fetch_and(~kAsleep, std::memory_order_seq_cst) & kAsleep) != 0) state_.notify_all();
}

}  // namespace faultfs
