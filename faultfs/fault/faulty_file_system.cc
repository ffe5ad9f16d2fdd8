#include "faultfs/fault/faulty_file_system.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "faultfs/env/check.h"

namespace faultfs {
namespace {

using Action = IoDecision::Action;

constexpr IoTag kNoTag{""};

Status InjectedError(const IoDecision& decision, const IoCall& call) {
  const Code code = decision.code == Code::kOk ? Code::kIoError : decision.code;
  return Status::Error(code, std::string(IoOpName(call.op)) + ": injected fault").File(call.path);
}

/// Asks about a call that can only proceed or fail.
Status Ask(IoHook& hook, const IoCall& call) {
  const IoDecision decision = hook.Decide(call);
  return decision.action == Action::kFail ? InjectedError(decision, call) : Status();
}

class FaultyFile final : public File {
 public:
  /// `without_dsync` is null unless `base` was opened with dsync.
  FaultyFile(std::unique_ptr<File> base, std::unique_ptr<File> without_dsync, IoHook& hook,
             std::string path)
      : base_(std::move(base)),
        without_dsync_(std::move(without_dsync)),
        hook_(hook),
        path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset_bytes, std::span<std::byte> out) override {
    const IoCall call = Call(IoOp::kRead, kNoTag, offset_bytes, out.size());
    FAULTFS_ASSIGN_OR_RETURN(const IoDecision decision, Decide(call));
    return base_->ReadAt(offset_bytes, out.first(Granted(decision, out.size())));
  }

  Result<size_t> WriteAt(uint64_t offset_bytes, std::span<const std::byte> data,
                         IoTag tag) override {
    const IoCall call = Call(IoOp::kWrite, tag, offset_bytes, data.size());
    FAULTFS_ASSIGN_OR_RETURN(const IoDecision decision, Decide(call));
    if (decision.action == Action::kLate && !closed_) late_ = LateError(decision);
    const bool ignore_sync = decision.action == Action::kIgnore && without_dsync_ != nullptr;
    File& target = ignore_sync ? *without_dsync_ : *base_;
    return target.WriteAt(offset_bytes, data.first(Granted(decision, data.size())), tag);
  }

  Status Truncate(uint64_t size_bytes, IoTag tag) override {
    FAULTFS_RETURN_IF_ERROR(Decide(Call(IoOp::kTruncate, tag, size_bytes, 0)).status());
    return base_->Truncate(size_bytes, tag);
  }

  Result<uint64_t> Size() override {
    FAULTFS_RETURN_IF_ERROR(Decide(Call(IoOp::kSize, kNoTag, 0, 0)).status());
    return base_->Size();
  }

  Status Sync(SyncKind kind, IoTag tag) override {
    FAULTFS_ASSIGN_OR_RETURN(const IoDecision decision, Decide(Call(IoOp::kSync, tag, 0, 0)));
    if (closed_) return base_->Sync(kind, tag);
    if (late_ != Code::kOk) {
      return Status::Error(late_.exchange(Code::kOk), "sync: injected late fault").File(path_);
    }
    if (decision.action == Action::kLate) late_ = LateError(decision);
    const bool passes = decision.action != Action::kIgnore && decision.action != Action::kLate;
    return passes ? base_->Sync(kind, tag) : Status();
  }

  Status StartWriteback(uint64_t offset_bytes, uint64_t length_bytes, IoTag tag) override {
    const IoCall call = Call(IoOp::kWriteback, tag, offset_bytes, length_bytes);
    FAULTFS_RETURN_IF_ERROR(Decide(call).status());
    return base_->StartWriteback(offset_bytes, length_bytes, tag);
  }

  Status Allocate(uint64_t offset_bytes, uint64_t length_bytes, bool keep_size,
                  IoTag tag) override {
    const IoCall call = Call(IoOp::kAllocate, tag, offset_bytes, length_bytes);
    FAULTFS_RETURN_IF_ERROR(Decide(call).status());
    return base_->Allocate(offset_bytes, length_bytes, keep_size, tag);
  }

  Status Close() override {
    const Status decided = Decide(Call(IoOp::kClose, kNoTag, 0, 0)).status();
    closed_ = true;
    without_dsync_.reset();
    const Status closed = base_->Close();
    return decided.ok() ? closed : decided;
  }

 private:
  IoCall Call(IoOp op, IoTag tag, uint64_t offset_bytes, uint64_t length_bytes) const {
    return {.op = op,
            .path = path_,
            .path2 = {},
            .tag = tag,
            .offset_bytes = offset_bytes,
            .length_bytes = length_bytes};
  }

  /// Asks the hook; a decision to fail comes back as that failure. A closed file answers for
  /// itself, whatever was decided.
  Result<IoDecision> Decide(const IoCall& call) {
    const IoDecision decision = hook_.Decide(call);
    if (decision.action == Action::kFail && !closed_) return InjectedError(decision, call);
    return decision;
  }

