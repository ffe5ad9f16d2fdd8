// Trace: everything that changed a Volume, in order, on inodes and not on paths, with marks that
// the driver puts between.
//
// A trace and its base Image say all there is to know about a run: the persistence models read
// nothing else. A sync is two steps, its begin and its end, because what it makes durable is
// decided when it begins and known when it ends. Crash points lie just before each step that is no
// mark, and at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/io_tag.h"
#include "faultfs/sim/image.h"

namespace faultfs {

enum class TraceKind : uint8_t {
  kCreate,     // inode made, and named `name` in `directory`
  kCreateDir,  // likewise, a directory
  kLink,       // `name` in `directory` becomes a name of `inode`
  kUnlink,     // `name` in `directory`, which named `inode`, goes
  kRemoveDir,  // likewise, a directory
  kRename,     // `inode` moves from (`directory`, `name`) to (`to_directory`, `to_name`), which
               // named `replaced` (or kNoInode)
  kWrite,      // `data` at `offset_bytes` of `inode`
  kTruncate,   // size of `inode` becomes `length_bytes`
  kAllocate,   // range reserved; if the size grows, it grows to offset + length
  kWriteback,  // write-back of a range begun; durable: nothing
  kSyncBegin,  // of a file or a directory; of a range if `length_bytes` > 0
  kSyncEnd,    // the one with the same `sync_id`
  kRevert,     // without a call of its own: a failed write-back left `data` at `offset_bytes` of
               // `inode` on the disk, and from here on the cache shows that too; the size is
               // `length_bytes`. If `journaled`, a sync had said Ok of other bytes: a journal has
               // them, and a crash may still bring them
  kMark,       // `mark`, from the driver
};
[[nodiscard]] std::string_view TraceKindName(TraceKind kind);

enum class SyncOutcome : uint8_t {
  kOk,
  kFailed,   // the caller got an error; nothing may be taken for durable
  kIgnored,  // the caller got Ok and the disk did nothing (it lies)
  kLate,     // the caller got Ok, and then it failed: a later sync of the object returns the error
};

struct TraceOp {
  TraceKind kind = TraceKind::kMark;
  IoTag tag{""};
  InodeNumber inode = kNoInode;
  InodeNumber directory = kNoInode;
  InodeNumber to_directory = kNoInode;
  InodeNumber replaced = kNoInode;
  std::string name{};
  std::string to_name{};
  std::string data{};
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
  bool keep_size = false;                       // kAllocate
  bool journaled = false;                       // kRevert
  SyncKind sync_kind = SyncKind::kFull;         // kSyncBegin, kSyncEnd
  SyncOutcome sync_outcome = SyncOutcome::kOk;  // kSyncEnd
  uint32_t sync_id = 0;                         // kSyncBegin, kSyncEnd: unique in the trace
  uint64_t mark = 0;                            // kMark: the driver's
};

struct Trace {
  std::vector<TraceOp> ops;
};

/// Applies one step to an image that has seen all steps before it, as the live file system did.
/// Inode numbers come out as recorded.
void Apply(const TraceOp& op, Image& image);

/// The image that a process saw after the first `steps` steps: nothing lost.
[[nodiscard]] Image LiveImage(const Image& base, const Trace& trace, size_t steps);

/// One line a step, for golden tests and people: "12 wal.append write inode 4 [64, 128)".
[[nodiscard]] std::string Describe(const Trace& trace);

}  // namespace faultfs
