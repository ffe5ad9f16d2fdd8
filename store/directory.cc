#include "store/directory.h"

#include <algorithm>
#include <utility>

#include "store/format.h"
#include "store/io_tags.h"

namespace kv {

using faultfs::Code;
using faultfs::FileSystem;
using faultfs::Result;
using faultfs::Status;

namespace {

/// Where a directory waits while its name is renewed.
std::string AsidePath(std::string_view directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.remove_suffix(1);
  return std::string(directory).append(kTemporarySuffix);
}

bool HoldsData(const std::vector<faultfs::DirEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const faultfs::DirEntry& entry) {
    return ParseFileName(entry.name, kSegmentSuffix).has_value() ||
           ParseFileName(entry.name, kSnapshotSuffix).has_value();
  });
}

/// Nothing but what a store has before its first segment.
bool IsUnborn(const std::vector<faultfs::DirEntry>& entries) {
  return std::all_of(entries.begin(), entries.end(), [](const faultfs::DirEntry& entry) {
    return entry.name == kLockName || ParseFileName(entry.name, kTemporarySuffix).has_value();
  });
}

Status CreateDurably(FileSystem& file_system, std::string_view directory) {
  const std::string aside = AsidePath(directory);
  const Result<std::vector<faultfs::DirEntry>> waiting = file_system.List(aside);
  if (waiting.ok() && IsUnborn(*waiting)) {
    FAULTFS_RETURN_IF_ERROR(file_system.Rename(aside, directory, tags::kDirBack));
  }
  const Status created = file_system.CreateDir(directory, tags::kDirCreate);
  if (!created.ok() && !created.Is(Code::kAlreadyExists)) return created;
  Status synced = file_system.SyncDir(ParentPath(directory), tags::kDirSyncParent);
  if (!synced.ok() && created.ok()) {
    // A later sync of the parent may return Ok without this name. A name made anew has no such
    // past.
    static_cast<void>(file_system.RemoveDir(directory, tags::kDirRemove));
  }
  return synced;
}

// Nobody can know whether a sync of the parent failed in an earlier process: then the name is in
// the cache and nowhere else, and another sync returns Ok without writing it. Moving the directory
// aside and back makes its name anew. What cannot be moved (a mount point, a directory in a place
// that is not ours) was not made by us.
Status RenewName(FileSystem& file_system, std::string_view directory) {
  const std::string aside = AsidePath(directory);
  const Status moved = file_system.Rename(directory, aside, tags::kDirAside);
  if (moved.ok()) {
    FAULTFS_RETURN_IF_ERROR(file_system.Rename(aside, directory, tags::kDirBack));
  } else if (moved.Is(Code::kIoError) || moved.Is(Code::kNoSpace)) {
    return moved;
  }
  return file_system.SyncDir(ParentPath(directory), tags::kDirSyncParent);
}

}  // namespace

Result<LockedDirectory> LockDirectory(FileSystem& file_system, std::string_view directory) {
  std::string lock_path(directory);
  lock_path.append(1, '/').append(kLockName);
  bool name_is_durable = false;

  auto lock = file_system.Lock(lock_path, tags::kDirLock);
  if (!lock.ok() && lock.status().Is(Code::kNotFound)) {
    FAULTFS_RETURN_IF_ERROR(CreateDurably(file_system, directory));
    name_is_durable = true;
    lock = file_system.Lock(lock_path, tags::kDirLock);
  }
  if (!lock.ok() && lock.status().Is(Code::kLocked)) {
    return Status::Error(Code::kLocked, "the store is open already, here or in another process")
        .File(directory);
  }
  if (!lock.ok()) return lock.status();

  FAULTFS_ASSIGN_OR_RETURN(auto entries, file_system.List(directory));
  if (!name_is_durable && !HoldsData(entries)) {
    FAULTFS_RETURN_IF_ERROR(RenewName(file_system, directory));
  }
  return LockedDirectory{.lock = std::move(lock).value(), .entries = std::move(entries)};
}

std::string ParentPath(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path == "/") return "/";
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (name == "." || name == "..") return std::string(path).append("/..");
  if (slash == std::string_view::npos) return ".";
  std::string_view parent = path.substr(0, slash);
  while (parent.size() > 1 && parent.back() == '/') parent.remove_suffix(1);
  return parent.empty() ? "/" : std::string(parent);
}

}  // namespace kv
