// For error messages about words that a person typed: the right word that is nearest.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace faultfs {

/// The word with the smallest edit distance to `typed`, letter case aside; of equals the first.
/// Empty if there are no words.
[[nodiscard]] std::string_view NearestWord(std::string_view typed,
                                           std::span<const std::string_view> words);

/// The word between double quotes.
[[nodiscard]] std::string Quote(std::string_view word);

/// `unknown KIND "typed"; did you mean "nearest"?`
[[nodiscard]] std::string UnknownWord(std::string_view kind, std::string_view typed,
                                      std::span<const std::string_view> words);

}  // namespace faultfs
