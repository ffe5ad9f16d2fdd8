#include "harness/process/internal/child.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "faultfs/env/check.h"
#include "faultfs/env/posix_file_system.h"
#include "faultfs/fault/fault_rules.h"
#include "faultfs/fault/faulty_file_system.h"
#include "harness/explore/recovery.h"
#include "harness/explore/run.h"
#include "harness/process/internal/message.h"
#include "harness/process/internal/overheard_disk.h"
#include "harness/runner/internal/wire.h"

namespace crashlab {
namespace {

using faultfs::IoCall;
using faultfs::IoDecision;
using faultfs::IoOp;

constexpr uint64_t kPageBytes = 4096;

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  while (true) pause();
}

/// Returns once the parent's kernel has it: from then on it outlives this process. Thread-safe.
void Tell(int fd, const Message& message) {
  static std::mutex telling;
  Frame frame;
  frame.payload = Encode(message);
  const std::string bytes = Encode(frame);
  const std::lock_guard lock(telling);
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = write(fd, bytes.data() + sent, bytes.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);  // nobody is left to tell
    sent += static_cast<size_t>(n);
  }
}

std::vector<faultfs::FaultRule> ParseRules(const Case& c) {
  std::string text;
  for (const std::string& rule : c.faults) text += rule + "\n";
  Result<std::vector<faultfs::FaultRule>> rules = faultfs::ParseFaultRules(text);
  FAULTFS_CHECK(rules.ok(), "scenarios check their fault rules when they are read");
  return std::move(rules).value();
}

/// How many pages a write touches.
uint64_t Pages(const IoCall& call) {
  if (call.op != IoOp::kWrite || call.length_bytes == 0) return 0;
  const uint64_t last = call.offset_bytes + call.length_bytes - 1;
  return last / kPageBytes - call.offset_bytes / kPageBytes + 1;
}

/// Counts the calls, applies the fault rules, and dies where it shall. Thread-safe: whoever dies
/// keeps the mutex, so that no thread makes another call or tells another answer.
class DeadlyHook final : public faultfs::IoHook {
 public:
  DeadlyHook(const Case& c, const Contract& contract, uint64_t call_limit, int result_fd)
      : rules_(ParseRules(c)), contract_(contract), call_limit_(call_limit), fd_(result_fd) {}

  void KillAt(KillPoint kill, uint64_t calls_before) {
    kill_ = kill;
    calls_ = calls_before;
  }

  IoDecision Decide(const IoCall& call) override {
    std::unique_lock lock(mutex_);
    ++calls_;
    if (++calls_of_step_ > call_limit_) {
      Tell(fd_, {.kind = Message::Kind::kHung, .number = opening_ ? 1u : 0u});
      _exit(1);
    }
    if (Pages(call) > 1) wide_.push_back(calls_);
    if (calls_ == kill_.number) {
      if (kill_.when == KillWhen::kWithin && Pages(call) > 1) {
        static_cast<void>(lock.release());  // until Written
        return Tear(call);
      }
      if (kill_.when == KillWhen::kCall || kill_.when == KillWhen::kWithin) {
        DieIn("just before ", Describe(call));
      }
    }
    const IoDecision decision = rules_.Decide(call);
    if (decision.action == IoDecision::Action::kProceed) return decision;
    provocation_.Note(contract_, decision, call);
    return decision;
  }

  /// A step of the engine begins: the limit of calls is of one step, or of one of each client.
  void BeginStep(bool opening) {
    const std::lock_guard lock(mutex_);
    calls_of_step_ = 0;
    opening_ = opening;
  }

  /// The calling thread has written. A signal within a write leaves no time for what would come
  /// after it: not even for the engine to hear that it was short.
  void Written() {
    if (tearing_ == std::this_thread::get_id()) DieIn("after half of the pages of ", torn_text_);
  }

  [[nodiscard]] uint64_t calls() const { return calls_; }
  [[nodiscard]] const std::vector<uint64_t>& wide() const { return wide_; }
  [[nodiscard]] Provocation provocation() const {
    const std::lock_guard lock(mutex_);
    return provocation_;
  }

