// How bytes are shown on one line, and written as arguments. The reverse is in command.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kv::cli {

/// True if `bytes` is well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool IsUtf8(std::string_view bytes);

/// `bytes` on one line: printable ASCII and UTF-8 as they are; `\\`, `\n`, `\r`, `\t` and `\xHH`
/// for a backslash, control characters and whatever is no UTF-8. Between quotes it reads back.
[[nodiscard]] std::string Escaped(std::string_view bytes);

/// `bytes` as one argument of a command: bare where that reads back, else quoted and escaped.
[[nodiscard]] std::string Quoted(std::string_view bytes);

/// `count` and the noun it needs: "1 key", "2 keys".
[[nodiscard]] std::string Counted(uint64_t count, std::string_view one, std::string_view many);

}  // namespace kv::cli