  static size_t Granted(const IoDecision& decision, size_t asked) {
    if (decision.action != Action::kShort) return asked;
    return static_cast<size_t>(std::min<uint64_t>(std::max<uint64_t>(decision.bytes, 1), asked));
  }

  static Code LateError(const IoDecision& decision) {
    return decision.code == Code::kOk ? Code::kIoError : decision.code;
  }

  const std::unique_ptr<File> base_;
  std::unique_ptr<File> without_dsync_;
  IoHook& hook_;
  const std::string path_;
  std::atomic<Code> late_ = Code::kOk;  // what the next Sync returns
  bool closed_ = false;                 // Close runs alone, by File's contract
};

/// Whether opening `path` with create would make a file: it is missing and its parent is not.
bool WouldCreate(FileSystem& fs, std::string_view path) {
  if (path.ends_with('/') || !fs.Stat(path).status().Is(Code::kNotFound)) return false;
  const size_t slash = path.rfind('/');
  return fs.Stat(slash == std::string_view::npos ? "." : path.substr(0, slash + 1)).ok();
}

}  // namespace

FaultyFileSystem::FaultyFileSystem(FileSystem& base, IoHook& hook) : base_(base), hook_(hook) {
  FAULTFS_CHECK(!hook.NeedsSpace(),
                "the rule \"full\" needs the simulator: how much of a real "
                "disk is in use is not known here");
}

Result<std::unique_ptr<File>> FaultyFileSystem::Open(std::string_view path, OpenFlags flags,
                                                     IoTag tag) {
  const IoOp op = flags.create && WouldCreate(base_, path) ? IoOp::kCreate : IoOp::kOpen;
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = op, .path = path, .path2 = {}, .tag = tag}));
  FAULTFS_ASSIGN_OR_RETURN(std::unique_ptr<File> file, base_.Open(path, flags, tag));
  std::unique_ptr<File> without_dsync;
  if (flags.dsync && flags.write) {
    FAULTFS_ASSIGN_OR_RETURN(without_dsync, base_.Open(path, {.write = true}, tag));
  }
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(
      std::move(file), std::move(without_dsync), hook_, std::string(path)));
}

Status FaultyFileSystem::Remove(std::string_view path, IoTag tag) {
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = IoOp::kRemove, .path = path, .path2 = {}, .tag = tag}));
  return base_.Remove(path, tag);
}

Status FaultyFileSystem::Link(std::string_view from, std::string_view to, IoTag tag) {
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = IoOp::kLink, .path = from, .path2 = to, .tag = tag}));
  return base_.Link(from, to, tag);
}

Status FaultyFileSystem::Rename(std::string_view from, std::string_view to, IoTag tag) {
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = IoOp::kRename, .path = from, .path2 = to, .tag = tag}));
  return base_.Rename(from, to, tag);
}

Status FaultyFileSystem::CreateDir(std::string_view path, IoTag tag) {
  FAULTFS_RETURN_IF_ERROR(
      Ask(hook_, {.op = IoOp::kCreateDir, .path = path, .path2 = {}, .tag = tag}));
  return base_.CreateDir(path, tag);
}

Status FaultyFileSystem::RemoveDir(std::string_view path, IoTag tag) {
  FAULTFS_RETURN_IF_ERROR(
      Ask(hook_, {.op = IoOp::kRemoveDir, .path = path, .path2 = {}, .tag = tag}));
  return base_.RemoveDir(path, tag);
}

Result<std::vector<DirEntry>> FaultyFileSystem::List(std::string_view path) {
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = IoOp::kList, .path = path, .path2 = {}}));
  return base_.List(path);
}

Result<FileStat> FaultyFileSystem::Stat(std::string_view path) {
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = IoOp::kStat, .path = path, .path2 = {}}));
  return base_.Stat(path);
}

Status FaultyFileSystem::SyncDir(std::string_view path, IoTag tag) {
  const IoCall call{.op = IoOp::kSyncDir, .path = path, .path2 = {}, .tag = tag};
  const IoDecision decision = hook_.Decide(call);
  if (decision.action == Action::kFail) return InjectedError(decision, call);
  // A disk that lies still knows what a directory is.
  if (decision.action == Action::kIgnore) return base_.List(path).status();
  return base_.SyncDir(path, tag);
}

Result<std::unique_ptr<FileLock>> FaultyFileSystem::Lock(std::string_view path, IoTag tag) {
  const IoOp op = WouldCreate(base_, path) ? IoOp::kCreate : IoOp::kLock;
  FAULTFS_RETURN_IF_ERROR(Ask(hook_, {.op = op, .path = path, .path2 = {}, .tag = tag}));
  return base_.Lock(path, tag);
}

}  // namespace faultfs
