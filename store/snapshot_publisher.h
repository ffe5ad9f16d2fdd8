// The one way in which a snapshot comes into being, whoever needs it.
//
//   write <sequence>.snap.tmp → sync → read back and verify → rename to <sequence>.snap → sync the
//   directory
//
// The first half holds nobody up. The second is for one thread at a time with all other changes of
// names in the directory: the error of a directory sync may concern anybody's entry and is reported
// once, so whoever sees it must be able to stop the others.
#pragma once

#include <cstdint>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/checkpoint_pace.h"
#include "store/snapshot_merge.h"

namespace kv {

/// Writes and verifies the temporary file of a snapshot that covers `sequence`, which the source
/// ends at. On error it is gone, or will be removed by whoever needs its name next; no descriptor
/// is synced again after it failed. `pace` is told of what is read, written and verified.
/// Durability: on Ok the content is, the name is not.
[[nodiscard]] faultfs::Status PrepareSnapshot(faultfs::FileSystem& file_system,
                                              std::string_view directory, uint64_t sequence,
                                              uint64_t salt, const SnapshotSource& source,
                                              CheckpointPace& pace);

struct SnapshotOutcome {
  faultfs::Status status;
  /// False: the directory's entries are as before, but for a temporary that is never read.
  /// True with an error: the name is there and may go again, nobody knows.
  bool renamed = false;
};

/// Gives a prepared snapshot its name, which may replace another snapshot of the same sequence.
/// Durability: on Ok the snapshot and its name are.
[[nodiscard]] SnapshotOutcome PublishSnapshot(faultfs::FileSystem& file_system,
                                              std::string_view directory, uint64_t sequence);

/// Removes a prepared snapshot that will not be published.
void DiscardSnapshot(faultfs::FileSystem& file_system, std::string_view directory,
                     uint64_t sequence);

}  // namespace kv
