// Explorer: one case, from its program to its findings.
//
// Runs the program once on a Volume, then for every crash point makes the states that the plan asks
// for, recovers the real engine from each distinct image, and lets the checker judge every distinct
// (image, bounds).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "faultfs/sim/image.h"
#include "harness/adapter.h"
#include "harness/case.h"

namespace crashlab {

/// Told where the exploration is, before anything that may not come back. A worker notes it in
/// shared memory, so that its parent can write the finding of a worker that died.
class Monitor {
 public:
  virtual ~Monitor() = default;
  /// `chain` (crash steps so far; empty while the program itself runs) is built only if asked for.
  virtual void Recovering(const std::function<std::vector<CrashStep>()>& chain) = 0;
  /// What has been counted, now and then: a worker that dies leaves the last.
  virtual void Counted(const Counts& counts) = 0;
  /// The engine made more file-system calls than it may. Does not return in a worker.
  virtual void Hung(bool in_open) = 0;
  /// From now on states are of this model. The finding of a death names the last.
  virtual void Exploring(const faultfs::PersistenceModel& model) { static_cast<void>(model); }
  /// That of all rules of a case's sweep this one, with its `nth`, is tried from here on.
  virtual void Sweeping(const std::string& rule) { static_cast<void>(rule); }
  /// That the program runs under this schedule from here on: picks, or "#N" (ClientPlan).
  virtual void Scheduling(const std::string& schedule) { static_cast<void>(schedule); }
  /// A finding of a signature and model new to this case, as soon as it is made: nothing that comes
  /// later in the case, not even the death of the process, takes it away.
  virtual void Found(const Finding& finding) { static_cast<void>(finding); }
};

struct ExploreOptions {
  uint64_t call_limit = 1'000'000;  // file-system calls of one recovery or one operation of a run
  bool double_run = false;          // run the program twice and compare
  uint64_t max_findings = 8;        // signatures of a case under one model, then on to the next
};

[[nodiscard]] CaseResult Explore(const Case& c, const Adapter& adapter,
                                 const ExploreOptions& options, Monitor& monitor);

/// Replays the chain of `c` (which must have one, and not be on real threads): the finding it
/// gives, if it gives one, and the image that its last crash left.
struct ReplayResult {
  std::optional<Finding> finding;
  faultfs::Image image;  // what the last recovery opened
  std::vector<std::string> story;
  bool recovered = false;  // the chain was there, and what it left was opened
  bool unknown = false;    // and the checker could not decide
};
[[nodiscard]] Result<ReplayResult> Replay(const Case& c, const Adapter& adapter,
                                          const ExploreOptions& options, Monitor& monitor);

/// Judges the directory as left by the chain of `c` when it is opened through `file_system` (a real
/// one, say) instead of the simulator.
[[nodiscard]] Result<std::optional<Violation>> JudgeOn(const Case& c, const Adapter& adapter,
                                                       faultfs::FileSystem& file_system,
                                                       std::string_view directory);

/// The image that the last crash of the chain of `c` left, before anything has opened it.
[[nodiscard]] Result<faultfs::Image> ImageOf(const Case& c, const Adapter& adapter);

/// Effects of the chain's crash points, pending and lost, with labels: `crashlab explain`. Unless
/// `recover` is false (because recovering ends the process) with the story of the last recovery.
[[nodiscard]] Result<std::string> ExplainCase(const Case& c, const Adapter& adapter,
                                              bool recover = true);

struct ObservedAnswer {
  bool allowed;
  std::string text;  // by which state, or that there is none
};
/// Whether `observed` (a whole disk: the engine's directory is one entry in it) is something that
/// the last crash of the chain may leave, whatever the chain says was lost.
[[nodiscard]] Result<ObservedAnswer> ExplainObserved(const Case& c, const Adapter& adapter,
                                                     const faultfs::Image& observed);

/// Where every engine lives on the simulated disk.
inline constexpr std::string_view kStoreDirectory = "/db";

}  // namespace crashlab
