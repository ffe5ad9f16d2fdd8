// CrashState: one thing that a crash may leave, as a value; and its text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/env/status.h"

namespace faultfs {

/// What shows in sectors inside the size whose content never became durable. One kind for the whole
/// state; the bytes follow from a hash of inode and sector, so that a replay shows the same.
enum class Fill : uint8_t {
  kZeros,
  kGarbage,  // bytes that nobody wrote
  kEarlier,  // what this range of this file held before it was cut
  kFreed,    // a sector of a file that lost its last name, the same sector where there is one
};
[[nodiscard]] std::string_view Name(Fill value);
[[nodiscard]] std::optional<Fill> FillFromName(std::string_view name);

/// A sector that was being written: `effect` is a version that did not persist whole.
struct Tear {
  EffectId effect = kNone;
  uint32_t split_bytes = 0;  // 0 < split < unit
  bool front = true;         // true: [0, split) is new; false: [split, end) is

  friend auto operator<=>(const Tear&, const Tear&) = default;
};

struct CrashState {
  CrashPoint point;
  std::vector<EffectId> lost;  // ascending; all pending at `point`; upward-closed among them
  std::vector<Tear> tears;
  Fill fill = Fill::kZeros;

  friend bool operator==(const CrashState&, const CrashState&) = default;
};

/// The same by stable names: what scenario files and reports carry.
struct CrashStateText {
  std::string at;
  std::vector<std::string> lost;
  std::vector<std::string> tears;  // "wal.append#2/s0 front 17", "… back 300"
  std::string fill;                // a word of Name(Fill)

  friend bool operator==(const CrashStateText&, const CrashStateText&) = default;
};

[[nodiscard]] CrashStateText ToText(const EffectGraph& graph, const CrashState& state);

/// How FromText treats names that the run does not have.
enum class Unknown : uint8_t {
  kRefuse,  // kNotFound
  kIgnore,  // left out; the state is closed upwards again: for programs made smaller
};
[[nodiscard]] Result<CrashState> FromText(const EffectGraph& graph, const CrashStateText& text,
                                          Unknown unknown = Unknown::kRefuse);

}  // namespace faultfs
