#include "harness/recovery.h"

#include <algorithm>
#include <utility>

#include "harness/run.h"

namespace crashlab {
namespace {

void Reach(faultfs::Volume& volume, Stage stage) { volume.Mark(static_cast<uint64_t>(stage) - 1); }

Dump WithProbe(const Case& c, Dump dump) {
  const Operation operation = ProbeOperation();
  std::pair<std::string, std::string> entry(operation.key,
                                            ValueOf(ProbeNumber(c), 0, operation.value_bytes));
  std::erase_if(dump, [&](const auto& other) { return other.first == entry.first; });
  dump.insert(std::upper_bound(dump.begin(), dump.end(), entry), entry);
  return dump;
}

bool CanWrite(const Adapter& adapter) { return adapter.capabilities().Has(Verb::kSet); }

/// Whether an acknowledged probe survives power loss.
bool ProbeIsDurable(const Laboratory& lab) {
  return lab.adapter.contract().PromiseOf(ProbeOperation(), lab.subject.store.durability) ==
         Promise::kPower;
}

Violation NotWritable(std::string_view what, const Status& status) {
  return {Verdict::kNotWritable, std::string(what) + " after recovery: " + status.ToString()};
}

/// Write, close, reopen, read.
std::optional<Violation> Probe(const Laboratory& lab, faultfs::Volume& volume,
                               uint64_t open_ordinal, Process& process, const Dump& recovered) {
  Dump due = recovered;
  Reach(volume, Stage::kProbeInvoked);
  if (CanWrite(lab.adapter)) {
    const Reply reply = process.Apply(ProbeOperation(), ProbeNumber(lab.subject));
    if (!reply.status.ok()) return NotWritable("a write", reply.status);
    due = WithProbe(lab.subject, std::move(due));
  }
  Reach(volume, Stage::kProbeAcked);
  const Status closed = process.Close();
  if (!closed.ok()) return NotWritable("a close", closed);
  Reach(volume, Stage::kClosed);
  Process next(lab.subject, lab.adapter, lab.options, lab.monitor, volume, nullptr,
               open_ordinal + 1);
  const Status opened = next.Open();
  if (!opened.ok()) return NotWritable("a reopen", opened);
  Result<Dump> dump = next.ReadAll();
  if (!dump.ok()) return NotWritable("reading", dump.status());
  Reach(volume, Stage::kReopened);
  if (HashOf(*dump) == HashOf(due)) return std::nullopt;
  return Violation{Verdict::kLostAcked,
                   "recovered, written to, closed and opened again it holds something else"};
}

}  // namespace

Life Recover(const Laboratory& lab, faultfs::Volume& volume, uint64_t open_ordinal,
             const std::function<bool(const faultfs::Volume&)>& probe) {
  Life life;
  Process process(lab.subject, lab.adapter, lab.options, lab.monitor, volume, nullptr,
                  open_ordinal);
  life.seen.open = process.Open();
  if (!life.seen.open.ok()) return life;
  Result<Dump> dump = process.ReadAll();
  if (!dump.ok()) {
    life.seen.open = dump.status();
    return life;
  }
  life.seen.dump = std::move(dump).value();
  life.seen.hash = HashOf(life.seen.dump);
  Reach(volume, Stage::kOpened);
  if (probe && probe(volume)) {
    life.violation = Probe(lab, volume, open_ordinal, process, life.seen.dump);
  }
  return life;
}

Situation After(const Situation& before, CrashKind kind, const faultfs::Trace& trace,
                uint32_t begin_step, uint32_t steps, const Dump& seen) {
  Situation after = before;
  after.power_lost = before.power_lost || kind == CrashKind::kPowerLoss;
  after.stage = Stage::kOpening;
  for (uint32_t step = begin_step; step < steps; ++step) {
    if (trace.ops[step].kind == faultfs::TraceKind::kMark) {
      after.stage = static_cast<Stage>(trace.ops[step].mark + 1);
    }
  }
  if (after.stage >= Stage::kOpened) after.decided = seen;
  return after;
}

// Before Open returned the bounds are those of the program's run. After it they are what it showed,
// and the probe: in flight, then acknowledged.
std::optional<Violation> Judge(const Laboratory& lab, const Checker& checker,
                               const Situation& situation, const Observation& seen) {
  const Question question{.seen = seen,
                          .events = situation.events,
                          .power_lost = situation.power_lost,
                          .decided = nullptr};
  if (situation.stage == Stage::kOpening || !seen.open.ok()) return checker.Judge(question);
  const bool written = CanWrite(lab.adapter) && situation.stage >= Stage::kProbeInvoked;
  const bool settled = situation.stage >= Stage::kProbeAcked &&
                       (ProbeIsDurable(lab) || situation.stage >= Stage::kClosed);
  if (!(written && settled)) {
    if (seen.hash == HashOf(situation.decided)) return std::nullopt;
    if (!written) {
      Question decided = question;
      decided.decided = &situation.decided;
      return checker.Judge(decided);
    }
  }
  const Dump with_probe = WithProbe(lab.subject, situation.decided);
  Question decided = question;
  decided.decided = &with_probe;
  return checker.Judge(decided);
}

}  // namespace crashlab
