// The real file system, through the system calls of POSIX and Linux.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"

namespace faultfs {

/// Stateless; as thread-safe as the kernel. Interrupted calls (EINTR) are taken up again, except
/// close(2) and fsync(2): their error is returned. Short reads and writes are passed on.
///
/// Beyond the contract: symbolic links are followed as the kernel does, List calls whatever is no
/// directory a file, Stat of what is neither is kUnsupported, a path with a zero byte is
/// kInvalidArgument. Relative paths start at the working directory of the process.
class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] Result<std::unique_ptr<File>> Open(std::string_view path, OpenFlags flags,
                                                   IoTag tag) override;
  [[nodiscard]] Status Remove(std::string_view path, IoTag tag) override;
  [[nodiscard]] Status Link(std::string_view from, std::string_view to, IoTag tag) override;
  [[nodiscard]] Status Rename(std::string_view from, std::string_view to, IoTag tag) override;
  [[nodiscard]] Status CreateDir(std::string_view path, IoTag tag) override;
  [[nodiscard]] Status RemoveDir(std::string_view path, IoTag tag) override;
  [[nodiscard]] Result<std::vector<DirEntry>> List(std::string_view path) override;
  [[nodiscard]] Result<FileStat> Stat(std::string_view path) override;
  [[nodiscard]] Status SyncDir(std::string_view path, IoTag tag) override;
  [[nodiscard]] Result<std::unique_ptr<FileLock>> Lock(std::string_view path, IoTag tag) override;
};

}  // namespace faultfs
