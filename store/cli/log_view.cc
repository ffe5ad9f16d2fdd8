#include "store/cli/log_view.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "store/snapshot_reader.h"

namespace kv::cli {
namespace {

using faultfs::DirEntry;
using faultfs::FileSystem;
using faultfs::FileType;
using faultfs::Result;
using faultfs::Status;

/// Calls `see` for each record and each stretch without one from `begin_bytes` to `end_bytes`, with
/// state kValid or kCorrupt. `expected`: the first mutation; 0: sequences are not checked.
Status Walk(SegmentReader& reader, uint64_t begin_bytes, uint64_t end_bytes, uint64_t expected,
            const std::function<void(RangeView)>& see) {
  const bool in_sequence = expected > 0;
  for (uint64_t offset_bytes = begin_bytes; offset_bytes < end_bytes;) {
    FAULTFS_ASSIGN_OR_RETURN(RecordRead read, reader.ReadRecord(offset_bytes, end_bytes));
    const bool mutation = read.own && read.header.type == RecordType::kMutation;
    if (in_sequence && read.damage == Damage::kNone &&
        read.header.sequence != (mutation ? expected : expected - 1)) {
      read.damage = Damage::kSequence;
    }
    RangeView range{.begin_bytes = offset_bytes,
                    .end_bytes = read.end_bytes,
                    .state = RangeState::kValid,
                    .damage = read.damage,
                    .record = std::nullopt,
                    .payload = read.payload,
                    .next_sequence = 0,
                    .expected_sequence = expected};
    if (read.own) range.record = read.header;
    if (read.damage == Damage::kNone) {
      see(range);
      if (mutation) expected = in_sequence ? expected + 1 : 0;
      offset_bytes = range.end_bytes;
      continue;
    }
    FAULTFS_ASSIGN_OR_RETURN(const auto next, reader.FindRecord(offset_bytes + 1));
    const bool more = next.has_value() && next->offset_bytes < end_bytes;
    range.end_bytes = more ? next->offset_bytes : end_bytes;
    range.state = RangeState::kCorrupt;
    range.payload = {};
    if (more) range.next_sequence = next->sequence + (next->type == RecordType::kMutation ? 0 : 1);
    see(range);
    // Behind a gap sequences count on from what is found there.
    if (in_sequence && more) expected = range.next_sequence;
    offset_bytes = range.end_bytes;
  }
  return Status();
}

class LogViewer {
 public:
  LogViewer(FileSystem& file_system, std::string_view directory, LogVisitor& visitor)
      : file_system_(file_system), directory_(directory), visitor_(visitor) {}

  Result<LogFacts> Run(const std::vector<DirEntry>& entries) {
    FAULTFS_RETURN_IF_ERROR(ReadSnapshots(entries));
    FAULTFS_RETURN_IF_ERROR(ReadHeaders(entries));
    FAULTFS_RETURN_IF_ERROR(AssignRoles());
    for (const auto& [sequence, snapshot] : snapshots_) visitor_.Snapshot(snapshot);
    for (const auto& [number, segment] : segments_) FAULTFS_RETURN_IF_ERROR(Show(segment));
    return facts_;
  }

 private:
  Status ReadSnapshots(const std::vector<DirEntry>& entries) {
    for (const DirEntry& entry : entries) {
      const auto sequence = ParseFileName(entry.name, kSnapshotSuffix);
      if (entry.type != FileType::kFile || !sequence.has_value()) continue;
      SnapshotReader reader(file_system_, SnapshotPath(directory_, *sequence), *sequence);
      FAULTFS_RETURN_IF_ERROR(reader.Open());
      std::string_view chunk;
      for (bool more = true; more;) {
        FAULTFS_ASSIGN_OR_RETURN(more, reader.NextChunk(&chunk));
      }
      snapshots_[*sequence] = {
          .path = reader.path(),
          .sequence = *sequence,
          .size_bytes = reader.size_bytes(),
          .entries = reader.entries(),
          .state = reader.damage().empty() ? SnapshotState::kOlder : SnapshotState::kDamaged,
          .damage = reader.damage()};
    }
    if (!snapshots_.empty()) facts_.claim = snapshots_.rbegin()->first;
    for (auto at = snapshots_.rbegin(); at != snapshots_.rend() && covered_ == 0; ++at) {
      if (at->second.state != SnapshotState::kOlder) continue;
      at->second.state = SnapshotState::kInUse;
      covered_ = at->first;
    }
    facts_.last_intact = covered_;
    return Status();
  }

