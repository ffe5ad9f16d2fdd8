#include "tests/faultfs/env/subject.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "faultfs/env/check.h"
#include "faultfs/env/posix_file_system.h"
#include "faultfs/fault/fault_rules.h"
#include "faultfs/fault/faulty_file_system.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"

namespace faultfs {
namespace {

/// A real directory with a name of its own, removed with all that is in it.
class TempDirectory {
 public:
  explicit TempDirectory(const std::string& parent) : path_(parent + "/crashlab-XXXXXX") {
    FAULTFS_CHECK(::mkdtemp(path_.data()) != nullptr, "the temporary directory must be writable");
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Posix final : public Subject {
 public:
  explicit Posix(const std::string& parent) : directory_(parent) {}
  FileSystem& fs() override { return fs_; }
  const std::string& root() const override { return directory_.path(); }

 private:
  TempDirectory directory_;
  PosixFileSystem fs_;
};

class Decorated final : public Subject {
 public:
  explicit Decorated(const std::string& parent) : base_(parent) {}
  FileSystem& fs() override { return fs_; }
  const std::string& root() const override { return base_.root(); }

 private:
  Posix base_;
  FaultRules no_rules_{{}};
  FaultyFileSystem fs_{base_.fs(), no_rules_};
};

class Sim final : public Subject {
 public:
  Sim() {
    FAULTFS_CHECK(fs_.CreateDir(root_, IoTag{"test.root"}).ok(),
                  "an empty volume takes a directory");
  }
  FileSystem& fs() override { return fs_; }
  const std::string& root() const override { return root_; }

 private:
  const std::string root_ = "/root";
  Volume volume_{Image()};
  SimFileSystem fs_{volume_};
};

}  // namespace

std::unique_ptr<Subject> PosixSubject(const std::string& parent) {
  return std::make_unique<Posix>(parent);
}
std::unique_ptr<Subject> DecoratedSubject(const std::string& parent) {
  return std::make_unique<Decorated>(parent);
}
std::unique_ptr<Subject> SimSubject() { return std::make_unique<Sim>(); }

std::string TempParent() {
  std::string path = testing::TempDir();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string FastTempParent() {
  const std::string memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : TempParent();
}

}  // namespace faultfs
