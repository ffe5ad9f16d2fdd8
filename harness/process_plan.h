// ProcessPlan: the `[process]` table of a scenario. A real process runs the program on a real
// directory and is killed; what it leaves is opened again and judged by the process frontier.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"

namespace crashlab {

/// When SIGKILL comes. All but kMoment are the program's own doing, counted in calls or operations,
/// and come again at the same place; kMoment goes by a timer and does not, to the instant.
enum class KillWhen : uint8_t {
  kEnd,        // after the last operation; nothing is closed
  kCall,       // just before file-system call `number`, from 1 on, over all Opens of the run
  kWithin,     // within that call, if it writes into several pages: after half of the pages (the
               // kernel looks for a fatal signal between two pages); else as kCall
  kOperation,  // just before operation `number` is invoked
  kMoment,     // when `number` thousandths of the time have gone that a whole run takes
};
inline constexpr int kKillWhenCount = static_cast<int>(KillWhen::kMoment) + 1;
[[nodiscard]] std::string_view Name(KillWhen when);
[[nodiscard]] std::optional<KillWhen> KillWhenFromName(std::string_view name);

struct KillPoint {
  KillWhen when = KillWhen::kEnd;
  uint64_t number = 0;  // of kEnd: 0

  friend bool operator==(const KillPoint&, const KillPoint&) = default;
};
/// "end", "call 17", "within 17", "operation 3", "moment 437". Print and Parse are inverse.
[[nodiscard]] std::string Print(const KillPoint& point);
/// kInvalidArgument: one line.
[[nodiscard]] faultfs::Result<KillPoint> ParseKillPoint(std::string_view text);

/// Deaths one after the other: the first of the run of the program, each further one of the process
/// that opens what the one before left (kEnd, kCall or kWithin). Its calls are those of that
/// recovery and of the write, the close and the reopen that follow it, from 1 on.
using KillChain = std::vector<KillPoint>;
/// "call 17, then call 3". Print and Parse are inverse.
[[nodiscard]] std::string Print(const KillChain& chain);
/// Not empty. kInvalidArgument: one line.
[[nodiscard]] faultfs::Result<KillChain> ParseKillChain(std::string_view text);

struct ProcessPlan {
  uint64_t kills = 20;  // of a program: the first at its end, the others as `when` says, in turn
  std::vector<KillWhen> when = std::vector(1, KillWhen::kCall);  // no braced list: as in case.h
  std::optional<uint64_t> tmpfs_bytes = {};  // a tmpfs so large; none: a temporary directory
  std::optional<uint64_t> file_size_limit_bytes = {};  // RLIMIT_FSIZE of the process that is killed
  uint32_t depth = 1;   // 2: recoveries are killed too, and the write after them
  uint64_t inner = 8;   // with depth 2: so many kills of recoveries, of a program
  KillChain kill = {};  // not empty: this one and no other

  /// Whether the disk may refuse what a larger one would take.
  [[nodiscard]] bool Confines() const { return tmpfs_bytes || file_size_limit_bytes; }

  friend bool operator==(const ProcessPlan&, const ProcessPlan&) = default;
};

/// "temporary" or "tmpfs:SIZE": a number of bytes, with k or m for 2^10 or 2^20.
[[nodiscard]] std::string PrintDirectory(const ProcessPlan& plan);
/// The size of the tmpfs; none for "temporary". kInvalidArgument: one line.
[[nodiscard]] faultfs::Result<std::optional<uint64_t>> ParseDirectory(std::string_view text);

/// The first of these fault rules that no real disk can follow, because how much of it is in use is
/// not known: `full`. Empty if there is none.
[[nodiscard]] std::string RuleOfTheSimulator(const std::vector<std::string>& rules);

/// Why a program was left out, for people.
inline constexpr std::string_view kLeftOutWhy = "a tmpfs of its own needs root (CAP_SYS_ADMIN)";

}  // namespace crashlab
