#include "harness/explore/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/sim/scheduler.h"
#include "harness/explore/provocation.h"
#include "harness/explore/rotten.h"
#include "harness/explore/schedules.h"
#include "harness/explore/step_coverage.h"
#include "harness/history/history_checker.h"

namespace crashlab {
namespace {

using faultfs::Hash128;

Hash128 Fold(Hash128 digest, std::string_view bytes) {
  return faultfs::Combine(digest, faultfs::HashBytes(bytes));
}

Hash128 DigestOf(const faultfs::Trace& trace, const std::vector<Event>& events) {
  Hash128 digest = faultfs::HashBytes(faultfs::Describe(trace));
  for (const faultfs::TraceOp& op : trace.ops) digest = Fold(digest, op.data);
  for (const Event& event : events) {
    digest =
        Fold(digest, fmt::format("{} {} {} {}", static_cast<int>(event.kind), event.op,
                                 static_cast<int>(event.outcome), static_cast<int>(event.code)));
  }
  return digest;
}

/// Passes on what the fault rules decide, and remembers what it was, and whether that may have hurt
/// more than the operation it happened in. Thread-safe.
class WatchedRules final : public faultfs::IoHook {
 public:
  WatchedRules(std::vector<faultfs::FaultRule> rules, const Adapter& adapter)
      : rules_(std::move(rules)), adapter_(adapter) {}

  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    const std::lock_guard lock(mutex_);
    const faultfs::IoDecision decision = rules_.Decide(call);
    FollowName(call);
    if (decision.action == faultfs::IoDecision::Action::kProceed) return decision;
    NoteFired(call, decision);
    provocation_.Note(adapter_.contract(), decision, call);
    return decision;
  }

  [[nodiscard]] bool NeedsSpace() const override { return rules_.NeedsSpace(); }
  void Evicted(const faultfs::IoCall& call) override {
    const std::lock_guard lock(mutex_);
    ++evictions_;
    NoteFired(call, {.action = faultfs::IoDecision::Action::kEvict});
  }

  /// What an engine has read before may have another content from here on.
  void NoteRot() {
    const std::lock_guard lock(mutex_);
    provocation_.any = provocation_.harmful = true;
  }

  [[nodiscard]] std::vector<faultfs::FaultRules::Count> counts() const { return rules_.counts(); }
  [[nodiscard]] Provocation provocation() const {
    const std::lock_guard lock(mutex_);
    return provocation_;
  }
  /// When all threads have ended.
  [[nodiscard]] const Coverage& fired() const { return fired_; }
  [[nodiscard]] uint64_t evictions() const { return evictions_; }

 private:
  void NoteFired(const faultfs::IoCall& call, const faultfs::IoDecision& decision) {
    const auto renamed = renamed_.find(std::string(call.path));
    const std::string_view path = call.op == faultfs::IoOp::kRename ? call.path2
                                  : renamed != renamed_.end() ? std::string_view(renamed->second)
                                                              : call.path;
    fired_.Note(FileKindOf(adapter_, call, path),
                call.tag.name().empty() ? IoOpName(call.op) : call.tag.name(),
                FaultClass(decision));
  }

  // A file that is open goes by the path that it was opened with, whatever its name is by now.
  void FollowName(const faultfs::IoCall& call) {
    if (call.op == faultfs::IoOp::kRename) {
      renamed_[std::string(call.path)] = call.path2;
    } else if (call.op == faultfs::IoOp::kCreate) {
      renamed_.erase(std::string(call.path));
    }
  }

