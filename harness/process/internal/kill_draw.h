// Where the processes of a case are killed: drawn from its seed, or all places if there are so few.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/case.h"
#include "harness/process_plan.h"

namespace crashlab {

struct DrawnKills {
  std::vector<KillPoint> points;
  bool exhausted = false;  // every call, and the end
};

/// Of runs of the program, one after the other. The first is at the end. `calls`, `wide`: of a run
/// to its end (no calls: it did not come to it), see KilledRun.
[[nodiscard]] DrawnKills DrawKills(const Case& c, uint64_t calls,
                                   const std::vector<uint64_t>& wide);

/// How many recoveries after each of these kills are killed: `inner` of the plan in all, none after
/// a moment by the clock, which does not come again.
[[nodiscard]] std::vector<uint64_t> ShareInner(const Case& c, const std::vector<KillPoint>& points);

/// Of so many recoveries after kill `index` of the program, whose calls are these: no place twice.
[[nodiscard]] DrawnKills DrawInnerKills(const Case& c, size_t index, uint64_t kills, uint64_t calls,
                                        const std::vector<uint64_t>& wide);

}  // namespace crashlab
