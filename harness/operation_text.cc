// Programs as text: see operation.h for the grammar.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "faultfs/env/nearest_name.h"
#include "harness/client_plan.h"
#include "harness/operation.h"

namespace crashlab {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// A long key is printed as a unit and a count if it is such a thing from its first byte to its
// last.
constexpr size_t kMaxUnitBytes = 16;
constexpr size_t kMinRepeats = 16;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool IsBareByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:+@").find(c) != std::string_view::npos;
}

bool IsBare(std::string_view word) {
  for (const char c : word) {
    if (!IsBareByte(c)) return false;
  }
  return !word.empty();
}

// ---- Printing ----------------------------------------------------------------------------------

void AppendQuoted(std::string& text, std::string_view bytes) {
  text += '"';
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte >= 0x7f || c == '\'') {  // with ': safe within ''' … '''
      text += "\\x";
      text += kHexDigits[byte >> 4];
      text += kHexDigits[byte & 15];
    } else {
      text += c;
    }
  }
  text += '"';
}

// The length of the shortest unit that, repeated, is the key; 0 if the key is no such thing.
size_t RepeatedUnit(std::string_view key) {
  for (size_t unit = 1; unit <= kMaxUnitBytes && key.size() / unit >= kMinRepeats; ++unit) {
    if (key.size() % unit == 0 && key.substr(unit) == key.substr(0, key.size() - unit)) return unit;
  }
  return 0;
}

void AppendKey(std::string& text, std::string_view key) {
  text += ' ';
  if (const size_t unit = RepeatedUnit(key); unit > 0) {
    AppendQuoted(text, key.substr(0, unit));
    text += '*' + std::to_string(key.size() / unit);
  } else if (IsBare(key)) {
    text += key;
  } else {
    AppendQuoted(text, key);
  }
}

void AppendDurability(std::string& text, const std::optional<Durability>& durability) {
  if (!durability) return;
  text += ' ';
  text += Name(*durability);
}

void AppendEdits(std::string& text, const std::vector<Edit>& edits) {
  bool first = true;
  for (const Edit& edit : edits) {
    if (!first) text += ';';
    first = false;
    text += edit.erase ? " delete" : " set";
    AppendKey(text, edit.key);
    if (!edit.erase) text += ' ' + std::to_string(edit.value_bytes);
  }
}

void AppendClient(std::string& text, uint32_t client) { text += std::to_string(client) + ": "; }

std::string PrintWithoutClient(const Operation& operation) {
  std::string text(Name(operation.verb));
  switch (operation.verb) {
    case Verb::kSet:
      AppendKey(text, operation.key);
      text += ' ' + std::to_string(operation.value_bytes);
      AppendDurability(text, operation.durability);
      break;
    case Verb::kDelete:
      AppendKey(text, operation.key);
      AppendDurability(text, operation.durability);
      break;
    case Verb::kGet:
    case Verb::kContains:
      AppendKey(text, operation.key);
      break;
    case Verb::kClear:
      AppendDurability(text, operation.durability);
      break;
    case Verb::kBatch:
      AppendDurability(text, operation.durability);
      AppendEdits(text, operation.batch);
      break;
    case Verb::kCall:
      text += ' ' + operation.call + ' ' + std::to_string(operation.value_bytes);
      break;
    case Verb::kSize:
    case Verb::kForEach:
    case Verb::kFlush:
    case Verb::kSnapshot:
    case Verb::kCompact:
    case Verb::kClearPersistence:
    case Verb::kBackground:
    case Verb::kClose:
    case Verb::kReopen:
    case Verb::kKill:
      break;
  }
  return text;
}

// ---- Parsing -----------------------------------------------------------------------------------

struct Token {
  enum class Kind : uint8_t { kWord, kQuoted, kSemicolon, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
};

std::string Quote(std::string_view word) { return '"' + std::string(word) + '"'; }

Status Wrong(std::string message) {
  return Status::Error(Code::kInvalidArgument, std::move(message));
}

/// Takes one line apart. The grammar needs to look at one token at a time.
class LineParser {
 public:
  explicit LineParser(std::string_view line) : line_(line) {}

  /// nullopt for a line that says nothing.
  Result<std::optional<Operation>> Parse() {
    FAULTFS_RETURN_IF_ERROR(Advance());
    if (token_.kind == Token::Kind::kEnd) return std::optional<Operation>();
    FAULTFS_RETURN_IF_ERROR(ParseClient());
    FAULTFS_RETURN_IF_ERROR(ParseVerb());
    FAULTFS_RETURN_IF_ERROR(ParseArguments());
    if (token_.kind != Token::Kind::kEnd) {
      return Wrong(Described() + " is too much for " + Quote(Name(operation_.verb)));
    }
    return std::optional<Operation>(std::move(operation_));
  }

