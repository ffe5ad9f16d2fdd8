#include "store/recovery.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "store/log_chain.h"
#include "store/recovery_table.h"
#include "store/segment_reader.h"
#include "store/snapshot_reader.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::DirEntry;
using faultfs::FileSystem;
using faultfs::FileType;
using faultfs::Result;
using faultfs::Status;

/// Mutations that nothing proves durable so far, oldest first, and where the proven part ends.
class UnprovenTail {
 public:
  void Add(const RecordRead& read) {
    records_.push_back({.record = {.sequence = read.header.sequence,
                                   .payload = std::string(read.payload),
                                   .payload_crc = read.header.payload_crc},
                        .end_bytes = read.end_bytes});
  }

  /// A claim: everything up to `sequence` is durable.
  void Prove(uint64_t sequence, Predecessor* proven, uint64_t segment) {
    while (first_ < records_.size() && records_[first_].record.sequence <= sequence) {
      Entry& entry = records_[first_++];
      *proven = {.segment = segment,
                 .size_bytes = entry.end_bytes,
                 .last_sequence = entry.record.sequence};
      entry.record.payload = std::string();
    }
    if (first_ == records_.size()) {
      records_.clear();
      first_ = 0;
    }
  }

  [[nodiscard]] std::vector<CarriedRecord> Take() {
    std::vector<CarriedRecord> taken;
    taken.reserve(records_.size() - first_);
    for (; first_ < records_.size(); ++first_) taken.push_back(std::move(records_[first_].record));
    return taken;
  }

 private:
  struct Entry {
    CarriedRecord record;
    uint64_t end_bytes = 0;
  };
  std::vector<Entry> records_;
  size_t first_ = 0;
};

class LogRecovery {
 public:
  LogRecovery(FileSystem& file_system, std::string_view directory, ShardedMap* map)
      : file_system_(file_system), directory_(directory), map_(map) {}

  Result<RecoveryPlan> Run(const std::vector<DirEntry>& entries) {
    ListFiles(entries);
    FAULTFS_RETURN_IF_ERROR(UseNewestSnapshot());
    const Status replayed = ReplayLog();
    if (replayed.Is(Code::kCorruption) && !bad_snapshot_.ok()) {
      return BadSnapshotRefusal(replayed.ToString());
    }
    FAULTFS_RETURN_IF_ERROR(replayed);
    FAULTFS_RETURN_IF_ERROR(RefuseUsedUp());
    ListDeadSegments();
    return std::move(plan_);
  }

 private:
  void ListFiles(const std::vector<DirEntry>& entries) {
    uint64_t highest = 0;
    for (const DirEntry& entry : entries) {
      if (entry.type != FileType::kFile) continue;
      if (const auto number = ParseFileName(entry.name, kSegmentSuffix)) {
        segments_.push_back(*number);
        highest = std::max(highest, *number);
      } else if (const auto temporary = ParseFileName(entry.name, kTemporarySuffix)) {
        plan_.temporaries.push_back(TemporaryPath(directory_, *temporary));
        highest = std::max(highest, *temporary);
      } else if (const auto sequence = ParseFileName(entry.name, kSnapshotSuffix)) {
        snapshots_.push_back(*sequence);
      } else if (const auto unfinished = ParseFileName(entry.name, kSnapshotTemporarySuffix)) {
        plan_.snapshot_temporaries.push_back(SnapshotTemporaryPath(directory_, *unfinished));
      }
    }
    std::sort(segments_.begin(), segments_.end(), std::greater<>());
    std::sort(snapshots_.begin(), snapshots_.end(), std::greater<>());
    plan_.next_segment = highest + 1;
  }

  /// Loads the newest snapshot that is whole. One that is not is passed over; whether the log can
  /// do without it is seen when the log is read.
  Status UseNewestSnapshot() {
    for (const uint64_t sequence : snapshots_) {
      SnapshotReader reader(file_system_, SnapshotPath(directory_, sequence), sequence);
      FAULTFS_RETURN_IF_ERROR(Load(reader));
      if (reader.damage().empty()) {
        covered_ = sequence;
        last_sequence_ = sequence;
        plan_.snapshot = sequence;
        plan_.info.snapshot_sequence = sequence;
        plan_.info.snapshot_entries = reader.entries();
        return Status();
      }
      if (bad_snapshot_.ok()) bad_snapshot_ = reader.DamageStatus();
      ++plan_.info.bad_snapshots;
      map_->Clear();
    }
    return Status();
  }

  Status Load(SnapshotReader& reader) {
    FAULTFS_RETURN_IF_ERROR(reader.Open());
    std::string_view chunk;
    while (true) {
      FAULTFS_ASSIGN_OR_RETURN(const bool more, reader.NextChunk(&chunk));
      if (!more) return Status();
      map_->Apply(chunk);
    }
  }

