// IoTag: the stable name of a place in the code that changes the disk, such as "wal.append".
//
// Effect labels, crash points, finding signatures, sync elision and coverage are all keyed by tags,
// so a tag is part of a store's interface with the harness: renaming one renames findings. The form
// is `<file kind>.<what is done>`, lower case, dots and dashes.
#pragma once

#include <string_view>

namespace faultfs {

class IoTag {
 public:
  /// `name` must outlive every trace that mentions it: a string literal in practice.
  constexpr explicit IoTag(std::string_view name) : name_(name) {}

  [[nodiscard]] constexpr std::string_view name() const { return name_; }

  friend constexpr bool operator==(IoTag a, IoTag b) { return a.name_ == b.name_; }

 private:
  std::string_view name_;
};

}  // namespace faultfs
