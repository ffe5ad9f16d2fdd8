// Volume: the live file system of a simulated machine. Applies each operation at once (what a
// process sees is always the newest state, as with a page cache) and records it.
//
// It survives the death of a process: kill the SimFileSystem that stands for the process, make a
// new one over the same Volume, and everything written is there, whether durable or not. Power loss
// is not modelled here: it is Materialize (faultfs/crash/) over base() and trace().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "faultfs/sim/disk_space.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/sync_failure.h"
#include "faultfs/sim/trace.h"

namespace faultfs {

/// The error of a write-back of a file that no sync has reported yet.
struct UnreportedError {
  InodeNumber inode = kNoInode;
  Code code = Code::kOk;
  friend bool operator==(const UnreportedError&, const UnreportedError&) = default;
};

/// Which pages are about to go back to what the disk holds.
struct PagesGone {
  bool unsynced = false;   // of which no sync had said Ok
  bool journaled = false;  // of which one had: what reads them now reads rot
};

struct Reversion;
struct SimHandle;
struct TraceStep;

enum class Recording : uint8_t {
  kOff,  // apply only: for recoveries that nobody will crash
  kOn,
};

class Volume {
 public:
  explicit Volume(Image base, Recording recording = Recording::kOn);
  /// A volume that has already lived through the first `steps` steps of `trace`: what is pending
  /// stays pending, and new steps follow. Marks are kept; for errors that no sync has reported see
  /// Carry.
  static std::unique_ptr<Volume> Resume(const Image& base, const Trace& trace, size_t steps);

  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  /// What the disk held, durable, before the first step.
  [[nodiscard]] const Image& base() const { return base_; }
  /// What a process sees now. A copy (cheap).
  [[nodiscard]] Image live() const;
  /// Everything so far. Not to be called while another thread uses the volume.
  [[nodiscard]] const Trace& trace() const { return trace_; }

  /// Puts a mark between the steps. Thread-safe; the order among marks and steps is the order in
  /// which they got the volume's lock.
  void Mark(uint64_t mark);

  /// Errors that no sync had reported when the first `steps` steps had happened, by inode: what a
  /// process that died there leaves to the next. (A sync has reported its error when it has ended.)
  [[nodiscard]] std::vector<UnreportedError> ErrorsAt(size_t steps) const;
  /// An earlier process, on a volume that this one goes on from, has left this one. Before the
  /// first call. The first sync of the file, through whatever descriptor, reports it.
  void Carry(UnreportedError error);

  using BeforeRevert = std::function<void(PagesGone pages)>;
  /// How the file system goes about a failed write-back. To be set before the first call.
  /// `before_revert` (may be empty) runs just before pages go back to what the disk holds; it may
  /// put a mark. Needs Recording::kOn for anything but the defaults, and for an eviction.
  void SetFailureRules(const SyncFailureRules& rules, BeforeRevert before_revert);

  // What SimFileSystem does to it is private to the two; see volume.cc.
 private:
  friend class SimFileSystem;
  friend class SimFile;
  friend class SimLock;
  friend struct SimProcess;

  /// Who has an inode open, and which error its syncs have yet to report (Linux, errseq_t).
  struct Usage {
    uint32_t descriptors = 0;
    bool locked = false;
    uint32_t errors = 0;         // write-backs that failed behind a call
    bool error_reported = true;  // the last of them, by any descriptor
    Code error = Code::kOk;      // of the last
  };

  /// From when on which error of a file waits to be reported; none (kOk): it has been.
  struct ErrorNote {
    size_t from_steps;
    UnreportedError error;
  };

  /// Applies and records. The lock must be held.
  void Perform(const TraceStep& step);
  /// A sync, its begin and its end, between which other threads may get in. The lock must not be
  /// held. Of the whole file if `length_bytes` is 0.
  void RecordSync(InodeNumber inode, SyncKind kind, SyncOutcome outcome, IoTag tag,
                  uint64_t offset_bytes = 0, uint64_t length_bytes = 0);
  /// What is clean and not on the disk goes back to what is: all of it, or (from 1) the page of
  /// that number alone. False if there is none. The lock must not be held.
  bool Evict(uint64_t page);
  /// Of what `collect` finds, with the lock: once to say so, and again to do it, as others may have
  /// got in between. False if there was nothing. The lock must not be held.
  bool Revert(const std::function<std::vector<Reversion>()>& collect);

  [[nodiscard]] bool FailsLate() const { return failure_rules_.report == FailureReport::kNextSync; }
  /// A write-back failed behind a call. The lock must not be held.
  void NoteError(InodeNumber inode, Code code);
  /// The error that this descriptor's sync must report, once; kOk if none. The lock must not be
  /// held.
  [[nodiscard]] Code TakeError(SimHandle& handle);

  // The lock must be held.
  [[nodiscard]] Usage& UsageOf(InodeNumber inode);
  void AddOpen(InodeNumber inode) { ++UsageOf(inode).descriptors; }
  void DropOpen(InodeNumber inode);
  /// Forgets an inode that has neither name nor descriptor.
  void DropIfUnused(InodeNumber inode);

  mutable std::mutex mutex_;
  const Recording recording_;
  Image base_;
  Image live_;
  DiskSpace space_;  // of live_
  Trace trace_;
  uint32_t next_sync_id_ = 1;
  SyncFailureRules failure_rules_;
  BeforeRevert before_revert_;
  std::vector<ErrorNote> error_notes_;  // in the order in which it happened
  std::vector<Usage> usage_;  // by inode number; shorter than that if the rest is not in use
};

}  // namespace faultfs
