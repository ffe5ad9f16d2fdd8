// FileWindow: a file read through a buffer of bounded size. 64 KiB, or as much as one request asks
// for; never more than the file holds, and no byte is zeroed for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "faultfs/env/file_system.h"

namespace kv {

/// Not thread-safe. The file must not change while it is read.
class FileWindow {
 public:
  FileWindow(faultfs::FileSystem& file_system, std::string path)
      : file_system_(file_system), path_(std::move(path)) {}

  /// Opens the file and finds its size. No effect if it is open.
  [[nodiscard]] faultfs::Status Open();
  /// Gives descriptor and buffer back; Open starts again.
  void Release();

  /// At least `min_bytes` from `offset_bytes`, and whatever else is buffered behind them; the range
  /// must lie within the file. A read asks for `read_ahead_bytes` if that is more. The bytes stay
  /// until the next call.
  [[nodiscard]] faultfs::Result<std::span<const std::byte>> From(uint64_t offset_bytes,
                                                                 size_t min_bytes,
                                                                 size_t read_ahead_bytes);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }

 private:
  faultfs::FileSystem& file_system_;
  std::string path_;
  std::unique_ptr<faultfs::File> file_;
  uint64_t size_bytes_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
  size_t capacity_ = 0;
  uint64_t begin_bytes_ = 0;  // of what is buffered
  size_t length_ = 0;
};

}  // namespace kv
