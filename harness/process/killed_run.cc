#include "harness/process/internal/killed_run.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "faultfs/env/clock.h"
#include "harness/history/history_checker.h"
#include "harness/process/internal/child.h"
#include "harness/process/internal/message.h"
#include "harness/runner/internal/worker_process.h"

namespace crashlab {
namespace {

// A process that says nothing for so long hangs: a backstop by wall time, which a sync on a busy
// disk must not reach. The worker shows a sign of life meanwhile.
constexpr uint64_t kSilenceNs = 60'000'000'000;
constexpr uint64_t kBeatNs = 1'000'000'000;
constexpr size_t kMostLastWords = 20;

std::string HowItDied(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return fmt::format("the process died of signal {}{}", name == nullptr ? "" : "SIG",
                       name == nullptr ? std::to_string(WTERMSIG(status)) : name);
  }
  return fmt::format("the process ended with exit code {}", WEXITSTATUS(status));
}

std::vector<std::string> LastWords(std::string_view output) {
  std::vector<std::string> lines;
  while (!output.empty()) {
    const size_t end = std::min(output.find('\n'), output.size());
    if (end > 0) lines.emplace_back(output.substr(0, end));
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  if (lines.size() > kMostLastWords) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kMostLastWords));
  }
  return lines;
}

/// A process and what it says, in order. Kills it at a moment, if there is one.
class Listener {
 public:
  Listener(WorkerProcess& process, Monitor& monitor, std::optional<uint64_t> deadline_ns)
      : process_(process), monitor_(monitor), deadline_ns_(deadline_ns) {}

  /// The next message; nullopt when the process has ended and all was heard, or it hangs.
  std::optional<Message> Next() {
    uint64_t heard_ns = clock_.NowNanos();
    while (true) {
      if (std::optional<Frame> frame = process_.frames().Next()) {
        std::optional<Message> message = DecodeMessage(frame->payload);
        if (message) return message;
        broken_ = true;
        return std::nullopt;
      }
      if (status_) return std::nullopt;
      const uint64_t now_ns = clock_.NowNanos();
      if (deadline_ns_ && now_ns >= *deadline_ns_) {
        process_.Kill();
        by_timer_ = true;
        deadline_ns_.reset();
      }
      if (now_ns - heard_ns > kSilenceNs) {
        silent_ = true;
        process_.Kill();
        return std::nullopt;
      }
      if (Wait(now_ns)) heard_ns = clock_.NowNanos();
    }
  }

  void Kill() { process_.Kill(); }
  /// Its end, which must be near.
  int Status() {
    while (!status_) {
      status_ = process_.Ended();
      if (!status_) Pause();
    }
    return *status_;
  }
  [[nodiscard]] bool silent() const { return silent_; }
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] bool by_timer() const { return by_timer_; }

 private:
  /// Until something is there, or it is time for something. Whether something was.
  bool Wait(uint64_t now_ns) {
    uint64_t wait_ns = kBeatNs;
    if (deadline_ns_) wait_ns = std::min(wait_ns, *deadline_ns_ - now_ns);
    pollfd fds[] = {{process_.result_fd(), POLLIN, 0}, {process_.output_fd(), POLLIN, 0}};
    const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000),
                           static_cast<long>(wait_ns % 1'000'000'000)};
    const int ready = ppoll(fds, std::size(fds), &timeout, nullptr);
    monitor_.Counted({});
    if (ready <= 0) return false;
    process_.Read();
    if (process_.result_fd() < 0) Status();  // its end of the pipe is closed: it is dead
    return true;
  }

  static void Pause() {
    const timespec short_while{0, 100'000};
    nanosleep(&short_while, nullptr);
  }

  WorkerProcess& process_;
  Monitor& monitor_;
  faultfs::SystemClock clock_;
  std::optional<uint64_t> deadline_ns_;
  std::optional<int> status_;
  bool silent_ = false;
  bool broken_ = false;
  bool by_timer_ = false;
};

bool MakesSnapshot(Verb verb) {
  return verb == Verb::kSnapshot || verb == Verb::kCompact || verb == Verb::kBackground;
}

