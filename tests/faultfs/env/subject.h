// The file systems that the conformance suite holds against each other, behind one interface.
#pragma once

#include <memory>
#include <string>

#include "faultfs/env/file_system.h"

namespace faultfs {

/// A file system with an empty directory of the test's own in it; both go with this object.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual FileSystem& fs() = 0;
  /// The empty directory, without a slash at the end.
  virtual const std::string& root() const = 0;
};

/// PosixFileSystem in a new directory under `parent`.
std::unique_ptr<Subject> PosixSubject(const std::string& parent);
/// PosixFileSystem behind a FaultyFileSystem that has no rules: must make no difference.
std::unique_ptr<Subject> DecoratedSubject(const std::string& parent);
/// SimFileSystem over an empty volume.
std::unique_ptr<Subject> SimSubject();

/// Where the tests' directories go by default.
std::string TempParent();
/// A memory file system, where a sync costs nothing; the default where there is none.
std::string FastTempParent();

}  // namespace faultfs
