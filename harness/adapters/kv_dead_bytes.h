// What counts for nothing in a directory of our own store.
#pragma once

#include <string_view>
#include <vector>

#include "harness/adapter.h"

namespace crashlab {

/// See Adapter::DeadBytes. The directory is one that a crash left, unhurt: the lock, temporaries,
/// snapshots that are not in use, segments that recovery does not read, and what lies behind the
/// end of those that it does.
[[nodiscard]] Result<std::vector<FileRange>> KvDeadBytes(faultfs::FileSystem& file_system,
                                                         std::string_view directory);

}  // namespace crashlab