class Driver {
 public:
  Driver(const Laboratory& lab, const std::string& root, const KillPoint& kill, uint64_t moment_ns)
      : lab_(lab), root_(root), kill_(kill), moment_ns_(moment_ns) {
    const Case& c = lab.subject;
    if (c.clients) {
      run_.checker =
          std::make_unique<HistoryChecker>(c.program, lab.adapter.contract(), c.store.durability);
    } else {
      run_.checker = lab.adapter.MakeChecker(c.program, c.store);
    }
  }

  Result<KilledRun> Run() && {
    const uint64_t begin_ns = clock_.NowNanos();
    std::optional<uint64_t> deadline_ns;
    if (kill_.when == KillWhen::kMoment) deadline_ns = begin_ns + moment_ns_;
    bool again = true;
    while (again) {
      FAULTFS_ASSIGN_OR_RETURN(again, Live(deadline_ns));
    }
    run_.duration_ns = clock_.NowNanos() - begin_ns;
    run_.checker->Cut();
    return std::move(run_);
  }

 private:
  /// One life. Whether another one follows, because the program had the process killed.
  Result<bool> Live(std::optional<uint64_t> deadline_ns) {
    const ProgramLife life{root_, kill_, last_op_, run_.opens, run_.calls};
    FAULTFS_ASSIGN_OR_RETURN(const std::unique_ptr<WorkerProcess> process,
                             WorkerProcess::Start([&](int fd) {
                               LiveProgram(lab_.subject, lab_.adapter, lab_.options, life, fd);
                             }));
    ++run_.opens;
    Listener listener(*process, lab_.monitor, deadline_ns);
    bool ended = false;
    bool by_itself = false;
    while (const std::optional<Message> message = listener.Next()) {
      if (message->kind == Message::Kind::kEvent) {
        Take(*message);
      } else if (message->kind == Message::Kind::kOpenFailed) {
        NoteFailedOpen(*message);
      } else if (message->kind == Message::Kind::kDying) {
        run_.killed = message->text;
        by_itself = true;
      } else if (message->kind == Message::Kind::kHung) {
        Note(Violation{message->number == 1 ? Verdict::kOpenHung : Verdict::kHang,
                       "more file-system calls than the limit" + InWhat()});
        return false;
      } else {
        ended = true;
        run_.calls = message->number;
        run_.wide.insert(run_.wide.end(), message->wide.begin(), message->wide.end());
        if (!InKill()) listener.Kill();
      }
      if (run_.live.has_value()) {
        listener.Kill();
        static_cast<void>(listener.Status());
        return false;
      }
    }
    return Ended(listener, *process, ended, by_itself);
  }

  bool Ended(Listener& listener, const WorkerProcess& process, bool ended, bool by_itself) {
    if (listener.silent()) {
      Note(Violation{Verdict::kHang, "no sign of life" + InWhat()});
      return false;
    }
    const int status = listener.Status();
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (listener.broken() || !killed || (!ended && !by_itself && !listener.by_timer())) {
      Note(Violation{Verdict::kCrash, HowItDied(status) + InWhat()});
      run_.output = LastWords(process.output());
      return false;
    }
    if (listener.by_timer()) {
      run_.killed = "by a timer" + InWhat();
    } else if (ended && InKill()) {
      Message died;
      died.event = {.kind = Event::Kind::kKilled, .op = last_op_};
      Take(died);
      return true;
    } else if (ended) {
      if (run_.killed.empty()) run_.killed = "at the end of the run";
      Note(run_.checker->Finish());
    }
    return false;
  }

  /// Whether the last that was heard is that the program wants its process killed.
  [[nodiscard]] bool InKill() const {
    if (run_.events.empty()) return false;
    const Event& last = run_.events.back();
    return last.kind == Event::Kind::kInvoke && OperationAt(last.op).verb == Verb::kKill;
  }

  [[nodiscard]] std::string InWhat() const {
    if (run_.events.empty()) return ", in the first Open";
    const Event& last = run_.events.back();
    if (last.kind == Event::Kind::kKilled) return fmt::format(", in the Open after {}", last.op);
    const bool within = last.kind == Event::Kind::kInvoke || last.kind == Event::Kind::kClosed;
    if (last.op == 0) return ", before the first operation";
    return fmt::format(", {} operation {} ({})", within ? "in" : "after", last.op,
                       Print(OperationAt(last.op)));
  }

