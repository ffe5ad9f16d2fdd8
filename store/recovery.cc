#include "store/recovery.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "store/recovery_table.h"
#include "store/segment_reader.h"

namespace kv {
namespace {

using faultfs::Code;
using faultfs::DirEntry;
using faultfs::FileSystem;
using faultfs::FileType;
using faultfs::Result;
using faultfs::Status;

// Segments of a chain whose file and buffer stay open between reading the header and the records.
constexpr size_t kMaxOpenReaders = 8;

Status Refusal(const RecoveryRow& row, std::string_view detail, std::string_view path,
               uint64_t offset_bytes, uint64_t sequence) {
  FAULTFS_CHECK(row.action == Action::kRefuse, "only a row that refuses makes an error");
  std::string message(row.reason);
  if (!detail.empty()) message.append(": ").append(detail);
  return Status::Error(Code::kCorruption, std::move(message))
      .File(path)
      .Offset(offset_bytes)
      .Sequence(sequence);
}

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
    FAULTFS_RETURN_IF_ERROR(FindNewest());
    if (!chain_.empty()) {
      FAULTFS_RETURN_IF_ERROR(FollowPredecessors());
      plan_.info.segments = chain_.size();
      for (size_t i = chain_.size(); i-- > 1;) {
        FAULTFS_RETURN_IF_ERROR(ReplayClosed(chain_[i], chain_[i - 1].header()->predecessor));
        chain_[i].Release();
      }
      FAULTFS_RETURN_IF_ERROR(ReplayNewest(chain_.front()));
    }
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
      }
    }
    std::sort(segments_.begin(), segments_.end(), std::greater<>());
    plan_.next_segment = highest + 1;
  }

  /// The newest segment with an intact header becomes the first of the chain.
  Status FindNewest() {
    for (const uint64_t number : segments_) {
      SegmentReader reader = ReaderOf(number);
      FAULTFS_RETURN_IF_ERROR(ReadHeaderOf(reader, /*read_ahead=*/true));
      if (reader.header().has_value()) {
        chain_.push_back(std::move(reader));
        return Status();
      }
      FAULTFS_ASSIGN_OR_RETURN(const auto own, reader.FindRecord(0));
      const RecoveryRow& row = Decide(Found::kSegmentHeader, /*claimed=*/false, own.has_value());
      if (row.action == Action::kRefuse) {
        return Refusal(row, "", reader.path(), 0, own->sequence);
      }
    }
    return Status();
  }

  Status FollowPredecessors() {
    while (chain_.back().header()->predecessor.last_sequence > 0) {
      const SegmentReader& successor = chain_.back();
      const Predecessor& link = successor.header()->predecessor;
      const bool present =
          std::binary_search(segments_.begin(), segments_.end(), link.segment, std::greater<>());
      if (!present) {
        return Refusal(Decide(Found::kNoFile, true),
                       "named by " + successor.path() + " as its predecessor",
                       SegmentPath(directory_, link.segment), 0, link.last_sequence);
      }
      SegmentReader reader = ReaderOf(link.segment);
      const bool keep_open = chain_.size() < kMaxOpenReaders;
      FAULTFS_RETURN_IF_ERROR(ReadHeaderOf(reader, keep_open));
      if (!reader.header().has_value() || link.segment >= successor.number()) {
        return Refusal(Decide(Found::kSegmentHeader, /*claimed=*/true), "", reader.path(), 0,
                       link.last_sequence);
      }
      if (!keep_open) reader.Release();
      chain_.push_back(std::move(reader));
    }
    return Status();
  }

  /// A segment with a successor, whose header claims every live byte.
  Status ReplayClosed(SegmentReader& reader, const Predecessor& link) {
    FAULTFS_RETURN_IF_ERROR(reader.Reopen());
    const uint64_t limit_bytes = std::min(link.size_bytes, reader.size_bytes());
    uint64_t offset_bytes = kSegmentHeaderBytes;
    uint64_t expected = reader.header()->first_sequence;
    FAULTFS_RETURN_IF_ERROR(CheckContinuity(reader, expected));
    while (offset_bytes < limit_bytes) {
      FAULTFS_ASSIGN_OR_RETURN(RecordRead read,
                               ReadExpected(reader, offset_bytes, limit_bytes, expected));
      if (read.damage != Damage::kNone) {
        return Refusal(Decide(Found::kDamage, /*claimed=*/true), DamageText(read.damage),
                       reader.path(), offset_bytes, expected);
      }
      if (read.header.type == RecordType::kMutation) {
        map_->Apply(read.payload);
        ++expected;
      }
      offset_bytes = read.end_bytes;
    }
    const RecoveryRow& row = Decide(Found::kEnd, expected <= link.last_sequence);
    if (row.action == Action::kRefuse) {
      return Refusal(row, "the segment ends too early", reader.path(), offset_bytes, expected);
    }
    last_sequence_ = expected - 1;
    return Status();
  }

  /// The newest segment: where it ends is for recovery to find out.
  Status ReplayNewest(SegmentReader& reader) {
    FAULTFS_RETURN_IF_ERROR(reader.Reopen());
    const SegmentHeader& header = *reader.header();
    uint64_t claim = header.predecessor.last_sequence;
    uint64_t expected = header.first_sequence;
    FAULTFS_RETURN_IF_ERROR(CheckContinuity(reader, expected));
    plan_.predecessor = header.predecessor;

    Damage damage = Damage::kNone;
    UnprovenTail tail;
    uint64_t offset_bytes = kSegmentHeaderBytes;
    while (offset_bytes < reader.size_bytes()) {
      FAULTFS_ASSIGN_OR_RETURN(RecordRead read,
                               ReadExpected(reader, offset_bytes, reader.size_bytes(), expected));
      if (read.own) claim = std::max(claim, read.header.synced_upto);
      damage = read.damage;
      if (damage != Damage::kNone) break;
      if (read.header.type == RecordType::kMutation) {
        map_->Apply(read.payload);
        tail.Add(read);
        ++expected;
      }
      tail.Prove(claim, &plan_.predecessor, reader.number());
      offset_bytes = read.end_bytes;
    }
    if (damage != Damage::kNone) {
      FAULTFS_RETURN_IF_ERROR(CollectClaims(reader, offset_bytes + 1, &claim));
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

  /// Adds the check of the sequence to what the reader checks.
  Result<RecordRead> ReadExpected(SegmentReader& reader, uint64_t offset_bytes,
                                  uint64_t limit_bytes, uint64_t expected) {
    FAULTFS_ASSIGN_OR_RETURN(RecordRead read, reader.ReadRecord(offset_bytes, limit_bytes));
    if (read.damage == Damage::kNone) {
      const bool marker = read.header.type == RecordType::kMarker;
      if (read.header.sequence != (marker ? expected - 1 : expected)) {
        read.damage = Damage::kSequence;
      }
    }
    return read;
  }

  /// Between two segments of the chain no mutation may be missing.
  Status CheckContinuity(const SegmentReader& reader, uint64_t first_sequence) {
    if (first_sequence == last_sequence_ + 1) return Status();
    return Refusal(Decide(Found::kEnd, /*claimed=*/true),
                   "the segment does not continue its predecessor", reader.path(), 0,
                   last_sequence_ + 1);
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
    for (const uint64_t number : segments_) {
      const bool used = std::binary_search(in_use.begin(), in_use.end(), number, std::greater<>());
      if (!used) plan_.dead_segments.push_back(SegmentPath(directory_, number));
    }
  }

  SegmentReader ReaderOf(uint64_t number) {
    return SegmentReader(file_system_, SegmentPath(directory_, number), number);
  }

  static Status ReadHeaderOf(SegmentReader& reader, bool read_ahead) {
    FAULTFS_RETURN_IF_ERROR(reader.ReadHeader(read_ahead));
    if (reader.header().has_value() && reader.header()->version != kFormatVersion) {
      return Status::Error(Code::kUnsupported, "the segment has format version " +
                                                   std::to_string(reader.header()->version) +
                                                   "; this is version " +
                                                   std::to_string(kFormatVersion))
          .File(reader.path());
    }
    return Status();
  }

  FileSystem& file_system_;
  const std::string_view directory_;
  ShardedMap* const map_;
  std::vector<uint64_t> segments_;    // newest first
  std::vector<SegmentReader> chain_;  // newest first
  uint64_t last_sequence_ = 0;        // replayed so far
  RecoveryPlan plan_;
};

}  // namespace

Result<RecoveryPlan> Recover(FileSystem& file_system, std::string_view directory,
                             const std::vector<DirEntry>& entries, ShardedMap* map) {
  return LogRecovery(file_system, directory, map).Run(entries);
}

}  // namespace kv
