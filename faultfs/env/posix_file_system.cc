#include "faultfs/env/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/env/random.h"

namespace faultfs {
namespace {

constexpr mode_t kFileMode = 0666;  // less the umask
constexpr mode_t kDirMode = 0777;
constexpr uint64_t kMaxOffset = std::numeric_limits<off_t>::max();

struct ErrnoCode {
  int error;
  Code code;
};

// The one place where errno becomes a Code. What is not here is kIoError.
constexpr ErrnoCode kErrnoCodes[] = {
    {ENOENT, Code::kNotFound},
    {EEXIST, Code::kAlreadyExists},
    {ENOTDIR, Code::kNotADirectory},
    {EISDIR, Code::kIsADirectory},
    {ENOTEMPTY, Code::kNotEmpty},
    {ENOSPC, Code::kNoSpace},
    {EDQUOT, Code::kNoSpace},
    {EIO, Code::kIoError},
    {EINVAL, Code::kInvalidArgument},
    {EBADF, Code::kInvalidArgument},  // the wrong access mode: a closed file never gets here
    {ENAMETOOLONG, Code::kInvalidArgument},
    {ELOOP, Code::kInvalidArgument},
    {EBUSY, Code::kInvalidArgument},  // "." or "/" renamed or removed, or a mount point
    {EXDEV, Code::kUnsupported},
    {EOPNOTSUPP, Code::kUnsupported},
    {ENOSYS, Code::kUnsupported},
    {ESPIPE, Code::kUnsupported},
    {ENODEV, Code::kUnsupported},
    {EACCES, Code::kPermissionDenied},
    {EPERM, Code::kPermissionDenied},
    {EROFS, Code::kPermissionDenied},
    {EFBIG, Code::kTooLarge},
    {EOVERFLOW, Code::kTooLarge},
    {EMLINK, Code::kTooLarge},
    {EMFILE, Code::kResourceExhausted},
    {ENFILE, Code::kResourceExhausted},
    {ENOMEM, Code::kResourceExhausted},
    {EINTR, Code::kInterrupted},
};

Code CodeFromErrno(int error) {
  const auto* found = std::find_if(std::begin(kErrnoCodes), std::end(kErrnoCodes),
                                   [error](const ErrnoCode& row) { return row.error == error; });
  return found == std::end(kErrnoCodes) ? Code::kIoError : found->code;
}

std::string DescribeErrno(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof(buffer));  // GNU's: returns the text
}

Status ErrnoError(int error, std::string_view call, std::string_view path) {
  return Status::Error(CodeFromErrno(error), std::string(call) + ": " + DescribeErrno(error))
      .File(path);
}

/// Repeats a call that a signal interrupted.
template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// What POSIX cannot say: a NUL byte would cut the path short and hit another file.
Status CheckPath(std::string_view path) {
  if (path.find('\0') == std::string_view::npos) return {};
  return Status::Error(Code::kInvalidArgument, "a path must not contain a zero byte").File(path);
}

/// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// Gives the descriptor up, whatever close(2) answers: Linux has released it by then.
  [[nodiscard]] int Close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset_bytes, std::span<std::byte> out) override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(offset_bytes, "pread"));
    const ssize_t got = Retry([&] {
      return ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset_bytes));
    });
    if (got < 0) return Error("pread").Offset(offset_bytes);
    return static_cast<size_t>(got);
  }

  Result<size_t> WriteAt(uint64_t offset_bytes, std::span<const std::byte> data,
                         IoTag /*tag*/) override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(offset_bytes, "pwrite"));
    const ssize_t wrote = Retry([&] {
      return ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset_bytes));
    });
    if (wrote < 0) return Error("pwrite").Offset(offset_bytes);
    if (wrote == 0 && !data.empty()) {
      return Status::Error(Code::kIoError, "pwrite: nothing was written")
          .File(path_)
          .Offset(offset_bytes);
    }
    return static_cast<size_t>(wrote);
  }

  Status Truncate(uint64_t size_bytes, IoTag /*tag*/) override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(size_bytes, "ftruncate"));
    return Done(Retry([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)); }),
                "ftruncate");
  }

  Result<uint64_t> Size() override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(0, "fstat"));
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return Error("fstat");
    return static_cast<uint64_t>(info.st_size);
  }

  Status Sync(SyncKind kind, IoTag /*tag*/) override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(0, "fsync"));
    // Not taken up again after EINTR: a second fsync that succeeds would hide a first that failed.
    if (kind == SyncKind::kData) return Done(::fdatasync(fd_.get()), "fdatasync");
    return Done(::fsync(fd_.get()), "fsync");
  }

  Status StartWriteback(uint64_t offset_bytes, uint64_t length_bytes, IoTag /*tag*/) override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(offset_bytes, "sync_file_range"));
    FAULTFS_RETURN_IF_ERROR(CheckUsable(length_bytes, "sync_file_range"));
    return Done(Retry([&] {
                  return ::sync_file_range(fd_.get(), static_cast<off_t>(offset_bytes),
                                           static_cast<off_t>(length_bytes), SYNC_FILE_RANGE_WRITE);
                }),
                "sync_file_range");
  }

  Status Allocate(uint64_t offset_bytes, uint64_t length_bytes, bool keep_size,
                  IoTag /*tag*/) override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(offset_bytes, "fallocate"));
    FAULTFS_RETURN_IF_ERROR(CheckUsable(length_bytes, "fallocate"));
    const int mode = keep_size ? FALLOC_FL_KEEP_SIZE : 0;
    return Done(Retry([&] {
                  return ::fallocate(fd_.get(), mode, static_cast<off_t>(offset_bytes),
                                     static_cast<off_t>(length_bytes));
                }),
                "fallocate");
  }

  Status Close() override {
    FAULTFS_RETURN_IF_ERROR(CheckUsable(0, "close"));
    return Done(fd_.Close(), "close");
  }

 private:
  /// Numbers beyond off_t are refused here, where they would turn negative.
  Status CheckUsable(uint64_t number, std::string_view call) const {
    if (!fd_.is_open()) {
      return Status::Error(Code::kClosed, std::string(call) + ": the file was closed").File(path_);
    }
    if (number > kMaxOffset) return ErrnoError(EINVAL, call, path_);
    return {};
  }

  Status Error(std::string_view call) const { return ErrnoError(errno, call, path_); }
  Status Done(int result, std::string_view call) const {
    return result == 0 ? Status() : Error(call);
  }

  Descriptor fd_;
  const std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}  // closing it releases the lock

 private:
  Descriptor fd_;
};

