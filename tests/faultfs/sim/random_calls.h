// Random calls on a small tree, so that paths meet often; errors are part of the game.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faultfs/env/file_system.h"
#include "faultfs/env/random.h"

namespace faultfs::test {

class RandomCaller {
 public:
  RandomCaller(FileSystem& fs, Random random) : fs_(fs), random_(random) {}

  /// Makes one call.
  void Call();

 private:
  void CallFile();
  void CallTree();
  std::string Path();

  FileSystem& fs_;
  Random random_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::unique_ptr<FileLock>> locks_;
};

}  // namespace faultfs::test
