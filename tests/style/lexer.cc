#include "tests/style/lexer.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace crashlab::style {
namespace {

bool IsWordStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c); }
bool IsBlank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  LexedFile Run() {
    while (at_ < text_.size()) Step();
    return std::move(result_);
  }

 private:
  void Step() {
    const std::string_view rest = text_.substr(at_);
    const char c = rest.front();
    if (IsBlank(c)) {
      Take(1);
    } else if (rest.starts_with("//")) {
      TakeComment(std::min(rest.find('\n'), rest.size()));
    } else if (rest.starts_with("/*")) {
      const size_t end = rest.find("*/", 2);
      TakeComment(end == std::string_view::npos ? rest.size() : end + 2);
    } else if (c == '#') {
      TakeDirective(rest);
    } else if (c == '"' || c == '\'') {
      TakeToken(Token::Kind::kLiteral, QuotedLength(rest));
    } else if (IsWordStart(c)) {
      TakeWord(rest);
    } else if (IsDigit(c)) {
      TakeToken(Token::Kind::kNumber, NumberLength(rest));
    } else {
      const bool pair = rest.starts_with("::") || rest.starts_with("->");
      TakeToken(Token::Kind::kPunctuation, pair ? 2 : 1);
    }
  }

  std::string_view Take(size_t length) {
    const std::string_view taken = text_.substr(at_, length);
    line_ += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
    at_ += taken.size();
    return taken;
  }

  void TakeToken(Token::Kind kind, size_t length) {
    const int line = line_;
    result_.tokens.push_back({kind, Take(length), line});
  }

  void TakeComment(size_t length) {
    const int first = line_;
    const std::string_view text = Take(length);
    result_.comments.push_back({text, first, line_});
  }

  // `#include` in full; of any other directive the '#', so that macro bodies are read as code.
  void TakeDirective(std::string_view rest) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size()));
    const size_t open = line.find_first_of("<\"");
    if (line.find("include") != 1 || open == std::string_view::npos) {
      TakeToken(Token::Kind::kPunctuation, 1);
      return;
    }
    const bool angled = line[open] == '<';
    const size_t close = std::min(line.find(angled ? '>' : '"', open + 1), line.size());
    result_.includes.push_back({line.substr(open + 1, close - open - 1), angled, line_});
    Take(std::min(close + 1, line.size()));
  }

  void TakeWord(std::string_view rest) {
    size_t length = 1;
    while (length < rest.size() && IsWordPart(rest[length])) ++length;
    const bool literal_follows = length < rest.size() && rest[length] == '"';
    if (literal_follows && rest[length - 1] == 'R' && length <= 3) {
      TakeToken(Token::Kind::kLiteral, length + RawLength(rest.substr(length)));
    } else {
      TakeToken(Token::Kind::kWord, length);
    }
  }

  static size_t QuotedLength(std::string_view rest) {
    for (size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == '\\') {
        ++i;
      } else if (rest[i] == rest.front() || rest[i] == '\n') {
        return i + 1;
      }
    }
    return rest.size();
  }

  // From the opening quote of a raw string.
  static size_t RawLength(std::string_view rest) {
    const size_t open = rest.find('(');
    if (open == std::string_view::npos) return rest.size();
    const std::string close = ")" + std::string(rest.substr(1, open - 1)) + "\"";
    const size_t end = rest.find(close, open);
    return end == std::string_view::npos ? rest.size() : end + close.size();
  }

  // A quote between two digits separates them.
  static size_t NumberLength(std::string_view rest) {
    size_t length = 1;
    while (length < rest.size() &&
           (IsWordPart(rest[length]) || rest[length] == '.' ||
            (rest[length] == '\'' && length + 1 < rest.size() && IsWordPart(rest[length + 1])))) {
      ++length;
    }
    return length;
  }

  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  LexedFile result_;
};

}  // namespace

LexedFile Lex(std::string_view text) { return Lexer(text).Run(); }

}  // namespace crashlab::style
