// What inspect and check say of a range of a segment.
#pragma once

#include <string>
#include <string_view>

#include "store/cli/log_view.h"

namespace kv::cli {

/// The last component of a path.
[[nodiscard]] std::string_view BaseName(std::string_view path);

/// What is in a range: "mutation 7, synced up to 6: set k (5 bytes)", or what is wrong with it.
[[nodiscard]] std::string RangeText(const RangeView& range);

}  // namespace kv::cli
