#include "harness/runner/internal/worker_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/env/clock.h"
#include "harness/runner/internal/death.h"
#include "harness/runner/internal/worker_page.h"
#include "harness/runner/internal/worker_process.h"

namespace crashlab {
namespace {

using faultfs::Result;
using faultfs::Status;

constexpr int kTickMs = 50;
constexpr uint64_t kMemoryCheckTicks = 2;
// A parent that was stopped (Ctrl-Z) or starved must not take the gap for a worker's silence.
constexpr uint64_t kMaxCountedGapMs = 4 * kTickMs;

// Workers in a row that died without a job at hand, before this is no accident.
constexpr uint64_t kMaxBarren = 100;

/// Why the pool killed a worker.
enum class Killed : uint8_t { kNot, kUnwanted, kSilent, kMemory, kGarbage };

/// A worker and what it is there for.
struct Slot {
  size_t index = 0;
  std::unique_ptr<WorkerProcess> process;
  Killed killed = Killed::kNot;
  uint64_t heartbeat = 0;
  uint64_t silent_ms = 0;
  std::vector<Finding> found;  // in the job at hand
  // While a worker looks for the place where the one before it died:
  bool locating = false;
  uint64_t job = kNoJob;
  Death death;
};

/// What was printed since the job began (or as much of it as was kept).
std::string_view OutputOf(uint64_t job, std::string_view output) {
  const std::string mark = OutputMark(job);
  const size_t at = output.rfind(mark);
  return at == output.npos ? output : output.substr(at + mark.size());
}

class Pool {
 public:
  Pool(uint64_t jobs, const WorkFunction& work, const PoolOptions& options, PoolClient& client,
       WorkerPage page)
      : jobs_(jobs),
        work_(work),
        options_(options),
        client_(client),
        page_(std::move(page)),
        done_(jobs, false),
        slots_(options.workers) {
    for (size_t i = 0; i < slots_.size(); ++i) slots_[i].index = i;
    page_.SetLimit(Limit());
  }

  Status Run() {
    for (Slot& slot : slots_) StartWorking(slot);
    last_ms_ = NowMs();
    while (true) {
      if (Idle() && !StartMissing()) return all_done() ? Status() : start_error_;
      Wait();
      for (Slot& slot : slots_) {
        if (slot.process != nullptr) Attend(slot);
      }
      if (barren_ > kMaxBarren) {
        return Status::Error(faultfs::Code::kResourceExhausted,
                             "worker processes die before they begin a job");
      }
      if (!TickIfDue()) return {};
    }
  }

 private:
  uint64_t Limit() const { return std::min(jobs_, client_.Limit()); }
  bool Wanted(uint64_t job) const { return job < Limit(); }
  uint64_t NowMs() { return clock_.NowNanos() / 1'000'000; }
  bool Idle() const {
    return std::all_of(slots_.begin(), slots_.end(),
                       [](const Slot& slot) { return slot.process == nullptr; });
  }
  bool all_done() const { return FirstMissing() == kNoJob; }
  uint64_t FirstMissing() const {
    for (uint64_t job = 0; job < Limit(); ++job) {
      if (!done_[job]) return job;
    }
    return kNoJob;
  }

  void SetDone(uint64_t job) {
    done_[job] = true;
    barren_ = 0;
  }

  void Start(Slot& slot, const WorkerProcess::Body& body) {
    slot.killed = Killed::kNot;
    slot.silent_ms = 0;
    slot.found.clear();
    auto process = WorkerProcess::Start(body);
    if (process.ok()) {
      slot.process = std::move(process).value();
    } else {
      start_error_ = process.status();
    }
  }

  void StartWorking(Slot& slot, uint64_t first_job = kNoJob) {
    if (!again_.empty() && first_job == kNoJob) {
      first_job = again_.front();
      again_.pop_front();
    }
    slot.locating = false;
    page_.SetLimit(Limit());
    page_.note(slot.index).job.store(kNoJob);
    page_.note(slot.index).hung.store(HungIn::kNowhere);
    Start(slot, [this, index = slot.index, first_job](int result_fd) {
      Work(page_, index, first_job, work_, result_fd);
    });
  }