  Status ReadHeaders(const std::vector<DirEntry>& entries) {
    for (const DirEntry& entry : entries) {
      const auto number = ParseFileName(entry.name, kSegmentSuffix);
      if (entry.type != FileType::kFile || !number.has_value()) continue;
      SegmentView segment{.number = *number,
                          .path = SegmentPath(directory_, *number),
                          .size_bytes = 0,
                          .live_bytes = 0,
                          .header = std::nullopt,
                          .role = SegmentRole::kUnlinked};
      SegmentReader reader(file_system_, segment.path, *number);
      FAULTFS_RETURN_IF_ERROR(reader.ReadHeader(/*read_ahead=*/false));
      segment.size_bytes = reader.size_bytes();
      segment.header = reader.header();
      segments_.emplace(*number, std::move(segment));
    }
    return Status();
  }

  Status AssignRoles() {
    auto newest = segments_.rbegin();
    for (; newest != segments_.rend() && !newest->second.header.has_value(); ++newest) {
      SegmentView& segment = newest->second;
      SegmentReader reader(file_system_, segment.path, segment.number);
      FAULTFS_RETURN_IF_ERROR(reader.ReadHeader(/*read_ahead=*/true));
      FAULTFS_ASSIGN_OR_RETURN(const uint64_t highest, HighestRecord(reader));
      segment.role = highest == 0          ? SegmentRole::kNeverStarted
                     : highest <= covered_ ? SegmentRole::kCovered
                                           : SegmentRole::kDamaged;
    }
    if (newest == segments_.rend()) {
      if (facts_.claim > covered_) Corrupt();  // a snapshot's name says that there was a store
      return Status();
    }
    newest_ = newest->first;
    newest->second.live_bytes = newest->second.size_bytes;
    FollowPredecessors(newest->second);
    return FindClaim(newest->second);
  }

  /// The highest sequence in a segment without a header; 0: it holds no record of its own.
  Result<uint64_t> HighestRecord(SegmentReader& reader) {
    uint64_t highest = 0;
    for (uint64_t offset_bytes = 0;; offset_bytes += kRecordHeaderBytes) {
      FAULTFS_ASSIGN_OR_RETURN(const auto found, reader.FindRecord(offset_bytes));
      if (!found.has_value()) return highest;
      highest = std::max(highest, found->sequence);
      offset_bytes = found->offset_bytes;
    }
  }

  void FollowPredecessors(SegmentView& newest) {
    SegmentView* at = &newest;
    while (true) {
      at->role = at->header.has_value() ? SegmentRole::kInUse : SegmentRole::kDamaged;
      if (!at->header.has_value() || at->header->predecessor.last_sequence <= covered_) break;
      const Predecessor& link = at->header->predecessor;
      const auto found = segments_.find(link.segment);
      if (found == segments_.end() || link.segment >= at->number) {
        missing_from_ = at->number;
        break;
      }
      found->second.live_bytes = link.size_bytes;
      last_claimed_[link.segment] = link.last_sequence;
      at = &found->second;
    }
    if (covered_ == 0) return;
    for (auto older = segments_.begin(); older->first < at->number; ++older) {
      older->second.role = SegmentRole::kCovered;
    }
  }

