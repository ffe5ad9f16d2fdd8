#include "store/cli/signal_gate.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "faultfs/env/check.h"

namespace kv::cli {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

SignalGate::SignalGate() {
  const sigset_t set = StopSignals();
  FAULTFS_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0, "the set is a valid one");
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  FAULTFS_CHECK(signal_fd_ >= 0, "a process can have one descriptor more");
}

SignalGate::~SignalGate() {
  while (Take() != 0) {
    // The program is ending already; the same signal once more must not change how.
  }
  close(signal_fd_);
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int SignalGate::WaitFor(int fd) {
  pollfd waits[] = {{.fd = signal_fd_, .events = POLLIN, .revents = 0},
                    {.fd = fd, .events = POLLIN, .revents = 0}};
  while (true) {
    // Any other outcome is EINTR, of a signal that is not ours.
    if (poll(waits, 2, -1) <= 0) continue;
    if (const int signal = Take(); signal != 0) return signal;
    if (waits[1].revents != 0) return 0;
  }
}

int SignalGate::Take() {
  signalfd_siginfo info;
  const bool came = read(signal_fd_, &info, sizeof(info)) == sizeof(info);
  return came ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace kv::cli
