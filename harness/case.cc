#include "harness/case.h"

#include "faultfs/env/check.h"
#include "harness/internal/count_fields.h"

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
  for (const CountField& row : kCountFields) this->*row.field += other.*row.field;
  return *this;
}

}  // namespace crashlab
