#include "harness/runner/internal/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <utility>

namespace crashlab {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

namespace {

constexpr size_t kMaxOutputBytes = 64 << 10;

struct Pipe {
  int read_fd = -1;
  int write_fd = -1;

  [[nodiscard]] bool Open() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    read_fd = fds[0];
    write_fd = fds[1];
    return fcntl(read_fd, F_SETFL, O_NONBLOCK) == 0;
  }
  void Close() {
    if (read_fd >= 0) close(read_fd);
    if (write_fd >= 0) close(write_fd);
  }
};

void BecomeWorker(pid_t parent, int output_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before the line above
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) signal(signal_number, SIG_IGN);
  // A death is reported by the parent; by the sanitizers only, if they are there.
  signal(SIGPIPE, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  dup2(output_fd, STDOUT_FILENO);
  dup2(output_fd, STDERR_FILENO);
}

/// Appends all that can be read now. False at the end of the stream.
template <typename Append>
bool Drain(int fd, Append append) {
  char buffer[16 << 10];
  while (true) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0) {
      append(std::string_view(buffer, static_cast<size_t>(n)));
    } else if (n == 0) {
      return false;
    } else if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(const Body& body) {
  Pipe results;
  Pipe output;
  // What the parent has not written yet must not be written by the child as well.
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = results.Open() && output.Open() ? fork() : -1;
  if (pid < 0) {
    const int error = errno;
    results.Close();
    output.Close();
    return Status::Error(Code::kResourceExhausted,
                         "cannot start a worker process (errno " + std::to_string(error) + ")");
  }
  if (pid == 0) {
    BecomeWorker(parent, output.write_fd);
    close(results.read_fd);
    close(output.read_fd);
    close(output.write_fd);
    body(results.write_fd);
    _exit(0);
  }
  close(results.write_fd);
  close(output.write_fd);
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(pid, results.read_fd, output.read_fd));
}

WorkerProcess::~WorkerProcess() {
  if (!status_) {
    Kill();
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (result_fd_ >= 0) close(result_fd_);
  if (output_fd_ >= 0) close(output_fd_);
}

void WorkerProcess::Read() {
  if (result_fd_ >= 0 &&
      !Drain(result_fd_, [this](std::string_view bytes) { frames_.Append(bytes); })) {
    close(std::exchange(result_fd_, -1));
  }
  const auto append = [this](std::string_view bytes) {
    output_.append(bytes);
    if (output_.size() > kMaxOutputBytes) output_.erase(0, output_.size() - kMaxOutputBytes);
  };
  if (output_fd_ >= 0 && !Drain(output_fd_, append)) close(std::exchange(output_fd_, -1));
}

void WorkerProcess::Kill() {
  if (!status_) kill(pid_, SIGKILL);
}

std::optional<int> WorkerProcess::Ended() {
  if (status_) return status_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  status_ = status;
  Read();
  return status_;
}

uint64_t WorkerProcess::ResidentBytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace crashlab
