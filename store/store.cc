#include "store/store.h"

#include <utility>

#include "faultfs/env/posix_file_system.h"
#include "store/checkpointer.h"
#include "store/commit_queue.h"
#include "store/mutation.h"
#include "store/open.h"
#include "store/sharded_map.h"

namespace kv {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

class Store::Impl {
 public:
  explicit Impl(const Options& options) : options_(options), map_(options.shards) {
    if (options_.file_system == nullptr) options_.file_system = &posix_file_system_;
    if (options_.entropy == nullptr) options_.entropy = &system_entropy_;
  }

  Status Open(std::string_view directory) {
    FAULTFS_ASSIGN_OR_RETURN(OpenedLog opened, OpenLog(*options_.file_system, *options_.entropy,
                                                       directory, options_.segment_bytes, &map_));
    commits_.Open(std::move(opened.log), std::move(opened.lock), opened.info.last_sequence);
    checkpointer_ = std::make_unique<Checkpointer>(
        *options_.file_system, *options_.entropy, commits_,
        Checkpointer::Start{.directory = std::string(directory),
                            .checkpoint_bytes = options_.checkpoint_bytes,
                            .executor = options_.executor,
                            .snapshot = opened.info.snapshot_sequence,
                            .snapshot_is_durable = opened.snapshot_is_durable,
                            .log_bytes = opened.log_bytes,
                            .covered_left = opened.covered_left});
    recovery_ = std::move(opened.info);
    return Status();
  }

  Status Commit(EncodedMutation mutation, const WriteOptions& options) {
    uint64_t log_bytes = 0;
    const Status committed =
        commits_.Commit(mutation, options.durability.value_or(options_.durability), &log_bytes);
    if (options.sequence != nullptr) *options.sequence = mutation.sequence();
    FAULTFS_RETURN_IF_ERROR(committed);
    if (checkpointer_->IsDue(log_bytes)) checkpointer_->Schedule();
    checkpointer_->Pace(log_bytes);
    return Status();
  }

  Status Flush() { return commits_.Flush(); }

  Status Close() {
    FAULTFS_RETURN_IF_ERROR(CheckOpen());
    checkpointer_->Stop();
    return commits_.Close();
  }

  [[nodiscard]] Status CheckOpen() const { return commits_.CheckOpen(); }

  Status ClearPersistence(WriteOptions options) {
    options.durability = Durability::kSync;
    FAULTFS_RETURN_IF_ERROR(Commit(
        EncodedMutation::Of({.kind = OperationKind::kClear, .key = {}, .value = {}}), options));
    // Nothing that is still there is read again; how the removal went is in checkpoints().
    static_cast<void>(checkpointer_->Compact());
    return Status();
  }

  [[nodiscard]] Checkpointer& checkpointer() const { return *checkpointer_; }
  [[nodiscard]] const ShardedMap& map() const { return map_; }
  [[nodiscard]] const RecoveryInfo& recovery() const { return recovery_; }
  [[nodiscard]] uint64_t last_sequence() const { return commits_.last_sequence(); }

 private:
  faultfs::PosixFileSystem posix_file_system_;
  faultfs::SystemEntropy system_entropy_;
  Options options_;
  ShardedMap map_;
  RecoveryInfo recovery_;
  CommitQueue commits_{map_};
  std::unique_ptr<Checkpointer> checkpointer_;  // stopped before the log goes
};

Result<std::unique_ptr<Store>> Store::Open(const Options& options, std::string_view directory) {
  if (directory.empty()) {
    return Status::Error(Code::kInvalidArgument, "the store's directory has no name");
  }
  if (options.shards == 0 || options.segment_bytes == 0) {
    return Status::Error(Code::kInvalidArgument, "shards and segment_bytes must be at least 1");
  }
  auto impl = std::make_unique<Impl>(options);
  FAULTFS_RETURN_IF_ERROR(impl->Open(directory));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() { static_cast<void>(impl_->Close()); }

Result<std::optional<std::string>> Store::Get(std::string_view key) const {
  FAULTFS_RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->map().Get(key);
}

Result<bool> Store::Contains(std::string_view key) const {
  FAULTFS_RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->map().Contains(key);
}

Result<size_t> Store::Size() const {
  FAULTFS_RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->map().Size();
}

Status Store::ForEach(const Visitor& visit) const {
  FAULTFS_RETURN_IF_ERROR(impl_->CheckOpen());
  impl_->map().ForEach(visit);
  return Status();
}

Status Store::Set(std::string_view key, std::string_view value, const WriteOptions& options) {
  FAULTFS_RETURN_IF_ERROR(CheckLimits(key, value));
  return impl_->Commit(
      EncodedMutation::Of({.kind = OperationKind::kSet, .key = key, .value = value}), options);
}

Status Store::Delete(std::string_view key, const WriteOptions& options) {
  FAULTFS_RETURN_IF_ERROR(CheckLimits(key, ""));
  return impl_->Commit(
      EncodedMutation::Of({.kind = OperationKind::kDelete, .key = key, .value = {}}), options);
}

Status Store::Clear(const WriteOptions& options) {
  return impl_->Commit(EncodedMutation::Of({.kind = OperationKind::kClear, .key = {}, .value = {}}),
                       options);
}

Status Store::Write(const WriteBatch& batch, const WriteOptions& options) {
  FAULTFS_RETURN_IF_ERROR(batch.status());
  return impl_->Commit(EncodedMutation::OfPayload(batch.payload()), options);
}

Status Store::Flush() { return impl_->Flush(); }

Status Store::Snapshot() { return impl_->checkpointer().Snapshot(); }

Status Store::Compact() { return impl_->checkpointer().Compact(); }

Status Store::ClearPersistence(const WriteOptions& options) {
  return impl_->ClearPersistence(options);
}

Status Store::Close() { return impl_->Close(); }

const RecoveryInfo& Store::recovery() const { return impl_->recovery(); }

CheckpointInfo Store::checkpoints() const { return impl_->checkpointer().info(); }

uint64_t Store::last_sequence() const { return impl_->last_sequence(); }

}  // namespace kv
