// Time as store code may see it. No decision of a simulated run may depend on a real clock.
#pragma once

#include <cstdint>

namespace faultfs {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since an arbitrary start; never goes back. Thread-safe.
  [[nodiscard]] virtual uint64_t NowNanos() = 0;
};

/// CLOCK_MONOTONIC.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] uint64_t NowNanos() override;
};

/// Stands still until told to move; not thread-safe while it is moved.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] uint64_t NowNanos() override { return now_ns_; }
  void Advance(uint64_t delta_ns) { now_ns_ += delta_ns; }

 private:
  uint64_t now_ns_ = 0;
};

}  // namespace faultfs