  Status FindClaim(const SegmentView& newest) {
    facts_.claim = std::max(facts_.claim, newest.header->predecessor.last_sequence);
    SegmentReader reader(file_system_, newest.path, newest.number);
    FAULTFS_RETURN_IF_ERROR(reader.ReadHeader(/*read_ahead=*/true));
    return Walk(reader, kSegmentHeaderBytes, newest.size_bytes, 0, [&](const RangeView& range) {
      if (range.record.has_value()) {
        facts_.claim = std::max(facts_.claim, range.record->synced_upto);
      }
    });
  }

  Status Show(const SegmentView& segment) {
    if (missing_from_ == segment.number) {
      Corrupt();
      visitor_.Missing(SegmentPath(directory_, segment.header->predecessor.segment), segment.path);
    }
    visitor_.Segment(segment);
    SegmentReader reader(file_system_, segment.path, segment.number);
    FAULTFS_RETURN_IF_ERROR(reader.ReadHeader(/*read_ahead=*/true));
    switch (segment.role) {
      case SegmentRole::kInUse:
        return ShowLive(segment, reader);
      case SegmentRole::kDamaged:
        Corrupt();
        return ShowHeaderless(segment, reader);
      case SegmentRole::kNeverStarted:
      case SegmentRole::kUnlinked:
      case SegmentRole::kCovered:
        return ShowDead(reader, segment.header.has_value() ? kSegmentHeaderBytes : 0);
    }
    return Status();
  }

  Status ShowLive(const SegmentView& segment, SegmentReader& reader) {
    const bool newest = segment.number == newest_;
    const uint64_t claim = newest ? facts_.claim : last_claimed_[segment.number];
    const uint64_t end_bytes = std::min(segment.live_bytes, segment.size_bytes);
    const uint64_t first = segment.header->first_sequence;
    uint64_t expected = first;
    bool torn = false;
    if (first != segment.header->predecessor.last_sequence + 1) {
      ShowCorrupt(0, kSegmentHeaderBytes, Damage::kSequence,
                  segment.header->predecessor.last_sequence + 1);
    }
    FAULTFS_RETURN_IF_ERROR(
        Walk(reader, kSegmentHeaderBytes, end_bytes, first, [&](RangeView range) {
          if (range.state != RangeState::kValid) range.state = Judge(range, newest, claim);
          torn = torn || range.state == RangeState::kTorn || range.state == RangeState::kStale;
          if (torn && range.state != RangeState::kStale) range.state = RangeState::kTorn;
          Count(range, &expected);
          visitor_.Range(range);
        }));
    if (newest) expected = std::max(expected, covered_ + 1);
    if (!torn && !damaged_ && expected <= claim) {
      ShowCorrupt(end_bytes, std::max(end_bytes, segment.live_bytes), Damage::kShortHeader,
                  expected);
    }
    return ShowDead(reader, end_bytes);
  }

  /// What damage within the live bytes of a segment is.
  [[nodiscard]] RangeState Judge(const RangeView& damage, bool newest, uint64_t claim) const {
    uint64_t missing = damage.expected_sequence;
    if (missing <= covered_) {
      const bool goes_on = damage.next_sequence > 0 && damage.next_sequence <= covered_ + 1;
      missing = covered_ + 1;
      const bool at_the_end = newest && damage.next_sequence == 0 && claim < missing;
      if (goes_on || at_the_end) return RangeState::kCovered;
    }
    if (missing <= claim || !newest) return RangeState::kCorrupt;
    return damage.damage == Damage::kForeign ? RangeState::kStale : RangeState::kTorn;
  }

  void Count(const RangeView& range, uint64_t* expected) {
    switch (range.state) {
      case RangeState::kValid:
        if (range.record->type != RecordType::kMutation) return;
        *expected = range.record->sequence + 1;
        if (!damaged_) facts_.last_intact = std::max(facts_.last_intact, range.record->sequence);
        return;
      case RangeState::kTorn:
      case RangeState::kStale:
        facts_.torn_bytes += range.end_bytes - range.begin_bytes;
        return;
      case RangeState::kCorrupt:
        Corrupt();
        return;
      case RangeState::kCovered:
      case RangeState::kDead:
        return;
    }
  }

