#include "harness/report/internal/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace crashlab {
namespace {

constexpr size_t kUsualColumns = 80;

size_t TerminalColumns() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

std::string Clock(double seconds) {
  const auto whole = static_cast<uint64_t>(std::max(seconds, 0.0));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string Rate(uint64_t count, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(count) / seconds : 0;
  return rate < 10'000 ? fmt::format("{:.0f}", rate) : fmt::format("{:.0f}k", rate / 1000);
}

/// An estimate: the cases to come take as long as those done. None before the first is.
std::optional<double> SecondsLeft(const Progress& progress, std::optional<uint64_t> budget_ms) {
  std::optional<double> left;
  if (progress.cases_done > 0) {
    left = progress.seconds * static_cast<double>(progress.cases - progress.cases_done) /
           static_cast<double>(progress.cases_done);
  }
  if (budget_ms) {
    const double of_budget = static_cast<double>(*budget_ms) / 1000 - progress.seconds;
    left = left ? std::min(*left, of_budget) : of_budget;
  }
  return left;
}

}  // namespace

std::string ProgressText(const Progress& progress, std::optional<uint64_t> budget_ms,
                         size_t columns) {
  const Counts& counts = progress.counts;
  std::vector<std::string> parts = {
      fmt::format("scenario {}/{}", std::min(progress.scenario + 1, progress.scenarios),
                  progress.scenarios),
      fmt::format("{}/{} programs", progress.cases_done, progress.cases),
      Rate(counts.recoveries + counts.inner_recoveries, progress.seconds) + " recoveries/s",
  };
  if (const auto left = SecondsLeft(progress, budget_ms)) parts.push_back(Clock(*left) + " left");
  if (counts.programs > 0) {
    parts.push_back(
        fmt::format("{}% exhausted", counts.exhausted_programs * 100 / counts.programs));
  }
  std::string text;
  for (const std::string& part : parts) {
    const std::string longer = text.empty() ? part : text + ", " + part;
    if (longer.size() > columns) break;
    text = longer;
  }
  return text;
}

void ProgressLine::Show(const Progress& progress) {
  if (!enabled_) return;
  // One column stays free: a full line would scroll on some terminals.
  const std::string text = ProgressText(progress, budget_ms_, TerminalColumns() - 1);
  std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::Clear() {
  if (!drawn_) return;
  std::fprintf(stderr, "\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace crashlab
