// How the oracle puts keys, values and operations into words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/operation.h"

namespace crashlab {

/// The first bytes, quoted and with escapes.
[[nodiscard]] std::string Quoted(std::string_view bytes);
/// A value with its length, or "nothing".
[[nodiscard]] std::string Shown(const std::optional<std::string>& value);
/// "operation 3 (set k1 350)".
[[nodiscard]] std::string OpText(const Program& program, OpNumber op);

}  // namespace crashlab
