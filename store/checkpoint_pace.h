// CheckpointPace: how far the log may grow while a checkpoint runs.
//
// A log that is written faster than it is merged would make each checkpoint longer than the one
// before, without end. So from a point on writers wait for the checkpoint: never for its end, but
// for as much of its work as their bytes are of what the log may still grow. A writer that the disk
// or the merge keeps up with never waits.
#pragma once

#include <cstdint>

#include "faultfs/env/thread.h"

namespace kv {

/// Begin, Done and End belong to the thread that makes the checkpoint; Wait is for all others.
class CheckpointPace {
 public:
  /// From here on the log, which has `log_bytes`, may grow by `allowance_bytes`, and by as much
  /// again in the course of about `work_bytes` of Done.
  void Begin(uint64_t log_bytes, uint64_t allowance_bytes, uint64_t work_bytes);
  /// That many more bytes were read, written or verified.
  void Done(uint64_t bytes);
  /// Nobody waits any more. Returns how much was done.
  uint64_t End();

  /// Returns once the log may have `log_bytes`.
  void Wait(uint64_t log_bytes) const;

 private:
  static constexpr uint64_t kNoLimit = UINT64_MAX;

  uint64_t free_upto_bytes_ = 0;
  uint64_t allowance_bytes_ = 0;  // 0: no checkpoint runs
  uint64_t work_bytes_ = 1;
  uint64_t done_bytes_ = 0;
  uint64_t published_bytes_ = 0;  // of done_bytes_

  faultfs::WaitableWord<uint64_t> limit_{kNoLimit, "checkpoint pace"};  // of the log's bytes
};

}  // namespace kv
