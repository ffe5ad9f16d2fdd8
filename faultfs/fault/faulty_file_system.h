// FaultyFileSystem: any FileSystem, with the decisions of an IoHook applied to its calls. Puts the
// same fault rules over PosixFileSystem that SimFileSystem serves by itself.
//
// A thin decorator; it keeps no state but the hook's, and decorators may be stacked: the outer hook
// sees a call first, the inner one sees what the outer let through.
//
// What it cannot do: record anything, or undo. A sync that fails by decision is never passed on, so
// below it the data may still reach the disk by itself; power loss is not its trade. A late error
// comes back through the descriptor of the call alone. A cache that is not its own it cannot evict:
// such a decision changes nothing. It does not know how much of a disk is in use: a hook that
// NeedsSpace is not for it (a small tmpfs is really full).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/io_hook.h"

namespace faultfs {

class FaultyFileSystem final : public FileSystem {
 public:
  /// Both must outlive this object and every File that it opened. Each call is shown to the hook
  /// once before it acts. As thread-safe as both.
  ///
  /// Whether an Open or a Lock counts as kCreate is found out just before it; another process may
  /// be faster. A failed Close releases the descriptor all the same. A file opened with `dsync`
  /// costs a second descriptor, through which its ignored writes go.
  FaultyFileSystem(FileSystem& base, IoHook& hook);

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

 private:
  FileSystem& base_;
  IoHook& hook_;
};

}  // namespace faultfs
