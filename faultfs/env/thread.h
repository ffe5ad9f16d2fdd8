// The only mutexes, events and threads that store code may name.
//
// In a release build they are the standard ones, but for SharedMutex (compact_shared_mutex.h); with
// FAULTFS_SIMULATED_THREADS the same names stand for simulated ones, of which a scheduler runs one
// at a time (simulated_thread.h). So a test bans std::mutex and its kin from store/. The inline
// namespaces keep the two apart where both are linked into one program; a class outside them must
// not have any of these as a member.
//
// Each takes a name, which has to outlive it: that is how the report of a deadlock calls it.
#pragma once

#ifdef FAULTFS_SIMULATED_THREADS

#include "faultfs/env/simulated_thread.h"

#define FAULTFS_THREADS with_simulated_threads

namespace faultfs {
inline namespace with_simulated_threads {

using simulated_threads::CondVar;
using simulated_threads::Event;
using simulated_threads::ExclusiveLock;
using simulated_threads::Mutex;
using simulated_threads::MutexLock;
using simulated_threads::SharedLock;
using simulated_threads::SharedMutex;
using simulated_threads::Thread;
using simulated_threads::WaitableWord;

}  // namespace with_simulated_threads
}  // namespace faultfs

#else

#define FAULTFS_THREADS real_threads

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "faultfs/env/compact_shared_mutex.h"
#include "faultfs/env/spin.h"

namespace faultfs {
inline namespace real_threads {

class Mutex : public std::mutex {
 public:
  constexpr Mutex() = default;
  constexpr explicit Mutex(const char* /*name*/) {}

  void lock() {
    for (int i = 0; i < kSpins; ++i) {
      if (try_lock()) return;
      Pause();
    }
    std::mutex::lock();
  }
};

class SharedMutex : public CompactSharedMutex {
 public:
  constexpr SharedMutex() = default;
  constexpr explicit SharedMutex(const char* /*name*/) {}
};

using MutexLock = std::unique_lock<Mutex>;
using ExclusiveLock = std::unique_lock<SharedMutex>;
using SharedLock = std::shared_lock<SharedMutex>;
using Thread = std::thread;

/// As std::condition_variable: a Wait may end without a notification.
class CondVar {
 public:
  CondVar() = default;
  explicit CondVar(const char* /*name*/) {}

  void Wait(MutexLock& lock) { changed_.wait(lock); }
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable_any changed_;
};

/// A word that threads wait on. Everything that happened before a Store is visible after the Load
/// or the WaitWhile that returned its value.
///
/// Who waits may destroy the word once WaitWhile returned, also while the Store that ended it is
/// still at work: past the change of the value it uses the word's address and nothing else.
template <typename T>
class WaitableWord {
 public:
  constexpr explicit WaitableWord(T value, const char* /*name*/ = "") : value_(value) {}

  [[nodiscard]] T Load() const { return value_.load(std::memory_order_acquire); }
  /// Wakes everybody who waits.
  void Store(T value) {
    // Not a release: the library looks whether somebody waits without a fence of its own, and on a
    // processor with store buffers would look too early.
    value_.store(value, std::memory_order_seq_cst);
    value_.notify_all();
  }
  /// Returns the value once it is not `old`.
  T WaitWhile(T old) const {
    T value = Load();
    while (value == old) {
      value_.wait(old, std::memory_order_acquire);
      value = Load();
    }
    return value;
  }

 private:
  std::atomic<T> value_;
};

/// A level-triggered signal: Wait returns once Set was called, until Reset.
/// Everything that happened before Set is visible after the Wait that it ended.
class Event {
 public:
  constexpr Event() = default;
  constexpr explicit Event(const char* name) : set_(0, name) {}

  void Set() { set_.Store(1); }
  void Reset() { set_.Store(0); }
  void Wait() const { set_.WaitWhile(0); }
  [[nodiscard]] bool IsSet() const { return set_.Load() != 0; }

 private:
  WaitableWord<uint32_t> set_{0};
};

}  // namespace real_threads
}  // namespace faultfs

#endif
