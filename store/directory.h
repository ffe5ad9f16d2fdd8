// The store's directory: made durable before anything in it is, and locked before it is read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"

namespace kv {

struct LockedDirectory {
  std::unique_ptr<faultfs::FileLock> lock;
  std::vector<faultfs::DirEntry> entries;
};

/// Makes the directory if it is missing (its parent must exist), locks it and lists it. kLocked if
/// any other handle holds the lock.
/// Durability: on Ok the directory's own name is durable. A directory without a segment or a
/// snapshot may be one that an earlier process made and did not live to sync, or failed to: its
/// name is made anew, by moving it to `directory`.tmp and back, and its parent synced. A directory
/// that was left aside by a crash between the two is taken back.
[[nodiscard]] faultfs::Result<LockedDirectory> LockDirectory(faultfs::FileSystem& file_system,
                                                             std::string_view directory);

/// The path of the directory that names `path`: "." for "store", "/" for "/store" and for "/",
/// "x/.." for "x/..", whose last component is no name.
[[nodiscard]] std::string ParentPath(std::string_view path);

}  // namespace kv
