// Recovery: one Open of what a crash left, the reading of everything, and the write that shows that
// the engine works; and the judging of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "faultfs/crash/crash_state.h"
#include "faultfs/sim/trace.h"
#include "faultfs/sim/volume.h"
#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"

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
///
/// A sync in it may have to report an error that an earlier process left. An Open that fails for
/// that is no finding, and neither is a probe; the next Open must find everything in order.
struct Life {
  Observation seen;                     // after Open: the first that no such error ended
  std::optional<Violation> violation;   // of the probe: it did not work
  std::optional<Observation> reopened;  // after the probe: written to, closed and opened again
  Stage probed = Stage::kClosed;        // how far the probe came before that
  uint64_t opens = 2;                   // how many Opens are its own
  Coverage reported = {};               // by which calls such errors were
};

struct Run;

/// Everything that exploring a case needs to open an engine again.
struct Laboratory {
  const Case& subject;
  const Adapter& adapter;
  const ExploreOptions& options;
  Monitor& monitor;
  // A run of the subject's program that need not, or on real threads cannot, be run again.
  std::shared_ptr<const Run> recorded = nullptr;
};

/// Opens and reads. If the case asks for the probe, writes, does what then waits in the background,
/// closes, reopens and reads again. `volume` may hold errors for it to report (Volume::Carry).
[[nodiscard]] Life Recover(const Laboratory& lab, faultfs::Volume& volume, uint64_t open_ordinal);
/// Opens and reads, and that is all.
[[nodiscard]] Life RecoverAndLook(const Laboratory& lab, faultfs::Volume& volume,
                                  uint64_t open_ordinal);
/// The same on any file system, with the probe if the case asks for it. `reach` (may be empty) is
/// told of each stage as soon as it is reached, and what the first Open showed.
using StageListener = std::function<void(Stage, const Observation&)>;
[[nodiscard]] Life RecoverOn(const Laboratory& lab, faultfs::FileSystem& file_system,
                             std::string_view directory, uint64_t open_ordinal,
                             const StageListener& reach = {});

/// What the oracle has to know of a chain of crashes.
struct Situation {
  size_t events = 0;                     // of the program, at the first crash
  std::optional<size_t> witnessed = {};  // see Question
  bool power_lost = false;               // in any of the crashes since the last Open that returned
  Stage stage = Stage::kOpening;         // how far any recovery came; kOpening: no Open returned
  bool decision_is_witnessed = false;    // and what was decided, by a write after it
  Dump decided;                   // from kOpened on: what the last Open that returned had shown
  faultfs::Hash128 decided_hash;  // HashOf(decided)

  /// There is rot beside what is known of already.
  void AddRot(std::optional<size_t> its_witnessed) {
    if (its_witnessed) witnessed = std::min(witnessed.value_or(*its_witnessed), *its_witnessed);
  }
};

/// The situation after a crash of the program's run, `steps` into its trace.
[[nodiscard]] Situation After(const Run& run, CrashKind kind, uint32_t steps);
/// The situation after another crash, of a recovery that came so far and showed `seen`.
[[nodiscard]] Situation After(const Situation& before, CrashKind kind, Stage stage,
                              const Dump& seen);
/// The same of a simulated one, `steps` into the trace of a recovery that showed `seen`.
[[nodiscard]] Situation After(const Situation& before, CrashKind kind, const faultfs::Trace& trace,
                              uint32_t begin_step, uint32_t steps, const Dump& seen);

/// What the verdict on a recovery depends on, where `left` stands for what it was from. An
/// acknowledgement changes the verdict and not the image, so that the oracle is asked for each
/// distinct pair of image and situation.
[[nodiscard]] faultfs::Hash128 QuestionHash(const faultfs::Hash128& left,
                                            const Situation& situation);

/// Whether the checker has an opinion here: not if too much is open, but for what no bound excuses.
[[nodiscard]] bool CanJudge(const Checker& checker, const Situation& situation,
                            const Observation& seen);
/// Of the first Open. Only if CanJudge.
[[nodiscard]] std::optional<Violation> Judge(const Laboratory& lab, const Checker& checker,
                                             const Situation& situation, const Observation& seen);
/// Of the rest of the life: the probe.
[[nodiscard]] std::optional<Violation> JudgeProbe(const Laboratory& lab, const Checker& checker,
                                                  const Situation& situation, const Life& life);
/// All of it.
[[nodiscard]] std::optional<Violation> JudgeLife(const Laboratory& lab, const Checker& checker,
                                                 const Situation& situation, const Life& life);

}  // namespace crashlab