 private:
  /// Digits and a colon, if the line begins with them.
  Status ParseClient() {
    if (token_.kind != Token::Kind::kWord) return {};
    const std::string_view word = token_.text;
    const size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
    if (digits == 0 || !word.substr(digits).starts_with(':')) return {};
    if (word.size() > digits + 1) {
      return Wrong("a blank must follow " + Quote(word.substr(0, digits + 1)));
    }
    const Result<uint64_t> client = Number(word.substr(0, digits), kMaxClients - 1);
    if (!client.ok()) {
      return Wrong("no client " + Quote(word.substr(0, digits)) + "; they are 0 to " +
                   std::to_string(kMaxClients - 1));
    }
    operation_.client = static_cast<uint32_t>(*client);
    client_ = word;
    return Advance();
  }

  Status ParseVerb() {
    if (!client_.empty() && token_.kind == Token::Kind::kEnd) {
      return Wrong("an operation must follow " + Quote(client_));
    }
    const std::optional<Verb> verb =
        token_.kind == Token::Kind::kWord ? VerbFromName(token_.text) : std::nullopt;
    if (!verb) {
      std::vector<std::string_view> names;
      for (int i = 0; i < kVerbCount; ++i) names.push_back(Name(static_cast<Verb>(i)));
      return Wrong("no operation " + Described() + "; did you mean " +
                   Quote(faultfs::NearestName(token_.text, names)) + "?");
    }
    if (IsEverybodys(*verb) && !client_.empty()) {
      return Wrong(Quote(Name(*verb)) + " is everybody's; leave " + Quote(client_) + " out");
    }
    operation_.verb = *verb;
    return Advance();
  }

  Status ParseArguments() {
    switch (operation_.verb) {
      case Verb::kSet:
        FAULTFS_RETURN_IF_ERROR(ParseKey(operation_.key));
        FAULTFS_RETURN_IF_ERROR(ParseBytes(operation_.value_bytes));
        return ParseDurability();
      case Verb::kDelete:
        FAULTFS_RETURN_IF_ERROR(ParseKey(operation_.key));
        return ParseDurability();
      case Verb::kGet:
      case Verb::kContains:
        return ParseKey(operation_.key);
      case Verb::kClear:
        return ParseDurability();
      case Verb::kBatch:
        return ParseBatch();
      case Verb::kCall:
        if (token_.kind != Token::Kind::kWord) return Expected("the name of a call");
        operation_.call = token_.text;
        FAULTFS_RETURN_IF_ERROR(Advance());
        return ParseBytes(operation_.value_bytes);
      case Verb::kSize:
      case Verb::kForEach:
      case Verb::kFlush:
      case Verb::kSnapshot:
      case Verb::kCompact:
      case Verb::kClearPersistence:
      case Verb::kBackground:
      case Verb::kClose:
      case Verb::kReopen:
      case Verb::kKill:
        return {};
    }
    return {};
  }

  Status ParseBatch() {
    if (token_.kind == Token::Kind::kWord && DurabilityFromName(token_.text)) {
      FAULTFS_RETURN_IF_ERROR(ParseDurability());
    }
    if (token_.kind == Token::Kind::kEnd) return {};
    while (true) {
      FAULTFS_RETURN_IF_ERROR(ParseEdit());
      if (token_.kind != Token::Kind::kSemicolon) return {};
      FAULTFS_RETURN_IF_ERROR(Advance());
    }
  }

  Status ParseEdit() {
    constexpr std::string_view kWords[] = {"set", "delete"};
    Edit edit;
    if (token_.kind != Token::Kind::kWord) return Expected("\"set\" or \"delete\"");
    if (token_.text != "set" && token_.text != "delete") {
      return Wrong("no " + Described() + " in a batch; did you mean " +
                   Quote(faultfs::NearestName(token_.text, kWords)) + "?");
    }
    if (operation_.batch.size() == kMaxEdits) {
      return Wrong("a batch has at most " + std::to_string(kMaxEdits) + " edits");
    }
    edit.erase = token_.text == "delete";
    FAULTFS_RETURN_IF_ERROR(Advance());
    FAULTFS_RETURN_IF_ERROR(ParseKey(edit.key));
    if (!edit.erase) FAULTFS_RETURN_IF_ERROR(ParseBytes(edit.value_bytes));
    operation_.batch.push_back(std::move(edit));
    return {};
  }

  Status ParseKey(std::string& key) {
    if (token_.kind != Token::Kind::kWord && token_.kind != Token::Kind::kQuoted) {
      return Expected("a key");
    }
    key = std::move(token_.text);
    return Advance();
  }

  Status ParseBytes(uint64_t& value_bytes) {
    if (token_.kind != Token::Kind::kWord) return Expected("a number of bytes");
    FAULTFS_ASSIGN_OR_RETURN(value_bytes, Number(token_.text, kMaxValueBytes));
    return Advance();
  }

  Status ParseDurability() {
    if (token_.kind == Token::Kind::kEnd) return {};
    operation_.durability =
        token_.kind == Token::Kind::kWord ? DurabilityFromName(token_.text) : std::nullopt;
    if (!operation_.durability) {
      constexpr std::string_view kWords[] = {"buffered", "sync", "group"};
      return Wrong("no durability " + Described() + "; did you mean " +
                   Quote(faultfs::NearestName(token_.text, kWords)) + "?");
    }
    return Advance();
  }

