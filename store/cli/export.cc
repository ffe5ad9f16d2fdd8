#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "store/cli/json_line.h"
#include "store/cli/quiet_store.h"
#include "store/cli/transfer.h"
#include "store/directory.h"
#include "store/recovery.h"
#include "store/sharded_map.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::FileSystem;
using faultfs::IoTag;
using faultfs::Status;

constexpr IoTag kExportWrite{"export.write"};
constexpr IoTag kExportSync{"export.sync"};
constexpr IoTag kExportPublish{"export.publish"};
constexpr IoTag kExportSyncDir{"export.sync-dir"};
constexpr IoTag kExportDiscard{"export.discard"};

std::string LineOf(std::string_view key, std::string_view value) {
  return EntryToJson(key, value) += '\n';
}

/// A file that gets its name when it is whole and durable.
class NewFile {
 public:
  NewFile(FileSystem& file_system, const std::string& path)
      : file_system_(file_system), path_(path), partial_path_(path + ".partial") {}
  ~NewFile() {
    if (!published_) static_cast<void>(file_system_.Remove(partial_path_, kExportDiscard));
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Status Create() {
    FAULTFS_ASSIGN_OR_RETURN(
        file_, file_system_.Open(partial_path_, {.write = true, .create = true}, kExportWrite));
    return file_->Truncate(0, kExportWrite);
  }

  /// The first error stays.
  void Add(std::string_view text) {
    constexpr size_t kWriteBytes = size_t{1} << 20;
    pending_.append(text);
    if (pending_.size() >= kWriteBytes) WriteOut();
  }

  Status Publish() {
    WriteOut();
    FAULTFS_RETURN_IF_ERROR(status_);
    FAULTFS_RETURN_IF_ERROR(file_->Sync(faultfs::SyncKind::kFull, kExportSync));
    FAULTFS_RETURN_IF_ERROR(file_->Close());
    FAULTFS_RETURN_IF_ERROR(file_system_.Rename(partial_path_, path_, kExportPublish));
    published_ = true;
    return file_system_.SyncDir(ParentPath(path_), kExportSyncDir);
  }

 private:
  void WriteOut() {
    if (!status_.ok()) return;
    auto outcome =
        faultfs::WriteFully(*file_, end_bytes_, std::as_bytes(std::span(pending_)), kExportWrite);
    end_bytes_ += outcome.written_bytes;
    status_ = std::move(outcome.status).File(partial_path_);
    pending_.clear();
  }

  FileSystem& file_system_;
  const std::string path_;
  const std::string partial_path_;
  std::unique_ptr<faultfs::File> file_;
  std::string pending_;
  uint64_t end_bytes_ = 0;
  Status status_;
  bool published_ = false;
};

Status WriteNewFile(FileSystem& file_system, const std::string& path, const ShardedMap& map) {
  NewFile file(file_system, path);
  FAULTFS_RETURN_IF_ERROR(file.Create());
  map.ForEach([&](std::string_view key, std::string_view value) { file.Add(LineOf(key, value)); });
  return file.Publish();
}

void WriteStream(std::ostream& out, const ShardedMap& map) {
  map.ForEach([&](std::string_view key, std::string_view value) {
    if (out) out << LineOf(key, value);
  });
  out.flush();
}

Status WriteTo(FileSystem& file_system, const std::string& file, const ShardedMap& map,
               std::ostream& out) {
  if (file.empty() || file == "-") {
    WriteStream(out, map);  // whoever owns the stream sees its errors
    return Status();
  }
  std::error_code ignored;
  const std::filesystem::file_status found = std::filesystem::status(file, ignored);
  // A pipe or a device must not be replaced by a file.
  if (std::filesystem::exists(found) && !std::filesystem::is_regular_file(found)) {
    std::ofstream stream(file, std::ios::binary);
    WriteStream(stream, map);
    stream.close();
    if (stream) return Status();
    return Status::Error(Code::kIoError, "cannot write the export").File(file);
  }
  return WriteNewFile(file_system, file, map);
}

}  // namespace

int Export(FileSystem& file_system, const TransferOptions& options, const Console& console) {
  const auto quiet = QuietStore::Enter(file_system, options.directory);
  if (!quiet.ok()) return Fail(console, quiet.status(), kExitNoStore);
  ShardedMap map(/*shards=*/1);
  const auto plan = Recover(file_system, quiet->directory(), quiet->entries(), &map);
  if (!plan.ok()) return Fail(console, plan.status(), kExitNoStore);
  const Status written = WriteTo(file_system, options.file, map, console.out);
  return written.ok() ? kExitDone : Fail(console, written, kExitNoStore);
}

}  // namespace kv::cli
