#include "store/checkpoint_pace.h"

#include <algorithm>

#include "faultfs/env/check.h"

namespace kv {
namespace {

// How often the limit is moved: rarely enough to cost nothing.
constexpr uint64_t kStepBytes = uint64_t{64} << 10;

}  // namespace

void CheckpointPace::Begin(uint64_t log_bytes, uint64_t allowance_bytes, uint64_t work_bytes) {
  FAULTFS_CHECK(allowance_bytes > 0, "a log that may not grow holds up its writers");
  free_upto_bytes_ = log_bytes + allowance_bytes;
  allowance_bytes_ = allowance_bytes;
  work_bytes_ = std::max<uint64_t>(work_bytes, 1);
  done_bytes_ = 0;
  published_bytes_ = 0;
  limit_.Store(free_upto_bytes_);
}

void CheckpointPace::Done(uint64_t bytes) {
  done_bytes_ += bytes;
  if (allowance_bytes_ == 0 || done_bytes_ - published_bytes_ < kStepBytes) return;
  published_bytes_ = done_bytes_;
  const double share =
      std::min(1.0, static_cast<double>(done_bytes_) / static_cast<double>(work_bytes_));
  limit_.Store(free_upto_bytes_ +
               static_cast<uint64_t>(share * static_cast<double>(allowance_bytes_)));
}

uint64_t CheckpointPace::End() {
  allowance_bytes_ = 0;
  limit_.Store(kNoLimit);
  return done_bytes_;
}

void CheckpointPace::Wait(uint64_t log_bytes) const {
  uint64_t limit = limit_.Load();
  while (log_bytes > limit) limit = limit_.WaitWhile(limit);
}

}  // namespace kv
