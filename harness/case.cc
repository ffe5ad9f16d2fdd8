#include "harness/case.h"

#include "faultfs/env/check.h"

namespace crashlab {

std::string_view Name(CrashKind kind) {
  switch (kind) {
    case CrashKind::kPowerLoss:
      return "power-loss";
    case CrashKind::kProcessDeath:
      return "process-death";
  }
  FAULTFS_CHECK(false, "every kind of crash has a name");
  return {};
}

std::optional<CrashKind> CrashKindFromName(std::string_view name) {
  for (const CrashKind kind : {CrashKind::kPowerLoss, CrashKind::kProcessDeath}) {
    if (Name(kind) == name) return kind;
  }
  return std::nullopt;
}

Counts& Counts::operator+=(const Counts& other) {
  programs += other.programs;
  crash_points += other.crash_points;
  states += other.states;
  recoveries += other.recoveries;
  judgements += other.judgements;
  judgements_with_loss += other.judgements_with_loss;
  probes += other.probes;
  inner_recoveries += other.inner_recoveries;
  double_runs += other.double_runs;
  exhausted_programs += other.exhausted_programs;
  return *this;
}

}  // namespace crashlab