Result<Descriptor> OpenDescriptor(const std::string& path, int flags) {
  FAULTFS_RETURN_IF_ERROR(CheckPath(path));
  Descriptor fd(Retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); }));
  if (!fd.is_open()) return ErrnoError(errno, "open", path);
  return fd;
}

Result<struct stat> StatPath(const std::string& path) {
  FAULTFS_RETURN_IF_ERROR(CheckPath(path));
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return ErrnoError(errno, "stat", path);
  return info;
}

bool IsDirectory(const std::string& path) {
  const Result<struct stat> info = StatPath(path);
  return info.ok() && S_ISDIR(info->st_mode);
}

Result<int> TranslateFlags(OpenFlags flags, std::string_view path) {
  if ((flags.create && !flags.write) || (flags.exclusive && !flags.create)) {
    return Status::Error(Code::kInvalidArgument, flags.exclusive
                                                     ? "open: exclusive needs create and write"
                                                     : "open: create needs write")
        .File(path);
  }
  int result = flags.write ? O_RDWR : O_RDONLY;
  if (flags.create) result |= O_CREAT;
  if (flags.exclusive) result |= O_EXCL;
  if (flags.dsync) result |= O_DSYNC;
  return result | O_NONBLOCK;  // means nothing to a file, and a FIFO must not hang us
}

/// A DIR that closes itself.
struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

Result<FileType> EntryType(DIR* dir, const dirent& entry, std::string_view path) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_DIR ? FileType::kDirectory : FileType::kFile;
  }
  struct stat info {};
  if (::fstatat(::dirfd(dir), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoError(errno, "fstatat", path);
  }
  return S_ISDIR(info.st_mode) ? FileType::kDirectory : FileType::kFile;
}

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::Open(std::string_view path, OpenFlags flags,
                                                    IoTag /*tag*/) {
  std::string name(path);
  FAULTFS_ASSIGN_OR_RETURN(const int open_flags, TranslateFlags(flags, path));
  FAULTFS_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(name, open_flags));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoError(errno, "fstat", path);
  // Linux opens a directory for reading; what could be read from it is not a file's content.
  if (S_ISDIR(info.st_mode)) return ErrnoError(EISDIR, "open", path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd), std::move(name)));
}

