// SimProcess: the part of a SimFileSystem that its files and locks share, and that Kill ends.
// Internal to faultfs/sim/.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "faultfs/env/io_hook.h"
#include "faultfs/env/status.h"
#include "faultfs/sim/volume.h"

namespace faultfs {

/// An open descriptor: a node in its process's list. `inode` is kNoInode once it is released.
struct SimHandle {
  InodeNumber inode = kNoInode;
  bool holds_lock = false;
  uint32_t errors = 0;  // Volume::Usage::errors, of those that are not this descriptor's affair
  SimHandle* previous = nullptr;
  SimHandle* next = nullptr;
};

/// What a call may need room for.
struct SpaceDemand {
  bool inode = false;           // a file or directory that it makes
  InodeNumber file = kNoInode;  // to whose content, at the place that the call says
};

struct SimProcess {
  SimProcess(Volume& v, IoHook* h) : volume(v), hook(h) {}
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  /// At the start of every call: counts it and shows it to the hook. kOk to go on with `decision`,
  /// which may say kFail: what that means is the call's affair.
  [[nodiscard]] Code Begin(const IoCall& call, IoDecision& decision, SpaceDemand demand = {});

  // The volume's lock must be held.
  void Attach(SimHandle& handle);
  void Release(SimHandle& handle);

  // The volume's lock must not be held.
  void LockAndRelease(SimHandle& handle);
  void Kill();

  /// Asks the hook. What a full disk comes to (kFull) is kShort, kFail or nothing.
  [[nodiscard]] IoDecision Ask(const IoCall& call, SpaceDemand demand);
  /// The volume's lock must be held.
  [[nodiscard]] uint64_t GrowthBytes(const IoCall& call, SpaceDemand demand) const;

  Volume& volume;
  IoHook* const hook;
  std::atomic<bool> alive{true};
  std::atomic<uint64_t> calls{0};
  uint64_t call_limit = UINT64_MAX;
  std::function<void()> exceeded;
  SimHandle* handles = nullptr;  // guarded by the volume's lock
};

/// What a failing call returns.
[[nodiscard]] Status SimError(IoOp op, Code code, std::string_view path);

/// The code of a decision to fail; a hook that names none gets kIoError.
[[nodiscard]] inline Code FailCode(const IoDecision& decision) {
  return decision.code == Code::kOk ? Code::kIoError : decision.code;
}

[[nodiscard]] inline SyncOutcome OutcomeOf(const IoDecision& decision) {
  switch (decision.action) {
    case IoDecision::Action::kFail:
      return SyncOutcome::kFailed;
    case IoDecision::Action::kIgnore:
      return SyncOutcome::kIgnored;
    case IoDecision::Action::kLate:
      return SyncOutcome::kLate;
    case IoDecision::Action::kProceed:
    case IoDecision::Action::kShort:
    case IoDecision::Action::kEvict:
    case IoDecision::Action::kFull:
      break;
  }
  return SyncOutcome::kOk;
}

}  // namespace faultfs
