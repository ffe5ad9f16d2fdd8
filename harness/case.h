// Case: one program with everything that its exploration depends on; and what came of it.
//
// A case is a pure value: exploring it gives the same result in any process, on any number of
// workers, at any time. Scenarios make cases (scenario.h), explorers explore them (explorer.h),
// findings carry them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultfs/crash/crash_state.h"
#include "faultfs/crash/persistence_model.h"
#include "faultfs/crash/rot.h"
#include "harness/adapter.h"
#include "harness/client_plan.h"
#include "harness/coverage.h"
#include "harness/operation.h"
#include "harness/process_plan.h"
#include "harness/verdict.h"

namespace crashlab {

enum class CrashKind : uint8_t { kPowerLoss, kProcessDeath };
[[nodiscard]] std::string_view Name(CrashKind kind);
[[nodiscard]] std::optional<CrashKind> CrashKindFromName(std::string_view name);

/// One crash of a chain, by stable names. The first is in the run of the program; each further one
/// in the recovery (and the write that follows it) after the one before.
struct CrashStep {
  CrashKind kind = CrashKind::kPowerLoss;
  faultfs::CrashStateText state;      // of process death: only `at`
  std::vector<std::string> rot = {};  // of power loss: damage to what it left (faultfs/crash/rot.h)

  friend bool operator==(const CrashStep&, const CrashStep&) = default;
};

/// How states are chosen.
struct CrashPlan {
  // Not a braced list: g++ 12 takes its elements for uninitialized.
  std::vector<faultfs::PersistenceModel> models = std::vector(1, faultfs::kModels[0]);
  std::vector<CrashKind> kinds = {CrashKind::kPowerLoss, CrashKind::kProcessDeath};
  uint64_t budget = 2000;       // states of a program and model: exhausted if there are no more
  uint32_t depth = 1;           // 2: crashes inside recovery too
  uint64_t inner = 8;           // with depth 2: how many recoveries of a program are crashed again
  uint64_t inner_budget = 200;  // states of such a recovery
  uint64_t rot = 0;             // rotten disks of a program and model
  std::vector<faultfs::RotKind> rot_kinds = faultfs::AllRotKinds();
  bool probe = true;             // after each recovery: write, close, reopen, check
  std::vector<CrashStep> chain;  // not empty: this one chain and nothing else

  friend bool operator==(const CrashPlan&, const CrashPlan&) = default;
};

struct Case {
  StoreConfig store;
  Program program;
  uint64_t seed = 0;                // salts, and which states are drawn
  std::vector<std::string> faults;  // fault rules, one a line
  // Fault rules without `nth`: the program runs with the first matching call failing, the second, …
  std::vector<std::string> sweep = {};
  CrashPlan crash;
  std::optional<ProcessPlan> process = {};  // on a real disk instead, and `crash` has no part in it
  std::optional<ClientPlan> clients = {};   // several at once; without: all operations are of one

  friend bool operator==(const Case&, const Case&) = default;
};

/// Whether its clients are threads of the operating system: no two runs are alike, so that what was
/// recorded stands for a finding, and no schedule.
[[nodiscard]] inline bool OnRealThreads(const Case& c) {
  return c.clients.has_value() && c.clients->real_threads;
}

/// Counted as docs/scenarios.md says. Sums over cases are sums of the fields.
struct Counts {
  uint64_t programs = 0;
  uint64_t schedules = 0;  // runs of programs under a schedule each
  uint64_t crash_points = 0;
  uint64_t states = 0;      // named, process deaths among them
  uint64_t recoveries = 0;  // Opens of distinct images, each with a dump and a verdict
  uint64_t judgements = 0;  // distinct (image, bounds): the oracle was asked
  uint64_t judgements_with_loss = 0;
  uint64_t unknown = 0;           // judgements that the checker could not decide: never a pass
  uint64_t probes = 0;            // write, close, reopen, check
  uint64_t inner_recoveries = 0;  // of images left by a crash inside recovery or the write after it
  uint64_t rotten_recoveries = 0;   // of disks with damage that no crash explains
  uint64_t double_runs = 0;         // programs run twice, event logs equal
  uint64_t exhausted_programs = 0;  // all states at all crash points, in all models
  uint64_t kills = 0;               // real processes killed on a real disk
  uint64_t reopened = 0;            // what they left, opened again by a real process and judged
  uint64_t inner_kills = 0;         // real processes killed while they recovered, or just after
  uint64_t inner_reopened = 0;      // what those left, opened again and judged
  uint64_t left_out = 0;            // programs not run, because this machine does not allow it

  Counts& operator+=(const Counts& other);
  friend bool operator==(const Counts&, const Counts&) = default;
};

/// Of those, what was done under one model. Only of power loss: what a dead process leaves is the
/// same in all models, and judged once.
struct ModelCounts {
  uint64_t programs = 0;            // of which exploration under this model came to its end
  uint64_t exhausted_programs = 0;  // all states at all crash points
  uint64_t states = 0;      // of the run and, with depth 2, of its recoveries; rotten ones too
  uint64_t recoveries = 0;  // distinct images among those, by whatever model met first
  uint64_t judgements = 0;  // distinct (image, bounds), likewise
  // Of a plan that never loses power: recoveries in the run that this model's file system gave.
  uint64_t process_deaths = 0;

  /// Whether anything was looked at that could have gone wrong on this model.
  [[nodiscard]] bool judged() const { return recoveries > 0 || process_deaths > 0; }
  ModelCounts& operator+=(const ModelCounts& other);
  friend bool operator==(const ModelCounts&, const ModelCounts&) = default;
};

/// The name of a model with the switches that differ from its row: "posix tear=4096".
[[nodiscard]] std::string ModelName(const faultfs::PersistenceModel& model);

struct Finding {
  Verdict verdict = Verdict::kCrash;
  std::string signature;  // verdict, crash kinds and the tags of what was lost
  std::string detail;
  std::string model;  // its ModelName; empty if no power was lost: then it is so on every model
  Case reproducer;    // its crash.chain is the one that failed; empty for a live violation
  std::vector<std::string> story;  // for people: what was lost, kept and acknowledged, a line each
  Dump disk = {};  // by path: of a real disk its files as the kill left them, of a run on real
                   // threads those that the crash left

  friend bool operator==(const Finding&, const Finding&) = default;
};

struct CaseResult {
  Counts counts;
  std::vector<ModelCounts> models;  // of each model of the plan; empty: none was explored
  std::vector<Finding> findings;    // one for each signature and model, in the order found
  Coverage coverage;                // over all models
  faultfs::Hash128 digest;          // of the event log, the trace and all judgements
};

}  // namespace crashlab
