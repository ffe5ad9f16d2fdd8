// CommitQueue: the order in which callers come to the log.
//
// Whoever comes while nobody is at work leads: writes, syncs, makes visible. Whoever comes
// meanwhile queues and sleeps. A leader that is done wakes the first in the queue to lead next;
// under kGroupCommit that one takes everybody behind it into one write and one sync, and so on.
// Nobody waits for company, and no thread is needed but those of the callers.
//
// Two things are handed from one caller to the next, in the order of arrival:
//  - the log: who has it appends and publishes. Without a sync or a roll that is done under the
//    mutex at once.
//  - the sync: who has it may sync the log, or replace its active file. A Flush needs no more than
//    that, so kBuffered writes go on while its sync runs. Whoever needs both takes the log first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/status.h"
#include "faultfs/env/thread.h"
#include "store/log_writer.h"
#include "store/mutation.h"
#include "store/sharded_map.h"
#include "store/store.h"

namespace kv {

/// Thread-safe but for Open and destruction.
class CommitQueue {
 public:
  /// `map` gets each mutation when the log has it, in the log's order.
  explicit CommitQueue(ShardedMap& map) : map_(map) {}

  /// Takes the log, which ends at `last_sequence`, and the lock of its directory.
  void Open(std::unique_ptr<LogWriter> log, std::unique_ptr<faultfs::FileLock> lock,
            uint64_t last_sequence);
  /// Flush, then lets go of the log and at last of the lock, also on error. kClosed the second
  /// time.
  [[nodiscard]] faultfs::Status Close();
  [[nodiscard]] faultfs::Status CheckOpen() const {
    return closed_.load(std::memory_order_acquire) ? Closed() : faultfs::Status();
  }

  /// One mutation, from its place in the log to its visibility. Errors and durability as Store has
  /// them. On Ok `*log_bytes` is how much the log has grown since Open.
  [[nodiscard]] faultfs::Status Commit(EncodedMutation& mutation, Durability durability,
                                       uint64_t* log_bytes);
  /// Durability: on Ok everything acknowledged before the call began.
  [[nodiscard]] faultfs::Status Flush();

  /// Of the newest visible mutation.
  [[nodiscard]] uint64_t last_sequence() const {
    return last_sequence_.load(std::memory_order_acquire);
  }

 private:
  friend class ExclusiveTurn;

  /// A caller in one of the queues; lives on its stack.
  struct Turn {
    enum : uint32_t { kWaiting, kYours, kDone };

    EncodedMutation* mutation = nullptr;  // null: not to be done by anybody else
    Durability durability = Durability::kBuffered;
    Turn* next = nullptr;
    faultfs::Status status;
    uint64_t log_bytes = 0;
    faultfs::WaitableWord<uint32_t> state{kWaiting, "turn"};
  };

  /// First in, first out.
  class Turns {
   public:
    [[nodiscard]] Turn* front() const { return first_; }
    void Push(Turn& turn);
    Turn* Pop();  // null if there is none

   private:
    Turn* first_ = nullptr;
    Turn* last_ = nullptr;
  };

  static faultfs::Status Closed();

  // `lock` is of mutex_ and held at the begin; at the end too unless it says otherwise.

  /// Returns true when the log is the caller's, and false, without the lock, if a leader has done
  /// what `turn` asks for.
  bool TakeLog(Turn& turn, faultfs::MutexLock& lock);
  void TakeSync(faultfs::MutexLock& lock);
  /// Hands on what the caller has. Unlocks.
  void HandOn(faultfs::MutexLock& lock, bool log, bool sync);

  /// Does what `turn` asks for and hands on. Unlocks.
  void Lead(Turn& turn, faultfs::MutexLock& lock);
  /// Who may go with `leader` leaves the queue for `followers`.
  void CollectGroup(const Turn& leader, Turns& followers);
  /// From the log to the readers, with the log; and the sync, if that is needed.
  [[nodiscard]] faultfs::Status WriteGroup(Durability durability);
  static void WakeFollowers(Turns& followers, const Turn& leader);
  [[nodiscard]] faultfs::Status SyncForFlush(faultfs::MutexLock& lock);

  ShardedMap& map_;
  std::atomic<uint64_t> last_sequence_{0};
  std::atomic<bool> closed_{true};

  // Guards what follows; but who has log and sync has `log_` and `mutations_` to himself, without
  // it.
  faultfs::Mutex mutex_{"commit queue"};
  bool log_taken_ = false;  // only then anybody queues for it
  bool sync_taken_ = false;
  Turns log_turns_;
  Turns sync_turns_;
  std::unique_ptr<LogWriter> log_;
  std::unique_ptr<faultfs::FileLock> lock_;
  std::vector<EncodedMutation*> mutations_;  // of the group
};

/// While it lives the caller has log and sync to itself.
class ExclusiveTurn {
 public:
  explicit ExclusiveTurn(CommitQueue& queue);
  ~ExclusiveTurn();
  ExclusiveTurn(const ExclusiveTurn&) = delete;
  ExclusiveTurn& operator=(const ExclusiveTurn&) = delete;

  /// The queue must be open.
  [[nodiscard]] LogWriter& log() const { return *queue_.log_; }

 private:
  CommitQueue& queue_;
};

}  // namespace kv