  void StartLocating(Slot& slot, uint64_t job, Death death) {
    slot.locating = true;
    slot.job = job;
    slot.death = std::move(death);
    Start(slot, [this, index = slot.index, job, recovery = slot.death.recovery](int result_fd) {
      Locate(page_.note(index), job, recovery, work_, result_fd);
    });
    if (slot.process == nullptr) Report(job, std::move(slot.death));
  }

  /// Jobs that got lost between two workers, by a death after the number was taken and before it
  /// was noted. True if there is one and a worker for it.
  bool StartMissing() {
    const uint64_t job = again_.empty() ? FirstMissing() : kNoJob;
    if (job == kNoJob && again_.empty()) return false;
    StartWorking(slots_.front(), job);
    return slots_.front().process != nullptr;
  }

  void Wait() {
    std::vector<pollfd> fds;
    for (const Slot& slot : slots_) {
      if (slot.process == nullptr) continue;
      for (const int fd : {slot.process->result_fd(), slot.process->output_fd()}) {
        if (fd >= 0) fds.push_back({fd, POLLIN, 0});
      }
    }
    // A worker whose pipes are closed is about to end: look again soon.
    const int timeout_ms = fds.empty() ? 5 : kTickMs;
    static_cast<void>(poll(fds.data(), fds.size(), timeout_ms));
  }

  void Attend(Slot& slot) {
    slot.process->Read();
    TakeFrames(slot);
    const std::optional<int> status = slot.process->Ended();
    if (!status) return;
    TakeFrames(slot);
    const std::string output = slot.process->output();
    slot.process.reset();
    if (slot.locating) {
      Report(slot.job, std::move(slot.death));
      StartWorking(slot);
    } else {
      AfterWorker(slot, *status, output);
    }
  }

  void TakeFrames(Slot& slot) {
    while (std::optional<Frame> frame = slot.process->frames().Next()) TakeFrame(slot, *frame);
    if (slot.process->frames().broken()) KillFor(slot, Killed::kGarbage);
  }

  void TakeFrame(Slot& slot, const Frame& frame) {
    if (frame.job >= jobs_ || slot.killed == Killed::kGarbage) {
      return KillFor(slot, Killed::kGarbage);
    }
    if (slot.locating) {
      if (frame.kind != Frame::Kind::kPlace) return;  // it did not come as far as the one before
      slot.death.place = DecodePlace(frame.payload);
      return;
    }
    if (frame.kind == Frame::Kind::kPlace) return KillFor(slot, Killed::kGarbage);
    if (frame.kind == Frame::Kind::kFinding) {
      const std::optional<Finding> finding = DecodeFinding(frame.payload);
      if (!finding) return KillFor(slot, Killed::kGarbage);
      if (!done_[frame.job] && Wanted(frame.job)) client_.Found(frame.job, *finding);
      slot.found.push_back(*finding);
      return;
    }
    if (done_[frame.job] || !Wanted(frame.job)) return;
    if (!client_.Done(frame.job, frame.payload, frame.duration_ns)) {
      return KillFor(slot, Killed::kGarbage);
    }
    SetDone(frame.job);
    slot.found.clear();
  }

  void KillFor(Slot& slot, Killed why) {
    if (slot.killed != Killed::kNot) return;
    slot.killed = why;
    slot.process->Kill();
  }

  void AfterWorker(Slot& slot, int wait_status, const std::string& output) {
    const WorkerNote& note = page_.note(slot.index);
    const uint64_t job = note.job.load();
    const bool at_work = job < jobs_ && !done_[job];
    if (at_work && Wanted(job)) {
      if (slot.killed == Killed::kMemory && tried_again_.insert(job).second) {
        again_.push_back(job);
      } else {
        Death death = DeathOf(slot, wait_status, output);
        if (death.recovery > 0) return StartLocating(slot, job, std::move(death));
        Report(job, std::move(death));
      }
    }
    // Without anything to do, a worker that came to its end is the last of its slot.
    const bool finished = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0 && !at_work;
    if (!finished && !at_work) ++barren_;
    if (!finished || !again_.empty()) StartWorking(slot);
  }

