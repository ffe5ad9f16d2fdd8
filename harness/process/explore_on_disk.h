// Exploring a case on a real disk: a child runs the program on a real directory and is killed by
// SIGKILL; what it leaves is opened again in another process and judged by the process frontier.
//
// The verdict of a kill that is counted in calls or operations comes again, on any machine. What a
// timer decided (KillWhen::kMoment) does not, to the instant, and the call at which a small tmpfs
// is full is not always the same: neither is part of a digest.
#pragma once

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"

namespace crashlab {

/// Of a case with a ProcessPlan. The calling process must have one thread only.
[[nodiscard]] CaseResult ExploreOnDisk(const Case& c, const Adapter& adapter,
                                       const ExploreOptions& options, Monitor& monitor);

/// Any case: on a real disk if it has a ProcessPlan, else in the simulator.
[[nodiscard]] CaseResult ExploreCase(const Case& c, const Adapter& adapter,
                                     const ExploreOptions& options, Monitor& monitor);

}  // namespace crashlab
