// Run: a program driven once over a simulated volume, with everything that exploration needs later.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "faultfs/env/executor.h"
#include "faultfs/env/random.h"
#include "faultfs/fault/fault_rules.h"
#include "faultfs/sim/hash.h"
#include "faultfs/sim/schedule.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"

namespace crashlab {

/// The salts of the n-th Open of a case: carried on across crashes, so that no life repeats
/// another's.
class CaseEntropy final : public faultfs::Entropy {
 public:
  CaseEntropy(uint64_t case_seed, uint64_t open_ordinal)
      : stream_(faultfs::Mix64(case_seed, faultfs::MixString("salt"))),
        random_(stream_.Fork(open_ordinal)) {}
  [[nodiscard]] uint64_t Next() override {
    const std::lock_guard lock(mutex_);
    return random_.Next();
  }

 private:
  std::mutex mutex_;
  faultfs::Random stream_;
  faultfs::Random random_;
};

/// An engine on some file system, from one Open to its Close.
class Engine {
 public:
  /// What is given by reference must outlive it. `before_call` (may be empty) runs before each
  /// call, told whether that is Open.
  Engine(const Case& c, const Adapter& adapter, faultfs::FileSystem& file_system,
         std::string_view directory, uint64_t open_ordinal,
         std::function<void(bool opening)> before_call = {});

  /// `scheduled`: for several clients, which a scheduler runs.
  [[nodiscard]] Status Open(bool scheduled = false);
  [[nodiscard]] Result<Dump> ReadAll();
  [[nodiscard]] Reply Apply(const Operation& operation, OpNumber number);
  /// Runs the oldest job that waits in the background. How that went; Ok if there was none.
  [[nodiscard]] Status RunBackground();
  [[nodiscard]] Status BackgroundStatus() const { return system_->BackgroundStatus(); }
  [[nodiscard]] size_t jobs() const { return executor_.pending(); }
  [[nodiscard]] Status Close();

 private:
  void BeforeCall(bool opening) {
    if (before_call_) before_call_(opening);
  }

  const Case& case_;
  const Adapter& adapter_;
  faultfs::FileSystem& file_system_;
  const std::string_view directory_;
  const std::function<void(bool opening)> before_call_;
  CaseEntropy entropy_;
  faultfs::ManualExecutor executor_;
  std::unique_ptr<System> system_;
};

/// One life of a process: a file system that can be killed, and the engine on it. The monitor is
/// told of a call that makes too many file-system calls.
class Process {
 public:
  /// `volume` and `hook` must outlive it.
  Process(const Case& c, const Adapter& adapter, const ExploreOptions& options, Monitor& monitor,
          faultfs::Volume& volume, faultfs::IoHook* hook, uint64_t open_ordinal);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] Engine& engine() { return engine_; }

  /// Runs `work`, in which several threads may call the engine. All their calls have one limit.
  void Share(uint64_t operations, const std::function<void()>& work);

 private:
  void LimitCalls(uint64_t operations, bool opening);

  const ExploreOptions& options_;
  Monitor& monitor_;
  bool shared_ = false;
  faultfs::SimFileSystem file_system_;
  Engine engine_;
};

/// An Open within a run that may have read rot, from one step of it on, and did not say so. It may
/// have acted on it before it returned.
struct RottenOpen {
  uint32_t from_step;
  uint32_t end_step;  // where it showed its map; UINT32_MAX: it failed, for something else
  size_t witnessed;   // Question::witnessed
};

/// The disk before the first Open: an empty root.
struct Run {
  std::unique_ptr<faultfs::Volume> volume;
  std::vector<Event> events;    // event k is mark k of the trace
  std::vector<uint64_t> opens;  // by number of events: how many Opens had begun
  std::unique_ptr<Checker> checker;
  std::vector<faultfs::FaultRules::Count> rule_counts;  // by the index of the case's fault rule
  Coverage faults;                            // by which calls the fault rules made go wrong
  uint64_t evictions = 0;                     // calls before which a fault rule made pages go back
  std::vector<RottenOpen> rotten_opens = {};  // by `from_step`
  std::optional<Violation> live;              // a live answer or an Open within the run was wrong
  std::string schedule = {};                  // of several clients: how it went, for ReplaySchedule
  bool diverged = false;    // the case's schedule did not fit: this is another one
  faultfs::Hash128 digest;  // of the events and every step of the trace
};

/// Under `schedule`, if the case has clients; null: under the one that the case names, or the first
/// of its plan. On real threads there is none, and no run is like another.
[[nodiscard]] Run RunProgram(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                             Monitor& monitor, faultfs::Schedule* schedule = nullptr);

/// Events that had happened when the first `steps` steps of the trace had.
[[nodiscard]] size_t EventsAt(const faultfs::Trace& trace, uint32_t steps);

/// The operation that a recovery is asked to do to show that it works, and its number: none of the
/// program's. The value is ValueOf(number, 0, value_bytes).
[[nodiscard]] Operation ProbeOperation();
[[nodiscard]] OpNumber ProbeNumber(const Case& c);

}  // namespace crashlab
