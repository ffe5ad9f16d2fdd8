#include "faultfs/env/clock.h"

#include <ctime>

#include "faultfs/env/check.h"

namespace faultfs {

uint64_t SystemClock::NowNanos() {
  timespec now{};
  FAULTFS_CHECK(::clock_gettime(CLOCK_MONOTONIC, &now) == 0, "Linux always has CLOCK_MONOTONIC");
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace faultfs