  mutable std::mutex mutex_;
  faultfs::FaultRules rules_;
  const Adapter& adapter_;
  std::map<std::string, std::string> renamed_;  // from, to
  Coverage fired_;
  uint64_t evictions_ = 0;
  Provocation provocation_;
};

/// What harmless faults (Contract::harmless_tags) happen in, and may fail.
bool MakesSnapshot(Verb verb) {
  return verb == Verb::kSnapshot || verb == Verb::kCompact || verb == Verb::kBackground;
}

/// Why nobody goes on, and what each waits for.
std::string OneLine(const faultfs::Hang& hang) {
  std::string text =
      hang.kind == faultfs::Hang::Kind::kDeadlock ? "nobody can go on" : "too many steps";
  for (const faultfs::Hang::Waiter& waiter : hang.waiters) text += "; " + waiter.ToString();
  return text;
}

/// Passes on what another schedule picks, and writes it down.
class RecordedSchedule final : public faultfs::Schedule {
 public:
  explicit RecordedSchedule(faultfs::Schedule& schedule) : schedule_(schedule) {}
  [[nodiscard]] uint32_t Pick(std::span<const uint32_t> runnable,
                              std::optional<uint32_t> current) override {
    const uint32_t picked = schedule_.Pick(runnable, current);
    text_.Add(picked);
    return picked;
  }
  [[nodiscard]] std::string text() const { return text_.text(); }

 private:
  faultfs::Schedule& schedule_;
  faultfs::ScheduleText text_;
};

/// Drives one program; its state is the run in the making.
///
/// Clients are fibers or threads. What they tell goes through one mutex: an invocation before the
/// call, a return after it, so that the order of events and marks respects real time.
class Driver {
 public:
  /// `schedule` is null if there is one client, or each is a thread.
  Driver(const Case& c, const Adapter& adapter, const ExploreOptions& options, Monitor& monitor,
         faultfs::Schedule* schedule)
      : case_(c),
        adapter_(adapter),
        options_(options),
        monitor_(monitor),
        rules_(ParseRules(c), adapter) {
    if (schedule != nullptr) schedule_.emplace(*schedule);
    run_.volume = std::make_unique<faultfs::Volume>(faultfs::Image());
    run_.volume->SetFailureRules(c.crash.models.front().failure_rules(),
                                 [this](faultfs::PagesGone pages) { NoteGone(pages); });
    run_.checker = c.clients.has_value() ? std::make_unique<HistoryChecker>(
                                               c.program, adapter.contract(), c.store.durability)
                                         : adapter.MakeChecker(c.program, c.store);
    run_.opens.push_back(0);
  }

  Run Drive() && {
    bool alive = Open(0);
    for (OpNumber op = 1; alive && !run_.live.has_value() && op <= case_.program.size();) {
      alive = case_.clients.has_value() ? Play(op) : Step(op++);
    }
    if (alive && !run_.live.has_value()) Note(run_.checker->Finish());
    process_.reset();
    if (schedule_.has_value()) run_.schedule = schedule_->text();
    run_.rule_counts = rules_.counts();
    run_.faults = rules_.fired();
    run_.evictions = rules_.evictions();
    run_.volume->SetFailureRules({}, nullptr);  // this driver goes
    // Of real threads nothing comes again.
    if (!OnRealThreads(case_)) run_.digest = DigestOf(run_.volume->trace(), run_.events);
    return std::move(run_);
  }

 private:
  static std::vector<faultfs::FaultRule> ParseRules(const Case& c) {
    std::string text;
    for (const std::string& rule : c.faults) text += rule + "\n";
    Result<std::vector<faultfs::FaultRule>> rules = faultfs::ParseFaultRules(text);
    FAULTFS_CHECK(rules.ok(), "scenarios check their fault rules when they are read");
    return std::move(rules).value();
  }

