// No source file left out of the build.
#include <algorithm>
#include <set>
#include <string_view>

#include "tests/style/rules.h"

namespace crashlab::style {
namespace {

// A list read as words; comments are dropped.
std::vector<std::string> WordsOf(std::string_view list) {
  std::vector<std::string> words;
  for (std::string_view line : LinesOf(list)) {
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      const size_t end = std::min(line.find_first_of(" \t()\""), line.size());
      if (end > 0) words.emplace_back(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }
  return words;
}

std::string PathFromRoot(const std::string& folder, const std::string& word) {
  constexpr std::string_view kRoot = "${PROJECT_SOURCE_DIR}/";
  constexpr std::string_view kHere = "${CMAKE_CURRENT_SOURCE_DIR}/";
  if (word.starts_with(kRoot)) return word.substr(kRoot.size());
  if (word.starts_with(kHere)) return folder + word.substr(kHere.size());
  return folder + word;
}

// The folders of build lists that start a project of their own, below the root.
std::vector<std::string> OwnProjects(const SourceTree& tree) {
  std::vector<std::string> folders;
  for (const SourceFile& file : tree) {
    if (!file.IsBuildList() || file.path == "CMakeLists.txt") continue;
    const std::vector<std::string> words = WordsOf(file.text);
    if (std::find(words.begin(), words.end(), "project") != words.end()) {
      folders.push_back(FolderOf(file.path));
    }
  }
  return folders;
}

}  // namespace

Violations CheckBuildLists(const SourceTree& tree) {
  std::set<std::string> listed;
  for (const SourceFile& file : tree) {
    if (!file.IsBuildList()) continue;
    const std::string folder = FolderOf(file.path);
    for (const std::string& word : WordsOf(file.text)) {
      if (word.ends_with(".cc")) listed.insert(PathFromRoot(folder, word));
    }
  }
  Violations found;
  for (const SourceFile& file : tree) {
    if (file.HasSuffix(".cc") && !listed.contains(file.path)) {
      found.push_back(file.path + ":1: in no CMakeLists.txt; name it there or remove it");
    }
  }
  return found;
}

Violations CheckCompiled(const SourceTree& tree, const std::string& root,
                         const std::string& compile_commands) {
  const std::vector<std::string> own_projects = OwnProjects(tree);
  Violations found;
  for (const SourceFile& file : tree) {
    const bool elsewhere =
        file.IsIn("bench/") || std::any_of(own_projects.begin(), own_projects.end(),
                                           [&](const auto& folder) { return file.IsIn(folder); });
    if (!file.HasSuffix(".cc") || elsewhere) continue;
    if (compile_commands.find("\"" + root + "/" + file.path + "\"") == std::string::npos) {
      found.push_back(file.path + ":1: this build doesn't compile it; add its folder to the build");
    }
  }
  return found;
}

}  // namespace crashlab::style
