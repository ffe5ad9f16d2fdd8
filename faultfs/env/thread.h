// The only mutexes, events and threads that store code may name.
//
// In a release build they are the standard ones; a build for simulated schedules puts others behind
// the same names, which is why a test bans std::mutex and its kin from store/.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace faultfs {

using Mutex = std::mutex;
using SharedMutex = std::shared_mutex;
using MutexLock = std::unique_lock<Mutex>;
using ExclusiveLock = std::unique_lock<SharedMutex>;
using SharedLock = std::shared_lock<SharedMutex>;
using Thread = std::thread;

/// A level-triggered signal: Wait returns once Set was called, until Reset.
/// Everything that happened before Set is visible after the Wait that it ended.
class Event {
 public:
  void Set() {
    set_.store(1, std::memory_order_release);
    set_.notify_all();
  }
  void Reset() { set_.store(0, std::memory_order_relaxed); }
  void Wait() const {
    while (set_.load(std::memory_order_acquire) == 0) set_.wait(0, std::memory_order_acquire);
  }
  [[nodiscard]] bool IsSet() const { return set_.load(std::memory_order_acquire) != 0; }

 private:
  std::atomic<uint32_t> set_{0};
};

}  // namespace faultfs