  /// From here up to what is everybody's, each client what it does; or that. False if the program
  /// cannot go on.
  bool Play(OpNumber& op) {
    if (IsEverybodys(case_.program[op - 1].verb)) return Step(op++);
    const OpNumber first = op;
    std::vector<std::vector<OpNumber>> mine(ClientsOf(case_.program));
    for (; op <= case_.program.size() && !IsEverybodys(case_.program[op - 1].verb); ++op) {
      mine[case_.program[op - 1].client].push_back(op);
    }
    if (!schedule_.has_value()) {
      process_->Share(op - first, [&] { PlayOnThreads(mine); });
      return true;
    }
    std::vector<faultfs::ClientProgram> clients;
    for (const std::vector<OpNumber>& operations : mine) {
      clients.push_back([this, &operations](faultfs::Client&) { PlayOne(operations); });
    }
    const faultfs::ScheduledRun played = scheduler_.Run(clients, *schedule_);
    if (!played.hang.has_value()) return true;
    run_.live = Violation{Verdict::kHang, OneLine(*played.hang)};
    // Whoever hangs stands within the engine for ever.
    static_cast<void>(process_.release());
    return false;
  }

  void PlayOne(const std::vector<OpNumber>& operations) {
    for (const OpNumber each : operations) {
      if (Failed()) return;
      static_cast<void>(Step(each));  // no client can end the others
    }
  }

  // A thread that waits for another for ever is for the worker's parent to notice.
  void PlayOnThreads(const std::vector<std::vector<OpNumber>>& mine) {
    std::vector<std::thread> threads;
    for (const std::vector<OpNumber>& operations : mine) {
      threads.emplace_back([this, &operations] { PlayOne(operations); });
    }
    for (std::thread& thread : threads) thread.join();
  }

  /// False if the program cannot go on.
  bool Step(OpNumber op) {
    const Operation& operation = case_.program[op - 1];
    Take({.kind = Event::Kind::kInvoke, .op = op});
    if (operation.verb == Verb::kKill) {
      process_.reset();
      Take({.kind = Event::Kind::kKilled, .op = op});
      return Open(op);
    }
    if (operation.verb == Verb::kReopen) {
      const Status closed = process_->engine().Close();
      Take({.kind = Event::Kind::kClosed,
            .op = op,
            .outcome = adapter_.contract().OutcomeOf(closed),
            .code = closed.code()});
      NoteUnprovoked(closed, op, /*is_snapshot=*/false);
      process_.reset();
      return Open(op);
    }
    const uint64_t faults_before = BeginCall();
    const Reply reply = Apply(operation, op);
    EndCall();
    Take({.kind = Event::Kind::kReturn,
          .op = op,
          .outcome = adapter_.contract().OutcomeOf(reply.status),
          .code = reply.status.code()},
         reply);
    NoteUnprovoked(reply.status, op, MakesSnapshot(operation.verb));
    Note(JudgeNoSpace(case_, op, reply.status, MakesSnapshot(operation.verb), adapter_.contract(),
                      rules_.provocation(), faults_before));
    if (operation.verb == Verb::kClearPersistence && reply.status.ok()) {
      // It is done once nothing can come back; errors of the tidying behind it are kept there.
      NoteUnprovoked(process_->engine().BackgroundStatus(), op, /*is_snapshot=*/true);
    }
    return true;
  }

  /// How many faults there had been when nobody was in a call for the last time: what fails one may
  /// fail those who came to wait for it.
  uint64_t BeginCall() {
    const std::lock_guard lock(mutex_);
    if (calls_++ == 0) faults_when_quiet_ = rules_.provocation().faults;
    return faults_when_quiet_;
  }
  void EndCall() {
    const std::lock_guard lock(mutex_);
    --calls_;
  }

  Reply Apply(const Operation& operation, OpNumber op) {
    if (operation.verb != Verb::kBackground) return process_->engine().Apply(operation, op);
    Reply reply;
    reply.status = process_->engine().RunBackground();
    return reply;
  }

