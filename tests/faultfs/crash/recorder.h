// Recorder: a simulated machine in the words of a test, whose trace is what the test is about.
// Every call must succeed, but for the syncs that the test makes fail.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"

namespace faultfs::test {

class Recorder {
 public:
  explicit Recorder(Image base = Image());

  Recorder& Create(std::string_view path, IoTag tag = IoTag("create"));
  // Each of these opens the file for the one call.
  Recorder& Write(std::string_view path, uint64_t offset_bytes, std::string_view data,
                  IoTag tag = IoTag("write"));
  Recorder& DsyncWrite(std::string_view path, uint64_t offset_bytes, std::string_view data,
                       SyncOutcome outcome = SyncOutcome::kOk, IoTag tag = IoTag("dsync-write"));
  Recorder& Truncate(std::string_view path, uint64_t size_bytes, IoTag tag = IoTag("truncate"));
  Recorder& Allocate(std::string_view path, uint64_t offset_bytes, uint64_t length_bytes,
                     bool keep_size = false, IoTag tag = IoTag("allocate"));
  /// A sync that has to report an earlier error does that, whatever the outcome was to be.
  Recorder& Sync(std::string_view path, SyncOutcome outcome = SyncOutcome::kOk,
                 IoTag tag = IoTag("sync"));
  Recorder& DataSync(std::string_view path, SyncOutcome outcome = SyncOutcome::kOk,
                     IoTag tag = IoTag("data-sync"));
  Recorder& SyncDir(std::string_view path, SyncOutcome outcome = SyncOutcome::kOk,
                    IoTag tag = IoTag("sync-dir"));
  Recorder& StartWriteback(std::string_view path, IoTag tag = IoTag("writeback"));
  Recorder& Rename(std::string_view from, std::string_view to, IoTag tag = IoTag("rename"));
  Recorder& Link(std::string_view from, std::string_view to, IoTag tag = IoTag("link"));
  Recorder& Remove(std::string_view path, IoTag tag = IoTag("remove"));
  Recorder& MakeDir(std::string_view path, IoTag tag = IoTag("mkdir"));
  Recorder& RemoveDir(std::string_view path, IoTag tag = IoTag("rmdir"));
  Recorder& Mark(uint64_t mark);
  /// Pages that a failed sync left go back to what the disk holds: all (0), or the one of that
  /// number.
  Recorder& Evict(uint64_t page = 0);
  /// Of the failed syncs that follow.
  Recorder& Failing(const SyncFailureRules& rules);

  [[nodiscard]] const Image& base() const { return volume_.base(); }
  [[nodiscard]] Image live() const { return volume_.live(); }
  [[nodiscard]] const Trace& trace() const { return volume_.trace(); }

 private:
  /// Makes the next sync come out as told.
  class NextSync final : public IoHook {
   public:
    [[nodiscard]] IoDecision Decide(const IoCall& call) override;
    SyncOutcome outcome = SyncOutcome::kOk;
    bool evict = false;
    uint64_t page = 0;
  };

  void SyncFile(std::string_view path, SyncKind kind, SyncOutcome outcome, IoTag tag);
  [[nodiscard]] std::unique_ptr<File> Opened(std::string_view path, bool dsync = false);

  NextSync hook_;
  Volume volume_;
  SimFileSystem fs_;
};

/// A trace and the disk it began on.
struct RecordedRun {
  std::string name;
  Image base;
  Trace trace;
};

/// An image from files: {"d/a", "content"}; a path that ends in '/' is a directory.
[[nodiscard]] Image DiskOf(const std::map<std::string, std::string>& files);

}  // namespace faultfs::test
