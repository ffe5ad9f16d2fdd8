// ClientPlan: the `[clients]` table of a scenario. Several clients run a program at once, and which
// of them goes on at each point of the run is a schedule.
//
// `client` of an Operation says who does it; each client does its own in the order of the program.
// `reopen` and `kill` are everybody's: all that stands before them in the program has ended by
// then, and what stands behind begins after them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"

namespace crashlab {

/// Where the schedules of a program come from (faultfs/sim/schedule.h).
enum class ScheduleKind : uint8_t {
  kRandom,      // whoever can go on is as likely as any other, at every point
  kPct,         // by priorities that change at a few points: PctSchedule
  kExhaustive,  // each with so many preemptions at most, one after the other
};
inline constexpr int kScheduleKindCount = static_cast<int>(ScheduleKind::kExhaustive) + 1;
[[nodiscard]] std::string_view Name(ScheduleKind kind);
[[nodiscard]] std::optional<ScheduleKind> ScheduleKindFromName(std::string_view name);

inline constexpr uint32_t kMaxClients = 16;

struct ClientPlan {
  uint32_t least = 2;  // clients of a generated program: at least so many, at most `most`
  uint32_t most = 4;
  uint64_t schedules = 10;  // of a program; of kExhaustive no more than there are
  std::vector<ScheduleKind> kinds = std::vector(1, ScheduleKind::kPct);  // in turn; or kExhaustive
  uint32_t depth = 3;         // of kPct: one more than the points where priorities change
  uint32_t preemptions = 1;   // of kExhaustive
  bool real_threads = false;  // threads of the operating system instead, and no schedule
  // This one and no other: picks as ReplaySchedule takes them, or "#N", the N-th of the plan.
  std::optional<std::string> schedule = {};

  friend bool operator==(const ClientPlan&, const ClientPlan&) = default;
};

// ---- The text of a schedule ----

/// Ok for picks and for "#N"; else kInvalidArgument, one line.
[[nodiscard]] faultfs::Status CheckSchedule(std::string_view schedule);
/// N of "#N", from 1 on; none of picks.
[[nodiscard]] std::optional<uint64_t> NumberOfSchedule(std::string_view schedule);

/// So many picks of one client, one after the other.
struct ScheduleRun {
  uint32_t client = 0;
  uint64_t picks = 1;

  friend bool operator==(const ScheduleRun&, const ScheduleRun&) = default;
};
/// Of the text of picks, which the caller has checked. PrintSchedule gives the text again; runs of
/// one client that have come to stand beside each other are one run there.
[[nodiscard]] std::vector<ScheduleRun> RunsOf(std::string_view picks);
[[nodiscard]] std::string PrintSchedule(const std::vector<ScheduleRun>& runs);

}  // namespace crashlab
