// The only file that knows nlohmann's JSON.
#include "store/cli/json_line.h"

#include <absl/strings/escaping.h>

#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/cli/text.h"

namespace kv::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kBase64Suffix = "_base64";

std::string ToBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

void AppendField(std::string_view name, std::string_view bytes, std::string* out) {
  const bool text = IsUtf8(bytes);
  out->append(1, '"').append(name).append(text ? "" : kBase64Suffix).append("\":");
  out->append(Json(text ? std::string(bytes) : ToBase64(bytes)).dump());
}

/// Counts what the parser has taken, to say where a mistake is.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  size_t* taken_;
};

/// Takes the parser's events; every method says whether to go on.
class EntryReader final : public nlohmann::json_sax<Json> {
 public:
  EntryReader(std::string_view line, const size_t* taken) : line_(line), taken_(taken) {}

  bool start_object(std::size_t /*elements*/) override {
    if (depth_ > 0) return Wrong("a string must stand here");
    ++depth_;
    return Token();
  }
  bool key(string_t& name) override {
    base64_ = std::string_view(name).ends_with(kBase64Suffix);
    const std::string_view field =
        std::string_view(name).substr(0, name.size() - (base64_ ? kBase64Suffix.size() : 0));
    target_ = field == "key" ? &key_ : field == "value" ? &value_ : nullptr;
    if (target_ == nullptr) {
      return Wrong("no such field; there are key, key_base64, value, value_base64");
    }
    if (target_->has_value()) return Wrong(std::string(field) + " stands here twice");
    return Token();
  }
  bool string(string_t& text) override {
    if (depth_ == 0) return Wrong("an object must stand here");
    if (!base64_) {
      *target_ = std::move(text);
      return Token();
    }
    std::string bytes;
    // Both ways, because Base64Unescape also takes what no encoder writes.
    if (!absl::Base64Unescape(text, &bytes) || ToBase64(bytes) != text) {
      return Wrong("this is no base64");
    }
    *target_ = std::move(bytes);
    return Token();
  }
  bool end_object() override {
    if (!key_.has_value()) return WrongAt(*taken_, "there is no key before this");
    if (!value_.has_value()) return WrongAt(*taken_, "there is no value before this");
    return Token();
  }
  bool null() override { return NoString(); }
  bool boolean(bool /*value*/) override { return NoString(); }
  bool number_integer(number_integer_t /*value*/) override { return NoString(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return NoString(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return NoString();
  }
  bool binary(binary_t& /*value*/) override { return NoString(); }
  bool start_array(std::size_t /*elements*/) override { return NoString(); }
  bool end_array() override { return NoString(); }
  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: …"
    std::string_view text = error.what();
    const size_t column = text.find("column ");
    const size_t colon = column == text.npos ? column : text.find(": ", column);
    if (colon != text.npos) text.remove_prefix(colon + 2);
    return WrongAt(position, text);
  }

  [[nodiscard]] JsonEntry TakeEntry() { return {std::move(*key_), std::move(*value_)}; }
  [[nodiscard]] const JsonMistake& mistake() const { return mistake_; }

 private:
  /// A token was as it must be; the next begins behind it.
  bool Token() {
    behind_ = *taken_;
    return true;
  }
  bool NoString() {
    return Wrong(depth_ == 0 ? "an object must stand here" : "a string must stand here");
  }
  /// At the start of the token that was just read.
  bool Wrong(std::string text) {
    const size_t start = line_.find_first_not_of(" \t\r,:", behind_);
    return WrongAt(start + 1, text);
  }
  bool WrongAt(size_t column, std::string_view text) {
    mistake_ = {.column = column, .text = Escaped(text)};
    return false;
  }

  const std::string_view line_;
  const size_t* const taken_;
  size_t behind_ = 0;
  int depth_ = 0;
  bool base64_ = false;
  std::optional<std::string>* target_ = nullptr;
  std::optional<std::string> key_;
  std::optional<std::string> value_;
  JsonMistake mistake_;
};

}  // namespace

std::string EntryToJson(std::string_view key, std::string_view value) {
  std::string line = "{";
  AppendField("key", key, &line);
  line += ',';
  AppendField("value", value, &line);
  return line += '}';
}

std::optional<JsonEntry> EntryFromJson(std::string_view line, JsonMistake* mistake) {
  size_t taken = 0;
  EntryReader reader(line, &taken);
  const bool parsed = Json::sax_parse(CountingIterator(line.data(), &taken),
                                      CountingIterator(line.data() + line.size(), &taken), &reader);
  if (parsed) return reader.TakeEntry();
  *mistake = reader.mistake();
  return std::nullopt;
}

}  // namespace kv::cli
