// Shell-like patterns over whole strings: `*` is any run of bytes (also '/'), `?` any one byte,
// every other byte stands for itself.
#pragma once

#include <string_view>

namespace faultfs {

/// True if `pattern` matches all of `text`. O(pattern × text) at worst, no recursion.
[[nodiscard]] bool GlobMatches(std::string_view pattern, std::string_view text);

}  // namespace faultfs
