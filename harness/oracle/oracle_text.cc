#include "harness/oracle/internal/oracle_text.h"

#include <fmt/format.h>

namespace crashlab {

std::string Quoted(std::string_view bytes) {
  std::string text = "\"";
  for (char c : bytes.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  return text + (bytes.size() > 40 ? "\"…" : "\"");
}

std::string Shown(const std::optional<std::string>& value) {
  return value.has_value() ? fmt::format("{} ({} bytes)", Quoted(*value), value->size())
                           : std::string("nothing");
}

std::string OpText(const Program& program, OpNumber op) {
  return fmt::format("operation {} ({})", op, Print(program[op - 1]));
}

}  // namespace crashlab
