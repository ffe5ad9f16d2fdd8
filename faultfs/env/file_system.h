// What a storage engine asks of the operating system, and nothing more.
//
// Two implementations: PosixFileSystem (posix_file_system.h) does the real thing; SimFileSystem
// (faultfs/sim/) keeps the tree in memory and records every change. One conformance suite runs over
// both: every result, error code, listing and byte must be equal.
//
// Every call that changes something carries an IoTag that names the place in the caller's code.
//
// Durability. The comment of each call has a `Durability:` line. The guarantees are those of POSIX,
// the weakest that a portable program may count on; sources: the manual pages of fsync(2), open(2),
// rename(2), sync_file_range(2). In short: nothing is durable before a sync of the right object; a
// file's sync says nothing about the directory entry that names it; SyncDir makes the entries of
// one directory durable and not the content of what they name.
//
// Errors. kNotFound for a missing path or parent, kNotADirectory where a component of a path is not
// a directory, and as each comment says; kIoError and kNoSpace may come from any call.
//
// Threads. Every method of FileSystem and File may be called from many threads at once, except that
// Close must not run while another call on the same File does. Concurrent writes to overlapping
// ranges of one file leave either content in the overlap.
//
// Paths. '/' separates components; "." and ".." mean what they do in POSIX; no symbolic links are
// made by this interface. A name is at most 255 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/io_tag.h"
#include "faultfs/env/status.h"

namespace faultfs {

enum class FileType : uint8_t { kFile, kDirectory };

struct FileStat {
  FileType type = FileType::kFile;
  uint64_t size_bytes = 0;  // of a directory: 0
  uint64_t link_count = 0;  // of a directory: 0, file systems disagree about it
  uint64_t identity = 0;    // equal for two paths that are links to one file; says nothing else
};

struct DirEntry {
  std::string name;
  FileType type = FileType::kFile;

  friend bool operator==(const DirEntry&, const DirEntry&) = default;
};

struct OpenFlags {
  bool write = false;      // reading is always allowed
  bool create = false;     // make the file if it is missing; needs write
  bool exclusive = false;  // with create: kAlreadyExists if it is there
  bool dsync = false;      // each WriteAt returns only when its range is as durable as after
                           // Sync(kData) (O_DSYNC)
};

enum class SyncKind : uint8_t {
  kFull,  // fsync: data and all metadata of the file
  kData,  // fdatasync: data and the metadata needed to read it back (the size), not the times
};

/// An open file. The destructor closes without a sync and drops the error; call Close to see it.
class File {
 public:
  virtual ~File() = default;

  /// Reads up to out.size() bytes from `offset_bytes`. Returns how many: 0 at or beyond the end of
  /// the file, and possibly fewer than asked before it, as pread(2). See ReadFully.
  [[nodiscard]] virtual Result<size_t> ReadAt(uint64_t offset_bytes, std::span<std::byte> out) = 0;

  /// Writes up to data.size() bytes at `offset_bytes`, growing the file as needed; a gap reads as
  /// zeros. Returns how many were written, at least 1 unless data is empty, possibly fewer than
  /// asked, as pwrite(2). See WriteFully. kInvalidArgument if not opened for writing.
  /// Durability: none until a later Sync returns Ok (with `dsync`: none until this call does).
  [[nodiscard]] virtual Result<size_t> WriteAt(uint64_t offset_bytes,
                                               std::span<const std::byte> data, IoTag tag) = 0;

  /// Cuts the file to `size_bytes` or extends it with zeros. kInvalidArgument if not opened for
  /// writing.
  /// Durability: none until a later Sync returns Ok.
  [[nodiscard]] virtual Status Truncate(uint64_t size_bytes, IoTag tag) = 0;

  [[nodiscard]] virtual Result<uint64_t> Size() = 0;

  /// Durability: on Ok, everything written to this file before the call began (through any
  /// descriptor) and its size are durable; its directory entry is not. After an error nothing is
  /// known, and a later Ok proves nothing about what was written before the error: the kernel may
  /// have marked the pages clean (CuttleFS, USENIX ATC 2020).
  [[nodiscard]] virtual Status Sync(SyncKind kind, IoTag tag) = 0;

