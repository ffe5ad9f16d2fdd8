#include "faultfs/sim/sim_file_system.h"

#include <mutex>
#include <utility>

#include "faultfs/sim/path_walk.h"
#include "faultfs/sim/sim_file.h"
#include "faultfs/sim/sim_process.h"
#include "faultfs/sim/trace_step.h"

namespace faultfs {
namespace {

using Action = IoDecision::Action;

/// Begins a call that a decision to fail ends.
Code Enter(SimProcess& process, const IoCall& call, SpaceDemand demand = {}) {
  IoDecision decision;
  const Code code = process.Begin(call, decision, demand);
  if (code == Code::kOk && decision.action == Action::kFail) return FailCode(decision);
  return code;
}

IoCall PathCall(IoOp op, std::string_view path, IoTag tag, std::string_view path2 = {}) {
  return {.op = op, .path = path, .path2 = path2, .tag = tag};
}

FileType TypeOf(const Image& image, InodeNumber inode) { return image.Find(inode)->type; }

bool IsDirectory(const Image& image, InodeNumber inode) {
  return TypeOf(image, inode) == FileType::kDirectory;
}

/// What a name for a new file or directory leads to.
struct NewName {
  Code code = Code::kOk;
  InodeNumber directory = kNoInode;
  std::string_view name{};
};

/// filename_create: the name must be free. Only a directory may be asked for with a trailing slash.
NewName FindFreeName(const Image& image, std::string_view path, FileType type) {
  const ParentWalk walk = WalkToParent(image, path);
  if (walk.code != Code::kOk) return {walk.code};
  if (walk.last != LastKind::kName) return {Code::kAlreadyExists};
  const WalkResult found = FindName(image, walk.directory, walk.name);
  if (found.code == Code::kOk) return {Code::kAlreadyExists};
  if (found.code != Code::kNotFound) return {found.code};
  if (walk.trailing_slash && type == FileType::kFile) return {Code::kNotFound};
  return {Code::kOk, walk.directory, walk.name};
}

/// Where an Open leads: an inode, or a free name under which to make one.
struct OpenTarget {
  Code code = Code::kOk;
  InodeNumber inode = kNoInode;  // kNoInode: to be made
  InodeNumber directory = kNoInode;
  std::string_view name{};
};

OpenTarget FindOpenTarget(const Image& image, std::string_view path, OpenFlags flags) {
  WalkResult found;
  ParentWalk walk;
  if (flags.create) {
    walk = WalkToParent(image, path);
    if (walk.code != Code::kOk) return {walk.code};
    // Whatever is there or not: a file cannot be made under a name that must be a directory.
    if (walk.last == LastKind::kName && walk.trailing_slash) return {Code::kIsADirectory};
    found = walk.last == LastKind::kName ? FindName(image, walk.directory, walk.name)
                                         : WalkResult{Code::kOk, walk.directory};
    if (found.code == Code::kNotFound) {
      return {Code::kOk, kNoInode, walk.directory, walk.name};
    }
  } else {
    found = WalkTo(image, path);
  }
  if (found.code != Code::kOk) return {found.code};
  if (flags.exclusive) return {Code::kAlreadyExists};
  if (IsDirectory(image, found.inode)) return {Code::kIsADirectory};
  return {Code::kOk, found.inode};
}

/// A rename, looked up and checked.
struct RenamePlan {
  Code code = Code::kOk;
  InodeNumber inode = kNoInode;
  InodeNumber replaced = kNoInode;
  ParentWalk from;
  ParentWalk to;
};

/// Source and target, as the file system's own rename sees them (vfs_rename).
Code CheckReplace(const Image& image, InodeNumber inode, InodeNumber replaced) {
  if (replaced == kNoInode || replaced == inode) return Code::kOk;
  const bool replaced_is_directory = IsDirectory(image, replaced);
  if (IsDirectory(image, inode)) {
    if (!replaced_is_directory) return Code::kNotADirectory;
    return image.Find(replaced)->entries.empty() ? Code::kOk : Code::kNotEmpty;
  }
  return replaced_is_directory ? Code::kIsADirectory : Code::kOk;
}

/// The checks of do_renameat2, in its order: it decides which of several errors is reported.
RenamePlan PlanRename(const Image& image, std::string_view from, std::string_view to) {
  RenamePlan plan;
  const auto fail = [&plan](Code code) {
    plan.code = code;
    return plan;
  };
  plan.from = WalkToParent(image, from);
  if (plan.from.code != Code::kOk) return fail(plan.from.code);
  plan.to = WalkToParent(image, to);
  if (plan.to.code != Code::kOk) return fail(plan.to.code);
  if (plan.from.last != LastKind::kName || plan.to.last != LastKind::kName) {
    return fail(Code::kInvalidArgument);  // EBUSY
  }
  const WalkResult source = FindName(image, plan.from.directory, plan.from.name);
  if (source.code != Code::kOk) return fail(source.code);
  const WalkResult target = FindName(image, plan.to.directory, plan.to.name);
  if (target.code != Code::kOk && target.code != Code::kNotFound) return fail(target.code);
  plan.inode = source.inode;
  plan.replaced = target.inode;
  const bool across = plan.from.directory != plan.to.directory;
  const bool is_directory = IsDirectory(image, source.inode);
  if (!is_directory && (plan.from.trailing_slash || plan.to.trailing_slash)) {
    return fail(Code::kNotADirectory);
  }
  if (across && is_directory && IsAncestor(image, source.inode, plan.to.directory)) {
    return fail(Code::kInvalidArgument);
  }
  if (across && target.inode != kNoInode && IsDirectory(image, target.inode) &&
      IsAncestor(image, target.inode, plan.from.directory)) {
    return fail(Code::kNotEmpty);
  }
  return fail(CheckReplace(image, source.inode, target.inode));
}

}  // namespace

SimFileSystem::SimFileSystem(Volume& volume, IoHook* hook)
    : volume_(volume), process_(std::make_shared<SimProcess>(volume, hook)) {}

SimFileSystem::~SimFileSystem() { Kill(); }

void SimFileSystem::Kill() { process_->Kill(); }

uint64_t SimFileSystem::calls() const { return process_->calls.load(std::memory_order_relaxed); }

void SimFileSystem::SetCallLimit(uint64_t limit, std::function<void()> exceeded) {
  process_->call_limit = limit;
  process_->exceeded = std::move(exceeded);
}

Code SimFileSystem::EnterOpen(IoOp op, std::string_view path, OpenFlags flags, IoTag tag) {
  if (flags.create && process_->hook != nullptr) {
    // The hook is told whether the file will be made, and must not be called with the lock held.
    const std::lock_guard lock(volume_.mutex_);
    const OpenTarget target = FindOpenTarget(volume_.live_, path, flags);
    if (target.code == Code::kOk && target.inode == kNoInode) op = IoOp::kCreate;
  }
  return Enter(*process_, PathCall(op, path, tag), {.inode = op == IoOp::kCreate});
}

InodeNumber SimFileSystem::OpenInode(std::string_view path, OpenFlags flags, IoTag tag,
                                     Code& code) {
  const OpenTarget target = FindOpenTarget(volume_.live_, path, flags);
  code = target.code;
  if (code != Code::kOk || target.inode != kNoInode) return target.inode;
  const InodeNumber inode = volume_.live_.next_inode();
  volume_.Perform({.kind = TraceKind::kCreate,
                   .tag = tag,
                   .inode = inode,
                   .directory = target.directory,
                   .name = target.name});
  return inode;
}

Result<std::unique_ptr<File>> SimFileSystem::Open(std::string_view path, OpenFlags flags,
                                                  IoTag tag) {
  const IoOp op = IoOp::kOpen;
  Code code = EnterOpen(op, path, flags, tag);
  if (code == Code::kOk && ((flags.create && !flags.write) || (flags.exclusive && !flags.create))) {
    code = Code::kInvalidArgument;
  }
  if (code != Code::kOk) return SimError(op, code, path);
  const std::lock_guard lock(volume_.mutex_);
  const InodeNumber inode = OpenInode(path, flags, tag, code);
  if (code != Code::kOk) return SimError(op, code, path);
  return std::unique_ptr<File>(std::make_unique<SimFile>(process_, inode, flags, path));
}

Status SimFileSystem::Remove(std::string_view path, IoTag tag) {
  const IoOp op = IoOp::kRemove;
  if (const Code code = Enter(*process_, PathCall(op, path, tag)); code != Code::kOk) {
    return SimError(op, code, path);
  }
  const std::lock_guard lock(volume_.mutex_);
  const Image& image = volume_.live_;
  const ParentWalk walk = WalkToParent(image, path);
  if (walk.code != Code::kOk) return SimError(op, walk.code, path);
  if (walk.last != LastKind::kName) return SimError(op, Code::kIsADirectory, path);
  const WalkResult found = FindName(image, walk.directory, walk.name);
  if (found.code != Code::kOk) return SimError(op, found.code, path);
  if (IsDirectory(image, found.inode)) return SimError(op, Code::kIsADirectory, path);
  if (walk.trailing_slash) return SimError(op, Code::kNotADirectory, path);
  volume_.Perform({.kind = TraceKind::kUnlink,
                   .tag = tag,
                   .inode = found.inode,
                   .directory = walk.directory,
                   .name = walk.name});
  volume_.DropIfUnused(found.inode);
  return {};
}

Status SimFileSystem::Link(std::string_view from, std::string_view to, IoTag tag) {
  const IoOp op = IoOp::kLink;
  if (const Code code = Enter(*process_, PathCall(op, from, tag, to)); code != Code::kOk) {
    return SimError(op, code, from);
  }
  const std::lock_guard lock(volume_.mutex_);
  const Image& image = volume_.live_;
  const WalkResult source = WalkTo(image, from);
  if (source.code != Code::kOk) return SimError(op, source.code, from);
  const NewName target = FindFreeName(image, to, FileType::kFile);
  if (target.code != Code::kOk) return SimError(op, target.code, to);
  if (IsDirectory(image, source.inode)) return SimError(op, Code::kIsADirectory, from);
  volume_.Perform({.kind = TraceKind::kLink,
                   .tag = tag,
                   .inode = source.inode,
                   .directory = target.directory,
                   .name = target.name});
  return {};
}

Status SimFileSystem::Rename(std::string_view from, std::string_view to, IoTag tag) {
  const IoOp op = IoOp::kRename;
  if (const Code code = Enter(*process_, PathCall(op, from, tag, to)); code != Code::kOk) {
    return SimError(op, code, from);
  }
  const std::lock_guard lock(volume_.mutex_);
  const RenamePlan plan = PlanRename(volume_.live_, from, to);
  if (plan.code != Code::kOk) return SimError(op, plan.code, from);
  if (plan.replaced == plan.inode) return {};  // two names of one file: both stay
  volume_.Perform({.kind = TraceKind::kRename,
                   .tag = tag,
                   .inode = plan.inode,
                   .directory = plan.from.directory,
                   .to_directory = plan.to.directory,
                   .replaced = plan.replaced,
                   .name = plan.from.name,
                   .to_name = plan.to.name});
  if (plan.replaced != kNoInode) volume_.DropIfUnused(plan.replaced);
  return {};
}

Status SimFileSystem::CreateDir(std::string_view path, IoTag tag) {
  const IoOp op = IoOp::kCreateDir;
  SpaceDemand demand;
  if (process_->hook != nullptr && process_->hook->NeedsSpace()) {
    const std::lock_guard lock(volume_.mutex_);
    demand.inode = FindFreeName(volume_.live_, path, FileType::kDirectory).code == Code::kOk;
  }
  if (const Code code = Enter(*process_, PathCall(op, path, tag), demand); code != Code::kOk) {
    return SimError(op, code, path);
  }
  const std::lock_guard lock(volume_.mutex_);
  const NewName target = FindFreeName(volume_.live_, path, FileType::kDirectory);
  if (target.code != Code::kOk) return SimError(op, target.code, path);
  volume_.Perform({.kind = TraceKind::kCreateDir,
                   .tag = tag,
                   .inode = volume_.live_.next_inode(),
                   .directory = target.directory,
                   .name = target.name});
  return {};
}

Status SimFileSystem::RemoveDir(std::string_view path, IoTag tag) {
  const IoOp op = IoOp::kRemoveDir;
  if (const Code code = Enter(*process_, PathCall(op, path, tag)); code != Code::kOk) {
    return SimError(op, code, path);
  }
  const std::lock_guard lock(volume_.mutex_);
  const Image& image = volume_.live_;
  const ParentWalk walk = WalkToParent(image, path);
  if (walk.code != Code::kOk) return SimError(op, walk.code, path);
  if (walk.last == LastKind::kDotDot) return SimError(op, Code::kNotEmpty, path);
  // EINVAL for ".", EBUSY for "/".
  if (walk.last != LastKind::kName) return SimError(op, Code::kInvalidArgument, path);
  const WalkResult found = FindName(image, walk.directory, walk.name);
  if (found.code != Code::kOk) return SimError(op, found.code, path);
  if (!IsDirectory(image, found.inode)) return SimError(op, Code::kNotADirectory, path);
  if (!image.Find(found.inode)->entries.empty()) return SimError(op, Code::kNotEmpty, path);
  volume_.Perform({.kind = TraceKind::kRemoveDir,
                   .tag = tag,
                   .inode = found.inode,
                   .directory = walk.directory,
                   .name = walk.name});
  volume_.DropIfUnused(found.inode);
  return {};
}

Result<std::vector<DirEntry>> SimFileSystem::List(std::string_view path) {
  const IoOp op = IoOp::kList;
  if (const Code code = Enter(*process_, PathCall(op, path, IoTag(""))); code != Code::kOk) {
    return SimError(op, code, path);
  }
  const std::lock_guard lock(volume_.mutex_);
  const Image& image = volume_.live_;
  const WalkResult found = WalkTo(image, path);
  if (found.code != Code::kOk) return SimError(op, found.code, path);
  if (!IsDirectory(image, found.inode)) return SimError(op, Code::kNotADirectory, path);
  std::vector<DirEntry> entries;
  entries.reserve(image.Find(found.inode)->entries.size());
  for (const auto& [name, inode] : image.Find(found.inode)->entries) {
    entries.push_back({name, TypeOf(image, inode)});
  }
  return entries;
}

Result<FileStat> SimFileSystem::Stat(std::string_view path) {
  const IoOp op = IoOp::kStat;
  if (const Code code = Enter(*process_, PathCall(op, path, IoTag(""))); code != Code::kOk) {
    return SimError(op, code, path);
  }
  const std::lock_guard lock(volume_.mutex_);
  const WalkResult found = WalkTo(volume_.live_, path);
  if (found.code != Code::kOk) return SimError(op, found.code, path);
  const Inode& node = *volume_.live_.Find(found.inode);
  if (node.type == FileType::kDirectory) {
    return FileStat{.type = FileType::kDirectory, .identity = found.inode};
  }
  return FileStat{.type = FileType::kFile,
                  .size_bytes = node.size_bytes,
                  .link_count = node.link_count,
                  .identity = found.inode};
}

Status SimFileSystem::SyncDir(std::string_view path, IoTag tag) {
  const IoOp op = IoOp::kSyncDir;
  IoDecision decision;
  const Code code = process_->Begin(PathCall(op, path, tag), decision);
  if (code != Code::kOk) return SimError(op, code, path);
  WalkResult found;
  {
    const std::lock_guard lock(volume_.mutex_);
    found = WalkTo(volume_.live_, path);
    if (found.code == Code::kOk && !IsDirectory(volume_.live_, found.inode)) {
      found.code = Code::kNotADirectory;
    }
  }
  if (found.code == Code::kOk) {
    volume_.RecordSync(found.inode, SyncKind::kFull, OutcomeOf(decision), tag);
  }
  if (decision.action == Action::kFail) return SimError(op, FailCode(decision), path);
  return found.code == Code::kOk ? Status() : SimError(op, found.code, path);
}

Result<std::unique_ptr<FileLock>> SimFileSystem::Lock(std::string_view path, IoTag tag) {
  const IoOp op = IoOp::kLock;
  const OpenFlags flags{.write = true, .create = true};
  Code code = EnterOpen(op, path, flags, tag);
  if (code != Code::kOk) return SimError(op, code, path);
  const std::lock_guard lock(volume_.mutex_);
  const InodeNumber inode = OpenInode(path, flags, tag, code);
  if (code == Code::kOk && volume_.UsageOf(inode).locked) code = Code::kLocked;
  if (code != Code::kOk) return SimError(op, code, path);
  return std::unique_ptr<FileLock>(std::make_unique<SimLock>(process_, inode));
}

}  // namespace faultfs
