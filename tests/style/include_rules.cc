// Which folder may include what, no cycles, no header without a reader.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "tests/style/lexer.h"
#include "tests/style/rules.h"

namespace crashlab::style {
namespace {

struct Layer {
  std::string_view folder;
  std::array<std::string_view, 4> may_include;  // folders of this project, its own among them
  bool libraries;                               // may it include other projects' headers?
};

// The first row whose folder a path begins with decides. An allowance is transitive: crash may
// include env because sim may.
constexpr Layer kLayers[] = {
    {"faultfs/env/", {"faultfs/env/"}, false},
    {"faultfs/sim/", {"faultfs/sim/", "faultfs/env/"}, true},
    {"faultfs/fault/", {"faultfs/fault/", "faultfs/env/"}, true},
    {"faultfs/crash/", {"faultfs/crash/", "faultfs/sim/", "faultfs/env/"}, true},
    {"store/", {"store/", "faultfs/env/"}, true},
    {"harness/adapters/kv_", {"harness/", "faultfs/", "store/"}, true},
    {"harness/", {"harness/", "faultfs/"}, true},
    {"tests/consumer/", {"tests/consumer/", "harness/", "faultfs/"}, true},
    {"tests/", {"tests/", "harness/", "store/", "faultfs/"}, true},
    {"bench/", {"bench/", "harness/", "store/", "faultfs/"}, true},
};

// Projects of their own: their includes are written from their own root too.
constexpr std::string_view kProjects[] = {"tests/consumer/"};

constexpr std::string_view kOurFolders[] = {"faultfs/", "store/", "harness/", "tests/", "bench/"};

constexpr std::string_view kLibraries[] = {"absl/",      "benchmark/", "CLI/",  "fmt/",
                                           "gmock/",     "gtest/",     "isa-l", "nlohmann/",
                                           "rapidcheck", "toml",       "xxhash"};

// Their headers cost seconds in every file that includes them.
constexpr std::string_view kSlowLibraries[] = {"CLI/", "nlohmann/", "rapidcheck", "toml"};

bool StartsWithAny(std::string_view path, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    return !prefix.empty() && path.starts_with(prefix);
  });
}

const Layer* LayerOf(std::string_view path) {
  for (const Layer& layer : kLayers) {
    if (path.starts_with(layer.folder)) return &layer;
  }
  return nullptr;
}

std::set<std::string_view> PathsOf(const SourceTree& tree) {
  std::set<std::string_view> paths;
  for (const SourceFile& file : tree) paths.insert(file.path);
  return paths;
}

/// The path from the root of the tree of what a file includes.
std::string_view Resolved(const SourceFile& file, std::string_view include,
                          const std::set<std::string_view>& paths) {
  for (std::string_view project : kProjects) {
    if (!file.path.starts_with(project)) continue;
    const auto own = paths.find(std::string(project).append(include));
    if (own != paths.end()) return *own;
  }
  return include;
}

std::string WrongWith(const SourceFile& file, const Layer& layer, const Include& include,
                      const std::set<std::string_view>& paths) {
  const std::string_view path = Resolved(file, include.path, paths);
  const bool ours = StartsWithAny(path, kOurFolders);
  if (ours && include.angled) return "our own headers are included with quotes";
  if (ours && !StartsWithAny(path, layer.may_include)) {
    return std::string(layer.folder) + " must not include it";
  }
  if (ours) return paths.contains(path) ? "" : "there is no such file";
  const bool library = StartsWithAny(include.path, kLibraries);
  if (!include.angled && !library) return "write the path from the root of the project";
  if (library && !layer.libraries) {
    return std::string(layer.folder) + " includes the standard library only";
  }
  if (file.IsHeader() && StartsWithAny(include.path, kSlowLibraries)) {
    return "costs seconds in every file that includes this header; include it in a .cc";
  }
  return "";
}

using IncludeGraph = std::map<std::string_view, std::vector<std::string_view>>;

IncludeGraph GraphOf(const SourceTree& tree) {
  const std::set<std::string_view> paths = PathsOf(tree);
  IncludeGraph graph;
  for (const SourceFile& file : tree) {
    if (!file.IsCpp()) continue;
    std::vector<std::string_view>& targets = graph[file.path];
    for (const Include& include : Lex(file.text).includes) {
      targets.push_back(Resolved(file, include.path, paths));
    }
  }
  return graph;
}

class CycleFinder {
 public:
  explicit CycleFinder(const IncludeGraph& graph) : graph_(graph) {}

  Violations Run() {
    for (const auto& [path, targets] : graph_) Visit(path);
    return std::move(found_);
  }

 private:
  void Visit(std::string_view path) {
    const auto node = graph_.find(path);
    if (node == graph_.end() || done_.contains(path)) return;
    const auto begin = std::find(trail_.begin(), trail_.end(), path);
    if (begin != trail_.end()) {
      std::string cycle;
      for (auto at = begin; at != trail_.end(); ++at) cycle += std::string(*at) + " -> ";
      found_.push_back(cycle + std::string(path) + ": a header must not reach itself");
      return;
    }
    trail_.push_back(path);
    for (const std::string_view target : node->second) Visit(target);
    trail_.pop_back();
    done_.insert(path);
  }

  const IncludeGraph& graph_;
  std::vector<std::string_view> trail_;
  std::set<std::string_view> done_;
  Violations found_;
};

}  // namespace

Violations CheckIncludes(const SourceTree& tree) {
  const std::set<std::string_view> paths = PathsOf(tree);
  Violations found;
  for (const SourceFile& file : tree) {
    const Layer* layer = LayerOf(file.path);
    if (!file.IsCpp() || layer == nullptr) continue;
    for (const Include& include : Lex(file.text).includes) {
      const std::string wrong = WrongWith(file, *layer, include, paths);
      if (wrong.empty()) continue;
      found.push_back(file.path + ":" + std::to_string(include.line) + ": include of " +
                      std::string(include.path) + ": " + wrong);
    }
  }
  return found;
}

Violations CheckIncludeCycles(const SourceTree& tree) {
  const IncludeGraph graph = GraphOf(tree);
  return CycleFinder(graph).Run();
}

Violations CheckDeadHeaders(const SourceTree& tree) {
  std::set<std::string_view> included;
  const IncludeGraph graph = GraphOf(tree);
  for (const auto& [path, targets] : graph) included.insert(targets.begin(), targets.end());
  Violations found;
  for (const SourceFile& file : tree) {
    if (file.IsHeader() && !included.contains(file.path)) {
      found.push_back(file.path + ":1: no file includes this header; remove it or use it");
    }
  }
  return found;
}

}  // namespace crashlab::style
