// Paths over an Image, with the results that Linux gives (fs/namei.c): which error wins, what a
// trailing slash demands, where "." and ".." are allowed. A path starts at the root whether or not
// it begins with '/'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "faultfs/env/status.h"
#include "faultfs/sim/image.h"

namespace faultfs {

inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxPathBytes = 4095;

/// What the last component of a path is.
enum class LastKind : uint8_t { kName, kDot, kDotDot, kRoot };

/// A path walked up to its last component, which may be missing.
struct ParentWalk {
  Code code = Code::kOk;
  LastKind last = LastKind::kRoot;
  bool trailing_slash = false;
  InodeNumber directory = kNoInode;  // that holds the last component
  std::string_view name;             // of kName
};
[[nodiscard]] ParentWalk WalkToParent(const Image& image, std::string_view path);

struct WalkResult {
  Code code = Code::kOk;
  InodeNumber inode = kNoInode;
};
/// The last step: kNotFound, or kInvalidArgument for a name that is too long.
[[nodiscard]] WalkResult FindName(const Image& image, InodeNumber directory, std::string_view name);
/// The whole path; a trailing slash demands a directory.
[[nodiscard]] WalkResult WalkTo(const Image& image, std::string_view path);

/// Is `ancestor` the directory `inode` or above it?
[[nodiscard]] bool IsAncestor(const Image& image, InodeNumber ancestor, InodeNumber inode);

}  // namespace faultfs
