// LogView: every snapshot, every byte of a log and what it is, for people who want to see it. The
// bytes are read by SnapshotReader and SegmentReader, as in recovery; whether the store opens is
// for Recover() to say, never for this.
//
// Bytes are judged as docs/store-format.md says: within the segments in use and their live bytes,
// damage that an intact claim reaches is corruption, other damage the torn end of an interrupted
// write, and what the snapshot in use holds is not judged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"
#include "store/format.h"
#include "store/segment_reader.h"

namespace kv::cli {

enum class SegmentRole : uint8_t {
  kInUse,
  kDamaged,       // in use or holding records, and its header is not intact
  kNeverStarted,  // no intact header, no record: a crash kept it from beginning
  kUnlinked,      // no segment in use names it: what it held lives elsewhere
  kCovered,       // the snapshot in use holds what it held
};

struct SegmentView {
  uint64_t number = 0;
  std::string path;
  uint64_t size_bytes = 0;
  uint64_t live_bytes = 0;              // up to where its bytes count
  std::optional<SegmentHeader> header;  // if intact
  SegmentRole role = SegmentRole::kInUse;
};

enum class RangeState : uint8_t {
  kValid,    // an intact record in its place
  kTorn,     // not the next record, and nothing claims that one was here; or behind such bytes
  kCorrupt,  // not the next record, and one was durable here; or in a segment without its header
  kStale,    // torn, and what begins here is an intact record of another place or time
  kCovered,  // not the next record, and the snapshot in use holds what was here
  kDead,     // behind the live bytes, or in a segment that is not in use
};
[[nodiscard]] std::string_view RangeStateName(RangeState state);

/// The bytes from `begin_bytes` to `end_bytes` of a segment: one record, or a stretch without one.
struct RangeView {
  uint64_t begin_bytes = 0;
  uint64_t end_bytes = 0;
  RangeState state = RangeState::kValid;
  Damage damage = Damage::kNone;       // why it is no record in its place
  std::optional<RecordHeader> record;  // if an intact header of this segment begins here
  std::string_view payload;            // of a valid or dead mutation; until the visitor returns
  uint64_t next_sequence = 0;          // of the mutation behind damage; 0: there is none
  uint64_t expected_sequence = 0;      // of the mutation that belongs here; 0: none does
};

enum class SnapshotState : uint8_t {
  kInUse,    // the newest intact one
  kOlder,    // intact
  kDamaged,  // passed over by recovery, which refuses if the log doesn't hold what it held
};

struct SnapshotView {
  std::string path;
  uint64_t sequence = 0;  // of the last mutation in it, as its name says
  uint64_t size_bytes = 0;
  uint64_t entries = 0;  // up to the damage, if there is any
  SnapshotState state = SnapshotState::kInUse;
  std::string_view damage;
};

class LogVisitor {
 public:
  virtual ~LogVisitor() = default;
  virtual void Snapshot(const SnapshotView& snapshot) = 0;
  virtual void Segment(const SegmentView& segment) = 0;
  /// The ranges of the last segment, in the order of their bytes, without gaps between them.
  virtual void Range(const RangeView& range) = 0;
  /// Instead of Segment: one in use is named by `successor` and not there.
  virtual void Missing(const std::string& path, const std::string& successor) = 0;
};

struct LogFacts {
  uint64_t claim = 0;           // the highest that an intact claim or a snapshot's name says
  uint64_t last_intact = 0;     // of the mutations up to the first damage, snapshot included
  uint64_t corrupt_ranges = 0;  // and segments
  uint64_t torn_bytes = 0;
};

/// Shows every snapshot among `entries` to `visitor`, then every segment, by ascending number. Only
/// reads; nothing may change meanwhile. Errors of the file system.
[[nodiscard]] faultfs::Result<LogFacts> ViewLog(faultfs::FileSystem& file_system,
                                                std::string_view directory,
                                                const std::vector<faultfs::DirEntry>& entries,
                                                LogVisitor& visitor);

}  // namespace kv::cli