  static Result<uint64_t> Number(std::string_view digits, uint64_t max) {
    uint64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc() || stop != end || number > max) {
      return Wrong(Quote(digits) + " is no number from 0 to " + std::to_string(max));
    }
    return number;
  }

  // ---- Tokens

  Status Advance() {
    while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
    token_ = Token();
    if (at_ == line_.size() || line_[at_] == '#') return {};
    if (line_[at_] == '"') return AdvanceQuoted();
    if (line_[at_] == ';') {
      ++at_;
      token_ = {Token::Kind::kSemicolon, ";"};
      return {};
    }
    const size_t start = at_;
    while (at_ < line_.size() && IsBareByte(line_[at_])) ++at_;
    if (at_ < line_.size() && !IsBlank(line_[at_]) && line_[at_] != ';' && line_[at_] != '#') {
      std::string shown;
      AppendQuoted(shown, line_.substr(at_, 1));
      return Wrong("column " + std::to_string(at_ + 1) + ": " + shown +
                   " may stand only in a quoted key");
    }
    token_ = {Token::Kind::kWord, std::string(line_.substr(start, at_ - start))};
    return {};
  }

  Status AdvanceQuoted() {
    std::string text;
    ++at_;
    while (at_ < line_.size() && line_[at_] != '"') {
      char c = line_[at_++];
      if (c == '\\') FAULTFS_RETURN_IF_ERROR(Escape(c));
      text += c;
    }
    if (at_ == line_.size()) return Wrong("a quote is never closed");
    ++at_;
    if (at_ < line_.size() && line_[at_] == '*') {
      const size_t start = ++at_;
      while (at_ < line_.size() && IsBareByte(line_[at_])) ++at_;
      FAULTFS_ASSIGN_OR_RETURN(const uint64_t count,
                               Number(line_.substr(start, at_ - start), kMaxKeyBytes));
      if (text.size() * count > kMaxKeyBytes) return TooLong();
      const std::string unit = std::exchange(text, {});
      for (uint64_t i = 0; i < count; ++i) text += unit;
    }
    if (text.size() > kMaxKeyBytes) return TooLong();
    if (at_ < line_.size() && !IsBlank(line_[at_]) && line_[at_] != ';') {
      return Wrong("column " + std::to_string(at_ + 1) + ": a blank must follow a quoted key");
    }
    token_ = {Token::Kind::kQuoted, std::move(text)};
    return {};
  }

  Status Escape(char& c) {
    c = at_ < line_.size() ? line_[at_++] : '\0';
    if (c == '"' || c == '\\') return {};
    if (c == 'n' || c == 't') {
      c = c == 'n' ? '\n' : '\t';
      return {};
    }
    unsigned value = 0;
    const char* digits = line_.data() + at_;
    if (c == 'x' && at_ + 2 <= line_.size()) {
      const auto [stop, error] = std::from_chars(digits, digits + 2, value, 16);
      if (error == std::errc() && stop == digits + 2) {
        at_ += 2;
        c = static_cast<char>(value);
        return {};
      }
    }
    return Wrong("after a backslash come \", \\, n, t, or x and two hexadecimal digits");
  }

  static Status TooLong() {
    return Wrong("a key has at most " + std::to_string(kMaxKeyBytes) + " bytes");
  }

  // ---- Messages

  [[nodiscard]] std::string Described() const {
    return token_.kind == Token::Kind::kEnd ? "the end of the line" : Quote(token_.text);
  }

  [[nodiscard]] Status Expected(const std::string& what) const {
    return Wrong(Quote(Name(operation_.verb)) + " needs " + what +
                 (token_.kind == Token::Kind::kEnd ? "" : ", not " + Described()));
  }

  const std::string_view line_;
  size_t at_ = 0;
  Token token_;
  std::string client_;  // as it stands there; empty: nowhere
  Operation operation_;
};

}  // namespace

std::string Print(const Operation& operation) {
  std::string text;
  if (operation.client > 0) AppendClient(text, operation.client);
  return text + PrintWithoutClient(operation);
}

std::string Print(const Program& program) {
  const bool several = ClientsOf(program) > 1;
  std::string text;
  for (const Operation& operation : program) {
    if (several && !IsEverybodys(operation.verb)) AppendClient(text, operation.client);
    text += PrintWithoutClient(operation);
    text += '\n';
  }
  return text;
}

Result<Program> ParseProgram(std::string_view text) {
  Program program;
  for (uint64_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    Result<std::optional<Operation>> operation = LineParser(text.substr(0, end)).Parse();
    Status status = operation.status();
    if (status.ok() && operation->has_value() && program.size() == kMaxOperations) {
      status = Wrong("a program has at most " + std::to_string(kMaxOperations) + " operations");
    }
    if (!status.ok()) {
      return Wrong("line " + std::to_string(number) + ": " + std::string(status.message()))
          .Offset(number);
    }
    if (operation->has_value()) program.push_back(**std::move(operation));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return program;
}

}  // namespace crashlab