 private:
  [[nodiscard]] std::string Describe(const IoCall& call) const {
    std::string text = fmt::format("call {}: {}", calls_, faultfs::IoOpName(call.op));
    if (!call.tag.name().empty()) text += fmt::format(" {}", call.tag.name());
    text += fmt::format(" {}", call.path);
    if (call.op == IoOp::kWrite) {
      text += fmt::format(", {} bytes at {}", call.length_bytes, call.offset_bytes);
    }
    return text;
  }

  /// Ends at the boundary between two pages, as a write does that a fatal signal meets. The thread
  /// keeps the mutex: whatever the others do next they do not live to do.
  IoDecision Tear(const IoCall& call) {
    tearing_ = std::this_thread::get_id();
    torn_text_ = Describe(call);
    const uint64_t first = call.offset_bytes / kPageBytes;
    const uint64_t boundary = (first + Pages(call) / 2) * kPageBytes;
    return {.action = IoDecision::Action::kShort, .bytes = boundary - call.offset_bytes};
  }

  [[noreturn]] void DieIn(std::string_view how, const std::string& where) {
    Tell(fd_, {.kind = Message::Kind::kDying, .text = std::string(how) + where});
    Die();
  }

  mutable std::mutex mutex_;
  faultfs::FaultRules rules_;
  const Contract& contract_;
  const uint64_t call_limit_;
  const int fd_;
  KillPoint kill_;
  uint64_t calls_ = 0;
  uint64_t calls_of_step_ = 0;
  bool opening_ = false;
  std::atomic<std::thread::id> tearing_ = {};  // whose write comes short
  std::string torn_text_;                      // of that thread
  std::vector<uint64_t> wide_;
  Provocation provocation_;
};

/// Runs the program from where its life begins. The events are those of a simulated run.
class Runner {
 public:
  Runner(const Case& c, const Adapter& adapter, const ExploreOptions& options,
         const ProgramLife& life, int result_fd)
      : case_(c),
        adapter_(adapter),
        life_(life),
        fd_(result_fd),
        hook_(c, adapter.contract(), options.call_limit, result_fd),
        disk_(posix_, life.root, [this] { hook_.Written(); }),
        file_system_(disk_, hook_),
        opens_(life.open_ordinal) {
    hook_.KillAt(life.kill, life.calls);
  }

  [[noreturn]] void Run() {
    if (Open(life_.opened_by)) {
      for (OpNumber op = life_.opened_by + 1; op <= case_.program.size();) {
        if (case_.clients && !IsEverybodys(case_.program[op - 1].verb)) {
          PlayOnThreads(op);
        } else if (!Step(op++)) {
          break;
        }
      }
    }
    Message message;
    message.kind = Message::Kind::kEnded;
    message.number = hook_.calls();
    message.wide = hook_.wide();
    Tell(fd_, message);
    while (true) pause();  // the parent's SIGKILL ends it
  }

