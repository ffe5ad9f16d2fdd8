#include "tests/style/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "faultfs/env/check.h"

namespace crashlab::style {
namespace {

namespace fs = std::filesystem;

bool IsOurs(const fs::path& relative) {
  const std::string path = relative.generic_string();
  const std::string name = relative.filename().string();
  const std::string suffix = relative.extension().string();
  if (name == "CMakeLists.txt" || path == "ci/packages.txt") return true;
  if (suffix == ".toml") return path.starts_with("scenarios/");
  for (const std::string_view known : {".h", ".cc", ".cmake", ".in", ".md", ".sh", ".yml"}) {
    if (suffix == known) return true;
  }
  return suffix.empty() && (path.starts_with("ci/") || path.starts_with(".ci/"));
}

bool IsSkippedFolder(const fs::path& relative) {
  const std::string name = relative.filename().string();
  if (relative.has_parent_path()) return name.starts_with(".");
  if (name == ".ci" || name == ".github") return false;
  return name.starts_with(".") || name == "build" || name.starts_with("build-") ||
         name == "findings";
}

std::string ReadWhole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  FAULTFS_CHECK(in.is_open(), "the style test must be able to read every source file");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

SourceTree LoadTree(const std::string& root) {
  SourceTree tree;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
    const fs::path relative = fs::relative(entry->path(), root);
    if (entry->is_directory()) {
      if (IsSkippedFolder(relative)) entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && IsOurs(relative)) {
      tree.push_back({relative.generic_string(), ReadWhole(entry->path())});
    }
  }
  std::sort(tree.begin(), tree.end(),
            [](const SourceFile& left, const SourceFile& right) { return left.path < right.path; });
  return tree;
}

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash + 1));
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace crashlab::style
