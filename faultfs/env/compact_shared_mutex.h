// A lock that readers share and a writer has alone, in one word.
//
// One word, because a map's shard then fits into one cache line with its lock: when another
// processor used the shard last, that line has to come from there, and this costs more than all
// else that a short read does. std::shared_mutex has 56 bytes and writes several of them.
#pragma once

#include <atomic>
#include <cstdint>

namespace faultfs {

/// As std::shared_mutex, except for what it says of who comes first, which is here:
///  - A writer that sleeps is let in before readers that come later, as long as these can spin:
///    reads that are short cannot keep writers out.
///  - A reader never waits for a writer that itself waits for readers. So a thread that has the
///    lock as a reader may take it as a reader once more, and a long read keeps no short ones out.
class CompactSharedMutex {
 public:
  constexpr CompactSharedMutex() = default;
  CompactSharedMutex(const CompactSharedMutex&) = delete;
  CompactSharedMutex& operator=(const CompactSharedMutex&) = delete;

  // The first try guesses that the lock is free. A look before would fetch its line twice, first to
  // read and then to write.

  void lock() {
    uint32_t state = 0;
    if (!state_.compare_exchange_strong(state, kHeld, std::memory_order_acquire)) LockSlowly();
  }
  void unlock() {
    if ((state_.exchange(0, std::memory_order_seq_cst) & kAsleep) != 0) state_.notify_all();
  }
  void lock_shared() {
    uint32_t state = 0;
    while ((state & (kHeld | kWriterSleeps)) == 0) {
      if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) return;
    }
    LockSharedSlowly();
  }
  void unlock_shared() {
    const uint32_t left = state_.fetch_sub(1, std::memory_order_seq_cst) - 1;
    if ((left & kAsleep) != 0 && (left & (kHeld | kReaders)) == 0) WakeAll();
  }

 private:
  // Of the state. Whoever goes to sleep has seen to it that kAsleep is set, and whoever clears that
  // wakes everybody, to try again: so nobody sleeps for ever. What changes the state before a wake
  // is seq_cst for the reason that thread.h gives for WaitableWord::Store.
  static constexpr uint32_t kHeld = uint32_t{1} << 31;          // by a writer
  static constexpr uint32_t kWriterSleeps = uint32_t{1} << 30;  // or is about to try again
  static constexpr uint32_t kAsleep = uint32_t{1} << 29;        // somebody
  static constexpr uint32_t kReaders = kAsleep - 1;             // how many have it

  void LockSlowly();
  void LockSharedSlowly();
  /// Sets `bits` and sleeps, unless the state is not `state` any more.
  void Sleep(uint32_t state, uint32_t bits);
  void WakeAll();

  std::atomic<uint32_t> state_{0};
};

}  // namespace faultfs
