// One entry as one line of JSON: {"key":"k","value":"v"}. Bytes that are no UTF-8 go into
// "key_base64" or "value_base64" instead (RFC 4648, with padding).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kv::cli {

/// Without a newline, and with none inside.
[[nodiscard]] std::string EntryToJson(std::string_view key, std::string_view value);

struct JsonEntry {
  std::string key;
  std::string value;
};

struct JsonMistake {
  size_t column = 0;  // in bytes, from 1
  std::string text;
};

/// Reads a line back: an object with one of key and key_base64, one of value and value_base64, each
/// once, each a string, and nothing else. Nothing, and `mistake`, if it is anything else.
[[nodiscard]] std::optional<JsonEntry> EntryFromJson(std::string_view line, JsonMistake* mistake);

}  // namespace kv::cli
