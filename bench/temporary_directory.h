// A directory on the real file system that goes with its owner: in $TMPDIR, or in /tmp if that is
// not set, or where the caller says. TMPDIR=/dev/shm gives a tmpfs, where a sync costs nothing.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "faultfs/env/check.h"

namespace kv {

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path())
      : path_((parent / "crashlab_bench_XXXXXX").string()) {
    FAULTFS_CHECK(mkdtemp(path_.data()) != nullptr, "a directory for the benchmark can be made");
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace kv
