// PlainDisk: a disk as maps and strings, for the brute force.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "faultfs/sim/image.h"

namespace faultfs::test {

using Number = InodeNumber;
using Sector = uint64_t;

/// A file: its bytes, which of its sectors are more than a hole, and which blocks of 4096 bytes.
struct PlainFile {
  std::string bytes;
  std::set<Sector> written;
  std::set<uint64_t> blocks;
};

struct PlainDisk {
  std::map<Number, PlainFile> files;
  std::map<Number, std::map<std::string, Number>> directories;
};

/// Sectors are counted in `unit_bytes`.
[[nodiscard]] PlainDisk ToPlain(const Image& image, size_t unit_bytes);

/// What can be reached by name: names, types, sizes, bytes, and which names are one file.
[[nodiscard]] std::string ToText(const PlainDisk& disk);

}  // namespace faultfs::test
