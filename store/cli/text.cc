#include "store/cli/text.h"

#include <algorithm>
#include <cstddef>

namespace kv::cli {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

/// The length of the UTF-8 character at the start of `bytes` and its code point; 0 bytes if there
/// is none. `bytes` is not empty.
struct Character {
  size_t bytes = 0;
  uint32_t code_point = 0;
};

Character FirstCharacter(std::string_view bytes) {
  const auto at = [&](size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {.bytes = 1, .code_point = lead};
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < length) return {};
  uint32_t code_point = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (at(i) & 0x3fu);
  }
  const bool overlong = code_point < (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u);
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (overlong || surrogate || code_point > 0x10ffff) return {};
  return {.bytes = length, .code_point = code_point};
}

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

void AppendHex(char byte, std::string* out) {
  const auto value = static_cast<unsigned char>(byte);
  out->append("\\x").append(1, kHexDigits[value >> 4]).append(1, kHexDigits[value & 15]);
}

void AppendEscaped(std::string_view bytes, std::string* out) {
  switch (bytes.front()) {
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      for (const char byte : bytes) AppendHex(byte, out);
  }
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = FirstCharacter(bytes).bytes;
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string Escaped(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = FirstCharacter(bytes);
    const size_t length = std::max<size_t>(character.bytes, 1);
    const bool plain = character.bytes > 0 && !IsControl(character.code_point) && bytes[0] != '\\';
    if (plain) {
      out.append(bytes.substr(0, length));
    } else {
      AppendEscaped(bytes.substr(0, length), &out);
    }
    bytes.remove_prefix(length);
  }
  return out;
}

std::string Quoted(std::string_view bytes) {
  std::string escaped = Escaped(bytes);
  const bool bare =
      escaped == bytes && !bytes.empty() && bytes.find(' ') == bytes.npos && bytes.front() != '"';
  if (bare) return escaped;
  std::string out = "\"";
  for (const char byte : escaped) {
    if (byte == '"') out += '\\';
    out += byte;
  }
  return out += '"';
}

std::string Counted(uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count).append(1, ' ').append(count == 1 ? one : many);
}

}  // namespace kv::cli