  void Take(const Message& message) {
    const Event& event = message.event;
    if (event.op > lab_.subject.program.size()) return;
    if (event.kind == Event::Kind::kClosed) ++run_.opens;  // the next one begins
    last_op_ = event.op;
    run_.events.push_back(event);
    Note(run_.checker->Take(event, message.reply));
    if (event.kind == Event::Kind::kReturn) {
      const Verb verb = OperationAt(event.op).verb;
      NoteUnprovoked(message, message.reply.status, MakesSnapshot(verb));
      NoteUnprovoked(message, message.background, /*is_snapshot=*/true);
    } else if (event.kind == Event::Kind::kClosed) {
      NoteUnprovoked(message, message.reply.status, /*is_snapshot=*/false);
    }
  }

  // On a small disk anything may fail at any time.
  [[nodiscard]] Provocation ProvocationOf(const Message& message) const {
    if (lab_.subject.process->Confines()) return {.any = true, .harmful = true};
    return message.provocation;
  }

  void NoteFailedOpen(const Message& message) {
    const Status& status = message.reply.status;
    run_.killed = "after an Open that failed: " + status.ToString();
    Note(JudgeFailedOpen(status, ProvocationOf(message)));
  }

  void NoteUnprovoked(const Message& message, const Status& status, bool is_snapshot) {
    Note(JudgeUnprovoked(lab_.subject, message.event.op, status, is_snapshot,
                         lab_.adapter.contract(), ProvocationOf(message)));
  }

  void Note(const std::optional<Violation>& violation) {
    if (violation.has_value() && !run_.live.has_value()) run_.live = violation;
  }

  [[nodiscard]] const Operation& OperationAt(OpNumber op) const {
    return lab_.subject.program[op - 1];
  }

  const Laboratory& lab_;
  const std::string& root_;
  const KillPoint kill_;
  const uint64_t moment_ns_;
  faultfs::SystemClock clock_;
  KilledRun run_;
  OpNumber last_op_ = 0;
};

}  // namespace

Result<KilledRun> RunAndKill(const Laboratory& lab, const std::string& root, const KillPoint& kill,
                             uint64_t moment_ns) {
  return Driver(lab, root, kill, moment_ns).Run();
}

Result<KilledRecovery> RecoverApart(const Laboratory& lab, const std::string& root,
                                    uint64_t open_ordinal, const std::optional<KillPoint>& kill) {
  FAULTFS_ASSIGN_OR_RETURN(
      const std::unique_ptr<WorkerProcess> process, WorkerProcess::Start([&](int fd) {
        LiveRecovery(lab.subject, lab.adapter, lab.options, root, open_ordinal, kill, fd);
      }));
  Listener listener(*process, lab.monitor, std::nullopt);
  KilledRecovery recovery;
  bool told = false;
  while (std::optional<Message> message = listener.Next()) {
    if (message->kind == Message::Kind::kHung) {
      recovery.violation = {Verdict::kOpenHung,
                            "more file-system calls than the limit, in a "
                            "recovery"};
      return recovery;
    }
    if (message->kind == Message::Kind::kReached) {
      constexpr auto kLast = static_cast<uint64_t>(Stage::kReopened);
      recovery.stage = static_cast<Stage>(std::min(message->number, kLast));
      if (recovery.stage == Stage::kOpened) recovery.life = std::move(message->life);
    } else if (message->kind == Message::Kind::kDying) {
      recovery.killed = message->text;
    } else if (message->kind == Message::Kind::kLife) {
      told = true;
      recovery.life = std::move(message->life);
      recovery.calls = message->number;
      recovery.wide = std::move(message->wide);
    }
  }
  if (listener.silent()) {
    recovery.violation = {Verdict::kOpenHung, "no sign of life, in a recovery"};
    return recovery;
  }
  const int status = listener.Status();
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  const bool as_asked = recovery.killed.empty() ? told && status == 0 : killed;
  if (as_asked && !listener.broken()) return recovery;
  recovery.violation = {Verdict::kCrash, HowItDied(status) + ", in a recovery"};
  recovery.output = LastWords(process->output());
  return recovery;
}

}  // namespace crashlab
