#include "harness/process/internal/workplace.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

namespace crashlab {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

constexpr unsigned long kPlainMount = MS_NOSUID | MS_NODEV | MS_NOEXEC;

Status SystemError(const char* what, int error) {
  const bool forbidden = error == EPERM || error == EACCES;
  return Status::Error(forbidden ? Code::kPermissionDenied : Code::kIoError,
                       std::string(what) + ": " + strerror(error));
}

/// From now on mounts are this process's own. Once is enough; again does no harm.
Status LeaveMountNamespace() {
  static pid_t left = 0;  // a fork inherits the namespace but must not share what it mounts
  if (left == getpid()) return {};
  if (unshare(CLONE_NEWNS) != 0) return SystemError("unshare", errno);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return SystemError("mount", errno);
  }
  left = getpid();
  return {};
}

std::filesystem::path TemporaryFolder() {
  const char* folder = getenv("TMPDIR");
  return folder != nullptr && *folder == '/' ? folder : "/tmp";
}

/// How the directories begin that children of `parent` make.
std::string Prefix(pid_t parent) { return "crashlab-" + std::to_string(parent) + "-"; }

std::string SizeOption(uint64_t bytes) {
  // Names need no memory of their own there but inodes: enough of them.
  return "mode=0700,nr_inodes=4096,size=" + std::to_string(bytes);
}

namespace fs = std::filesystem;

Status CopyFiles(const fs::path& from, const fs::path& to) {
  std::map<std::pair<dev_t, ino_t>, fs::path> copied;  // of files with several names
  std::error_code error;
  fs::recursive_directory_iterator entry(from, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path target = to / entry->path().lexically_relative(from);
    struct stat about = {};
    if (lstat(entry->path().c_str(), &about) != 0) return SystemError("lstat", errno);
    if (S_ISDIR(about.st_mode)) {
      fs::create_directory(target, entry->path(), error);
      if (error) break;
      continue;
    }
    if (S_ISREG(about.st_mode) && about.st_nlink > 1) {
      const auto [known, is_new] = copied.try_emplace({about.st_dev, about.st_ino}, target);
      if (!is_new) {
        fs::create_hard_link(known->second, target, error);
        if (error) break;
        continue;
      }
    }
    fs::copy(entry->path(), target, fs::copy_options::copy_symlinks, error);
    if (error) break;
    const timespec times[] = {about.st_atim, about.st_mtim};
    if (utimensat(AT_FDCWD, target.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
      return SystemError("utimensat", errno);
    }
  }
  return error ? SystemError("copy what a process left", error.value()) : Status();
}

}  // namespace

Result<std::unique_ptr<Workplace>> Workplace::Make(const ProcessPlan& plan) {
  std::string path = (TemporaryFolder() / (Prefix(getppid()) + "XXXXXX")).string();
  if (plan.tmpfs_bytes) FAULTFS_RETURN_IF_ERROR(LeaveMountNamespace());
  if (mkdtemp(path.data()) == nullptr) return SystemError(path.c_str(), errno);
  std::unique_ptr<Workplace> place(new Workplace(path));
  if (plan.tmpfs_bytes) {
    const std::string options = SizeOption(*plan.tmpfs_bytes);
    if (mount("crashlab", path.c_str(), "tmpfs", kPlainMount, options.c_str()) != 0) {
      return SystemError("mount a tmpfs", errno);
    }
    place->mounted_ = true;
  }
  return place;
}

Workplace::~Workplace() {
  if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Workplace::Sweep() {
  std::error_code ignored;
  const std::string prefix = Prefix(getpid());
  for (const auto& entry : std::filesystem::directory_iterator(TemporaryFolder(), ignored)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

Result<std::unique_ptr<Workplace>> Workplace::Copy(const ProcessPlan& plan) const {
  FAULTFS_ASSIGN_OR_RETURN(std::unique_ptr<Workplace> copy, Make(plan));
  FAULTFS_RETURN_IF_ERROR(copy->MakeRoom());
  FAULTFS_RETURN_IF_ERROR(CopyFiles(path_, copy->path_));
  return copy;
}

Status Workplace::MakeRoom() {
  constexpr uint64_t kPlenty = uint64_t{1} << 31;
  if (!mounted_) return {};
  const std::string options = SizeOption(kPlenty);
  if (mount("crashlab", path_.c_str(), "tmpfs", kPlainMount | MS_REMOUNT, options.c_str()) != 0) {
    return SystemError("remount a tmpfs", errno);
  }
  return {};
}

}  // namespace crashlab
