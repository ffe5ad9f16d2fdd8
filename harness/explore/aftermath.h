// Aftermath: a machine after a crash, as the next process finds it. After power loss that is a
// disk. After the death of a process the kernel lives on: what is pending stays pending, and an
// error of a write-back that no sync has reported is still to be reported, to the first that opens
// the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faultfs/crash/crash_state.h"
#include "faultfs/sim/hash.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/volume.h"
#include "harness/case.h"

namespace crashlab {

/// Of a file that has a name.
struct LeftError {
  std::string path;
  faultfs::UnreportedError error;
};

/// "/db/a.wal: IO_ERROR"
[[nodiscard]] std::string Describe(const LeftError& left);

class Aftermath {
 public:
  /// Power was lost; `image` is what is left, rot and all. It must outlive this object.
  explicit Aftermath(const faultfs::Image& image) : image_(image) {}
  /// A crash of `kind` of the process on `crashed`, which left `image`. Both must outlive this
  /// object. `rules`: how the file system goes about what a sync that reports an error leaves.
  Aftermath(const faultfs::Volume& crashed, const faultfs::CrashState& state, CrashKind kind,
            const faultfs::Image& image, const faultfs::SyncFailureRules& rules);

  /// Equal for what no process can tell apart.
  [[nodiscard]] faultfs::Hash128 hash() const;
  /// By path.
  [[nodiscard]] const std::vector<LeftError>& errors() const { return errors_; }

  /// For a recovery that nobody will crash.
  [[nodiscard]] std::unique_ptr<faultfs::Volume> ToRecover() const;
  /// For one that will be: records. `begin_step` is where its own steps will begin.
  [[nodiscard]] std::unique_ptr<faultfs::Volume> ToCrash(uint32_t& begin_step) const;

 private:
  const faultfs::Image& image_;
  const faultfs::Volume* alive_ = nullptr;  // null: power was lost
  uint32_t steps_ = 0;
  faultfs::SyncFailureRules rules_;
  std::vector<LeftError> errors_;
};

}  // namespace crashlab
