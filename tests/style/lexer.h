// Enough of C++'s lexical rules to tell code from comments and strings.
//
// Not modelled: trigraphs, line continuations inside words, numbers with digit separators split as
// the standard does. None of them can hide a banned name in formatted code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crashlab::style {

struct Token {
  enum class Kind { kWord, kNumber, kPunctuation, kLiteral };
  Kind kind = Kind::kWord;
  std::string_view text;  // a view into the text that was read; "::" and "->" are one token each
  int line = 0;           // from 1
};

struct Comment {
  std::string_view text;
  int first_line = 0;
  int last_line = 0;
};

struct Include {
  std::string_view path;
  bool angled = false;
  int line = 0;
};

/// Views live as long as the text.
struct LexedFile {
  std::vector<Token> tokens;
  std::vector<Comment> comments;
  std::vector<Include> includes;
};

[[nodiscard]] LexedFile Lex(std::string_view text);

}  // namespace crashlab::style
