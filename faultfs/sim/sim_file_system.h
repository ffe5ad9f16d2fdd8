// SimFileSystem: FileSystem over a Volume. One object stands for one process: its descriptors and
// locks go when it is killed or destroyed, the Volume stays.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/io_hook.h"
#include "faultfs/sim/volume.h"

namespace faultfs {

struct SimProcess;

class SimFileSystem final : public FileSystem {
 public:
  /// `volume` and `hook` (which may be null) must outlive this object and every File and FileLock
  /// that it opened. Each call is shown to the hook before it acts.
  explicit SimFileSystem(Volume& volume, IoHook* hook = nullptr);
  ~SimFileSystem() override;

  /// The process dies: descriptors and locks are released at once, every later call through this
  /// object or its files changes nothing and returns kIoError. Destroying a store after this is
  /// safe: it can no longer write. No other thread may be inside a call. The destructor does the
  /// same.
  void Kill();

  /// Calls made so far (all methods, files included): a measure of work that is the same on every
  /// machine.
  [[nodiscard]] uint64_t calls() const;
  /// After `limit` calls, each further call first runs `exceeded`, which should not return to a
  /// program that loops for ever; if it returns, the call fails with kIoError.
  void SetCallLimit(uint64_t limit, std::function<void()> exceeded);

  [[nodiscard]] Result<std::unique_ptr<File>> Open(std::string_view path, OpenFlags flags,
                                                   IoTag tag) override;
  [[nodiscard]] Status Remove(std::string_view path, IoTag tag) override;
  [[nodiscard]] Status Link(std::string_view from, std::string_view to, IoTag tag) override;
  [[nodiscard]] Status Rename(std::string_view from, std::string_view to, IoTag tag) override;
  [[nodiscard]] Status CreateDir(std::string_view path, IoTag tag) override;
  [[nodiscard]] Status RemoveDir(std::string_view path, IoTag tag) override;
  [[nodiscard]] Result<std::vector<DirEntry>> List(std::string_view path) override;
  [[nodiscard]] Result<FileStat> Stat(std::string_view path) override;
  [[nodiscard]] Status SyncDir(std::string_view path, IoTag tag) override;
  [[nodiscard]] Result<std::unique_ptr<FileLock>> Lock(std::string_view path, IoTag tag) override;

 private:
  /// Begins an Open or a Lock: as kCreate if it will make the file.
  [[nodiscard]] Code EnterOpen(IoOp op, std::string_view path, OpenFlags flags, IoTag tag);
  /// The inode that an Open leads to, made if need be. The volume's lock must be held.
  [[nodiscard]] InodeNumber OpenInode(std::string_view path, OpenFlags flags, IoTag tag,
                                      Code& code);

  Volume& volume_;
  // What dies: shared with the files and locks, so that they can outlive this object.
  const std::shared_ptr<SimProcess> process_;
};

}  // namespace faultfs
