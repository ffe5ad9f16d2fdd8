// The keys and values in memory: shards with a lock each, so that readers of different keys do not
// meet and readers of one key share.
//
// Which shard holds a key follows from a fixed hash; no order of a hash table reaches a caller.
// Locks of several shards are always taken in index order.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/thread.h"
#include "store/mutation.h"

namespace kv {

/// Thread-safe. Each method sees one state between two mutations, never half a mutation.
class ShardedMap {
 public:
  using Visitor = std::function<void(std::string_view key, std::string_view value)>;

  explicit ShardedMap(uint32_t shards);

  [[nodiscard]] std::optional<std::string> Get(std::string_view key) const;
  [[nodiscard]] bool Contains(std::string_view key) const;
  [[nodiscard]] size_t Size() const;
  /// In the order of the keys' bytes. Writers wait until it is done.
  void ForEach(const Visitor& visit) const;

  /// Applies a well-formed payload as one step: no reader sees a part of it.
  void Apply(std::string_view payload);
  /// Every key goes.
  void Clear();

 private:
  struct alignas(64) Shard {
    mutable faultfs::SharedMutex mutex{"map shard"};
    // order never escapes: ForEach sorts, nothing else walks the table.
    absl::flat_hash_map<std::string, std::string> entries;
  };

  [[nodiscard]] uint32_t ShardOf(std::string_view key) const;
  [[nodiscard]] std::vector<faultfs::SharedLock> LockAllShared() const;
  [[nodiscard]] std::vector<faultfs::ExclusiveLock> LockFor(std::string_view payload);
  void ApplyOne(const Operation& operation);
  /// A set or a delete. `*value` is that of the operation before, and maybe the old one after.
  static void ApplyTo(Shard* shard, const Operation& operation, std::string* value);

  const uint32_t shard_count_;
  const std::unique_ptr<Shard[]> shards_;
};

}  // namespace kv
