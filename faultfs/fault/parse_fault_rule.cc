#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "faultfs/fault/fault_kinds.h"
#include "faultfs/fault/fault_rule.h"
#include "faultfs/fault/nearest_word.h"

namespace faultfs {
namespace {

using internal::FaultArgument;
using internal::FaultKind;
using internal::kFaultKinds;

constexpr std::string_view kAnyOperation = "any";
constexpr std::string_view kOptionWords[] = {"path", "tag", "nth", "times", "always", "page"};

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Takes a line apart from left to right and knows where it is.
class RuleParser {
 public:
  explicit RuleParser(std::string_view line) : line_(line) {}

  Result<FaultRule> Parse() {
    FAULTFS_RETURN_IF_ERROR(ParseFault());
    FAULTFS_RETURN_IF_ERROR(ParseOperations());
    while (SkipBlanks()) FAULTFS_RETURN_IF_ERROR(ParseOption());
    if (has_nth_ || has_times_) rule_.always = has_always_;
    if (has_times_ && has_always_) return Wrong("\"times\" and \"always\" exclude each other");
    return rule_;
  }

 private:
  Status ParseFault() {
    FAULTFS_ASSIGN_OR_RETURN(const std::string_view word, Word("a fault"));
    std::vector<std::string_view> names;
    for (const FaultKind& kind : kFaultKinds) {
      names.push_back(kind.name);
      if (kind.name == word) kind_ = &kind;
    }
    if (kind_ == nullptr) return Wrong(UnknownWord("fault", word, names));
    rule_.fault.action = kind_->action;
    switch (kind_->argument) {
      case FaultArgument::kNone:
        return {};
      case FaultArgument::kCode:
        return ParseCode();
      case FaultArgument::kBytes: {
        FAULTFS_ASSIGN_OR_RETURN(const std::string_view digits, Word("a number of bytes"));
        return ParseNumber("a number of bytes", digits, rule_.fault.bytes);
      }
    }
    return {};
  }

  Status ParseCode() {
    FAULTFS_ASSIGN_OR_RETURN(const std::string_view word, Word("an error code"));
    const std::optional<Code> code = CodeFromName(word);
    if (code && *code != Code::kOk) {
      rule_.fault.code = *code;
      return {};
    }
    std::vector<std::string_view> names;
    for (int i = 1; i <= static_cast<int>(Code::kInterrupted); ++i) {
      names.push_back(CodeName(static_cast<Code>(i)));
    }
    return Wrong(code ? "OK is no error" : UnknownWord("error code", word, names));
  }

  Status ParseOperations() {
    FAULTFS_ASSIGN_OR_RETURN(std::string_view words, Word("an operation"));
    if (words == kAnyOperation) {
      rule_.operations = FaultableOperations(kind_->action);
      return {};
    }
    while (true) {
      const size_t comma = words.find(',');
      FAULTFS_RETURN_IF_ERROR(AddOperation(words.substr(0, comma)));
      if (comma == std::string_view::npos) return {};
      words.remove_prefix(comma + 1);
      word_start_ += comma + 1;
    }
  }

  Status AddOperation(std::string_view word) {
    if (word.empty()) return Wrong("an operation is missing");
    std::vector<std::string_view> names;
    for (int i = 0; i < kIoOpCount; ++i) {
      const std::string_view name = IoOpName(static_cast<IoOp>(i));
      const bool possible = (kind_->operations >> i & 1) != 0;
      if (possible) names.push_back(name);
      if (name != word) continue;
      if (!possible) {
        return Wrong(internal::CannotHappen(*kind_, word));
      }
      if (rule_.operations.test(i)) return Wrong(Quote(word) + " is there twice");
      rule_.operations.set(i);
      return {};
    }
    names.push_back(kAnyOperation);
    return Wrong(UnknownWord("operation", word, names));
  }

