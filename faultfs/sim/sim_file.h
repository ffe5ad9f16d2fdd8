// The File and FileLock of SimFileSystem. Internal to faultfs/sim/.
#pragma once

#include <memory>
#include <string>

#include "faultfs/env/file_system.h"
#include "faultfs/sim/sim_process.h"

namespace faultfs {

class SimFile final : public File {
 public:
  /// The volume's lock must be held.
  SimFile(std::shared_ptr<SimProcess> process, InodeNumber inode, OpenFlags flags,
          std::string_view path);
  ~SimFile() override;

  [[nodiscard]] Result<size_t> ReadAt(uint64_t offset_bytes, std::span<std::byte> out) override;
  [[nodiscard]] Result<size_t> WriteAt(uint64_t offset_bytes, std::span<const std::byte> data,
                                       IoTag tag) override;
  [[nodiscard]] Status Truncate(uint64_t size_bytes, IoTag tag) override;
  [[nodiscard]] Result<uint64_t> Size() override;
  [[nodiscard]] Status Sync(SyncKind kind, IoTag tag) override;
  [[nodiscard]] Status StartWriteback(uint64_t offset_bytes, uint64_t length_bytes,
                                      IoTag tag) override;
  [[nodiscard]] Status Allocate(uint64_t offset_bytes, uint64_t length_bytes, bool keep_size,
                                IoTag tag) override;
  [[nodiscard]] Status Close() override;

 private:
  /// Shows the call, then checks what each call of a file needs: it is open, and the numbers are
  /// not negative as off_t. A decision to fail is an error here, except of a sync.
  [[nodiscard]] Code Enter(IoOp op, IoTag tag, uint64_t offset_bytes, uint64_t length_bytes,
                           IoDecision& decision);
  [[nodiscard]] Status Error(IoOp op, Code code) const { return SimError(op, code, path_); }

  const std::shared_ptr<SimProcess> process_;
  Volume& volume_;
  SimHandle handle_;
  const OpenFlags flags_;
  const std::string path_;
};

class SimLock final : public FileLock {
 public:
  /// The volume's lock must be held.
  SimLock(std::shared_ptr<SimProcess> process, InodeNumber inode);
  ~SimLock() override;

 private:
  const std::shared_ptr<SimProcess> process_;
  SimHandle handle_;
};

}  // namespace faultfs
