// The line on a terminal that says how far a run is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "harness/runner/runner.h"

namespace crashlab {

/// Without line end, at most `columns` wide: what does not fit is left out from the end.
[[nodiscard]] std::string ProgressText(const Progress& progress, std::optional<uint64_t> budget_ms,
                                       size_t columns);

/// Draws on standard error, in place. Whoever prints something else clears it first.
class ProgressLine {
 public:
  ProgressLine(bool enabled, std::optional<uint64_t> budget_ms)
      : enabled_(enabled), budget_ms_(budget_ms) {}
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const Progress& progress);
  void Clear();

 private:
  const bool enabled_;
  const std::optional<uint64_t> budget_ms_;
  bool drawn_ = false;
};

}  // namespace crashlab
