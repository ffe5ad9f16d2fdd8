#include "store/cli/quiet_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/format.h"

namespace kv::cli {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

namespace {

/// A shared lock through a descriptor for reading, which FileSystem::Lock has no word for. -1 if
/// there is no such file.
Result<int> LockShared(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return -1;
  if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0) return fd;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (error == EWOULDBLOCK) {
    return Status::Error(Code::kLocked, "the store is open in another process");
  }
  const Code code = error == EACCES || error == EPERM ? Code::kPermissionDenied : Code::kIoError;
  return Status::Error(code, std::string("cannot lock: ") + std::strerror(error)).File(path);
}

}  // namespace

Result<QuietStore> QuietStore::Enter(faultfs::FileSystem& file_system, std::string_view directory) {
  std::string name(directory);
  FAULTFS_RETURN_IF_ERROR(file_system.List(name).status());  // is it a directory at all?
  Result<int> lock = LockShared(name + "/" + std::string(kLockName));
  if (!lock.ok()) return lock.status().File(name);
  QuietStore quiet(std::move(name), *lock);
  FAULTFS_ASSIGN_OR_RETURN(quiet.entries_, file_system.List(quiet.directory_));
  return quiet;
}

QuietStore::~QuietStore() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

QuietStore::QuietStore(QuietStore&& other) noexcept
    : directory_(std::move(other.directory_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)),
      entries_(std::move(other.entries_)) {}

}  // namespace kv::cli
