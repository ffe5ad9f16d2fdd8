#include "faultfs/sim/sim_process.h"

#include <mutex>
#include <string>

#include "faultfs/env/schedule.h"

namespace faultfs {

Code SimProcess::Begin(const IoCall& call, IoDecision& decision, SpaceDemand demand) {
  MaySwitch(ScheduleOp::kCall, call.tag.name().empty() ? IoOpName(call.op) : call.tag.name());
  if (!alive.load(std::memory_order_acquire)) return Code::kIoError;
  if (calls.fetch_add(1, std::memory_order_relaxed) >= call_limit) {
    if (exceeded) exceeded();
    return Code::kIoError;
  }
  if (hook != nullptr) decision = Ask(call, demand);
  return Code::kOk;
}

IoDecision SimProcess::Ask(const IoCall& call, SpaceDemand demand) {
  IoCall shown = call;
  if (hook->NeedsSpace()) {
    const std::lock_guard lock(volume.mutex_);
    shown.used_bytes = volume.space_.UsedBytes(volume.live_);
    shown.grows_bytes = GrowthBytes(call, demand);
  }
  const IoDecision decision = hook->Decide(shown);
  if (decision.evicts && volume.Evict(decision.page)) hook->Evicted(call);
  if (decision.action != IoDecision::Action::kFull) return decision;
  const std::lock_guard lock(volume.mutex_);
  if (GrowthBytes(call, demand) <= decision.bytes) return {};
  const uint64_t fitting =
      call.op != IoOp::kWrite
          ? 0
          : volume.space_.FittingBytes(volume.live_, demand.file, call.offset_bytes,
                                       call.length_bytes, decision.bytes);
  if (fitting > 0) return {.action = IoDecision::Action::kShort, .bytes = fitting};
  return {.action = IoDecision::Action::kFail, .code = Code::kNoSpace};
}

uint64_t SimProcess::GrowthBytes(const IoCall& call, SpaceDemand demand) const {
  if (demand.inode) return kBlockBytes;
  // Another thread may have closed and removed it meanwhile.
  if (demand.file == kNoInode || volume.live_.Find(demand.file) == nullptr) return 0;
  return volume.space_.GrowthBytes(volume.live_, demand.file, call.offset_bytes, call.length_bytes);
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
