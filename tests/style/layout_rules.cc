// What a file looks like: columns, blanks, length, beginnings, markers of unfinished work.
#include <algorithm>
#include <cctype>
#include <string_view>

#include "tests/style/lexer.h"
#include "tests/style/rules.h"

namespace crashlab::style {
namespace {

constexpr size_t kMaxColumns = 100;
constexpr size_t kMaxLines = 600;

// Spelled in halves so that this file is clean itself.
constexpr std::string_view kMarkers[] = {
    "FIX"
    "ME",
    "TO"
    "DO",
    "XX"
    "X",
    "HA"
    "CK"};

std::string At(const SourceFile& file, size_t line, std::string_view what) {
  return file.path + ":" + std::to_string(line) + ": " + std::string(what);
}

bool HasColumnLimit(const SourceFile& file) {
  return file.IsCpp() || file.IsBuildList() || file.IsScript() || file.HasSuffix(".cmake");
}

size_t ColumnsOf(std::string_view line) {
  // Bytes that continue a UTF-8 character take no column.
  return static_cast<size_t>(std::count_if(
      line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

void CheckLines(const SourceFile& file, Violations& found) {
  size_t number = 0;
  for (const std::string_view line : LinesOf(file.text)) {
    ++number;
    if (HasColumnLimit(file) && ColumnsOf(line) > kMaxColumns) {
      found.push_back(At(file, number, "more than 100 columns; break the line"));
    }
    if (line.find('\t') != std::string_view::npos) {
      found.push_back(At(file, number, "a tab; use blanks"));
    }
    if (line.ends_with(' ') || line.ends_with('\r')) {
      found.push_back(At(file, number, "blanks at the end; remove them"));
    }
  }
  if (!file.text.empty() && !file.text.ends_with('\n')) {
    found.push_back(At(file, number, "no newline at the end; add it"));
  }
  if (file.IsCpp() && number > kMaxLines) {
    found.push_back(At(file, number, "more than 600 lines; a file has one reason to change"));
  }
}

void CheckHeaderStart(const SourceFile& file, Violations& found) {
  if (!file.text.starts_with("// ")) {
    found.push_back(At(file, 1, "a header starts with a comment: what it is, what it leaves out"));
  }
  const std::vector<std::string_view> lines = LinesOf(file.text);
  if (std::find(lines.begin(), lines.end(), "#pragma once") == lines.end()) {
    found.push_back(At(file, 1, "no `#pragma once`"));
  }
}

bool IsWordPart(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool starts = at == 0 || !IsWordPart(text[at - 1]);
    if (starts && (end == text.size() || !IsWordPart(text[end]))) return true;
  }
  return false;
}

void CheckForMarkers(const SourceFile& file, std::string_view text, size_t first_line,
                     Violations& found) {
  for (const std::string_view line : LinesOf(text)) {
    for (const std::string_view marker : kMarkers) {
      if (HasWord(line, marker)) {
        found.push_back(At(file, first_line, std::string(marker) + ": finish it or leave it out"));
      }
    }
    ++first_line;
  }
}

}  // namespace

Violations CheckLayout(const SourceTree& tree) {
  Violations found;
  for (const SourceFile& file : tree) {
    CheckLines(file, found);
    if (file.IsHeader()) CheckHeaderStart(file, found);
  }
  return found;
}

Violations CheckMarkers(const SourceTree& tree) {
  Violations found;
  for (const SourceFile& file : tree) {
    if (!file.IsCpp()) {
      CheckForMarkers(file, file.text, 1, found);
      continue;
    }
    for (const Comment& comment : Lex(file.text).comments) {
      CheckForMarkers(file, comment.text, static_cast<size_t>(comment.first_line), found);
    }
  }
  return found;
}

}  // namespace crashlab::style
