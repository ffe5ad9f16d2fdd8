// StepCoverage: what the states of one run or one recovery mean to the calls in its trace.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/rot.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"
#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/coverage.h"

namespace crashlab {

class StepCoverage {
 public:
  /// All must outlive it. `begin_step`: where the life that is crashed begins; what comes before
  /// was left by the one before it. `inner`: a recovery. The result is added to `out` at the end.
  StepCoverage(const Adapter& adapter, const faultfs::Image& base, const faultfs::Trace& trace,
               uint32_t begin_step, bool inner, Coverage& out);
  ~StepCoverage();
  StepCoverage(const StepCoverage&) = delete;
  StepCoverage& operator=(const StepCoverage&) = delete;

  /// A state that is judged. `graph` is of the trace.
  void Visit(const faultfs::EffectGraph& graph, const faultfs::CrashState& state, CrashKind kind);
  /// Damage to what a crash after `steps` steps left: of each range the write that made it.
  void Rotten(uint32_t steps, faultfs::RotKind kind, const std::vector<faultfs::HurtRange>& hurt);

 private:
  const faultfs::Trace& trace_;
  const uint32_t begin_step_;
  const bool inner_;
  Coverage& out_;
  std::vector<std::string_view> kinds_;  // of file, by step
  std::vector<FaultClasses> classes_;    // by step
};

/// The kind of the file that a call is about, by the names that it gives.
[[nodiscard]] std::string_view FileKindOf(const Adapter& adapter, const faultfs::IoCall& call,
                                          std::string_view path);

}  // namespace crashlab
