// Chain: crashes one after the other, each in the recovery from the one before. Runs a case to the
// end of its chain, step by step, from the names in the case: what replay, explain, export and the
// shrinking of findings go by.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/states.h"
#include "faultfs/sim/image.h"
#include "harness/explore/aftermath.h"
#include "harness/explore/recovery.h"
#include "harness/explore/run.h"

namespace crashlab {

/// One crash, resolved.
struct ChainLink {
  std::unique_ptr<faultfs::Volume> volume;  // of the recovery that was crashed; null for the run
  const faultfs::Trace* trace = nullptr;
  uint32_t begin_step = 0;  // where the crashed life begins in the trace
  faultfs::EffectGraph graph;
  faultfs::CrashState state;
  CrashKind kind = CrashKind::kPowerLoss;
  faultfs::Image image;           // what the crash left, rot and all
  std::vector<std::string> rot;   // as the step names it
  std::vector<LeftError> errors;  // that are left to report
  Situation situation;            // in which the next recovery is judged
  uint64_t opens = 0;             // Opens begun so far
};

struct Chain {
  std::shared_ptr<const Run> run;  // with a live violation: the chain has no links
  std::vector<CrashStep> steps;    // by names, one for each link
  std::vector<ChainLink> links;
};

/// Resolves `steps` under the first model of the case. With Unknown::kIgnore effects that the run
/// does not have are left out; a crash point that it does not have is an error all the same.
[[nodiscard]] Result<Chain> ResolveChain(const Laboratory& lab, const std::vector<CrashStep>& steps,
                                         faultfs::Unknown unknown = faultfs::Unknown::kRefuse);

/// Recovers from the end of the chain and judges, probe included.
[[nodiscard]] std::optional<Violation> JudgeChain(const Laboratory& lab, const Chain& chain);

/// A crash by names. Of the death of a process only where it was.
[[nodiscard]] CrashStep StepOf(const faultfs::EffectGraph& graph, const faultfs::CrashState& state,
                               CrashKind kind);

/// What the last crash of a chain left; the chain must outlive it and have links.
[[nodiscard]] Aftermath AfterLast(const Chain& chain);

}  // namespace crashlab
