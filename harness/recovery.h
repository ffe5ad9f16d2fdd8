// Recovery: one Open of what a crash left, the reading of everything, and the write that shows that
// the engine works; and the judging of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "faultfs/crash/crash_state.h"
#include "faultfs/sim/trace.h"
#include "faultfs/sim/volume.h"
#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explorer.h"

namespace crashlab {

/// How far a recovery's life had come; mark n of its trace is stage n + 1.
enum class Stage : uint8_t {
  kOpening,
  kOpened,        // and read: what it showed is decided
  kProbeInvoked,  // the write that follows
  kProbeAcked,
  kClosed,
  kReopened,
};

/// The life of a recovered engine.
struct Life {
  Observation seen;                    // after Open
  std::optional<Violation> violation;  // of the probe: it did not work, or was not there afterwards
};

/// Everything that exploring a case needs to open an engine again.
struct Laboratory {
  const Case& subject;
  const Adapter& adapter;
  const ExploreOptions& options;
  Monitor& monitor;
};

/// Opens and reads. If `probe` says so (it is asked with the content of the disk then, and may be
/// null: no), writes, closes, reopens and compares.
[[nodiscard]] Life Recover(const Laboratory& lab, faultfs::Volume& volume, uint64_t open_ordinal,
                           const std::function<bool(const faultfs::Volume&)>& probe);

/// What the oracle has to know of a chain of crashes.
struct Situation {
  size_t events = 0;              // of the program, at the first crash
  bool power_lost = false;        // in any of the crashes
  Stage stage = Stage::kOpening;  // of the last recovery that was crashed
  Dump decided;                   // what it had shown, from kOpened on
};

/// The situation after another crash, `steps` into the trace of a recovery that showed `seen`.
[[nodiscard]] Situation After(const Situation& before, CrashKind kind, const faultfs::Trace& trace,
                              uint32_t begin_step, uint32_t steps, const Dump& seen);

[[nodiscard]] std::optional<Violation> Judge(const Laboratory& lab, const Checker& checker,
                                             const Situation& situation, const Observation& seen);

}  // namespace crashlab
