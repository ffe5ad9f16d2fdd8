#include "faultfs/sim/sim_file.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "faultfs/sim/trace_step.h"

namespace faultfs {
namespace {

constexpr uint64_t kMaxOffset = std::numeric_limits<int64_t>::max();
// What ext4 can address: 2^32 - 1 blocks.
constexpr uint64_t kMaxSizeBytes = ((uint64_t{1} << 32) - 1) * kBlockBytes;
// read(2), write(2): "at most 0x7ffff000 bytes" in one call.
constexpr size_t kMaxTransferBytes = 0x7ffff000;

/// How many of `size` bytes one call transfers.
size_t TransferBytes(size_t size, const IoDecision& decision) {
  size = std::min(size, kMaxTransferBytes);
  if (decision.action != IoDecision::Action::kShort) return size;
  return static_cast<size_t>(std::min<uint64_t>(size, std::max<uint64_t>(decision.bytes, 1)));
}

void ReleaseUnlessDead(SimProcess& process, SimHandle& handle) {
  // After the process's death the volume may be gone too, and has released everything.
  if (!process.alive.load(std::memory_order_acquire)) return;
  process.LockAndRelease(handle);
}

}  // namespace

SimFile::SimFile(std::shared_ptr<SimProcess> process, InodeNumber inode, OpenFlags flags,
                 std::string_view path)
    : process_(std::move(process)),
      volume_(process_->volume),
      handle_{.inode = inode},
      flags_(flags),
      path_(path) {
  process_->Attach(handle_);
}

SimFile::~SimFile() { ReleaseUnlessDead(*process_, handle_); }

Code SimFile::Enter(IoOp op, IoTag tag, uint64_t offset_bytes, uint64_t length_bytes,
                    IoDecision& decision) {
  SpaceDemand demand;
  if (flags_.write && (op == IoOp::kWrite || op == IoOp::kAllocate) &&
      offset_bytes <= kMaxSizeBytes && length_bytes <= kMaxSizeBytes - offset_bytes) {
    demand.file = handle_.inode;
  }
  const Code code = process_->Begin({.op = op,
                                     .path = path_,
                                     .path2 = {},
                                     .tag = tag,
                                     .offset_bytes = offset_bytes,
                                     .length_bytes = length_bytes},
                                    decision, demand);
  if (code != Code::kOk) return code;
  if (handle_.inode == kNoInode) return Code::kClosed;
  if (op != IoOp::kSync && op != IoOp::kClose && decision.action == IoDecision::Action::kFail) {
    return FailCode(decision);
  }
  // Allocate has an answer of its own to a range that is too long.
  if (op != IoOp::kAllocate && length_bytes > kMaxOffset - std::min(offset_bytes, kMaxOffset)) {
    return Code::kInvalidArgument;
  }
  return offset_bytes > kMaxOffset ? Code::kInvalidArgument : Code::kOk;
}

Result<size_t> SimFile::ReadAt(uint64_t offset_bytes, std::span<std::byte> out) {
  IoDecision decision;
  const Code code = Enter(IoOp::kRead, IoTag(""), offset_bytes, out.size(), decision);
  if (code != Code::kOk) return Error(IoOp::kRead, code).Offset(offset_bytes);
  const std::span<std::byte> part = out.first(TransferBytes(out.size(), decision));
  const std::lock_guard lock(volume_.mutex_);
  return volume_.live_.Read(handle_.inode, offset_bytes, part);
}

Result<size_t> SimFile::WriteAt(uint64_t offset_bytes, std::span<const std::byte> data, IoTag tag) {
  IoDecision decision;
  Code code = Enter(IoOp::kWrite, tag, offset_bytes, data.size(), decision);
  if (code == Code::kOk && !flags_.write) code = Code::kInvalidArgument;
  if (code == Code::kOk && !data.empty() && offset_bytes >= kMaxDataBytes) code = Code::kTooLarge;
  if (code != Code::kOk) return Error(IoOp::kWrite, code).Offset(offset_bytes);
  if (data.empty()) return size_t{0};
  // At the end of what a file can hold, write(2) is short before it is an error.
  const size_t length = static_cast<size_t>(
      std::min<uint64_t>(TransferBytes(data.size(), decision), kMaxDataBytes - offset_bytes));
  {
    const std::lock_guard lock(volume_.mutex_);
    volume_.Perform({.kind = TraceKind::kWrite,
                     .tag = tag,
                     .inode = handle_.inode,
                     .data = {reinterpret_cast<const char*>(data.data()), length},
                     .offset_bytes = offset_bytes});
  }
  const bool late = decision.action == IoDecision::Action::kLate;
  if (flags_.dsync) {
    volume_.RecordSync(handle_.inode, SyncKind::kData, OutcomeOf(decision), tag, offset_bytes,
                       length);
  } else if (late) {
    volume_.RecordSync(handle_.inode, SyncKind::kData, SyncOutcome::kFailed, tag);
  }
  if (late) volume_.NoteError(handle_.inode, FailCode(decision));
  return length;
}

Status SimFile::Truncate(uint64_t size_bytes, IoTag tag) {
  IoDecision decision;
  Code code = Enter(IoOp::kTruncate, tag, size_bytes, 0, decision);
  if (code == Code::kOk && !flags_.write) code = Code::kInvalidArgument;
  if (code == Code::kOk && size_bytes > kMaxSizeBytes) code = Code::kTooLarge;
  if (code != Code::kOk) return Error(IoOp::kTruncate, code).Offset(size_bytes);
  const std::lock_guard lock(volume_.mutex_);
  volume_.Perform({.kind = TraceKind::kTruncate,
                   .tag = tag,
                   .inode = handle_.inode,
                   .length_bytes = size_bytes});
  return {};
}

Result<uint64_t> SimFile::Size() {
  IoDecision decision;
  const Code code = Enter(IoOp::kSize, IoTag(""), 0, 0, decision);
  if (code != Code::kOk) return Error(IoOp::kSize, code);
  const std::lock_guard lock(volume_.mutex_);
  return volume_.live_.Find(handle_.inode)->size_bytes;
}

Status SimFile::Sync(SyncKind kind, IoTag tag) {
  IoDecision decision;
  const Code code = Enter(IoOp::kSync, tag, 0, 0, decision);
  if (code != Code::kOk) return Error(IoOp::kSync, code);
  if (const Code earlier = volume_.TakeError(handle_); earlier != Code::kOk) {
    if (process_->hook != nullptr) {
      process_->hook->Reported({.op = IoOp::kSync, .path = path_, .path2 = {}, .tag = tag},
                               earlier);
    }
    volume_.RecordSync(handle_.inode, kind, SyncOutcome::kFailed, tag);
    return Error(IoOp::kSync, earlier);
  }
  if (decision.action == IoDecision::Action::kFail && volume_.FailsLate()) {
    decision.action = IoDecision::Action::kLate;
  }
  volume_.RecordSync(handle_.inode, kind, OutcomeOf(decision), tag);
  if (decision.action == IoDecision::Action::kFail) return Error(IoOp::kSync, FailCode(decision));
  if (decision.action == IoDecision::Action::kLate) {
    volume_.NoteError(handle_.inode, FailCode(decision));
  }
  return {};
}

Status SimFile::StartWriteback(uint64_t offset_bytes, uint64_t length_bytes, IoTag tag) {
  IoDecision decision;
  const Code code = Enter(IoOp::kWriteback, tag, offset_bytes, length_bytes, decision);
  if (code != Code::kOk) return Error(IoOp::kWriteback, code).Offset(offset_bytes);
  const std::lock_guard lock(volume_.mutex_);
  volume_.Perform({.kind = TraceKind::kWriteback,
                   .tag = tag,
                   .inode = handle_.inode,
                   .offset_bytes = offset_bytes,
                   .length_bytes = length_bytes});
  return {};
}

Status SimFile::Allocate(uint64_t offset_bytes, uint64_t length_bytes, bool keep_size, IoTag tag) {
  IoDecision decision;
  Code code = Enter(IoOp::kAllocate, tag, offset_bytes, length_bytes, decision);
  if (code == Code::kOk && (!flags_.write || length_bytes == 0 || length_bytes > kMaxOffset)) {
    code = Code::kInvalidArgument;
  }
  if (code == Code::kOk && offset_bytes + length_bytes > kMaxSizeBytes) code = Code::kTooLarge;
  if (code != Code::kOk) return Error(IoOp::kAllocate, code).Offset(offset_bytes);
  const std::lock_guard lock(volume_.mutex_);
  volume_.Perform({.kind = TraceKind::kAllocate,
                   .tag = tag,
                   .inode = handle_.inode,
                   .offset_bytes = offset_bytes,
                   .length_bytes = length_bytes,
                   .keep_size = keep_size});
  return {};
}

Status SimFile::Close() {
  IoDecision decision;
  const Code code = Enter(IoOp::kClose, IoTag(""), 0, 0, decision);
  if (code != Code::kOk) return Error(IoOp::kClose, code);
  process_->LockAndRelease(handle_);
  if (decision.action == IoDecision::Action::kFail) return Error(IoOp::kClose, FailCode(decision));
  return {};
}

SimLock::SimLock(std::shared_ptr<SimProcess> process, InodeNumber inode)
    : process_(std::move(process)), handle_{.inode = inode, .holds_lock = true} {
  process_->Attach(handle_);
}

SimLock::~SimLock() { ReleaseUnlessDead(*process_, handle_); }

}  // namespace faultfs
