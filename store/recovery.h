// Recovery, first half: reads the log, decides, changes nothing.
//
// The segments in use are a chain: the newest one with an intact header, and from there back by the
// predecessor that each header names, to the beginning or to what the newest intact snapshot
// covers. A segment that no header names is dead. Within the chain every decision is a row of
// recovery_table.h. What must then be done to the directory is a plan;
// open.cc carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"
#include "store/format.h"
#include "store/segment_publisher.h"
#include "store/sharded_map.h"
#include "store/store.h"

namespace kv {

struct RecoveryPlan {
  RecoveryInfo info;

  // The next segment.
  uint64_t next_segment = 1;           // a number never seen in the directory
  Predecessor predecessor;             // ends at the last mutation that is proven durable
  std::vector<CarriedRecord> carried;  // every mutation behind it

  // The snapshot in use, and what is to be done about it before anything rests on its name.
  uint64_t snapshot = 0;            // the sequence it covers; 0: none
  bool republish_snapshot = false;  // the log does not reach it: only the snapshot vouches for it
  bool covered_left = false;        // files are left that a snapshot covers
  uint64_t log_bytes = 0;           // of the chain

  // Once that segment is durable.
  struct Cut {
    std::string path;
    uint64_t size_bytes = 0;
  };
  std::optional<Cut> cut;
  std::vector<std::string> dead_segments;
  std::vector<std::string> temporaries;           // of segments
  std::vector<std::string> snapshot_temporaries;  // of snapshots
};

/// Reads the log in `directory`, whose lock the caller holds and whose entries are `entries`, and
/// applies it to `map`. On error the map is in no particular state.
/// kCorruption with file, offset, sequence and reason; kUnsupported; errors of the file system.
[[nodiscard]] faultfs::Result<RecoveryPlan> Recover(faultfs::FileSystem& file_system,
                                                    std::string_view directory,
                                                    const std::vector<faultfs::DirEntry>& entries,
                                                    ShardedMap* map);

}  // namespace kv