  Death DeathOf(Slot& slot, int wait_status, const std::string& output) {
    const WorkerNote& note = page_.note(slot.index);
    Death death;
    death.counts = note.GetCounts();
    death.recovery = note.recovery.load();
    death.found = std::move(slot.found);
    death.last_words = LastWords(OutputOf(note.job.load(), output));
    if (const HungIn hung = note.hung.load(); hung != HungIn::kNowhere) {
      death.verdict = hung == HungIn::kOpen ? Verdict::kOpenHung : Verdict::kHang;
      death.how = "made more file-system calls than its limit";
    } else if (slot.killed == Killed::kSilent) {
      death.verdict = Verdict::kHang;
      death.how = fmt::format("gave no sign of life for {} ms of wall time, and was killed",
                              options_.hang_ms);
    } else if (slot.killed == Killed::kMemory) {
      death.how = fmt::format("used more memory than its limit of {} MiB, and was killed",
                              options_.memory_bytes >> 20);
    } else if (slot.killed == Killed::kGarbage) {
      death.how = "sent something that is no result, and was killed";
    } else {
      death.how = DescribeEnd(wait_status);
    }
    death.how = "the worker process " + death.how;
    return death;
  }

  void Report(uint64_t job, Death death) {
    if (done_[job] || !Wanted(job)) return;
    SetDone(job);
    client_.Died(job, std::move(death));
  }

  bool TickIfDue() {
    const uint64_t now_ms = NowMs();
    const uint64_t gap_ms = now_ms - last_ms_;
    if (gap_ms < kTickMs) return true;
    last_ms_ = now_ms;
    ++ticks_;
    page_.SetLimit(Limit());
    Counts running;
    for (Slot& slot : slots_) {
      if (slot.process == nullptr) continue;
      Watch(slot, std::min(gap_ms, kMaxCountedGapMs));
      const WorkerNote& note = page_.note(slot.index);
      const uint64_t job = note.job.load();
      if (!slot.locating && job < jobs_ && !done_[job]) running += note.GetCounts();
    }
    return client_.Tick(running);
  }

  void Watch(Slot& slot, uint64_t gap_ms) {
    const WorkerNote& note = page_.note(slot.index);
    const uint64_t job = slot.locating ? slot.job : note.job.load();
    if (job != kNoJob && !Wanted(job)) return KillFor(slot, Killed::kUnwanted);
    const uint64_t heartbeat = note.heartbeat.load(std::memory_order_relaxed);
    if (heartbeat != slot.heartbeat) {
      slot.heartbeat = heartbeat;
      slot.silent_ms = 0;
    } else if ((slot.silent_ms += gap_ms) >= options_.hang_ms) {
      return KillFor(slot, Killed::kSilent);
    }
    // Who looks for the place may eat as much as who was killed, some time after the limit.
    const uint64_t limit_bytes = options_.memory_bytes * (slot.locating ? 4 : 1);
    if (ticks_ % kMemoryCheckTicks == 0 && slot.process->ResidentBytes() > limit_bytes) {
      KillFor(slot, Killed::kMemory);
    }
  }

  const uint64_t jobs_;
  const WorkFunction& work_;
  const PoolOptions options_;
  PoolClient& client_;
  WorkerPage page_;
  std::vector<bool> done_;
  std::vector<Slot> slots_;
  std::deque<uint64_t> again_;  // to be done once more, each in a new worker
  std::set<uint64_t> tried_again_;
  Status start_error_;
  faultfs::SystemClock clock_;
  uint64_t barren_ = 0;
  uint64_t last_ms_ = 0;
  uint64_t ticks_ = 0;
};

}  // namespace

Status RunPool(uint64_t jobs, const WorkFunction& work, const PoolOptions& options,
               PoolClient& client) {
  if (jobs == 0) return {};
  FAULTFS_CHECK(options.workers > 0, "somebody has to do it");
  FAULTFS_ASSIGN_OR_RETURN(WorkerPage page, WorkerPage::Make(options.workers));
  return Pool(jobs, work, options, client, std::move(page)).Run();
}

}  // namespace crashlab