  bool Open(OpNumber op) {
    process_ = std::make_unique<Process>(case_, adapter_, options_, monitor_, *run_.volume, &rules_,
                                         opens_++);
    run_.opens.back() = opens_;
    const auto begun = static_cast<uint32_t>(run_.volume->trace().ops.size());
    const Status opened = process_->engine().Open(schedule_.has_value());
    Reply reply;
    if (opened.ok()) {
      Result<Dump> dump = process_->engine().ReadAll();
      reply.status = dump.status();
      if (dump.ok()) reply.dump = std::move(dump).value();
    } else {
      reply.status = opened;
    }
    std::vector<RottenOpen> rot;
    if (rotted_) rot = RotReadBy(adapter_, *run_.volume, case_.crash.models.front(), begun);
    if (!reply.status.ok()) {
      const bool noticed = !rot.empty() && reply.status.Is(Code::kCorruption);
      if (noticed) return false;
      Note(JudgeFailedOpen(reply.status, rules_.provocation()));
      // It may have made something of what it had read before something else went wrong.
      for (RottenOpen open : rot) {
        open.end_step = UINT32_MAX;
        run_.rotten_opens.push_back(open);
      }
      return false;
    }
    std::optional<size_t> witnessed;
    for (const RottenOpen& open : rot) {
      witnessed = std::min(witnessed.value_or(open.witnessed), open.witnessed);
    }
    run_.rotten_opens.insert(run_.rotten_opens.end(), rot.begin(), rot.end());
    Take({.kind = Event::Kind::kOpened, .op = op, .witnessed = witnessed}, reply);
    return true;
  }

  void NoteGone(faultfs::PagesGone pages) {
    if (pages.unsynced) Take({.kind = Event::Kind::kReverted, .op = 0});
    if (!pages.journaled) return;
    rotted_ = true;
    rules_.NoteRot();
    Take({.kind = Event::Kind::kRotted, .op = 0});
  }

  void NoteUnprovoked(const Status& status, OpNumber op, bool is_snapshot) {
    Note(
        JudgeUnprovoked(case_, op, status, is_snapshot, adapter_.contract(), rules_.provocation()));
  }

  void Take(Event event, const Reply& reply = {}) {
    const std::lock_guard lock(mutex_);
    if (event.kind == Event::Kind::kInvoke) op_ = event.op;
    const bool within = event.kind == Event::Kind::kReverted || event.kind == Event::Kind::kRotted;
    if (within) event.op = op_;
    run_.volume->Mark(run_.events.size());
    run_.events.push_back(event);
    run_.opens.push_back(opens_);
    Keep(run_.checker->Take(event, reply));
  }

  void Note(const std::optional<Violation>& violation) {
    const std::lock_guard lock(mutex_);
    Keep(violation);
  }

  /// With the mutex.
  void Keep(const std::optional<Violation>& violation) {
    if (violation.has_value() && !run_.live.has_value()) run_.live = violation;
  }

  [[nodiscard]] bool Failed() const {
    const std::lock_guard lock(mutex_);
    return run_.live.has_value();
  }

  const Case& case_;
  const Adapter& adapter_;
  const ExploreOptions& options_;
  Monitor& monitor_;
  WatchedRules rules_;
  mutable std::mutex mutex_;
  Run run_;
  OpNumber op_ = 0;     // of the last invocation
  uint64_t calls_ = 0;  // that have not returned
  uint64_t faults_when_quiet_ = 0;
  uint64_t opens_ = 0;
  std::atomic<bool> rotted_ = false;  // pages went back that a sync had said Ok of
  std::unique_ptr<Process> process_;
  std::optional<RecordedSchedule> schedule_;
  faultfs::Scheduler scheduler_;
};

}  // namespace

Engine::Engine(const Case& c, const Adapter& adapter, faultfs::FileSystem& file_system,
               std::string_view directory, uint64_t open_ordinal,
               std::function<void(bool opening)> before_call)
    : case_(c),
      adapter_(adapter),
      file_system_(file_system),
      directory_(directory),
      before_call_(std::move(before_call)),
      entropy_(c.seed, open_ordinal) {}