 private:
  /// From here up to what is everybody's, each client what it does.
  void PlayOnThreads(OpNumber& op) {
    std::vector<std::vector<OpNumber>> mine(ClientsOf(case_.program));
    for (; op <= case_.program.size() && !IsEverybodys(case_.program[op - 1].verb); ++op) {
      mine[case_.program[op - 1].client].push_back(op);
    }
    std::vector<std::thread> threads;
    for (const std::vector<OpNumber>& operations : mine) {
      threads.emplace_back([this, &operations] {
        for (const OpNumber each : operations) static_cast<void>(Step(each));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  bool Step(OpNumber op) {
    const Operation& operation = case_.program[op - 1];
    if (life_.kill == KillPoint{KillWhen::kOperation, op}) {
      Tell(fd_, {.kind = Message::Kind::kDying,
                 .text = fmt::format("just before operation {}: {}", op, Print(operation))});
      Die();
    }
    Take({.kind = Event::Kind::kInvoke, .op = op});
    if (operation.verb == Verb::kKill) {
      Message message;
      message.kind = Message::Kind::kEnded;
      message.number = hook_.calls();
      message.wide = hook_.wide();
      Tell(fd_, message);
      Die();
    }
    if (operation.verb == Verb::kReopen) {
      const Status closed = engine_->Close();
      Take({.kind = Event::Kind::kClosed,
            .op = op,
            .outcome = adapter_.contract().OutcomeOf(closed),
            .code = closed.code()},
           Reply{.status = closed, .value = {}, .number = 0, .dump = {}});
      engine_.reset();
      return Open(op);
    }
    const Reply reply = Apply(operation, op);
    Status background;
    if (operation.verb == Verb::kClearPersistence && reply.status.ok()) {
      background = engine_->BackgroundStatus();
    }
    Take({.kind = Event::Kind::kReturn,
          .op = op,
          .outcome = adapter_.contract().OutcomeOf(reply.status),
          .code = reply.status.code()},
         reply, background);
    return true;
  }

  Reply Apply(const Operation& operation, OpNumber op) {
    if (operation.verb != Verb::kBackground) return engine_->Apply(operation, op);
    Reply reply;
    reply.status = engine_->RunBackground();
    return reply;
  }

  bool Open(OpNumber op) {
    engine_.emplace(case_, adapter_, file_system_, kStoreDirectory, opens_++,
                    [this](bool opening) { hook_.BeginStep(opening); });
    Reply reply;
    reply.status = engine_->Open();
    if (reply.status.ok()) {
      Result<Dump> dump = engine_->ReadAll();
      reply.status = dump.status();
      if (dump.ok()) reply.dump = std::move(dump).value();
    }
    if (!reply.status.ok()) {
      Message message = Said();
      message.kind = Message::Kind::kOpenFailed;
      message.reply = std::move(reply);
      Tell(fd_, message);
      return false;
    }
    Take({.kind = Event::Kind::kOpened, .op = op}, reply);
    return true;
  }

  [[nodiscard]] Message Said() const {
    Message message;
    message.provocation = hook_.provocation();
    return message;
  }

  void Take(const Event& event, const Reply& reply = {}, const Status& background = {}) {
    Message message = Said();
    message.event = event;
    message.reply = reply;
    message.background = background;
    Tell(fd_, message);
  }

  const Case& case_;
  const Adapter& adapter_;
  const ProgramLife& life_;
  const int fd_;
  faultfs::PosixFileSystem posix_;
  DeadlyHook hook_;
  OverheardDisk disk_;
  faultfs::FaultyFileSystem file_system_;
  uint64_t opens_;
  std::optional<Engine> engine_;
};

class NoMonitor final : public Monitor {
 public:
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Counted(const Counts&) override {}
  void Hung(bool) override {}
};

void Confine(const ProcessPlan& plan) {
  if (!plan.file_size_limit_bytes) return;
  signal(SIGXFSZ, SIG_IGN);  // a write over the limit then fails with EFBIG, or is short
  const rlimit limit{*plan.file_size_limit_bytes, *plan.file_size_limit_bytes};
  FAULTFS_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0, "a limit may always be lowered");
}

}  // namespace

void LiveProgram(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                 const ProgramLife& life, int result_fd) {
  Confine(*c.process);
  Runner(c, adapter, options, life, result_fd).Run();
}

void LiveRecovery(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                  const std::string& root, uint64_t open_ordinal,
                  const std::optional<KillPoint>& kill, int result_fd) {
  Case plain = c;
  plain.faults.clear();
  faultfs::PosixFileSystem posix;
  DeadlyHook hook(plain, adapter.contract(), options.call_limit, result_fd);
  OverheardDisk disk(posix, root, [&hook] { hook.Written(); });
  if (kill) hook.KillAt(*kill, 0);
  hook.BeginStep(true);
  faultfs::FaultyFileSystem file_system(disk, hook);
  NoMonitor monitor;
  const Laboratory lab{plain, adapter, options, monitor};
  const auto reach = [&](Stage stage, const Observation& seen) {
    Message reached;
    reached.kind = Message::Kind::kReached;
    reached.number = static_cast<uint64_t>(stage);
    if (stage == Stage::kOpened) reached.life.seen = seen;
    Tell(result_fd, reached);
  };
  Message message;
  message.kind = Message::Kind::kLife;
  message.life = RecoverOn(lab, file_system, kStoreDirectory, open_ordinal,
                           kill ? StageListener(reach) : StageListener());
  if (kill && message.life.seen.open.ok() && !message.life.violation) {
    Tell(result_fd, {.kind = Message::Kind::kDying, .text = "at its end"});
    Die();
  }
  message.number = hook.calls();
  message.wide = hook.wide();
  Tell(result_fd, message);
}

}  // namespace crashlab
