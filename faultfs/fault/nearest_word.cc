#include "faultfs/fault/nearest_word.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace faultfs {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Insertions, deletions and replacements (Levenshtein), one row at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (Lower(a[i]) == Lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view NearestWord(std::string_view typed, std::span<const std::string_view> words) {
  std::string_view nearest;
  size_t smallest = std::numeric_limits<size_t>::max();
  for (const std::string_view word : words) {
    const size_t distance = EditDistance(typed, word);
    if (distance < smallest) {
      smallest = distance;
      nearest = word;
    }
  }
  return nearest;
}

std::string Quote(std::string_view word) {
  std::string text = "\"";
  return text.append(word).append("\"");
}

std::string UnknownWord(std::string_view kind, std::string_view typed,
                        std::span<const std::string_view> words) {
  std::string text = "unknown ";
  text.append(kind).append(" ").append(Quote(typed));
  if (!words.empty()) {
    text.append("; did you mean ").append(Quote(NearestWord(typed, words))).append("?");
  }
  return text;
}

}  // namespace faultfs
