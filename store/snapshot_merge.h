// The state after a mutation, from files alone: the snapshot before it and the log in between.
//
// Nothing is asked of the map in memory, so a snapshot holds up neither readers nor writers, and a
// mutation above its sequence cannot get into it. Memory is bounded by what the log changed since
// the snapshot before, not by the size of the store.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/checkpoint_pace.h"
#include "store/format.h"
#include "store/snapshot_reader.h"
#include "store/snapshot_writer.h"

namespace kv {

/// What a snapshot is made of. All of it is durable and does not change while it is read.
struct SnapshotSource {
  uint64_t base = 0;  // the sequence of the snapshot to build upon; 0: the empty store
  Predecessor log;    // the end of the log that is merged into it
};

/// What the log does to the snapshot before it.
class LogChanges {
 public:
  /// Applies the operations of one mutation.
  void Apply(std::string_view payload);

  /// Nothing of what was there before is left.
  [[nodiscard]] bool cleared() const { return cleared_; }

  /// Writes `base` (null: the empty store), as changed, in order of the keys.
  [[nodiscard]] faultfs::Status WriteOver(SnapshotCursor* base, SnapshotWriter& writer,
                                          CheckpointPace& pace) const;

 private:
  void Change(std::string_view key, std::optional<std::string_view> value);

  bool cleared_ = false;
  // order never escapes: WriteOver sorts. No value: deleted.
  absl::flat_hash_map<std::string, std::optional<std::string>> changes_;
};

/// Reads the source and writes the state that it gives. kCorruption if the source is damaged.
/// `pace` is told of it.
[[nodiscard]] faultfs::Status MergeSnapshot(faultfs::FileSystem& file_system,
                                            std::string_view directory,
                                            const SnapshotSource& source, SnapshotWriter& writer,
                                            CheckpointPace& pace);

}  // namespace kv
