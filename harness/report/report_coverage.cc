// Coverage as a table for people.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/report/report.h"

namespace crashlab {

std::string CoverageText(const Coverage& coverage) {
  const std::vector<std::string>& names = FaultClassNames();
  FaultClasses any = 0;
  size_t file_width = 4;
  size_t tag_width = 3;
  for (const auto& [call, classes] : coverage.calls) {
    any |= classes;
    file_width = std::max(file_width, call.file.size());
    tag_width = std::max(tag_width, call.tag.size());
  }
  std::vector<size_t> columns;
  for (size_t i = 0; i < names.size(); ++i) {
    if ((any >> i & 1) != 0) columns.push_back(i);
  }
  // Too many and too long for a heading each: a letter stands for a class.
  const auto letter = [](size_t column) {
    return static_cast<char>(column < 26 ? 'a' + column : 'A' + (column - 26));
  };
  std::string text = "coverage: what each call met with\n";
  for (size_t i = 0; i < columns.size(); ++i) {
    text += fmt::format("  {}  {}\n", letter(i), names[columns[i]]);
  }
  text += fmt::format("\n  {:<{}}  {:<{}}  ", "file", file_width, "tag", tag_width);
  for (size_t i = 0; i < columns.size(); ++i) text += letter(i);
  text += '\n';
  for (const auto& [call, classes] : coverage.calls) {
    text += fmt::format("  {:<{}}  {:<{}}  ", call.file, file_width, call.tag, tag_width);
    for (size_t i = 0; i < columns.size(); ++i) {
      text += (classes >> columns[i] & 1) != 0 ? letter(i) : '.';
    }
    text += '\n';
  }
  return text;
}

}  // namespace crashlab
