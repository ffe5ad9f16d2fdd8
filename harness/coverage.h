// Coverage: which calls of an engine met with which kind of trouble.
//
// A cell is (kind of file, IoTag, fault class): "log wal.append torn". Kinds of files are the
// adapter's words (Adapter::FileKind), tags the engine's; a call without a tag goes by its
// operation ("read"). The fault classes, of a call:
//
//   power-loss     power went just before it        process-death  the process died just before it
//   lost           some of what it changed was lost
//   lost-alone     likewise, and nothing of any other call was
//   torn           a sector that it wrote came apart
//   inner-…        each of those, in a recovery or in the write after it
//   rot-KIND       bytes that it wrote rotted: flip, zero, stale, lost, misdirected
//   fail-CODE      a fault rule made it fail so: fail-IO_ERROR
//   short, ignore, full, …  likewise, by the word of the rule
//   left-error     a sync of a recovery, which reported an error that a dead process had left
//
// A hit says that a recovery was judged, or (of the last but left-error) that the run went on from
// there. Sums are unions, so that they do not depend on the order of cases.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/rot.h"
#include "faultfs/env/io_hook.h"
#include "faultfs/env/status.h"

namespace crashlab {

/// Bit i: the class FaultClassNames()[i].
using FaultClasses = uint64_t;
[[nodiscard]] const std::vector<std::string>& FaultClassNames();

inline constexpr FaultClasses kPowerLossBefore = 1 << 0;
inline constexpr FaultClasses kProcessDeathBefore = 1 << 1;
inline constexpr FaultClasses kLost = 1 << 2;
inline constexpr FaultClasses kLostAlone = 1 << 3;
inline constexpr FaultClasses kTorn = 1 << 4;
inline constexpr int kInnerShift = 5;  // the same five in a recovery
[[nodiscard]] FaultClasses RotClass(faultfs::RotKind kind);
[[nodiscard]] FaultClasses LateInRecovery();
/// Of a decision that is not to proceed.
[[nodiscard]] FaultClasses FaultClass(const faultfs::IoDecision& decision);

struct Coverage {
  struct Call {
    std::string file;  // kind of file
    std::string tag;
    friend auto operator<=>(const Call&, const Call&) = default;
  };
  std::map<Call, FaultClasses> calls;  // all that were made; 0: nothing has met them

  void Note(std::string_view file, std::string_view tag, FaultClasses classes);
  void Add(const Coverage& other);

  friend bool operator==(const Coverage&, const Coverage&) = default;
};

/// "log wal.append torn": three globs. Every call that fits must have met with every class that
/// fits, and there must be such a call.
struct CoveragePromise {
  std::string file;
  std::string tag;
  std::string fault;
};
/// kInvalidArgument: not three words, or no fault class fits the third.
[[nodiscard]] faultfs::Result<CoveragePromise> ParseCoveragePromise(std::string_view text);
/// The first cell that is promised and empty, or "no call"; empty if the promise is kept.
[[nodiscard]] std::string EmptyCell(const CoveragePromise& promise, const Coverage& coverage);

}  // namespace crashlab