  void ShowCorrupt(uint64_t begin_bytes, uint64_t end_bytes, Damage damage, uint64_t expected) {
    Corrupt();
    RangeView range;
    range.begin_bytes = begin_bytes;
    range.end_bytes = end_bytes;
    range.state = RangeState::kCorrupt;
    range.damage = damage;
    range.expected_sequence = expected;
    visitor_.Range(range);
  }

  /// Bytes that nobody reads, from `begin_bytes` to the end of the file.
  Status ShowDead(SegmentReader& reader, uint64_t begin_bytes) {
    const auto see = [&](RangeView range) {
      range.state = RangeState::kDead;
      visitor_.Range(range);
    };
    if (reader.header().has_value()) {
      return Walk(reader, begin_bytes, reader.size_bytes(), 0, see);
    }
    if (begin_bytes < reader.size_bytes()) {
      RangeView range;
      range.begin_bytes = begin_bytes;
      range.end_bytes = reader.size_bytes();
      range.damage = Damage::kMagic;
      see(range);
    }
    return Status();
  }

  /// A segment that should have a header: its records can be seen, and not whether they are of the
  /// same life.
  Status ShowHeaderless(const SegmentView& segment, SegmentReader& reader) {
    uint64_t at_bytes = 0;
    std::optional<RecordHeader> record;
    while (at_bytes < segment.size_bytes) {
      FAULTFS_ASSIGN_OR_RETURN(const auto next,
                               reader.FindRecord(record.has_value() ? at_bytes + 1 : at_bytes));
      const uint64_t end_bytes = next.has_value() ? next->offset_bytes : segment.size_bytes;
      if (record.has_value()) facts_.claim = std::max(facts_.claim, record->synced_upto);
      if (end_bytes > at_bytes) {
        RangeView range;
        range.begin_bytes = at_bytes;
        range.end_bytes = end_bytes;
        range.state = RangeState::kCorrupt;
        range.damage = record.has_value() ? Damage::kNone : Damage::kMagic;
        range.record = record;
        visitor_.Range(range);
      }
      at_bytes = end_bytes;
      record = next;
    }
    return Status();
  }

  void Corrupt() {
    damaged_ = true;
    ++facts_.corrupt_ranges;
  }

  FileSystem& file_system_;
  const std::string_view directory_;
  LogVisitor& visitor_;
  std::map<uint64_t, SnapshotView> snapshots_;
  uint64_t covered_ = 0;  // by the snapshot in use
  std::map<uint64_t, SegmentView> segments_;
  std::map<uint64_t, uint64_t> last_claimed_;  // of a segment: what its successor's header says
  uint64_t newest_ = 0;                        // with an intact header; 0: there is none
  uint64_t missing_from_ = 0;                  // names a predecessor that is not there; 0: none
  bool damaged_ = false;                       // corruption was seen: sequences may have gaps
  LogFacts facts_;
};

}  // namespace

std::string_view RangeStateName(RangeState state) {
  switch (state) {
    case RangeState::kValid:
      return "valid";
    case RangeState::kTorn:
      return "torn";
    case RangeState::kCorrupt:
      return "corrupt";
    case RangeState::kStale:
      return "stale";
    case RangeState::kCovered:
      return "covered";
    case RangeState::kDead:
      return "dead";
  }
  return "";
}

Result<LogFacts> ViewLog(FileSystem& file_system, std::string_view directory,
                         const std::vector<DirEntry>& entries, LogVisitor& visitor) {
  return LogViewer(file_system, directory, visitor).Run(entries);
}

}  // namespace kv::cli
