// OverheardDisk: a RootedFileSystem that calls back as soon as a write is done, before the one who
// wrote hears of it. So a process can die there, and has no time for anything after the write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "harness/process/internal/rooted_file_system.h"

namespace crashlab {

class OverheardFile final : public faultfs::File {
 public:
  OverheardFile(std::unique_ptr<faultfs::File> base, const std::function<void()>& written)
      : base_(std::move(base)), written_(written) {}

  [[nodiscard]] faultfs::Result<size_t> ReadAt(uint64_t offset_bytes,
                                               std::span<std::byte> out) override {
    return base_->ReadAt(offset_bytes, out);
  }
  [[nodiscard]] faultfs::Result<size_t> WriteAt(uint64_t offset_bytes,
                                                std::span<const std::byte> data,
                                                faultfs::IoTag tag) override {
    faultfs::Result<size_t> written = base_->WriteAt(offset_bytes, data, tag);
    written_();
    return written;
  }
  [[nodiscard]] faultfs::Status Truncate(uint64_t size_bytes, faultfs::IoTag tag) override {
    return base_->Truncate(size_bytes, tag);
  }
  [[nodiscard]] faultfs::Result<uint64_t> Size() override { return base_->Size(); }
  [[nodiscard]] faultfs::Status Sync(faultfs::SyncKind kind, faultfs::IoTag tag) override {
    return base_->Sync(kind, tag);
  }
  [[nodiscard]] faultfs::Status StartWriteback(uint64_t offset_bytes, uint64_t length_bytes,
                                               faultfs::IoTag tag) override {
    return base_->StartWriteback(offset_bytes, length_bytes, tag);
  }
  [[nodiscard]] faultfs::Status Allocate(uint64_t offset_bytes, uint64_t length_bytes,
                                         bool keep_size, faultfs::IoTag tag) override {
    return base_->Allocate(offset_bytes, length_bytes, keep_size, tag);
  }
  [[nodiscard]] faultfs::Status Close() override { return base_->Close(); }

 private:
  const std::unique_ptr<faultfs::File> base_;
  const std::function<void()>& written_;
};

class OverheardDisk final : public RootedFileSystem {
 public:
  /// It must outlive its files. `written` is called by whoever wrote, also if the write failed.
  OverheardDisk(faultfs::FileSystem& base, std::string root, std::function<void()> written)
      : RootedFileSystem(base, std::move(root)), written_(std::move(written)) {}

  [[nodiscard]] faultfs::Result<std::unique_ptr<faultfs::File>> Open(std::string_view path,
                                                                     faultfs::OpenFlags flags,
                                                                     faultfs::IoTag tag) override {
    FAULTFS_ASSIGN_OR_RETURN(std::unique_ptr<faultfs::File> file,
                             RootedFileSystem::Open(path, flags, tag));
    return std::unique_ptr<faultfs::File>(
        std::make_unique<OverheardFile>(std::move(file), written_));
  }

 private:
  const std::function<void()> written_;
};

}  // namespace crashlab
