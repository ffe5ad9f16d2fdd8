#include "harness/explore/recovery.h"

#include <algorithm>
#include <string>
#include <utility>

#include "harness/explore/provocation.h"
#include "harness/explore/run.h"
#include "harness/explore/step_coverage.h"

namespace crashlab {
namespace {

std::pair<std::string, std::string> ProbeEntry(const Case& c) {
  const Operation operation = ProbeOperation();
  return {operation.key, ValueOf(ProbeNumber(c), 0, operation.value_bytes)};
}

Dump WithProbe(const Case& c, Dump dump) {
  const auto entry = ProbeEntry(c);
  std::erase_if(dump, [&](const auto& other) { return other.first == entry.first; });
  dump.push_back(entry);
  return dump;
}

bool CanWrite(const Adapter& adapter) { return adapter.capabilities().Has(Verb::kSet); }

/// Whether the probe must survive, when the life after it came so far and then ended in this way.
bool ProbeIsSettled(const Laboratory& lab, bool power_lost, Stage stage) {
  // What the death of a process would have spared was there at the second Open, which decided.
  if (stage >= Stage::kReopened) power_lost = false;
  const Contract& contract = lab.adapter.contract();
  const Promise on_ack = contract.PromiseOf(ProbeOperation(), lab.subject.store.durability);
  const Promise on_close = contract.close;
  const auto covers = [&](Promise promise) {
    return promise == Promise::kPower || (promise == Promise::kProcess && !power_lost);
  };
  if (stage >= Stage::kProbeAcked && covers(on_ack)) return true;
  return stage >= Stage::kClosed && (on_close == Promise::kPowerForAckedBefore || covers(on_close));
}

Violation NotWritable(std::string_view what, const Status& status) {
  return {Verdict::kNotWritable, std::string(what) + " after recovery: " + status.ToString()};
}

Observation Observe(Engine& engine) {
  Observation seen;
  seen.open = engine.Open();
  if (!seen.open.ok()) return seen;
  Result<Dump> dump = engine.ReadAll();
  if (!dump.ok()) {
    seen.open = dump.status();
    return seen;
  }
  seen.dump = std::move(dump).value();
  seen.hash = HashOf(seen.dump);
  return seen;
}

/// What kept a probe from being done.
struct Trouble {
  std::string_view what;
  Status status;
  bool is_snapshot = false;  // what the engine does beside its own work
};

/// Write, what that starts in the background, close.
std::optional<Trouble> Use(const Laboratory& lab, Engine& engine,
                           const std::function<void(Stage)>& reach) {
  reach(Stage::kProbeInvoked);
  if (CanWrite(lab.adapter)) {
    const Reply reply = engine.Apply(ProbeOperation(), ProbeNumber(lab.subject));
    if (!reply.status.ok()) return Trouble{"a write", reply.status};
  }
  reach(Stage::kProbeAcked);
  for (size_t jobs = engine.jobs(); jobs > 0; --jobs) {
    const Status worked = engine.RunBackground();
    if (!worked.ok()) return Trouble{"background work", worked, /*is_snapshot=*/true};
  }
  const Status closed = engine.Close();
  if (!closed.ok()) return Trouble{"a close", closed};
  reach(Stage::kClosed);
  return std::nullopt;
}

/// Then reopen and read. `reopen` opens the engine of the next life; `excused` may say that an
/// earlier process is to blame.
void Probe(const Laboratory& lab, Engine& engine, const std::function<Observation()>& reopen,
           const std::function<bool(const Trouble&)>& excused,
           const std::function<void(Stage)>& reach, Life& life) {
  const auto reach_and_note = [&](Stage stage) {
    life.probed = stage;
    reach(stage);
  };
  const std::optional<Trouble> trouble = Use(lab, engine, reach_and_note);
  if (trouble.has_value() && !excused(*trouble)) {
    life.violation = NotWritable(trouble->what, trouble->status);
    return;
  }
  Observation seen = reopen();
  if (!seen.open.ok()) {
    life.violation = NotWritable("a reopen", seen.open);
    return;
  }
  life.reopened = std::move(seen);
  // Otherwise nothing was promised of the write, and that stays so.
  if (!trouble.has_value()) reach(Stage::kReopened);
}

/// Notes what an engine must report that it did not do.
class LeftErrors final : public faultfs::IoHook {
 public:
  LeftErrors(const Adapter& adapter, Coverage& reported) : adapter_(adapter), reported_(reported) {}