  /// Asks that the range be written soon. `length_bytes` 0: to the end of the file.
  /// Durability: none, whatever it returns (sync_file_range(2), "Warning").
  [[nodiscard]] virtual Status StartWriteback(uint64_t offset_bytes, uint64_t length_bytes,
                                              IoTag tag) = 0;

  /// Reserves space for the range, which reads as zeros where nothing was written; with `keep_size`
  /// the size stays, else it grows to the end of the range (fallocate(2)). kInvalidArgument for an
  /// empty range or a file not opened for writing, kUnsupported where the file system has no such
  /// call.
  /// Durability: as WriteAt of metadata; a later Sync makes it durable.
  [[nodiscard]] virtual Status Allocate(uint64_t offset_bytes, uint64_t length_bytes,
                                        bool keep_size, IoTag tag) = 0;

  /// Releases the descriptor, also on error. Any later call on this File gives kClosed.
  /// Durability: none; close(2) does not write.
  [[nodiscard]] virtual Status Close() = 0;
};

/// A lock that is held until the object goes, or the process does.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// Opens a file. kNotFound without `create` if it is missing, kIsADirectory for a directory (also
  /// for reading), kAlreadyExists with `exclusive`, kInvalidArgument for `create` without `write`
  /// or `exclusive` without `create`. `tag` names the creation.
  /// Durability: a created entry is not durable before SyncDir of its directory.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> Open(std::string_view path, OpenFlags flags,
                                                           IoTag tag) = 0;

  /// Removes a name of a file; the file goes with its last name and its last open descriptor.
  /// kIsADirectory for a directory.
  /// Durability: the name may come back after a crash until SyncDir of its directory.
  [[nodiscard]] virtual Status Remove(std::string_view path, IoTag tag) = 0;

  /// Gives a file a second name. kAlreadyExists if `to` exists, kIsADirectory if `from` is a
  /// directory.
  /// Durability: as a created entry.
  [[nodiscard]] virtual Status Link(std::string_view from, std::string_view to, IoTag tag) = 0;

  /// Moves a name, replacing a file, or an empty directory by a directory, at `to`. Two names of
  /// one file: nothing happens and both stay (rename(2)). kIsADirectory for a file over a
  /// directory, kNotADirectory for a directory over a file, kNotEmpty for a directory that has
  /// entries, kInvalidArgument for a directory into itself. Durability: none until SyncDir of both
  /// directories; before that a crash may leave the old name, the new one, and, where the file
  /// system does not make renames atomic, both or neither.
  [[nodiscard]] virtual Status Rename(std::string_view from, std::string_view to, IoTag tag) = 0;

  /// kAlreadyExists if anything has that name.
  /// Durability: as a created entry: SyncDir of the parent.
  [[nodiscard]] virtual Status CreateDir(std::string_view path, IoTag tag) = 0;

  /// kNotADirectory for a file, kNotEmpty for a directory that has entries.
  /// Durability: as Remove.
  [[nodiscard]] virtual Status RemoveDir(std::string_view path, IoTag tag) = 0;

  /// The entries of a directory without "." and "..", sorted by the bytes of their names.
  [[nodiscard]] virtual Result<std::vector<DirEntry>> List(std::string_view path) = 0;

  [[nodiscard]] virtual Result<FileStat> Stat(std::string_view path) = 0;

  /// Durability: on Ok, every entry added to or removed from this directory before the call began
  /// is durable; the content of the files and directories that the entries name is not.
  [[nodiscard]] virtual Status SyncDir(std::string_view path, IoTag tag) = 0;

  /// Takes the exclusive lock of a file, creating it if it is missing. kLocked at once if any other
  /// handle, of this process or another, holds it (flock(2) on a descriptor of its own).
  /// Durability: a created entry is as in Open. The lock itself never survives a process.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> Lock(std::string_view path,
                                                               IoTag tag) = 0;
};

/// Reads until `out` is full or the file ends; returns how many bytes were read.
[[nodiscard]] Result<size_t> ReadFully(File& file, uint64_t offset_bytes, std::span<std::byte> out);

/// How far WriteFully came: `written_bytes` is exact also after an error.
struct WriteOutcome {
  Status status;
  size_t written_bytes = 0;
};

/// Writes all of `data`, taking up after short writes, until it is done or a call fails.
[[nodiscard]] WriteOutcome WriteFully(File& file, uint64_t offset_bytes,
                                      std::span<const std::byte> data, IoTag tag);

}  // namespace faultfs
