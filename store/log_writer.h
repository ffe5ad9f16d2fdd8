// LogWriter: appends mutations to the active segment, keeps the watermark, rolls, and knows when it
// must not go on.
//
// What it holds on to (docs/store-format.md, "Writing"):
//  - after unknown bytes nothing is ever appended: a failed append is cut back and the log goes on
//    in a new segment, or the log is poisoned;
//  - after a failed sync of a file or directory of the log it is poisoned: no later call writes,
//  and
//    no descriptor is ever synced again after it failed;
//  - the watermark comes from syncs that returned Ok, and covers what was appended before they
//    began.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"
#include "store/format.h"
#include "store/mutation.h"
#include "store/segment_publisher.h"

namespace kv {

/// A place between two segments: everything up to `end.last_sequence` is durable and stands in
/// segments with numbers below `next_segment`, none of which is ever written again.
struct LogCut {
  Predecessor end;
  uint64_t next_segment = 0;
};

/// A sync of the active segment, to be run between LogWriter's BeginSync and EndSync.
struct PendingSync {
  [[nodiscard]] faultfs::Status Run(faultfs::IoTag tag) const;

  faultfs::File* file = nullptr;
  uint64_t target = 0;  // the last mutation appended before it began
};

/// Not thread-safe: mutations get their sequence, their place in the log and their visibility in
/// one order, so one caller at a time comes here (commit_queue.h). But for one case: Append without
/// a roll may come between BeginSync and EndSync, and while the sync runs.
class LogWriter {
 public:
  struct Start {
    std::string directory;
    uint64_t segment_bytes = 0;
    SegmentHeader header;  // of the active segment, just published
    std::unique_ptr<faultfs::File> file;
    uint64_t end_bytes = 0;
    uint64_t last_sequence = 0;  // all of it durable
    uint64_t next_segment = 0;   // the first number never used
  };

  LogWriter(faultfs::FileSystem& file_system, faultfs::Entropy& entropy, Start start);

  /// Appends mutations that belong together in nothing but one write: all of them are in the log
  /// then, or none. A new segment is begun first if the first of them asks for one; the others must
  /// be within its RoomBehind. Returns the sequence of the last.
  ///
  /// Errors. Provably not in the log: kNoSpace (cut back; the log stays writable) and kPoisoned (an
  /// earlier error; nothing was tried). Any other code: unknown.
  /// Durability: survives the process.
  [[nodiscard]] faultfs::Result<uint64_t> Append(std::span<EncodedMutation* const> group);
  /// Whether Append of a record of that length, or of a group that begins with it, begins a new
  /// segment, which syncs the one before.
  [[nodiscard]] bool MustRollFor(size_t record_bytes) const;
  /// How many bytes of records may follow a first one of that length in one group.
  [[nodiscard]] uint64_t RoomBehind(size_t record_bytes) const;

  /// Makes everything appended durable; free if it is already. An error poisons.
  [[nodiscard]] faultfs::Status Sync(faultfs::IoTag tag);
  /// The same in parts. Nothing: everything is durable. The log must be writable.
  [[nodiscard]] std::optional<PendingSync> BeginSync() const;
  /// To be told what became of it.
  [[nodiscard]] faultfs::Status EndSync(const PendingSync& sync, const faultfs::Status& synced);

  /// Makes everything appended durable and ends the active segment, if it holds any of it. Errors
  /// as those of a roll within Append.
  [[nodiscard]] faultfs::Result<LogCut> Cut();

  /// An error outside the log that leaves names in its directory unknown. The log must be writable.
  /// Returns the error, with a code that is not taken for "was not done".
  faultfs::Status Poison(const faultfs::Status& cause);

  /// Appends a record without a payload that carries the watermark, so that later damage to what is
  /// durable can be told from a torn end. Not synced; a failure is dealt with as that of any append
  /// but concerns no caller.
  void AppendMarker();
  /// The same if a sync has moved the watermark and nothing says so yet.
  void AppendDueMarker();

  /// kPoisoned with the cause in its message, or Ok.
  [[nodiscard]] faultfs::Status CheckWritable() const;

  [[nodiscard]] uint64_t last_sequence() const { return last_sequence_; }
  /// How much the log has grown since this object was made: segments ended so far and the active
  /// one.
  [[nodiscard]] uint64_t grown_bytes() const { return ended_bytes_ + end_bytes_; }

 private:
  [[nodiscard]] RecordHeader NextHeader(RecordType type, uint64_t sequence) const;
  [[nodiscard]] std::span<const std::byte> Seal(std::span<EncodedMutation* const> group);
  [[nodiscard]] faultfs::Status Roll();
  [[nodiscard]] Predecessor PredecessorOfNext() const;
  [[nodiscard]] faultfs::Status SyncActive(faultfs::IoTag tag);
  [[nodiscard]] faultfs::Status Rollback(const faultfs::Status& cause);

  faultfs::FileSystem& file_system_;
  faultfs::Entropy& entropy_;
  const std::string directory_;
  const uint64_t segment_bytes_;

  SegmentHeader active_;
  std::unique_ptr<faultfs::File> file_;
  uint64_t end_bytes_;            // of everything appended and not rolled back
  uint64_t mutations_end_bytes_;  // of the last mutation: markers behind it do not count
  uint64_t ended_bytes_ = 0;      // of the segments before the active one
  uint64_t last_sequence_;
  uint64_t synced_upto_;
  uint64_t next_segment_;
  bool must_roll_ = false;   // the active segment takes no more records
  bool marker_due_ = false;  // no record says what the last sync made durable
  faultfs::Status poison_;   // the error that poisoned the log
  std::vector<std::byte> group_;
};

}  // namespace kv
