#include "store/log_writer.h"

#include <utility>

#include "store/io_tags.h"
#include "store/store.h"

namespace kv {

using faultfs::Code;
using faultfs::IoTag;
using faultfs::Result;
using faultfs::Status;
using faultfs::SyncKind;

namespace {

// An error that proves nothing must not have a code that callers take for "was not applied".
Status Unproven(const Status& cause) {
  switch (cause.code()) {
    case Code::kNoSpace:
    case Code::kInvalidArgument:
    case Code::kTooLarge:
    case Code::kPoisoned:
    case Code::kClosed:
      return Status::Error(Code::kIoError, cause.ToString());
    default:
      return cause;
  }
}

}  // namespace

LogWriter::LogWriter(faultfs::FileSystem& file_system, faultfs::Entropy& entropy, Start start)
    : file_system_(file_system),
      entropy_(entropy),
      directory_(std::move(start.directory)),
      segment_bytes_(start.segment_bytes),
      active_(start.header),
      file_(std::move(start.file)),
      end_bytes_(start.end_bytes),
      mutations_end_bytes_(start.end_bytes),
      last_sequence_(start.last_sequence),
      synced_upto_(start.last_sequence),
      next_segment_(start.next_segment) {}

Result<uint64_t> LogWriter::Append(std::span<EncodedMutation* const> group) {
  FAULTFS_RETURN_IF_ERROR(CheckWritable());
  if (MustRollFor(group.front()->record_bytes())) FAULTFS_RETURN_IF_ERROR(Roll());

  const auto records = Seal(group);
  const Status written = WriteFully(*file_, end_bytes_, records, tags::kWalAppend).status;
  if (!written.ok()) return Rollback(written);
  end_bytes_ += records.size();
  mutations_end_bytes_ = end_bytes_;
  last_sequence_ += group.size();
  marker_due_ = false;  // the records say it
  return last_sequence_;
}

std::span<const std::byte> LogWriter::Seal(std::span<EncodedMutation* const> group) {
  uint64_t sequence = last_sequence_ + 1;
  const auto first = group.front()->Seal(NextHeader(RecordType::kMutation, sequence));
  if (group.size() == 1) return first;
  group_.assign(first.begin(), first.end());
  for (EncodedMutation* mutation : group.subspan(1)) {
    RecordHeader header = NextHeader(RecordType::kMutation, ++sequence);
    header.offset_bytes += group_.size();
    const auto record = mutation->Seal(header);
    group_.insert(group_.end(), record.begin(), record.end());
  }
  return group_;
}

Status PendingSync::Run(IoTag tag) const { return file->Sync(SyncKind::kData, tag); }

Status LogWriter::Sync(IoTag tag) {
  FAULTFS_RETURN_IF_ERROR(CheckWritable());
  return SyncActive(tag);
}

std::optional<PendingSync> LogWriter::BeginSync() const {
  if (synced_upto_ == last_sequence_) return std::nullopt;
  return PendingSync{.file = file_.get(), .target = last_sequence_};
}

Status LogWriter::EndSync(const PendingSync& sync, const Status& synced) {
  if (!synced.ok()) return Poison(synced);
  synced_upto_ = sync.target;  // what came in meanwhile may be on its way to the disk or not
  marker_due_ = true;
  return Status();
}

Result<LogCut> LogWriter::Cut() {
  FAULTFS_RETURN_IF_ERROR(CheckWritable());
  if (last_sequence_ >= active_.first_sequence) FAULTFS_RETURN_IF_ERROR(Roll());
  FAULTFS_CHECK(
      active_.predecessor.last_sequence == last_sequence_ && synced_upto_ == last_sequence_,
      "a segment without mutations claims all that came before it");
  return LogCut{.end = active_.predecessor, .next_segment = active_.segment};
}

void LogWriter::AppendDueMarker() {
  if (marker_due_) AppendMarker();
}

void LogWriter::AppendMarker() {
  marker_due_ = false;
  if (must_roll_ || !poison_.ok()) return;
  std::byte marker[kRecordHeaderBytes];
  EncodeRecordHeader(NextHeader(RecordType::kMarker, last_sequence_), marker);
  const Status written = WriteFully(*file_, end_bytes_, marker, tags::kWalMarker).status;
  if (written.ok()) {
    end_bytes_ += sizeof(marker);
  } else {
    // What the caller asked for is durable all the same; only the next write has to know.
    static_cast<void>(Rollback(written));
  }
}

Status LogWriter::CheckWritable() const {
  if (poison_.ok()) return Status();
  return Status::Error(
      Code::kPoisoned,
      "refused after an earlier error that left the log unknown: " + poison_.ToString());
}

RecordHeader LogWriter::NextHeader(RecordType type, uint64_t sequence) const {
  return RecordHeader{.segment = active_.segment,
                      .salt = active_.salt,
                      .offset_bytes = end_bytes_,
                      .sequence = sequence,
                      .synced_upto = synced_upto_,
                      .type = type};
}

bool LogWriter::MustRollFor(size_t record_bytes) const {
  if (must_roll_) return true;
  const bool has_mutations = last_sequence_ >= active_.first_sequence;
  return has_mutations && end_bytes_ + record_bytes > segment_bytes_;
}

Status LogWriter::Roll() {
  // The next header claims all that was appended so far; a claim must be true when it is written.
  FAULTFS_RETURN_IF_ERROR(SyncActive(tags::kWalSyncRoll));

  // From here on the active segment is never appended to again, whatever comes of the next one: its
  // header, once it has a name, says where this one ends.
  must_roll_ = true;
  const SegmentHeader header{.segment = next_segment_++,
                             .salt = entropy_.Next(),
                             .first_sequence = last_sequence_ + 1,
                             .predecessor = PredecessorOfNext()};
  PublishOutcome next = PublishSegment(file_system_, directory_, header, synced_upto_, {});
  if (!next.status.ok()) {
    // A failed directory sync may concern any entry. Before the rename nothing of the log was
    // touched: the call fails, and the next one tries a new temporary.
    if (next.renamed) return Poison(next.status);
    return next.status.Is(Code::kNoSpace) ? next.status : Unproven(next.status);
  }
  active_ = header;
  ended_bytes_ += end_bytes_;
  file_ = std::move(next.file);  // closes the old one, which is synced
  end_bytes_ = next.end_bytes;
  mutations_end_bytes_ = next.end_bytes;
  must_roll_ = false;
  marker_due_ = false;  // the header says it
  return Status();
}

uint64_t LogWriter::RoomBehind(size_t record_bytes) const {
  const uint64_t end_bytes =
      (MustRollFor(record_bytes) ? kSegmentHeaderBytes : end_bytes_) + record_bytes;
  return end_bytes < segment_bytes_ ? segment_bytes_ - end_bytes : 0;
}

Predecessor LogWriter::PredecessorOfNext() const {
  // A segment without a mutation of its own is left out of the chain.
  if (last_sequence_ < active_.first_sequence) return active_.predecessor;
  return Predecessor{.segment = active_.segment,
                     .size_bytes = mutations_end_bytes_,
                     .last_sequence = last_sequence_};
}

Status LogWriter::SyncActive(IoTag tag) {
  const auto sync = BeginSync();
  if (!sync.has_value()) return Status();
  return EndSync(*sync, sync->Run(tag));
}

Status LogWriter::Rollback(const Status& cause) {
  // No space proves that the write did not happen as a whole, so the cut is all there is to undo.
  // After any other error the file may hold anything.
  if (!cause.Is(Code::kNoSpace)) return Poison(cause);
  const Status cut = file_->Truncate(end_bytes_, tags::kWalRollback);
  if (!cut.ok()) return Poison(cut);
  must_roll_ = true;
  return cause;
}

Status LogWriter::Poison(const Status& cause) {
  if (poison_.ok()) poison_ = cause;  // a second error is one of a sync that was under way
  return Unproven(cause);
}

}  // namespace kv
