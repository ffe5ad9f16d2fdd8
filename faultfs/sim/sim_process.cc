#include "faultfs/sim/sim_process.h"

#include <mutex>
#include <string>

#include "faultfs/env/schedule.h"

namespace faultfs {

Code SimProcess::Begin(const IoCall& call, IoDecision& decision) {
  MaySwitch(ScheduleOp::kCall, call.tag.name().empty() ? IoOpName(call.op) : call.tag.name());
  if (!alive.load(std::memory_order_acquire)) return Code::kIoError;
  if (calls.fetch_add(1, std::memory_order_relaxed) >= call_limit) {
    if (exceeded) exceeded();
    return Code::kIoError;
  }
  if (hook != nullptr) decision = hook->Decide(call);
  if (decision.action == IoDecision::Action::kEvict) volume.Evict();
  return Code::kOk;
}

void SimProcess::Attach(SimHandle& handle) {
  volume.AddOpen(handle.inode);
  // An error that nobody was told of yet is also for whoever comes later.
  const Volume::Usage& usage = volume.UsageOf(handle.inode);
  handle.errors = usage.errors - (usage.error_reported ? 0 : 1);
  if (handle.holds_lock) volume.UsageOf(handle.inode).locked = true;
  handle.next = handles;
  if (handles != nullptr) handles->previous = &handle;
  handles = &handle;
}

void SimProcess::Release(SimHandle& handle) {
  (handle.previous == nullptr ? handles : handle.previous->next) = handle.next;
  if (handle.next != nullptr) handle.next->previous = handle.previous;
  handle.previous = nullptr;
  handle.next = nullptr;
  if (handle.holds_lock) volume.UsageOf(handle.inode).locked = false;
  volume.DropOpen(handle.inode);
  handle.inode = kNoInode;
}

void SimProcess::LockAndRelease(SimHandle& handle) {
  const std::lock_guard lock(volume.mutex_);
  if (handle.inode != kNoInode) Release(handle);
}

void SimProcess::Kill() {
  if (!alive.exchange(false, std::memory_order_acq_rel)) return;
  const std::lock_guard lock(volume.mutex_);
  while (handles != nullptr) Release(*handles);
}

Status SimError(IoOp op, Code code, std::string_view path) {
  return Status::Error(code, std::string(IoOpName(op))).File(path);
}

}  // namespace faultfs
