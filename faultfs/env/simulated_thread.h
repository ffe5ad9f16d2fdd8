// The names of thread.h for code that a scheduler runs: one client at a time, and changes from one
// to another only in these calls (schedule.h). No atomics, no real locks: two clients never run at
// once, and two schedulers never share an object.
//
// Where no scheduler runs they work for the one thread there is; what would wait for ever is a
// failed check.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <shared_mutex>

#include "faultfs/env/check.h"
#include "faultfs/env/schedule.h"

namespace faultfs {
namespace simulated_threads {

/// Before an object changes or is waited for.
inline void Reach(ScheduleOp op, const char* name) { MaySwitch(op, name); }
/// Until somebody wakes `object`.
void WaitFor(const SchedulePoint& point, const void* object);
/// How many waited.
size_t WakeAll(const void* object);

class Mutex {
 public:
  Mutex() = default;
  explicit Mutex(const char* name) : name_(name) {}
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock();
  [[nodiscard]] bool try_lock();
  void unlock();

 private:
  const char* name_ = "mutex";
  bool held_ = false;
  uint32_t holder_ = 0;
};

class SharedMutex {
 public:
  SharedMutex() = default;
  explicit SharedMutex(const char* name) : name_(name) {}
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock();
  void unlock();
  void lock_shared();
  void unlock_shared();

 private:
  void Released();

  const char* name_ = "shared mutex";
  bool held_ = false;
  uint32_t readers_ = 0;
};

using MutexLock = std::unique_lock<Mutex>;
using ExclusiveLock = std::unique_lock<SharedMutex>;
using SharedLock = std::shared_lock<SharedMutex>;

/// Never wakes anybody who was not notified; who waited longest is first.
class CondVar {
 public:
  CondVar() = default;
  explicit CondVar(const char* name) : name_(name) {}
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(MutexLock& lock);
  void NotifyOne();
  void NotifyAll();

 private:
  struct Waiter {
    bool notified = false;
  };

  void NotifyFront();

  const char* name_ = "condition";
  std::deque<Waiter*> waiters_;
};

template <typename T>
class WaitableWord {
 public:
  constexpr explicit WaitableWord(T value, const char* name = "word")
      : value_(value), name_(name) {}
  WaitableWord(const WaitableWord&) = delete;
  WaitableWord& operator=(const WaitableWord&) = delete;

  [[nodiscard]] T Load() const { return value_; }
  void Store(T value) {
    Reach(ScheduleOp::kNotify, name_);
    value_ = value;
    WakeAll(this);
  }
  T WaitWhile(T old) const {
    Reach(ScheduleOp::kWait, name_);
    while (value_ == old) WaitFor({.op = ScheduleOp::kWait, .name = name_}, this);
    return value_;
  }

 private:
  T value_;
  const char* const name_;
};

class Event {
 public:
  constexpr Event() = default;
  constexpr explicit Event(const char* name) : set_(0, name) {}

  void Set() { set_.Store(1); }
  void Reset() { set_.Store(0); }
  void Wait() const { set_.WaitWhile(0); }
  [[nodiscard]] bool IsSet() const { return set_.Load() != 0; }

 private:
  WaitableWord<uint32_t> set_{0, "event"};
};

/// A client of its own; needs a scheduler that runs.
class Thread {
 public:
  Thread() = default;
  explicit Thread(std::function<void()> body);
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { FAULTFS_CHECK(!joinable(), "a thread must be joined"); }

  [[nodiscard]] bool joinable() const { return client_ != nullptr; }
  void join();

 private:
  const void* client_ = nullptr;
};

}  // namespace simulated_threads
}  // namespace faultfs
