// Recovery, second half: carries out the plan, so that what was recovered is durable before
// anything is served from it.
#pragma once

#include <memory>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"
#include "store/log_writer.h"
#include "store/sharded_map.h"
#include "store/store.h"

namespace kv {

struct OpenedLog {
  std::unique_ptr<faultfs::FileLock> lock;
  std::unique_ptr<LogWriter> log;
  RecoveryInfo info;
  bool snapshot_is_durable = false;  // its name too, not only what it holds
  uint64_t log_bytes = 0;            // behind the snapshot
  bool covered_left = false;         // files are left that a snapshot covers
};

/// Locks the directory, recovers the log into `map`, and begins a new segment with every mutation
/// that nothing proved durable: an fsync alone would not do, because it says nothing about a sync
/// that failed before. Until that segment is durable nothing old is touched.
[[nodiscard]] faultfs::Result<OpenedLog> OpenLog(faultfs::FileSystem& file_system,
                                                 faultfs::Entropy& entropy,
                                                 std::string_view directory, uint64_t segment_bytes,
                                                 ShardedMap* map);

}  // namespace kv
