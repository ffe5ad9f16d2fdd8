#include "harness/runner/internal/death.h"

#include <fmt/format.h>
#include <string.h>  // sigabbrev_np is no part of <cstring>
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace crashlab {
namespace {

constexpr size_t kMaxLines = 24;
constexpr size_t kMaxLinesWithoutReport = 8;
constexpr size_t kMaxColumns = 160;
constexpr std::string_view kReportBegins[] = {
    "ERROR: ", "runtime error: ", "check failed: ", "terminate called"};

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsHexDigit(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

/// How many characters from `at` on satisfy the predicate.
template <typename Predicate>
size_t Span(std::string_view line, size_t at, Predicate predicate) {
  const auto begin = line.begin() + static_cast<ptrdiff_t>(std::min(at, line.size()));
  return static_cast<size_t>(std::find_if_not(begin, line.end(), predicate) - begin);
}

std::string Clean(std::string_view line) {
  std::string out;
  for (size_t at = 0; at < line.size() && out.size() < kMaxColumns;) {
    const std::string_view rest = line.substr(at);
    if (const size_t digits = Span(line, at + 2, IsDigit);
        rest.starts_with("==") && digits > 0 && rest.substr(2 + digits).starts_with("==")) {
      out += "==PID==";
      at += digits + 4;
    } else if (const size_t hex = Span(line, at + 2, IsHexDigit); rest.starts_with("0x") && hex) {
      out += "0x...";
      at += hex + 2;
    } else {
      const auto byte = static_cast<unsigned char>(line[at++]);
      if (byte >= 0x20 && byte < 0x7f) {
        out += static_cast<char>(byte);
      } else {
        out += fmt::format("\\x{:02x}", byte);
      }
    }
  }
  return out;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool BeginsReport(std::string_view line) {
  return std::any_of(std::begin(kReportBegins), std::end(kReportBegins),
                     [&](std::string_view words) { return line.find(words) != line.npos; });
}

}  // namespace

std::string DescribeEnd(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const char* name = sigabbrev_np(WTERMSIG(wait_status));
    if (name != nullptr) return fmt::format("died of signal SIG{}", name);
    return fmt::format("died of signal {}", WTERMSIG(wait_status));
  }
  return fmt::format("ended itself with exit code {}", WEXITSTATUS(wait_status));
}

std::vector<std::string> LastWords(std::string_view output) {
  const std::vector<std::string_view> lines = Lines(output);
  auto first = std::find_if(lines.begin(), lines.end(), BeginsReport);
  if (first == lines.end()) {
    first = lines.end() - static_cast<ptrdiff_t>(std::min(lines.size(), kMaxLinesWithoutReport));
  }
  std::vector<std::string> words;
  for (; first != lines.end() && words.size() < kMaxLines; ++first) words.push_back(Clean(*first));
  return words;
}

}  // namespace crashlab