  faultfs::IoDecision Decide(const faultfs::IoCall&) override { return {}; }
  void Reported(const faultfs::IoCall& call, Code code) override {
    provocation.Note(adapter_.contract(),
                     {.action = faultfs::IoDecision::Action::kFail, .code = code}, call);
    reported_.Note(FileKindOf(adapter_, call, call.path), call.tag.name(), LateInRecovery());
  }

  Provocation provocation;  // of the process at hand

 private:
  const Adapter& adapter_;
  Coverage& reported_;
};

Life RecoverWith(const Laboratory& lab, faultfs::Volume& volume, uint64_t open_ordinal,
                 bool probe) {
  const auto reach = [&](Stage stage) { volume.Mark(static_cast<uint64_t>(stage) - 1); };
  Life life;
  life.opens = 0;
  LeftErrors left(lab.adapter, life.reported);
  faultfs::IoHook* const hook = volume.ErrorsAt(SIZE_MAX).empty() ? nullptr : &left;
  std::optional<Process> process;
  // Each time an error is reported there is one less, so that this ends.
  const auto open = [&] {
    while (true) {
      left.provocation = {};
      process.emplace(lab.subject, lab.adapter, lab.options, lab.monitor, volume, hook,
                      open_ordinal + life.opens++);
      Observation seen = Observe(process->engine());
      const bool provoked = !seen.open.ok() && !JudgeFailedOpen(seen.open, left.provocation);
      if (!provoked) return seen;
    }
  };
  const auto excused = [&](const Trouble& trouble) {
    return !trouble.status.Is(Code::kCorruption) &&
           Explains(left.provocation, trouble.status, trouble.is_snapshot);
  };
  life.seen = open();
  if (life.seen.open.ok()) reach(Stage::kOpened);
  if (life.seen.open.ok() && probe) {
    Probe(lab, process->engine(), open, excused, reach, life);
  }
  life.opens = std::max<uint64_t>(life.opens, 2);
  return life;
}

}  // namespace

Life Recover(const Laboratory& lab, faultfs::Volume& volume, uint64_t open_ordinal) {
  return RecoverWith(lab, volume, open_ordinal, lab.subject.crash.probe);
}

Life RecoverAndLook(const Laboratory& lab, faultfs::Volume& volume, uint64_t open_ordinal) {
  return RecoverWith(lab, volume, open_ordinal, /*probe=*/false);
}

Life RecoverOn(const Laboratory& lab, faultfs::FileSystem& file_system, std::string_view directory,
               uint64_t open_ordinal, const StageListener& reach) {
  Engine first(lab.subject, lab.adapter, file_system, directory, open_ordinal);
  Life life;
  life.seen = Observe(first);
  if (!life.seen.open.ok()) return life;
  const auto tell = [&](Stage stage) {
    if (reach) reach(stage, life.seen);
  };
  tell(Stage::kOpened);
  if (!lab.subject.crash.probe) return life;
  std::optional<Engine> second;
  const auto reopen = [&] {
    return Observe(
        second.emplace(lab.subject, lab.adapter, file_system, directory, open_ordinal + 1));
  };
  const auto nothing_left = [](const Trouble&) { return false; };
  Probe(lab, first, reopen, nothing_left, tell, life);
  return life;
}

Situation After(const Run& run, CrashKind kind, uint32_t steps) {
  Situation after;
  after.events = EventsAt(run.volume->trace(), steps);
  after.power_lost = kind == CrashKind::kPowerLoss;
  for (const RottenOpen& open : run.rotten_opens) {
    if (steps <= open.from_step || steps > open.end_step) continue;  // before its first step
    after.AddRot(open.witnessed);
  }
  return after;
}

// Before an Open returned a crash adds to the ones before it. An Open that returned is a barrier:
// from then on only the crashes after it count, and what it showed.
Situation After(const Situation& before, CrashKind kind, Stage stage, const Dump& seen) {
  Situation after = before;
  if (stage >= Stage::kOpened) {
    after.power_lost = false;
    after.witnessed.reset();
    after.stage = stage;
    after.decided = seen;
    after.decided_hash = HashOf(seen);
  }
  after.power_lost |= kind == CrashKind::kPowerLoss;
  return after;
}

Situation After(const Situation& before, CrashKind kind, const faultfs::Trace& trace,
                uint32_t begin_step, uint32_t steps, const Dump& seen) {
  Stage stage = Stage::kOpening;
  for (uint32_t step = begin_step; step < steps; ++step) {
    if (trace.ops[step].kind == faultfs::TraceKind::kMark) {
      stage = static_cast<Stage>(trace.ops[step].mark + 1);
    }
  }
  return After(before, kind, stage, seen);
}

faultfs::Hash128 QuestionHash(const faultfs::Hash128& left, const Situation& situation) {
  const faultfs::Hash128 bounds = {situation.events * 2 + (situation.power_lost ? 1 : 0),
                                   static_cast<uint64_t>(situation.stage)};
  const faultfs::Hash128 question =
      faultfs::Combine(faultfs::Combine(left, bounds), situation.decided_hash);
  if (!situation.witnessed) return question;
  const uint64_t witnessed = *situation.witnessed * 2 + (situation.decision_is_witnessed ? 1 : 0);
  return faultfs::Combine(question, {witnessed, faultfs::MixString("rot")});
}

bool CanJudge(const Checker& checker, const Situation& situation, const Observation& seen) {
  return !seen.open.ok() || situation.stage >= Stage::kOpened ||
         !checker.Undecided(situation.events);
}

namespace {

// Before Open returned the bounds are those of the program's run. After it they are what it showed,
// and the probe: in flight, then acknowledged. No checker knows of the probe, so that it is taken
// out of what they are shown.
std::optional<Violation> JudgeBounds(const Laboratory& lab, const Checker& checker,
                                     const Situation& situation, const Observation& seen) {
  const auto ask = [&](const Observation& shown, const Dump* decided) {
    return checker.Judge({.seen = shown,
                          .events = situation.events,
                          .witnessed = situation.witnessed,
                          .power_lost = situation.power_lost,
                          .decided = decided});
  };
  if (situation.stage == Stage::kOpening || !seen.open.ok()) return ask(seen, nullptr);
  const bool written = CanWrite(lab.adapter) && situation.stage >= Stage::kProbeInvoked;
  if (!written) return ask(seen, &situation.decided);
  const bool settled = ProbeIsSettled(lab, situation.power_lost, situation.stage);
  if (!settled && seen.hash == situation.decided_hash) return std::nullopt;
  if (seen.hash == HashOf(WithProbe(lab.subject, situation.decided))) return std::nullopt;

  const auto entry = ProbeEntry(lab.subject);
  Observation rest = seen;
  if (std::find(situation.decided.begin(), situation.decided.end(), entry) ==
      situation.decided.end()) {
    std::erase(rest.dump, entry);
  }
  rest.hash = HashOf(rest.dump);
  if (rest.hash != situation.decided_hash) return ask(rest, &situation.decided);
  return Violation{Verdict::kLostAcked,
                   "a write after the recovery was acknowledged as surviving, and is gone"};
}

}  // namespace

// Rot may take back without a word what an Open had shown, as far as nothing bears witness of it.
std::optional<Violation> Judge(const Laboratory& lab, const Checker& checker,
                               const Situation& situation, const Observation& seen) {
  auto violation = JudgeBounds(lab, checker, situation, seen);
  const bool excusable = situation.stage >= Stage::kOpened && situation.witnessed.has_value() &&
                         !situation.decision_is_witnessed && seen.open.ok();
  if (!violation.has_value() || !excusable) return violation;
  Situation undecided = situation;
  undecided.stage = Stage::kOpening;
  if (!JudgeBounds(lab, checker, undecided, seen).has_value()) return std::nullopt;
  return violation;
}

std::optional<Violation> JudgeProbe(const Laboratory& lab, const Checker& checker,
                                    const Situation& situation, const Life& life) {
  if (life.violation.has_value() || !life.reopened.has_value()) return life.violation;
  const Situation after = {.events = situation.events,
                           .witnessed = {},
                           .power_lost = false,
                           .stage = life.probed,
                           .decision_is_witnessed = false,
                           .decided = life.seen.dump,
                           .decided_hash = life.seen.hash};
  auto violation = Judge(lab, checker, after, *life.reopened);
  if (violation.has_value()) {
    violation->detail = "recovered, written to, closed and opened again: " + violation->detail;
  }
  return violation;
}

std::optional<Violation> JudgeLife(const Laboratory& lab, const Checker& checker,
                                   const Situation& situation, const Life& life) {
  if (CanJudge(checker, situation, life.seen)) {
    if (auto violation = Judge(lab, checker, situation, life.seen)) return violation;
  }
  return JudgeProbe(lab, checker, situation, life);
}

}  // namespace crashlab
