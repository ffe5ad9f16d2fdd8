// Ctrl-C and its like as a flag, while an object of this class lives.
#pragma once

#include <signal.h>

#include <atomic>
#include <iterator>

namespace crashlab {

/// One at a time. The first SIGINT, SIGTERM or SIGHUP sets the flag; a second one of
/// the same kind kills, as it would without this.
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  [[nodiscard]] const std::atomic<bool>& flag() const;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before_[std::size(kSignals)];
};

}  // namespace crashlab
