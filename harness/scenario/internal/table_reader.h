// TableReader: the keys of one TOML table, read one by one, with a clear word on what is wrong.
// Only for the parts of this folder.
//
// A reader goes on after an error with the default in place, so that parsing code has no branches
// for errors; Complaints keeps the error of the lowest line, which is the one that is reported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/env/nearest_name.h"
#include "faultfs/env/status.h"
#include "harness/scenario/internal/toml_tree.h"

namespace crashlab::internal {

/// The word between double quotes, its own quotes, backslashes and control bytes escaped.
[[nodiscard]] std::string Quote(std::string_view word);

/// `; did you mean "…"?`; nothing without candidates.
template <typename Range>
[[nodiscard]] std::string DidYouMean(std::string_view word, const Range& candidates) {
  const std::string_view nearest = faultfs::NearestName(word, candidates);
  return nearest.data() == nullptr ? "" : "; did you mean " + Quote(nearest) + "?";
}

class Complaints {
 public:
  /// `file` as the messages name it; must outlive this object.
  explicit Complaints(std::string_view file) : file_(file) {}

  /// Control bytes of the message become visible.
  void Add(uint64_t line, std::string_view message);
  /// Ok, or kInvalidArgument `FILE:LINE: MESSAGE` for the lowest line, of equals the first.
  [[nodiscard]] faultfs::Status status() const;

 private:
  std::string_view file_;
  uint64_t line_ = 0;
  std::string message_;  // empty: nothing was wrong
};

/// Inclusive.
struct Bounds {
  uint64_t low;
  uint64_t high;
};

class TableReader {
 public:
  /// `where` ends a message: " in [crash]". Both must outlive the reader.
  TableReader(const TomlNode& table, std::string where, Complaints& complaints)
      : table_(table), where_(std::move(where)), complaints_(complaints) {}

  /// The entry with that key, which is from now on a known one; null if it is not there.
  const TomlEntry* Find(std::string_view key);
  /// Likewise; a complaint and null if it is of another kind.
  const TomlEntry* Find(std::string_view key, TomlNode::Kind kind);

  // Each leaves `out` alone if the key is missing or wrong, and says whether it was read.
  bool Read(std::string_view key, std::string& out);
  bool Read(std::string_view key, bool& out);
  bool Read(std::string_view key, Bounds bounds, uint64_t& out);
  /// A number, or an array of the lowest and the highest.
  bool ReadRange(std::string_view key, Bounds bounds, uint64_t& low, uint64_t& high);
  /// A whole number, or, for those beyond the 63 bits of TOML, a string with it ("0x…").
  bool ReadSeed(std::string_view key, uint64_t& out);

  /// The strings of an array, which must not be empty; none if the key is missing or wrong.
  std::vector<const TomlNode*> Strings(std::string_view key);

  void Complain(uint64_t line, std::string_view message) const { complaints_.Add(line, message); }
  /// Complains of every key that no call above asked for.
  void RefuseOthers();

  [[nodiscard]] const TomlNode& table() const { return table_; }
  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] Complaints& complaints() const { return complaints_; }

 private:
  bool InBounds(std::string_view key, const TomlNode& node, Bounds bounds, uint64_t& out) const;

  const TomlNode& table_;
  const std::string where_;
  Complaints& complaints_;
  std::vector<std::string_view> known_;
};

}  // namespace crashlab::internal
