#include "harness/client_plan.h"

#include <algorithm>
#include <iterator>

namespace crashlab {
namespace {

constexpr std::string_view kScheduleKinds[] = {"random", "pct", "exhaustive"};
static_assert(std::size(kScheduleKinds) == kScheduleKindCount);

}  // namespace

std::string_view Name(ScheduleKind kind) { return kScheduleKinds[static_cast<size_t>(kind)]; }

std::optional<ScheduleKind> ScheduleKindFromName(std::string_view name) {
  const auto* const at = std::find(std::begin(kScheduleKinds), std::end(kScheduleKinds), name);
  if (at == std::end(kScheduleKinds)) return std::nullopt;
  return static_cast<ScheduleKind>(at - std::begin(kScheduleKinds));
}

}  // namespace crashlab
