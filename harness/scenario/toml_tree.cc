#include "harness/scenario/internal/toml_tree.h"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace crashlab::internal {
namespace {

TomlNode Convert(const toml::node& node);

TomlEntry ConvertEntry(const toml::key& key, const toml::node& value) {
  return {std::string(key.str()), key.source().begin.line, Convert(value)};
}

TomlNode Convert(const toml::node& node) {
  TomlNode result;
  result.line = node.source().begin.line;
  result.column = node.source().begin.column;
  switch (node.type()) {
    case toml::node_type::string:
      result.kind = TomlNode::Kind::kString;
      result.string = node.as_string()->get();
      break;
    case toml::node_type::integer:
      result.kind = TomlNode::Kind::kInteger;
      result.integer = node.as_integer()->get();
      break;
    case toml::node_type::boolean:
      result.kind = TomlNode::Kind::kBoolean;
      result.boolean = node.as_boolean()->get();
      break;
    case toml::node_type::array:
      result.kind = TomlNode::Kind::kArray;
      for (const toml::node& item : *node.as_array()) result.items.push_back(Convert(item));
      break;
    case toml::node_type::table:
      result.kind = TomlNode::Kind::kTable;
      for (const auto& [key, value] : *node.as_table()) {
        result.entries.push_back(ConvertEntry(key, value));
      }
      std::stable_sort(result.entries.begin(), result.entries.end(),
                       [](const TomlEntry& a, const TomlEntry& b) { return a.line < b.line; });
      break;
    default:
      result.kind = TomlNode::Kind::kOther;
      break;
  }
  return result;
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

std::string_view Describe(TomlNode::Kind kind) {
  switch (kind) {
    case TomlNode::Kind::kString:
      return "a string";
    case TomlNode::Kind::kInteger:
      return "a whole number";
    case TomlNode::Kind::kBoolean:
      return "true or false";
    case TomlNode::Kind::kArray:
      return "an array";
    case TomlNode::Kind::kTable:
      return "a table";
    case TomlNode::Kind::kOther:
      return "a date, a time or a broken number";
  }
  return "";
}

faultfs::Result<TomlNode> ParseToml(std::string_view text) {
  // toml++ as packaged reports by exception only; none leaves this function.
  try {
    return Convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return faultfs::Status::Error(faultfs::Code::kInvalidArgument, OneLine(error.description()))
        .Offset(error.source().begin.line);
  }
}

}  // namespace crashlab::internal
