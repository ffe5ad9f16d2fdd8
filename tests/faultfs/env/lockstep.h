// Random calls on two file systems in lock step. Each call's outcome is a line of text; the two
// must be equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "faultfs/env/random.h"
#include "tests/faultfs/env/subject.h"

namespace faultfs {

/// One call as data, so that it can be made twice and printed.
struct LockstepCall {
  enum class Kind : uint8_t {
    kOpen,
    kClose,
    kRead,
    kWrite,
    kTruncate,
    kSize,
    kSync,
    kWriteback,
    kAllocate,
    kRemove,
    kLink,
    kRename,
    kCreateDir,
    kRemoveDir,
    kList,
    kStat,
    kSyncDir,
    kLock,
    kUnlock,
  };
  Kind kind = Kind::kStat;
  size_t slot = 0;   // of an open file or a lock
  std::string path;  // below the subject's root
  std::string path2;
  OpenFlags flags;
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
  char fill = 'a';      // kWrite: the first byte; each next is one more
  bool option = false;  // kSync: data only; kAllocate: keep the size

  std::string Describe() const;
};

/// A subject with what a program has open on it.
class LockstepSide {
 public:
  explicit LockstepSide(std::unique_ptr<Subject> subject);

  /// Makes the call; says everything that the caller could see.
  std::string Perform(const LockstepCall& call);
  /// Every path with its type, size, links, content, and which paths are one file.
  std::string DescribeTree();

  bool HasFile(size_t slot) const { return files_[slot] != nullptr; }
  bool HasLock(size_t slot) const { return locks_[slot] != nullptr; }

  static constexpr size_t kFileSlots = 6;
  static constexpr size_t kLockSlots = 2;

 private:
  std::string PerformOnFile(const LockstepCall& call);
  std::string PerformOnPath(const LockstepCall& call);
  std::string In(const std::string& path) const;

  std::unique_ptr<Subject> subject_;
  std::vector<std::unique_ptr<File>> files_{kFileSlots};
  std::vector<std::unique_ptr<FileLock>> locks_{kLockSlots};
};

/// Makes calls that collide often: few names, few sizes, many of both around the edges.
class CallMaker {
 public:
  explicit CallMaker(uint64_t seed) : random_(seed) {}
  /// A call that makes sense for what is open on `side` (what its outcome will be is another
  /// matter).
  LockstepCall Next(const LockstepSide& side);

 private:
  LockstepCall::Kind PickKind();
  std::string Name();
  std::string Path();
  uint64_t Offset();
  uint64_t Length();

  Random random_;
};

/// Empty if `calls` calls had equal outcomes and left equal trees; else the seed, the calls that
/// led there and both outcomes.
std::string RunLockstep(std::unique_ptr<Subject> reference, std::unique_ptr<Subject> other,
                        uint64_t seed, int calls);

}  // namespace faultfs
