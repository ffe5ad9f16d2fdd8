// QuietStore: a store's directory for those who only read it: opened for reading, nothing made,
// nothing changed, and nobody else changes it meanwhile.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/status.h"

namespace kv::cli {

/// Holds a shared lock on the directory's LOCK file, if it has one: stores are not opened
/// meanwhile, other readers are let in. Without that file no store was ever opened there, or a copy
/// left it out.
class QuietStore {
 public:
  /// kLocked if a store is open on the directory; kNotFound, kNotADirectory.
  [[nodiscard]] static faultfs::Result<QuietStore> Enter(faultfs::FileSystem& file_system,
                                                         std::string_view directory);
  ~QuietStore();
  QuietStore(QuietStore&& other) noexcept;
  QuietStore& operator=(QuietStore&&) = delete;

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::vector<faultfs::DirEntry>& entries() const { return entries_; }

 private:
  QuietStore(std::string directory, int lock_fd)
      : directory_(std::move(directory)), lock_fd_(lock_fd) {}

  std::string directory_;
  int lock_fd_;  // -1: there is nothing to lock
  std::vector<faultfs::DirEntry> entries_;
};

}  // namespace kv::cli
