// Rot: what a disk does to bytes that were durable, and no crash explains.
//
// Beside a crash state, as a value of its own: a bit turned over, a sector that reads as zeros, a
// sector that shows what it held before its last write (stale), a whole write that was acknowledged
// and never reached the medium (lost), and one that landed in another place (misdirected, which
// hurts both). Bairavasundaram et al., "An Analysis of Data Corruption in the Storage Stack" (FAST
// 2008) and Prabhakaran et al., "IRON File Systems" (SOSP 2005) saw all of them.
//
// Rot is in the image, so that every read sees it: a retry hides nothing. What was hurt is told, to
// the byte; a rot that changes nothing is none. Sizes and names do not rot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/crash_state.h"
#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/states.h"
#include "faultfs/env/status.h"
#include "faultfs/sim/image.h"

namespace faultfs {

enum class RotKind : uint8_t { kFlip, kZero, kStale, kLost, kMisdirected };
inline constexpr int kRotKindCount = static_cast<int>(RotKind::kMisdirected) + 1;
[[nodiscard]] std::string_view Name(RotKind kind);
[[nodiscard]] std::optional<RotKind> RotKindFromName(std::string_view name);

[[nodiscard]] std::vector<RotKind> AllRotKinds();

/// One piece of rot, by stable names. As text:
///
///   flip /db/0000000001.wal 100.3            bit 3 of byte 100
///   zero /db/0000000001.wal 512              the sector (of the model) that begins there
///   stale wal.append#2/s0                    one sector of a write
///   lost wal.append#2                        all of it that no later write covers
///   misdirected wal.append#2 /db/LOCK 0      landed on the sector there
struct Rot {
  RotKind kind = RotKind::kFlip;
  std::string write;          // stale: an effect's name; lost, misdirected: an operation's
  std::string path;           // flip, zero: the file; misdirected: where it landed
  uint64_t offset_bytes = 0;  // in that file
  uint32_t bit = 0;           // flip

  friend bool operator==(const Rot&, const Rot&) = default;
};
[[nodiscard]] std::string Print(const Rot& rot);
/// kInvalidArgument.
[[nodiscard]] Result<Rot> ParseRot(std::string_view text);

/// Bytes of a file that are not what they should be.
struct HurtRange {
  InodeNumber file = kNoInode;
  uint64_t begin_bytes = 0;
  uint64_t end_bytes = 0;

  friend bool operator==(const HurtRange&, const HurtRange&) = default;
};

struct RottenDisk {
  Image image;
  std::vector<HurtRange> hurt;  // not empty
};

/// The disk that a crash left in `state`, rotten. `left` is Materialize(state). kNotFound if the
/// disk has no such file, sector or write; kInvalidArgument if nothing would change.
[[nodiscard]] Result<RottenDisk> ApplyRot(PointView& view, const CrashState& state,
                                          const Image& left, const Rot& rot);

/// All the rot that is tried on this disk, in a fixed order: of every file every sector zeroed, of
/// every 16 bytes one bit, every sector stale, every write lost, every write on two other sectors.
[[nodiscard]] std::vector<Rot> RotsOf(PointView& view, const CrashState& state, const Image& left);

}  // namespace faultfs
