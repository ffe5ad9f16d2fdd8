// SignalGate: signals that ask a program to stop are taken while it waits for input and at no other
// moment, so that none interrupts a command half-way.
#pragma once

namespace kv::cli {

/// Blocks SIGINT, SIGTERM and SIGHUP in the calling thread, and so in every thread it starts, until
/// it goes. One at a time.
class SignalGate {
 public:
  SignalGate();
  ~SignalGate();
  SignalGate(const SignalGate&) = delete;
  SignalGate& operator=(const SignalGate&) = delete;

  /// Waits until `fd` can be read (or has ended, or failed): 0. Or until one of the signals came:
  /// its number; a signal that was pending comes first.
  [[nodiscard]] int WaitFor(int fd);
  /// The number of a signal that came; 0: none. Does not wait.
  [[nodiscard]] int Take();

 private:
  int signal_fd_;
};

}  // namespace kv::cli
