#include "faultfs/env/simulated_thread.h"

#include <utility>

namespace faultfs {
namespace simulated_threads {
namespace {

uint32_t CurrentClient() {
  const ScheduleSeam* const seam = ScheduleSeam::Current();
  return seam == nullptr ? 0 : seam->current();
}

}  // namespace

void WaitFor(const SchedulePoint& point, const void* object) {
  ScheduleSeam* const seam = ScheduleSeam::Current();
  FAULTFS_CHECK(seam != nullptr, "waits for ever: no scheduler runs that could run another");
  seam->Block(point, object);
}

size_t WakeAll(const void* object) {
  ScheduleSeam* const seam = ScheduleSeam::Current();
  return seam == nullptr ? 0 : seam->Wake(object);
}

void Mutex::lock() {
  Reach(ScheduleOp::kLock, name_);
  while (held_) WaitFor({.op = ScheduleOp::kLock, .name = name_, .holder = holder_}, this);
  held_ = true;
  holder_ = CurrentClient();
}

bool Mutex::try_lock() {
  Reach(ScheduleOp::kLock, name_);
  if (held_) return false;
  held_ = true;
  holder_ = CurrentClient();
  return true;
}

void Mutex::unlock() {
  FAULTFS_CHECK(held_, "only what is locked is unlocked");
  held_ = false;
  if (WakeAll(this) > 0) Reach(ScheduleOp::kUnlock, name_);
}

void SharedMutex::lock() {
  Reach(ScheduleOp::kLock, name_);
  while (held_ || readers_ > 0) WaitFor({.op = ScheduleOp::kLock, .name = name_}, this);
  held_ = true;
}

void SharedMutex::unlock() {
  FAULTFS_CHECK(held_, "only what is locked is unlocked");
  held_ = false;
  Released();
}

void SharedMutex::lock_shared() {
  Reach(ScheduleOp::kLockShared, name_);
  while (held_) WaitFor({.op = ScheduleOp::kLockShared, .name = name_}, this);
  ++readers_;
}

void SharedMutex::unlock_shared() {
  FAULTFS_CHECK(readers_ > 0, "only what is locked is unlocked");
  if (--readers_ == 0) Released();
}

void SharedMutex::Released() {
  if (WakeAll(this) > 0) Reach(ScheduleOp::kUnlock, name_);
}

void CondVar::Wait(MutexLock& lock) {
  Waiter waiter;
  waiters_.push_back(&waiter);  // before the lock goes: no notification in between is lost
  lock.unlock();
  while (!waiter.notified) WaitFor({.op = ScheduleOp::kWait, .name = name_}, &waiter);
  lock.lock();
}

void CondVar::NotifyOne() {
  Reach(ScheduleOp::kNotify, name_);
  if (!waiters_.empty()) NotifyFront();
}

void CondVar::NotifyAll() {
  Reach(ScheduleOp::kNotify, name_);
  while (!waiters_.empty()) NotifyFront();
}

void CondVar::NotifyFront() {
  Waiter* const waiter = waiters_.front();
  waiters_.pop_front();
  waiter->notified = true;
  WakeAll(waiter);
}

Thread::Thread(std::function<void()> body) {
  ScheduleSeam* const seam = ScheduleSeam::Current();
  FAULTFS_CHECK(seam != nullptr, "a simulated thread needs a scheduler that runs");
  client_ = seam->Spawn(std::move(body));
  Reach(ScheduleOp::kSpawn, "thread");
}

Thread::Thread(Thread&& other) noexcept : client_(std::exchange(other.client_, nullptr)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  FAULTFS_CHECK(!joinable(), "a thread must be joined");
  client_ = std::exchange(other.client_, nullptr);
  return *this;
}

void Thread::join() {
  FAULTFS_CHECK(joinable(), "a thread is joined once");
  ScheduleSeam* const seam = ScheduleSeam::Current();
  FAULTFS_CHECK(seam != nullptr, "waits for ever: no scheduler runs that could run the thread");
  Reach(ScheduleOp::kJoin, "thread");
  while (!seam->HasEnded(client_)) {
    WaitFor({.op = ScheduleOp::kJoin, .name = "thread"}, client_);
  }
  client_ = nullptr;
}

}  // namespace simulated_threads
}  // namespace faultfs
