// Values of command-line options, parsed strictly: the whole word or an error that says what is
// right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "faultfs/env/status.h"

namespace crashlab {

/// A decimal number, or a hexadecimal one with 0x.
[[nodiscard]] faultfs::Result<uint64_t> ParseNumber(std::string_view text, uint64_t low,
                                                    uint64_t high);

/// "250ms", "30s", "5m", "1h", in milliseconds; more than nothing.
[[nodiscard]] faultfs::Result<uint64_t> ParseDuration(std::string_view text);

/// "all", or names with commas between them; each once, in that order.
[[nodiscard]] faultfs::Result<std::vector<faultfs::PersistenceModel>> ParseModels(
    std::string_view text);

struct Shard {
  uint32_t index = 1;  // from 1
  uint32_t count = 1;
};
/// "2/3".
[[nodiscard]] faultfs::Result<Shard> ParseShard(std::string_view text);

}  // namespace crashlab