  Status BadSnapshotRefusal(const std::string& why) {
    const std::string detail = std::string(bad_snapshot_.message()).append("; ").append(why);
    return Refusal(Decide(Found::kBadSnapshot, /*claimed=*/true), detail, bad_snapshot_.file(),
                   bad_snapshot_.offset().value_or(0), bad_snapshot_.sequence().value_or(0));
  }

  Status ReplayLog() {
    FAULTFS_RETURN_IF_ERROR(FindNewest());
    if (chain_.empty()) {
      // A snapshot's name alone says that there was a store.
      if (NamedBySnapshots() > covered_) return BadSnapshotRefusal("there is no log");
      plan_.info.proven_sequence = covered_;
    } else {
      const SegmentReader& newest = chain_.front();
      FAULTFS_RETURN_IF_ERROR(FollowPredecessors(file_system_, directory_,
                                                 newest.header()->predecessor, newest.path(),
                                                 newest.number(), covered_, &chain_));
      plan_.info.segments = chain_.size();
      for (size_t i = chain_.size(); i-- > 1;) {
        const auto apply = [this](std::string_view payload) { Apply(payload); };
        FAULTFS_RETURN_IF_ERROR(
            ReplayClosed(chain_[i], chain_[i - 1].header()->predecessor, covered_, apply));
        last_sequence_ = chain_[i - 1].header()->predecessor.last_sequence;
        plan_.log_bytes += chain_[i].size_bytes();
        chain_[i].Release();
      }
      FAULTFS_RETURN_IF_ERROR(ReplayNewest(chain_.front()));
      plan_.log_bytes += chain_.front().size_bytes();
    }
    if (plan_.predecessor.last_sequence < covered_) {
      // What the log should have held up to the snapshot is not there: only the snapshot's own name
      // says that it is durable, and who made that name may not have lived to sync it.
      plan_.predecessor = {.segment = 0, .size_bytes = 0, .last_sequence = covered_};
      plan_.republish_snapshot = true;
    }
    return Status();
  }

  void Apply(std::string_view payload) {
    map_->Apply(payload);
    ++plan_.info.replayed;
  }

  /// The highest sequence that the name of a snapshot, whatever is in it, says was durable.
  [[nodiscard]] uint64_t NamedBySnapshots() const {
    return snapshots_.empty() ? 0 : snapshots_.front();
  }

  /// The newest segment with an intact header becomes the first of the chain.
  Status FindNewest() {
    for (const uint64_t number : segments_) {
      SegmentReader reader(file_system_, SegmentPath(directory_, number), number);
      FAULTFS_RETURN_IF_ERROR(ReadHeaderOf(reader, /*read_ahead=*/true));
      if (reader.header().has_value()) {
        chain_.push_back(std::move(reader));
        return Status();
      }
      FAULTFS_ASSIGN_OR_RETURN(const uint64_t own, HighestRecord(reader));
      if (own > 0 && own <= covered_) continue;  // Found::kCovered
      const RecoveryRow& row = Decide(Found::kSegmentHeader, /*claimed=*/false, own > 0);
      if (row.action == Action::kRefuse) return Refusal(row, "", reader.path(), 0, own);
    }
    return Status();
  }

  /// The highest sequence in a segment without a header; 0: it holds no record of its own.
  Result<uint64_t> HighestRecord(SegmentReader& reader) {
    uint64_t highest = 0;
    uint64_t offset_bytes = 0;
    while (true) {
      FAULTFS_ASSIGN_OR_RETURN(const auto found, reader.FindRecord(offset_bytes));
      if (!found.has_value()) return highest;
      highest = std::max(highest, found->sequence);
      offset_bytes = found->offset_bytes + kRecordHeaderBytes;
    }
  }

  /// The newest segment: where it ends is for recovery to find out.
  Status ReplayNewest(SegmentReader& reader) {
    FAULTFS_RETURN_IF_ERROR(reader.Reopen());
    const SegmentHeader& header = *reader.header();
    uint64_t claim = std::max(header.predecessor.last_sequence, NamedBySnapshots());
    uint64_t expected = header.first_sequence;
    FAULTFS_RETURN_IF_ERROR(CheckContinuity(reader));
    plan_.predecessor = header.predecessor;

    Damage damage = Damage::kNone;
    UnprovenTail tail;
    uint64_t offset_bytes = kSegmentHeaderBytes;
    while (offset_bytes < reader.size_bytes()) {
      FAULTFS_ASSIGN_OR_RETURN(RecordRead read,
                               ReadExpected(reader, offset_bytes, reader.size_bytes(), expected));
      if (read.own) claim = std::max(claim, read.header.synced_upto);
      damage = read.damage;
      if (damage != Damage::kNone && MayBeCovered(reader, expected, covered_)) {
        FAULTFS_ASSIGN_OR_RETURN(const auto next, FindBehindCovered(reader, offset_bytes + 1,
                                                                    reader.size_bytes(), covered_));
        if (next.has_value()) {
          damage = Damage::kNone;
          offset_bytes = *next;
          expected = covered_ + 1;
          continue;
        }
      }
      if (damage != Damage::kNone) break;
      if (read.header.type == RecordType::kMutation) {
        if (expected > covered_) Apply(read.payload);
        tail.Add(read);
        ++expected;
      }
      tail.Prove(claim, &plan_.predecessor, reader.number());
      offset_bytes = read.end_bytes;
    }
    if (damage != Damage::kNone) {
      FAULTFS_RETURN_IF_ERROR(CollectClaims(reader, offset_bytes + 1, &claim));
    }
    if (expected <= covered_) {  // Found::kCovered: the log ends, or is damaged, before its time
      expected = covered_ + 1;
      damage = Damage::kNone;
    }

    const RecoveryRow& row =
        Decide(damage == Damage::kNone ? Found::kEnd : Found::kDamage, claim >= expected);
    if (row.action == Action::kRefuse) {
      return Refusal(row, damage == Damage::kNone ? "" : DamageText(damage), reader.path(),
                     offset_bytes, expected);
    }
    tail.Prove(claim, &plan_.predecessor, reader.number());
    plan_.carried = tail.Take();
    last_sequence_ = expected - 1;
    PlanCut(reader, row.action == Action::kCut ? damage : Damage::kNone, offset_bytes);
    plan_.info.proven_sequence = claim;
    return Status();
  }

