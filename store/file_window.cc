#include "store/file_window.h"

#include <algorithm>

#include "store/io_tags.h"

namespace kv {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

Status FileWindow::Open() {
  if (file_ != nullptr) return Status();
  auto file = file_system_.Open(path_, {}, tags::kWalRead);
  if (!file.ok()) return file.status().File(path_);
  auto size = (*file)->Size();
  if (!size.ok()) return size.status().File(path_);
  file_ = std::move(file).value();
  size_bytes_ = *size;
  return Status();
}

void FileWindow::Release() {
  file_.reset();
  buffer_.reset();
  capacity_ = 0;
  length_ = 0;
}

Result<std::span<const std::byte>> FileWindow::From(uint64_t offset_bytes, size_t min_bytes,
                                                    size_t read_ahead_bytes) {
  FAULTFS_CHECK(file_ != nullptr, "a window is opened before it is read");
  FAULTFS_CHECK(offset_bytes <= size_bytes_ && min_bytes <= size_bytes_ - offset_bytes,
                "nothing is asked for that the file does not hold");
  const bool buffered =
      offset_bytes >= begin_bytes_ && offset_bytes - begin_bytes_ + min_bytes <= length_;
  if (!buffered) {
    const size_t wanted = static_cast<size_t>(
        std::min<uint64_t>(std::max(min_bytes, read_ahead_bytes), size_bytes_ - offset_bytes));
    if (wanted > capacity_) {
      buffer_ = std::make_unique_for_overwrite<std::byte[]>(wanted);
      capacity_ = wanted;
    }
    length_ = 0;
    auto read = ReadFully(*file_, offset_bytes, std::span(buffer_.get(), wanted));
    if (!read.ok()) return read.status().File(path_).Offset(offset_bytes);
    if (*read < wanted) {
      return Status::Error(Code::kIoError, "the file ended before its size")
          .File(path_)
          .Offset(offset_bytes + *read);
    }
    begin_bytes_ = offset_bytes;
    length_ = wanted;
  }
  return std::span<const std::byte>(buffer_.get(), length_)
      .subspan(static_cast<size_t>(offset_bytes - begin_bytes_));
}

}  // namespace kv
