#include "harness/runner/internal/worker.h"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "faultfs/env/clock.h"
#include "harness/runner/internal/wire.h"

namespace crashlab {
namespace {

/// Ends the process if the parent is gone: nobody is left to tell.
void SendAll(int fd, const Frame& frame) {
  const std::string bytes = Encode(frame);
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + sent, bytes.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    sent += static_cast<size_t>(n);
  }
}

void MarkOutput(uint64_t job) {
  const std::string mark = OutputMark(job);
  static_cast<void>(!write(STDERR_FILENO, mark.data(), mark.size()));
}

class NotingMonitor : public Monitor {
 public:
  NotingMonitor(WorkerNote& note, uint64_t job, int result_fd)
      : note_(note), job_(job), result_fd_(result_fd) {}

  void Recovering(const std::function<std::vector<CrashStep>()>&) override {
    note_.recovery.store(++recovery_, std::memory_order_relaxed);
    Beat();
  }
  void Counted(const Counts& counts) override {
    note_.SetCounts(counts);
    Beat();
  }
  void Hung(bool in_open) override {
    note_.hung.store(in_open ? HungIn::kOpen : HungIn::kCall);
    _exit(1);
  }
  void Found(const Finding& finding) override {
    SendAll(result_fd_, {Frame::Kind::kFinding, job_, 0, Encode(finding)});
  }

 private:
  void Beat() { note_.heartbeat.store(++heartbeat_, std::memory_order_relaxed); }

  WorkerNote& note_;
  const uint64_t job_;
  const int result_fd_;
  uint64_t recovery_ = 0;
  uint64_t heartbeat_ = note_.heartbeat.load();
};

class LocatingMonitor final : public Monitor {
 public:
  LocatingMonitor(WorkerNote& note, uint64_t job, uint64_t recovery, int result_fd)
      : note_(note), job_(job), recovery_(recovery), result_fd_(result_fd) {}

  void Recovering(const std::function<std::vector<CrashStep>()>& chain) override {
    note_.heartbeat.fetch_add(1, std::memory_order_relaxed);
    if (++seen_ < recovery_) return;
    place_.chain = chain();
    SendAll(result_fd_, {Frame::Kind::kPlace, job_, 0, Encode(place_)});
    _exit(0);
  }
  void Counted(const Counts&) override { note_.heartbeat.fetch_add(1, std::memory_order_relaxed); }
  void Hung(bool) override { _exit(1); }
  void Exploring(const faultfs::PersistenceModel& model) override { place_.model = model; }
  void Sweeping(const std::string& rule) override { place_.fault = rule; }
  void Scheduling(const std::string& schedule) override { place_.schedule = schedule; }

 private:
  WorkerNote& note_;
  const uint64_t job_;
  const uint64_t recovery_;
  const int result_fd_;
  uint64_t seen_ = 0;
  Place place_;
};

}  // namespace

std::string OutputMark(uint64_t job) {
  return std::string("\0job ", 5) + std::to_string(job) + "\n";
}

void Work(WorkerPage& page, size_t worker, uint64_t first_job, const WorkFunction& work,
          int result_fd) {
  WorkerNote& note = page.note(worker);
  faultfs::SystemClock clock;
  for (uint64_t job = first_job != kNoJob ? first_job : page.Take(); job != kNoJob;
       job = page.Take()) {
    note.BeginJob(job);
    MarkOutput(job);
    NotingMonitor monitor(note, job, result_fd);
    const uint64_t begin_ns = clock.NowNanos();
    Frame frame{Frame::Kind::kResult, job, 0, work(job, monitor)};
    frame.duration_ns = clock.NowNanos() - begin_ns;
    SendAll(result_fd, frame);
    note.job.store(kNoJob, std::memory_order_release);
  }
}

void Locate(WorkerNote& note, uint64_t job, uint64_t recovery, const WorkFunction& work,
            int result_fd) {
  LocatingMonitor monitor(note, job, recovery, result_fd);
  static_cast<void>(work(job, monitor));
}

}  // namespace crashlab