  /// The dead end of the newest segment, if the segment stays in use at all. Markers alone are not
  /// worth a cut.
  void PlanCut(const SegmentReader& reader, Damage damage, uint64_t good_end_bytes) {
    if (damage != Damage::kNone) {
      plan_.info.cut_bytes = reader.size_bytes() - good_end_bytes;
      plan_.info.cut_reason = DamageText(damage);
    }
    const bool in_use = plan_.predecessor.segment == reader.number();
    if (in_use && (damage != Damage::kNone || !plan_.carried.empty())) {
      plan_.cut = {.path = reader.path(), .size_bytes = plan_.predecessor.size_bytes};
    }
  }

  /// Claims of every intact header behind damage.
  Status CollectClaims(SegmentReader& reader, uint64_t offset_bytes, uint64_t* claim) {
    while (true) {
      FAULTFS_ASSIGN_OR_RETURN(const auto found, reader.FindRecord(offset_bytes));
      if (!found.has_value()) return Status();
      *claim = std::max(*claim, found->synced_upto);
      offset_bytes = found->offset_bytes + kRecordHeaderBytes;
    }
  }

  /// Numbers that no store comes to by work. Behind them no name would be left that a later Open
  /// reads, so that what is written there would be gone.
  Status RefuseUsedUp() {
    if (plan_.next_segment > kMaxNumber) {
      return Status::Error(Code::kCorruption, "the numbers of segments are used up")
          .File(SegmentPath(directory_, plan_.next_segment - 1));
    }
    if (last_sequence_ > kMaxNumber) {
      return Status::Error(Code::kCorruption, "the sequences of mutations are used up")
          .File(directory_)
          .Sequence(last_sequence_);
    }
    return Status();
  }

  /// Everything with a segment's name that the next chain will not hold: segments that never
  /// started, that no header names, or whose every mutation is carried.
  void ListDeadSegments() {
    plan_.info.last_sequence = last_sequence_;
    plan_.info.carried = plan_.carried.size();
    std::vector<uint64_t> in_use;
    for (const SegmentReader& reader : chain_) {
      if (reader.number() <= plan_.predecessor.segment) in_use.push_back(reader.number());
    }
    // What is older than the chain is covered by the snapshot, and stays: its name may not be
    // durable yet, and without it the log is needed from further back.
    const uint64_t oldest = chain_.empty() ? plan_.next_segment : chain_.back().number();
    for (const uint64_t number : segments_) {
      const bool used = std::binary_search(in_use.begin(), in_use.end(), number, std::greater<>());
      if (used) continue;
      if (covered_ > 0 && number < oldest && !plan_.republish_snapshot) {
        plan_.covered_left = true;
      } else {
        plan_.dead_segments.push_back(SegmentPath(directory_, number));
      }
    }
    if (snapshots_.size() > (covered_ > 0 ? 1 : 0)) plan_.covered_left = true;
  }

  FileSystem& file_system_;
  const std::string_view directory_;
  ShardedMap* const map_;
  std::vector<uint64_t> segments_;    // newest first
  std::vector<uint64_t> snapshots_;   // newest first, good and bad
  std::vector<SegmentReader> chain_;  // newest first
  uint64_t covered_ = 0;              // by the snapshot in use
  Status bad_snapshot_;               // what is wrong with the newest one that is
  uint64_t last_sequence_ = 0;        // recovered so far
  RecoveryPlan plan_;
};

}  // namespace

Result<RecoveryPlan> Recover(FileSystem& file_system, std::string_view directory,
                             const std::vector<DirEntry>& entries, ShardedMap* map) {
  return LogRecovery(file_system, directory, map).Run(entries);
}

}  // namespace kv