Status PosixFileSystem::Remove(std::string_view path, IoTag /*tag*/) {
  const std::string name(path);
  FAULTFS_RETURN_IF_ERROR(CheckPath(path));
  return ::unlinkat(AT_FDCWD, name.c_str(), 0) == 0 ? Status() : ErrnoError(errno, "unlink", path);
}

Status PosixFileSystem::Link(std::string_view from, std::string_view to, IoTag /*tag*/) {
  const std::string source(from);
  const std::string target(to);
  FAULTFS_RETURN_IF_ERROR(CheckPath(from));
  FAULTFS_RETURN_IF_ERROR(CheckPath(to));
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, target.c_str(), 0) == 0) return {};
  const int error = errno;
  // Linux says EPERM, which it also says for other reasons.
  if (error == EPERM && IsDirectory(source)) return ErrnoError(EISDIR, "link", from);
  return ErrnoError(error, "link", error == EEXIST ? to : from);
}

Status PosixFileSystem::Rename(std::string_view from, std::string_view to, IoTag /*tag*/) {
  const std::string source(from);
  const std::string target(to);
  FAULTFS_RETURN_IF_ERROR(CheckPath(from));
  FAULTFS_RETURN_IF_ERROR(CheckPath(to));
  if (::renameat(AT_FDCWD, source.c_str(), AT_FDCWD, target.c_str()) == 0) return {};
  return ErrnoError(errno, "rename to " + target, from);
}

Status PosixFileSystem::CreateDir(std::string_view path, IoTag /*tag*/) {
  const std::string name(path);
  FAULTFS_RETURN_IF_ERROR(CheckPath(path));
  return ::mkdirat(AT_FDCWD, name.c_str(), kDirMode) == 0 ? Status()
                                                          : ErrnoError(errno, "mkdir", path);
}

Status PosixFileSystem::RemoveDir(std::string_view path, IoTag /*tag*/) {
  const std::string name(path);
  FAULTFS_RETURN_IF_ERROR(CheckPath(path));
  return ::unlinkat(AT_FDCWD, name.c_str(), AT_REMOVEDIR) == 0 ? Status()
                                                               : ErrnoError(errno, "rmdir", path);
}

Result<std::vector<DirEntry>> PosixFileSystem::List(std::string_view path) {
  const std::string name(path);
  FAULTFS_RETURN_IF_ERROR(CheckPath(path));
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(name.c_str()));  // O_CLOEXEC since glibc 2.4
  if (dir == nullptr) return ErrnoError(errno, "opendir", path);
  std::vector<DirEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return ErrnoError(errno, "readdir", path);
      break;
    }
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    FAULTFS_ASSIGN_OR_RETURN(const FileType type, EntryType(dir.get(), *entry, path));
    entries.push_back({std::string(entry_name), type});
  }
  // std::string compares as unsigned char: by bytes.
  std::sort(entries.begin(), entries.end(),
            [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
  return entries;
}

Result<FileStat> PosixFileSystem::Stat(std::string_view path) {
  FAULTFS_ASSIGN_OR_RETURN(const struct stat info, StatPath(std::string(path)));
  FileStat stat;
  stat.identity = Mix64(static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino));
  if (S_ISDIR(info.st_mode)) {
    stat.type = FileType::kDirectory;
    return stat;
  }
  if (!S_ISREG(info.st_mode)) {
    return Status::Error(Code::kUnsupported, "stat: neither a file nor a directory").File(path);
  }
  stat.size_bytes = static_cast<uint64_t>(info.st_size);
  stat.link_count = info.st_nlink;
  return stat;
}

Status PosixFileSystem::SyncDir(std::string_view path, IoTag /*tag*/) {
  FAULTFS_ASSIGN_OR_RETURN(const Descriptor fd,
                           OpenDescriptor(std::string(path), O_RDONLY | O_DIRECTORY));
  return ::fsync(fd.get()) == 0 ? Status() : ErrnoError(errno, "fsync", path);
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(std::string_view path, IoTag /*tag*/) {
  FAULTFS_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(std::string(path), O_CREAT | O_RDWR));
  if (Retry([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK) {
      return Status::Error(Code::kLocked, "lock: held by another process or handle").File(path);
    }
    return ErrnoError(errno, "flock", path);
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(fd)));
}

}  // namespace faultfs
