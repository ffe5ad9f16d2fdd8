// A TOML document as a plain tree with line numbers. toml++ is behind it, so that its headers,
// which cost seconds, are in one source file. Only for the parts of this folder.
//
// Left out: dates, times and floating-point numbers keep no value, only their kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"

namespace crashlab::internal {

struct TomlEntry;

struct TomlNode {
  enum class Kind : uint8_t { kString, kInteger, kBoolean, kArray, kTable, kOther };
  Kind kind = Kind::kTable;
  uint64_t line = 1;    // from 1: where the value begins
  uint64_t column = 1;  // likewise
  std::string string;
  int64_t integer = 0;
  bool boolean = false;
  std::vector<TomlNode> items;     // of an array
  std::vector<TomlEntry> entries;  // of a table, in the order of their lines
};

struct TomlEntry {
  std::string key;
  uint64_t line = 1;  // of the key
  TomlNode value;
};

/// "a string", "a table", …
[[nodiscard]] std::string_view Describe(TomlNode::Kind kind);

/// kInvalidArgument with what is wrong, in one line; its line number in offset().
[[nodiscard]] faultfs::Result<TomlNode> ParseToml(std::string_view text);

}  // namespace crashlab::internal
