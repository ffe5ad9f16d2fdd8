#include "harness/scenario/internal/table_reader.h"

#include <algorithm>
#include <charconv>

namespace crashlab::internal {

namespace {

/// A control byte as \xHH, any other as it is.
void AppendVisible(std::string& text, char c) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7f) {
    text += c;
    return;
  }
  text += "\\x";
  text += kHexDigits[byte >> 4];
  text += kHexDigits[byte & 15];
}

}  // namespace

std::string Quote(std::string_view word) {
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    AppendVisible(text, c);
  }
  return text + '"';
}

void Complaints::Add(uint64_t line, std::string_view message) {
  if (!message_.empty() && line_ <= line) return;
  line_ = line;
  message_.clear();
  for (const char c : message) AppendVisible(message_, c);  // one line, whatever the file holds
}

faultfs::Status Complaints::status() const {
  if (message_.empty()) return {};
  std::string text = std::string(file_) + ':' + std::to_string(line_) + ": " + message_;
  return faultfs::Status::Error(faultfs::Code::kInvalidArgument, std::move(text))
      .File(file_)
      .Offset(line_);
}

const TomlEntry* TableReader::Find(std::string_view key) {
  known_.push_back(key);
  for (const TomlEntry& entry : table_.entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const TomlEntry* TableReader::Find(std::string_view key, TomlNode::Kind kind) {
  const TomlEntry* entry = Find(key);
  if (entry == nullptr || entry->value.kind == kind) return entry;
  Complain(entry->line, Quote(key) + where_ + " must be " + std::string(Describe(kind)) + ", not " +
                            std::string(Describe(entry->value.kind)));
  return nullptr;
}

bool TableReader::Read(std::string_view key, std::string& out) {
  const TomlEntry* entry = Find(key, TomlNode::Kind::kString);
  if (entry != nullptr) out = entry->value.string;
  return entry != nullptr;
}

bool TableReader::Read(std::string_view key, bool& out) {
  const TomlEntry* entry = Find(key, TomlNode::Kind::kBoolean);
  if (entry != nullptr) out = entry->value.boolean;
  return entry != nullptr;
}

bool TableReader::InBounds(std::string_view key, const TomlNode& node, Bounds bounds,
                           uint64_t& out) const {
  const bool fits = node.integer >= 0 && static_cast<uint64_t>(node.integer) >= bounds.low &&
                    static_cast<uint64_t>(node.integer) <= bounds.high;
  if (fits) {
    out = static_cast<uint64_t>(node.integer);
  } else {
    Complain(node.line, Quote(key) + where_ + " must be from " + std::to_string(bounds.low) +
                            " to " + std::to_string(bounds.high) + ", not " +
                            std::to_string(node.integer));
  }
  return fits;
}

bool TableReader::Read(std::string_view key, Bounds bounds, uint64_t& out) {
  const TomlEntry* entry = Find(key, TomlNode::Kind::kInteger);
  return entry != nullptr && InBounds(key, entry->value, bounds, out);
}

bool TableReader::ReadRange(std::string_view key, Bounds bounds, uint64_t& low, uint64_t& high) {
  const TomlEntry* entry = Find(key);
  if (entry == nullptr) return false;
  const TomlNode& value = entry->value;
  if (value.kind == TomlNode::Kind::kInteger) {
    if (!InBounds(key, value, bounds, low)) return false;
    high = low;
    return true;
  }
  const bool pair = value.kind == TomlNode::Kind::kArray && value.items.size() == 2 &&
                    value.items[0].kind == TomlNode::Kind::kInteger &&
                    value.items[1].kind == TomlNode::Kind::kInteger;
  if (!pair) {
    Complain(entry->line, Quote(key) + where_ +
                              " must be a whole number or [LOWEST, HIGHEST], not " +
                              std::string(Describe(value.kind)) +
                              (value.kind == TomlNode::Kind::kArray ? " of anything else" : ""));
    return false;
  }
  uint64_t from = 0;
  uint64_t to = 0;
  if (!InBounds(key, value.items[0], bounds, from)) return false;
  if (!InBounds(key, value.items[1], bounds, to)) return false;
  if (from > to) {
    Complain(entry->line, Quote(key) + where_ + ": [" + std::to_string(from) + ", " +
                              std::to_string(to) + "] ends before it begins");
    return false;
  }
  low = from;
  high = to;
  return true;
}

bool TableReader::ReadSeed(std::string_view key, uint64_t& out) {
  const TomlEntry* entry = Find(key);
  if (entry == nullptr) return false;
  const TomlNode& value = entry->value;
  if (value.kind == TomlNode::Kind::kInteger && value.integer >= 0) {
    out = static_cast<uint64_t>(value.integer);
    return true;
  }
  std::string_view digits = value.string;
  const bool hex = digits.starts_with("0x");
  if (hex) digits.remove_prefix(2);
  const char* end = digits.data() + digits.size();
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, number, hex ? 16 : 10);
  if (value.kind == TomlNode::Kind::kString && error == std::errc() && stop == end) {
    out = number;
    return true;
  }
  Complain(entry->line, Quote(key) + where_ +
                            " must be a whole number from 0 to 2^64 - 1; beyond 2^63 - 1 a string "
                            "such as \"0x8000000000000001\"");
  return false;
}

std::vector<const TomlNode*> TableReader::Strings(std::string_view key) {
  std::vector<const TomlNode*> strings;
  const TomlEntry* entry = Find(key, TomlNode::Kind::kArray);
  if (entry == nullptr) return strings;
  if (entry->value.items.empty()) {
    Complain(entry->line, Quote(key) + where_ + " must not be empty; leave it out");
  }
  for (const TomlNode& item : entry->value.items) {
    if (item.kind == TomlNode::Kind::kString) {
      strings.push_back(&item);
    } else {
      Complain(item.line,
               Quote(key) + where_ + " must hold strings, not " + std::string(Describe(item.kind)));
    }
  }
  return strings;
}

void TableReader::RefuseOthers() {
  for (const TomlEntry& entry : table_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    Complain(entry.line, "no key " + Quote(entry.key) + where_ + DidYouMean(entry.key, known_));
  }
}

}  // namespace crashlab::internal
