// The fields of Counts by name, for whatever treats them all alike: sums, JSON, shared memory.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

#include "harness/case.h"

namespace crashlab {

struct CountField {
  std::string_view name;  // of the JSON report: do not rename
  uint64_t Counts::*field;
};

inline constexpr CountField kCountFields[] = {
    {"programs", &Counts::programs},
    {"schedules", &Counts::schedules},
    {"crash_points", &Counts::crash_points},
    {"states", &Counts::states},
    {"recoveries", &Counts::recoveries},
    {"judgements", &Counts::judgements},
    {"judgements_with_loss", &Counts::judgements_with_loss},
    {"unknown", &Counts::unknown},
    {"probes", &Counts::probes},
    {"inner_recoveries", &Counts::inner_recoveries},
    {"rotten_recoveries", &Counts::rotten_recoveries},
    {"double_runs", &Counts::double_runs},
    {"exhausted_programs", &Counts::exhausted_programs},
    {"kills", &Counts::kills},
    {"reopened", &Counts::reopened},
    {"inner_kills", &Counts::inner_kills},
    {"inner_reopened", &Counts::inner_reopened},
    {"left_out", &Counts::left_out},
};
static_assert(sizeof(Counts) == std::size(kCountFields) * sizeof(uint64_t),
              "every field of Counts has a row");

}  // namespace crashlab
