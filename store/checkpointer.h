// Checkpointer: snapshots while the store is open, one at a time: those that are asked for and
// those that the growth of the log asks for.
//
// Lock order: the checkpointer's own (held for a whole snapshot), then an exclusive turn of the
// store's commit queue, for the cut of the log and for the snapshot's name; never for the copy.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"
#include "faultfs/env/status.h"
#include "faultfs/env/thread.h"
#include "faultfs/env/thread_executor.h"
#include "store/checkpoint_pace.h"
#include "store/commit_queue.h"
#include "store/log_writer.h"
#include "store/store.h"

namespace kv {

/// Thread-safe but for its destruction, which Stop must come before.
class Checkpointer {
 public:
  struct Start {
    std::string directory;
    uint64_t checkpoint_bytes = 0;          // 0: only when asked
    faultfs::Executor* executor = nullptr;  // null: a thread of its own, started on first need
    uint64_t snapshot = 0;                  // the one in use
    bool snapshot_is_durable = false;       // its name too
    uint64_t log_bytes = 0;                 // behind it
    bool covered_left = false;              // files are left that it covers
  };

  /// `commits` is open. All must outlive this object, and be open until its Stop.
  Checkpointer(faultfs::FileSystem& file_system, faultfs::Entropy& entropy, CommitQueue& commits,
               Start start);

  /// See Store.
  [[nodiscard]] faultfs::Status Snapshot();
  [[nodiscard]] faultfs::Status Compact();
  [[nodiscard]] CheckpointInfo info() const;

  /// True, for one of all callers, if a log that has grown by `grown_bytes` since Open makes a
  /// checkpoint due; then Schedule must be called.
  [[nodiscard]] bool IsDue(uint64_t grown_bytes);
  /// Holds a writer back while a checkpoint runs and the log has grown too far since. Not in a
  /// turn.
  void Pace(uint64_t grown_bytes) const { pace_.Wait(grown_bytes); }
  /// Queues a checkpoint. Not in a turn: the executor may run it at once.
  void Schedule();

  /// Waits for a snapshot that runs; later ones give kClosed.
  void Stop();

 private:
  /// What a queued job holds: it may come up after the store is gone.
  struct Gate {
    faultfs::Mutex mutex{"checkpoint gate"};
    Checkpointer* target = nullptr;
  };
  enum class Remove : uint8_t { kOlderThanPrevious, kCovered };

  struct Cut {
    LogCut log;
    uint64_t salt = 0;         // for the snapshot
    uint64_t grown_bytes = 0;  // of the log, as LogWriter counts them
    uint64_t log_bytes = 0;    // to be merged, about
  };

  // With the gate's mutex, but for the first, which takes it.
  [[nodiscard]] faultfs::Status RunIfOpen(Remove remove);
  [[nodiscard]] faultfs::Status RunAndReport(Remove remove);
  [[nodiscard]] faultfs::Status Checkpoint(Remove remove);
  [[nodiscard]] faultfs::Status Finish(const Cut& cut, Remove remove);
  [[nodiscard]] faultfs::Result<Cut> CutLog();
  [[nodiscard]] faultfs::Status Publish(uint64_t sequence);
  [[nodiscard]] faultfs::Status RemoveFiles(const LogCut& cut, Remove remove);

  faultfs::FileSystem& file_system_;
  faultfs::Entropy& entropy_;
  CommitQueue& commits_;
  const std::string directory_;
  const uint64_t checkpoint_bytes_;

  static constexpr uint64_t kNever = UINT64_MAX;
  std::atomic<uint64_t> due_at_bytes_;  // of growth since Open; kNever also while one is scheduled

  // Under the gate's mutex.
  const uint64_t recovered_bytes_;  // of the log, by Open
  uint64_t grown_before_ = 0;       // the log's growth, with those, when the last attempt began
  uint64_t snapshot_;               // the one in use
  uint64_t previous_ = 0;           // the one before
  bool snapshot_is_durable_;
  uint64_t last_work_bytes_ = 0;  // of the last checkpoint

  CheckpointPace pace_;

  mutable faultfs::Mutex info_mutex_{"checkpoint info"};
  CheckpointInfo info_;

  const std::shared_ptr<Gate> gate_;
  faultfs::Executor* executor_;
  faultfs::ThreadExecutor own_executor_;  // last: its thread ends before anything else goes
};

}  // namespace kv
