// The project's own text files as values, so that a rule can be shown a real tree or a made-up one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crashlab::style {

struct SourceFile {
  std::string path;  // from the root, '/' between components
  std::string text;

  [[nodiscard]] bool HasSuffix(std::string_view suffix) const { return path.ends_with(suffix); }
  [[nodiscard]] bool IsIn(std::string_view folder) const { return path.starts_with(folder); }
  [[nodiscard]] bool IsHeader() const { return HasSuffix(".h"); }
  [[nodiscard]] bool IsCpp() const { return IsHeader() || HasSuffix(".cc"); }
  [[nodiscard]] bool IsBuildList() const { return path == "CMakeLists.txt" || InFolderList(); }
  /// A command of ci/, which has no suffix.
  [[nodiscard]] bool IsScript() const { return HasSuffix(".sh") || text.starts_with("#!"); }

 private:
  [[nodiscard]] bool InFolderList() const { return HasSuffix("/CMakeLists.txt"); }
};

/// Sorted by path.
using SourceTree = std::vector<SourceFile>;

/// Every source, build list, script and page below `root`; build output and hidden folders but .ci
/// are left out. An unreadable file is a failed check.
[[nodiscard]] SourceTree LoadTree(const std::string& root);

/// The folder of a path with its '/' at the end; empty for a file at the root.
[[nodiscard]] std::string FolderOf(std::string_view path);

[[nodiscard]] std::vector<std::string_view> LinesOf(std::string_view text);

}  // namespace crashlab::style
