// kv::Store: a key-value store that keeps everything in memory and every change in a segmented log.
//
// A snapshot holds the whole state after one mutation, and the log from there on is all that
// recovery then reads; compaction removes what a snapshot covers.
//
// The formats, what recovery does with every kind of damage and what no format can decide are in
// docs/store-format.md.
//
// How a call that changes something ends:
//   Ok    done, visible, and as durable as was asked for.
//   Fail  provably not done, now or after any crash: kInvalidArgument, kTooLarge, kNoSpace (cut
//         back; the store stays writable), kPoisoned, kClosed.
//   Info  any other code: not visible until the store is opened again, when it may have happened or
//         not. The store is poisoned if bytes of the log are in doubt: from then on every write,
//         Flush and Close gives kPoisoned with the first error in its message, and reads go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "faultfs/env/executor.h"
#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"
#include "faultfs/env/status.h"
#include "store/write_batch.h"

namespace kv {

enum class Durability : uint8_t {
  kBuffered,     // handed to the file system: survives the process, not the power
  kSync,         // on the medium, with everything before it, before the call returns and before any
                 // reader sees it; in a write and a sync of its own
  kGroupCommit,  // the same promise; callers who wait at the same time share a write and a sync,
                 // and its error. One alone does not wait for company
};

struct Options {
  faultfs::FileSystem* file_system = nullptr;  // null: the real one
  faultfs::Entropy* entropy = nullptr;         // of salts; null: the operating system's
  Durability durability = Durability::kSync;
  /// A new segment is begun when a record would make the active one longer. A record longer than
  /// that gets a segment of its own.
  uint64_t segment_bytes = uint64_t{64} << 20;
  uint32_t shards = 16;
  /// Compact in the background when the log has grown by so much since the last attempt; 0: only
  /// when asked. While a checkpoint runs the log grows by twice as much at most: a writer that
  /// would outrun it waits for a share of its work, never for its end.
  uint64_t checkpoint_bytes = 0;
  faultfs::Executor* executor = nullptr;  // of background work; null: one thread of the store's
                                          // own, started when it is first needed
};

struct WriteOptions {
  std::optional<Durability> durability = {};  // nothing: the store's
  /// Gets the mutation's place in the log when the call ends, however it ends; 0 if it never got
  /// one. Of a call that failed it may be the place of a later one too.
  uint64_t* sequence = nullptr;
};

/// What Open found and did. For people and tools; no promise of the store rests on it.
struct RecoveryInfo {
  uint64_t last_sequence = 0;      // of the last mutation recovered; 0: none
  uint64_t proven_sequence = 0;    // the highest that an intact claim says is durable
  uint64_t snapshot_sequence = 0;  // the last mutation in the snapshot used; 0: there was none
  uint64_t snapshot_entries = 0;
  uint64_t bad_snapshots = 0;  // passed over, because the log holds what they held
  uint64_t replayed = 0;       // mutations taken from the log
  uint64_t segments = 0;       // read
  uint64_t carried = 0;        // mutations rewritten because nothing proved them durable
  uint64_t cut_bytes = 0;      // behind the last good record: torn, never acknowledged as durable
  std::string cut_reason;      // empty: nothing was torn
};

/// What Snapshot, Compact and the checkpoints in the background did since Open.
struct CheckpointInfo {
  uint64_t completed = 0;
  uint64_t failed = 0;
  uint64_t sequence = 0;        // the last mutation in the newest snapshot; 0: there is none
  faultfs::Status last_status;  // of the last that ended
};

/// Thread-safe but for its destruction. Reads of different shards do not meet; reads of one share.
class Store {
 public:
  using Visitor = std::function<void(std::string_view key, std::string_view value)>;

  /// Opens the store in `directory`, which is made if it is missing (its parent must exist), and
  /// recovers what it holds. `options`' pointers must outlive the store.
  ///
  /// kLocked: it is open already, here or in another process. kCorruption, with file, offset,
  /// sequence and reason: durable bytes are damaged. kUnsupported: written by a later version. An
  /// error of the file system: as it came. A refused Open changes no byte of the log.
  /// Durability: everything Open recovered is durable when it returns.
  [[nodiscard]] static faultfs::Result<std::unique_ptr<Store>> Open(const Options& options,
                                                                    std::string_view directory);

  /// Closes, dropping the error: call Close to see it.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Reads. kClosed after Close, no other error.

  [[nodiscard]] faultfs::Result<std::optional<std::string>> Get(std::string_view key) const;
  [[nodiscard]] faultfs::Result<bool> Contains(std::string_view key) const;
  [[nodiscard]] faultfs::Result<size_t> Size() const;
  /// Every key and value of one state, in the order of the keys' bytes. Writers wait until it is
  /// done, so `visit` must not write to this store.
  [[nodiscard]] faultfs::Status ForEach(const Visitor& visit) const;

  // Changes, one mutation each. They happen and become visible in the order of the log; a kBuffered
  // one behind a pending kSync one waits for it.
  // Durability: as asked for. A kSync one makes everything before it durable too.

  [[nodiscard]] faultfs::Status Set(std::string_view key, std::string_view value,
                                    const WriteOptions& options = {});
  /// Ok also if there is no such key.
  [[nodiscard]] faultfs::Status Delete(std::string_view key, const WriteOptions& options = {});
  /// Every key goes.
  [[nodiscard]] faultfs::Status Clear(const WriteOptions& options = {});
  /// All of the batch or nothing, for readers and for crashes.
  [[nodiscard]] faultfs::Status Write(const WriteBatch& batch, const WriteOptions& options = {});

  /// Durability: on Ok everything acknowledged before the call began.
  [[nodiscard]] faultfs::Status Flush();

  // Snapshots. Readers and writers go on meanwhile: writers wait for a roll of the log, which syncs
  // it, and for one directory sync. One runs at a time. Memory is needed for what changed since the
  // snapshot before.
  //
  // Errors. After any error nothing has changed but for files that nobody will read, and the store
  // stays writable; unless a sync of the log or of the directory failed, which poisons.
  // kCorruption: the log or the snapshot to build upon is damaged on the disk.

  /// Writes a snapshot of the newest state. The one before stays, and so does the log. No effect if
  /// there is one of that state.
  /// Durability: on Ok everything acknowledged before the call began.
  [[nodiscard]] faultfs::Status Snapshot();
  /// Snapshot, then removal of older snapshots and of the log that it covers.
  [[nodiscard]] faultfs::Status Compact();

  /// Every key goes, durably, as by Clear, and what held them is removed from the disk as by
  /// Compact. It is a mutation, as Clear is, always kSync, and errors are those of Clear: Ok once
  /// nothing can come back, also if a file could not be removed. Then checkpoints() says why, and
  /// the next compaction tries again.
  ///
  /// Durability: one step; before it everything is there, after it nothing.
  [[nodiscard]] faultfs::Status ClearPersistence(const WriteOptions& options = {});

  /// Waits for a checkpoint that runs, then Flush, then lets go of files and lock, which it
  /// does also on error. Every later call gives kClosed.
  [[nodiscard]] faultfs::Status Close();

  [[nodiscard]] const RecoveryInfo& recovery() const;
  [[nodiscard]] CheckpointInfo checkpoints() const;
  /// The sequence of the newest visible mutation; they are numbered from 1 without gaps.
  [[nodiscard]] uint64_t last_sequence() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace kv
