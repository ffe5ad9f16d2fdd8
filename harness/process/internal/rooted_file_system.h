// RootedFileSystem: a folder of another file system as if it were the whole disk. What runs on it
// sees the paths that it would see in the simulator, so that stories, fault rules and errors do not
// depend on where the folder is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/env/file_system.h"

namespace crashlab {

class RootedFileSystem : public faultfs::FileSystem {
 public:
  /// `base` must outlive it. As thread-safe as `base`. Paths must be absolute; ".." is no barrier.
  RootedFileSystem(faultfs::FileSystem& base, std::string root)
      : base_(base), root_(std::move(root)) {}

  [[nodiscard]] faultfs::Result<std::unique_ptr<faultfs::File>> Open(std::string_view path,
                                                                     faultfs::OpenFlags flags,
                                                                     faultfs::IoTag tag) override {
    return base_.Open(Under(path), flags, tag);
  }
  [[nodiscard]] faultfs::Status Remove(std::string_view path, faultfs::IoTag tag) override {
    return base_.Remove(Under(path), tag);
  }
  [[nodiscard]] faultfs::Status Link(std::string_view from, std::string_view to,
                                     faultfs::IoTag tag) override {
    return base_.Link(Under(from), Under(to), tag);
  }
  [[nodiscard]] faultfs::Status Rename(std::string_view from, std::string_view to,
                                       faultfs::IoTag tag) override {
    return base_.Rename(Under(from), Under(to), tag);
  }
  [[nodiscard]] faultfs::Status CreateDir(std::string_view path, faultfs::IoTag tag) override {
    return base_.CreateDir(Under(path), tag);
  }
  [[nodiscard]] faultfs::Status RemoveDir(std::string_view path, faultfs::IoTag tag) override {
    return base_.RemoveDir(Under(path), tag);
  }
  [[nodiscard]] faultfs::Result<std::vector<faultfs::DirEntry>> List(
      std::string_view path) override {
    return base_.List(Under(path));
  }
  [[nodiscard]] faultfs::Result<faultfs::FileStat> Stat(std::string_view path) override {
    return base_.Stat(Under(path));
  }
  [[nodiscard]] faultfs::Status SyncDir(std::string_view path, faultfs::IoTag tag) override {
    return base_.SyncDir(Under(path), tag);
  }
  [[nodiscard]] faultfs::Result<std::unique_ptr<faultfs::FileLock>> Lock(
      std::string_view path, faultfs::IoTag tag) override {
    return base_.Lock(Under(path), tag);
  }

 private:
  [[nodiscard]] std::string Under(std::string_view path) const { return root_ + std::string(path); }

  faultfs::FileSystem& base_;
  const std::string root_;
};

}  // namespace crashlab
