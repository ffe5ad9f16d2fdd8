// WorkerProcess: the parent's handle on a forked worker, its two pipes and its end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "faultfs/env/status.h"
#include "harness/runner/internal/wire.h"

namespace crashlab {

class WorkerProcess {
 public:
  /// Runs in the child, which ends with exit code 0 when it returns.
  using Body = std::function<void(int result_fd)>;

  /// Forks. The caller must have one thread only. The child dies with its parent, leaves no core
  /// file, takes no signal meant for the parent (Ctrl-C), reads nothing, and writes what it prints
  /// to output(). kResourceExhausted.
  [[nodiscard]] static faultfs::Result<std::unique_ptr<WorkerProcess>> Start(const Body& body);

  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  /// Kills and reaps.
  ~WorkerProcess();

  /// For poll(2); -1 at its end.
  [[nodiscard]] int result_fd() const { return result_fd_; }
  [[nodiscard]] int output_fd() const { return output_fd_; }

  /// Takes what has arrived, without waiting.
  void Read();
  [[nodiscard]] FrameReader& frames() { return frames_; }
  /// The last of what it printed.
  [[nodiscard]] const std::string& output() const { return output_; }

  void Kill();
  /// The status of waitpid(2) once it has ended; all that it sent has been read then.
  [[nodiscard]] std::optional<int> Ended();
  /// Of /proc; 0 if it cannot be read.
  [[nodiscard]] uint64_t ResidentBytes() const;

 private:
  WorkerProcess(pid_t pid, int result_fd, int output_fd)
      : pid_(pid), result_fd_(result_fd), output_fd_(output_fd) {}

  pid_t pid_;
  int result_fd_;
  int output_fd_;
  std::optional<int> status_;
  FrameReader frames_;
  std::string output_;
};

}  // namespace crashlab
