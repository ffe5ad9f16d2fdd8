#include "faultfs/env/io_hook.h"

#include <array>
#include <cstddef>

#include "faultfs/env/check.h"

namespace faultfs {
namespace {

// By value of IoOp. Fault rules and scenario files spell these: do not rename.
constexpr std::array<std::string_view, kIoOpCount> kIoOpNames = {
    "open",       "create",   "read",  "write",    "truncate", "size",   "sync",
    "writeback",  "allocate", "close", "remove",   "link",     "rename", "create-dir",
    "remove-dir", "list",     "stat",  "sync-dir", "lock",
};
static_assert(!kIoOpNames.back().empty(), "every IoOp has a name");

}  // namespace

std::string_view IoOpName(IoOp op) {
  const auto index = static_cast<size_t>(op);
  FAULTFS_CHECK(index < kIoOpNames.size(), "an IoOp must be one of its enumerators");
  return kIoOpNames[index];
}

}  // namespace faultfs
