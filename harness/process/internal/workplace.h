// Workplace: the real directory that a process works in, from its making to its removal.
#pragma once

#include <memory>
#include <string>

#include "faultfs/env/status.h"
#include "harness/process_plan.h"

namespace crashlab {

class Workplace {
 public:
  /// A fresh directory in $TMPDIR (or /tmp) that names the parent of this process, with a tmpfs on
  /// it if the plan has one.
  /// kPermissionDenied: that needs rights which this process does not have. The tmpfs is in a mount
  /// namespace of this process: nobody else sees it, and it goes with the process whatever ends it.
  [[nodiscard]] static faultfs::Result<std::unique_ptr<Workplace>> Make(const ProcessPlan& plan);
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace();

  /// Absolute, without a slash at its end.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// A full tmpfs has room again, as after somebody tidied up.
  [[nodiscard]] faultfs::Status MakeRoom();

  /// Another one on the same kind of disk, with room and with what is in this one: several names of
  /// a file stay several of one.
  [[nodiscard]] faultfs::Result<std::unique_ptr<Workplace>> Copy(const ProcessPlan& plan) const;

  /// Removes what dead children of this process have left.
  static void Sweep();

 private:
  explicit Workplace(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  bool mounted_ = false;
};

}  // namespace crashlab