Status Engine::Open(bool scheduled) {
  BeforeCall(true);
  Result<std::unique_ptr<System>> opened = adapter_.Open({.file_system = file_system_,
                                                          .directory = directory_,
                                                          .entropy = entropy_,
                                                          .executor = executor_,
                                                          .config = case_.store,
                                                          .scheduled = scheduled});
  if (!opened.ok()) return opened.status();
  system_ = std::move(opened).value();
  return Status();
}

Result<Dump> Engine::ReadAll() {
  BeforeCall(false);
  return system_->ReadAll();
}

Reply Engine::Apply(const Operation& operation, OpNumber number) {
  BeforeCall(false);
  return system_->Apply(operation, number);
}

Status Engine::RunBackground() {
  BeforeCall(false);
  return executor_.RunNext() ? system_->BackgroundStatus() : Status();
}

Status Engine::Close() {
  BeforeCall(false);
  Status status = system_->Close();
  system_.reset();
  return status;
}

Process::Process(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                 Monitor& monitor, faultfs::Volume& volume, faultfs::IoHook* hook,
                 uint64_t open_ordinal)
    : options_(options),
      monitor_(monitor),
      file_system_(volume, hook),
      engine_(c, adapter, file_system_, kStoreDirectory, open_ordinal, [this](bool opening) {
        if (!shared_) LimitCalls(1, opening);
      }) {}

// Dead before the engine's destructors run: they must not write what a dead process cannot.
Process::~Process() { file_system_.Kill(); }

void Process::Share(uint64_t operations, const std::function<void()>& work) {
  LimitCalls(operations, /*opening=*/false);
  shared_ = true;
  work();
  shared_ = false;
}

void Process::LimitCalls(uint64_t operations, bool opening) {
  file_system_.SetCallLimit(file_system_.calls() + operations * options_.call_limit,
                            [this, opening] { monitor_.Hung(opening); });
}

Run RunProgram(const Case& c, const Adapter& adapter, const ExploreOptions& options,
               Monitor& monitor, faultfs::Schedule* schedule) {
  if (!c.clients.has_value() || OnRealThreads(c) || schedule != nullptr) {
    return Driver(c, adapter, options, monitor, c.clients ? schedule : nullptr).Drive();
  }
  const std::string& text = c.clients->schedule.value_or("#1");
  if (const std::optional<uint64_t> number = NumberOfSchedule(text)) {
    if (c.clients->kinds.front() != ScheduleKind::kExhaustive) {
      return RunProgram(c, adapter, options, monitor, DrawSchedule(c, *number).get());
    }
    // Which one is the next of a walk depends on how the one before went.
    faultfs::ExhaustiveSchedule all(c.clients->preemptions);
    for (uint64_t n = 1; n < *number; ++n) {
      static_cast<void>(RunProgram(c, adapter, options, monitor, &all));
      if (!all.Next()) break;
    }
    return RunProgram(c, adapter, options, monitor, &all);
  }
  Result<faultfs::ReplaySchedule> replay = faultfs::ReplaySchedule::Parse(text);
  FAULTFS_CHECK(replay.ok(), "scenarios check their schedules when they are read");
  Run run = RunProgram(c, adapter, options, monitor, &*replay);
  run.diverged = replay->diverged();
  return run;
}

size_t EventsAt(const faultfs::Trace& trace, uint32_t steps) {
  for (uint32_t step = steps; step-- > 0;) {
    if (trace.ops[step].kind == faultfs::TraceKind::kMark) return trace.ops[step].mark + 1;
  }
  return 0;
}

Operation ProbeOperation() {
  Operation operation;
  operation.verb = Verb::kSet;
  operation.key = "\xff probe";
  operation.value_bytes = 24;
  operation.durability = Durability::kSync;
  return operation;
}

OpNumber ProbeNumber(const Case& c) { return static_cast<OpNumber>(c.program.size() + 1); }

}  // namespace crashlab
