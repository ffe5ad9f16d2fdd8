// The seam between a file layer and whoever decides that a call shall go wrong.
//
// A file layer (SimFileSystem; FaultyFileSystem over a real one) shows each call to its IoHook
// before it acts and does what the decision says. Hooks decide and nothing else: applying and
// recording is the file layer's part, so that the data stays pristine and faults are an overlay.
#pragma once

#include <cstdint>
#include <string_view>

#include "faultfs/env/io_tag.h"
#include "faultfs/env/status.h"

namespace faultfs {

/// The calls of FileSystem and File. The names (IoOpName) are the words of fault rules.
enum class IoOp : uint8_t {
  kOpen,    // of an existing file
  kCreate,  // an Open or a Lock that makes the file
  kRead,
  kWrite,
  kTruncate,
  kSize,
  kSync,
  kWriteback,
  kAllocate,
  kClose,
  kRemove,
  kLink,
  kRename,
  kCreateDir,
  kRemoveDir,
  kList,
  kStat,
  kSyncDir,
  kLock,
};
inline constexpr int kIoOpCount = static_cast<int>(IoOp::kLock) + 1;

/// The stable name, such as "sync-dir".
[[nodiscard]] std::string_view IoOpName(IoOp op);

/// One call about to be made. Views live as long as the call.
struct IoCall {
  IoOp op;
  std::string_view path;      // as the caller gave it; of a File, the path it was opened with
  std::string_view path2;     // the second path of Link and Rename
  IoTag tag{""};              // empty for calls that change nothing
  uint64_t offset_bytes = 0;  // of Truncate: the new size
  uint64_t length_bytes = 0;
  // Room on the disk, in whole blocks of 4096 bytes; 0 unless the hook NeedsSpace. Each file and
  // each directory but the root takes a block for itself and one for each block of its content that
  // was written or reserved; names, holes, and what is written over take none. A file without a
  // name takes its room until the last descriptor goes.
  uint64_t used_bytes = 0;   // before the call
  uint64_t grows_bytes = 0;  // what the call would add; 0 if it is refused anyway
};

/// A decision that a call cannot have (a Stat that is ignored) lets it proceed.
struct IoDecision {
  enum class Action : uint8_t {
    kProceed,
    kFail,    // the call returns `code`. A failing Sync or SyncDir reaches the trace as a sync that
              // made nothing durable; every other failing call changes nothing
    kShort,   // kRead, kWrite: only the first `bytes` bytes (at least 1) are transferred
    kIgnore,  // kSync, kSyncDir, and a dsync WriteAt: Ok is returned and nothing is made durable
    kLate,    // kSync: Ok is returned, and the write-back behind it fails. kWrite: done, and then
              // the write-back of the file fails in the background. Either way the pages are clean
              // and unwritten, and `code` is what a later Sync returns: the next one through each
              // descriptor that is open; if there is none, the first of one that is opened later
    kEvict,   // of a fault rule alone; a hook says `evicts`, whatever else it decides
    kFull,    // any that takes room (IoCall::grows_bytes): there are `bytes` of it left. A write
              // transfers what fits. Where nothing fits, and of any other call that needs more, it
              // fails with kNoSpace
  };
  Action action = Action::kProceed;
  Code code = Code::kOk;
  uint64_t bytes = 0;
  /// Just before the call, whatever becomes of it, pages that a failed write-back left clean go
  /// back to what the disk holds: all of them, or only the one that is `page`.
  bool evicts = false;
  uint64_t page = 0;  // by file, then offset, from 1; 0 for all. Beyond the last: none goes
};

class IoHook {
 public:
  virtual ~IoHook() = default;
  /// Called once for each call, in the order of the calls; from many threads at once if the file
  /// layer is used from many.
  [[nodiscard]] virtual IoDecision Decide(const IoCall& call) = 0;
  /// Right after a decision to evict, if there was a page to go back. Threads as of Decide.
  virtual void Evicted(const IoCall& call) { static_cast<void>(call); }
  /// Whether calls are to be shown with the room that they take, which costs a walk over all files
  /// for each. Only SimFileSystem can. The same at all times.
  [[nodiscard]] virtual bool NeedsSpace() const { return false; }
  /// After Decide: this Sync will fail with `code`, whatever was decided, because a write-back
  /// failed behind an earlier call. Threads as of Decide.
  virtual void Reported(const IoCall& call, Code code) {
    static_cast<void>(call);
    static_cast<void>(code);
  }
};

}  // namespace faultfs
