// "Did you mean …": the nearest right word for a wrong one, for messages about bad input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace faultfs {

/// Levenshtein distance, in bytes.
[[nodiscard]] inline size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

/// The candidate with the least distance to `word`, the first of equals; empty without candidates.
template <typename Range>
[[nodiscard]] std::string_view NearestName(std::string_view word, const Range& candidates) {
  std::string_view best;
  size_t best_distance = 0;
  for (std::string_view candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (best.data() == nullptr || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace faultfs
