// TinyStore: a whole key-value store in fifty lines. Every change writes the whole content to a new
// file and renames it over the old one.
#pragma once

#include <map>
#include <string>

#include "faultfs/env/file_system.h"

struct TinyStore {
  faultfs::FileSystem& fs;
  std::string directory;
  bool sync_directory = true;  // false: the mistake that most programs make
  std::map<std::string, std::string> map;

  faultfs::Status Load();
  faultfs::Status Save();  // Durability: on Ok the whole map survives power loss
};
