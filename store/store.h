// kv::Store: a key-value store that keeps everything in memory and every change in a segmented log.
//
// The log's format, what recovery does with every kind of damage and what no format can decide are
// in docs/store-format.md.
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

#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"
#include "faultfs/env/status.h"
#include "store/write_batch.h"

namespace kv {

enum class Durability : uint8_t {
  kBuffered,  // handed to the file system: survives the process, not the power
  kSync,      // on the medium, with everything before it, before the call returns and before any
              // reader sees it
};

struct Options {
  faultfs::FileSystem* file_system = nullptr;  // null: the real one
  faultfs::Entropy* entropy = nullptr;         // of salts; null: the operating system's
  Durability durability = Durability::kSync;
  /// A new segment is begun when a record would make the active one longer. A record longer than
  /// that gets a segment of its own.
  uint64_t segment_bytes = uint64_t{64} << 20;
  uint32_t shards = 16;
};

struct WriteOptions {
  std::optional<Durability> durability;  // nothing: the store's
};

/// What Open found and did. For people and tools; no promise of the store rests on it.
struct RecoveryInfo {
  uint64_t last_sequence = 0;    // of the last mutation recovered; 0: none
  uint64_t proven_sequence = 0;  // the highest that an intact claim says is durable
  uint64_t segments = 0;         // read
  uint64_t carried = 0;          // mutations rewritten because nothing proved them durable
  uint64_t cut_bytes = 0;        // behind the last good record: torn, never acknowledged as durable
  std::string cut_reason;        // empty: nothing was torn
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

  /// Flush, then lets go of files and lock, which it does also on error. Every later call gives
  /// kClosed.
  [[nodiscard]] faultfs::Status Close();

  [[nodiscard]] const RecoveryInfo& recovery() const;
  /// The sequence of the newest visible mutation; they are numbered from 1 without gaps.
  [[nodiscard]] uint64_t last_sequence() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace kv