  Status ParseOption() {
    word_start_ = at_;
    size_t end = at_;
    while (end < line_.size() && !IsBlank(line_[end]) && line_[end] != '=') ++end;
    const std::string_view name = line_.substr(at_, end - at_);
    at_ = end;
    const bool has_value = at_ < line_.size() && line_[at_] == '=';
    if (has_value) ++at_;
    if (name == "always" && !has_value) return Once(has_always_, name);
    if (name == "path" && has_value) return ParseGlob(name, has_path_, rule_.path);
    if (name == "tag" && has_value) return ParseGlob(name, has_tag_, rule_.tag);
    if (name == "nth" && has_value) {
      FAULTFS_RETURN_IF_ERROR(Once(has_nth_, name));
      return ParseNumber("nth", RestOfWord(), rule_.nth);
    }
    if (name == "times" && has_value) {
      FAULTFS_RETURN_IF_ERROR(Once(has_times_, name));
      return ParseNumber("times", RestOfWord(), rule_.times);
    }
    if (name == "page" && has_value) return ParsePage();
    if (name == "always") return Wrong("\"always\" takes no value");
    for (const std::string_view word : kOptionWords) {
      if (word == name) return Wrong(Quote(name) + " needs a value");
    }
    return Wrong(UnknownWord("option", name, kOptionWords));
  }

  Status ParsePage() {
    FAULTFS_RETURN_IF_ERROR(Once(has_page_, "page"));
    if (kind_->action != IoDecision::Action::kEvict) return Wrong(internal::PageIsForEvict());
    return ParseNumber("page", RestOfWord(), rule_.fault.page);
  }

  Status ParseGlob(std::string_view name, bool& seen, std::string& out) {
    FAULTFS_RETURN_IF_ERROR(Once(seen, name));
    if (at_ < line_.size() && line_[at_] == '"') {
      FAULTFS_ASSIGN_OR_RETURN(out, Quoted());
      return {};
    }
    out = RestOfWord();
    if (out.empty()) return Wrong(Quote(name) + " needs a value (\"\" is the empty one)");
    if (out.find('"') != std::string::npos) return Wrong("a quote in the middle of a word");
    return {};
  }

  /// The text between quotes, the first of which is next.
  Result<std::string> Quoted() {
    std::string text;
    ++at_;
    while (at_ < line_.size() && line_[at_] != '"') {
      char c = line_[at_++];
      if (c == '\\') {
        FAULTFS_ASSIGN_OR_RETURN(c, Escape());
      }
      text += c;
    }
    if (at_ == line_.size()) return Wrong("a quote is never closed");
    ++at_;
    if (at_ < line_.size() && !IsBlank(line_[at_])) return Wrong("text right after a quote");
    return text;
  }

  /// What follows a backslash.
  Result<char> Escape() {
    const char c = at_ < line_.size() ? line_[at_++] : '\0';
    if (c == '"' || c == '\\') return c;
    if (c == 'n') return '\n';
    if (c == 'x' && at_ + 2 <= line_.size()) {
      unsigned value = 0;
      const char* first = line_.data() + at_;
      const auto [end, error] = std::from_chars(first, first + 2, value, 16);
      at_ += 2;
      if (error == std::errc() && end == first + 2) return static_cast<char>(value);
    }
    return Wrong("after a backslash come \", \\, n or x and two hexadecimal digits");
  }

  Status ParseNumber(std::string_view what, std::string_view digits, uint64_t& out) {
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, out);
    if (error == std::errc() && stop == end && out > 0) return {};
    return Wrong(std::string(what) + " must be a whole number above 0, not \"" +
                 std::string(digits) + "\"");
  }

  Status Once(bool& seen, std::string_view name) {
    if (seen) return Wrong(Quote(name) + " is there twice");
    seen = true;
    return {};
  }

  /// False at the end of the line.
  bool SkipBlanks() {
    while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
    return at_ < line_.size();
  }

  std::string_view RestOfWord() {
    const size_t start = at_;
    while (at_ < line_.size() && !IsBlank(line_[at_])) ++at_;
    return line_.substr(start, at_ - start);
  }

  Result<std::string_view> Word(std::string_view expected) {
    const bool found = SkipBlanks();
    word_start_ = at_;
    if (!found) return Wrong("the line ends where " + std::string(expected) + " was expected");
    return RestOfWord();
  }

  Status Wrong(const std::string& what) const {
    return Status::Error(Code::kInvalidArgument,
                         "fault rule, column " + std::to_string(word_start_ + 1) + ": " + what);
  }

  const std::string_view line_;
  size_t at_ = 0;
  size_t word_start_ = 0;  // of the word that an error would be about
  const FaultKind* kind_ = nullptr;
  FaultRule rule_;
  bool has_path_ = false;
  bool has_tag_ = false;
  bool has_nth_ = false;
  bool has_times_ = false;
  bool has_always_ = false;
  bool has_page_ = false;
};

}  // namespace

Result<FaultRule> ParseFaultRule(std::string_view line) { return RuleParser(line).Parse(); }

}  // namespace faultfs
