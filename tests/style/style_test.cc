// The rules over the project's own tree.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/style/rules.h"

namespace crashlab::style {
namespace {

const SourceTree& Project() {
  static const SourceTree tree = LoadTree(CRASHLAB_SOURCE_DIR);
  return tree;
}

void ExpectNone(const Violations& found) {
  std::string report;
  for (const std::string& violation : found) report += violation + "\n";
  EXPECT_TRUE(found.empty()) << found.size() << " violations\n" << report;
}

// A rule that is shown nothing finds nothing: the tree must hold what everyone knows is there.
TEST(StyleTest, TheTreeIsRead) {
  size_t cpp = 0;
  size_t lists = 0;
  size_t scripts = 0;
  for (const SourceFile& file : Project()) {
    if (file.IsCpp()) ++cpp;
    if (file.IsBuildList()) ++lists;
    if (file.IsScript()) ++scripts;
    EXPECT_FALSE(file.IsIn("build")) << file.path;
  }
  EXPECT_GE(cpp, 20u);
  EXPECT_GE(lists, 5u);
  EXPECT_GE(scripts, 8u);
}

TEST(StyleTest, IncludesFollowTheLayers) { ExpectNone(CheckIncludes(Project())); }
TEST(StyleTest, HeadersHaveNoCycles) { ExpectNone(CheckIncludeCycles(Project())); }
TEST(StyleTest, EveryHeaderIsIncluded) { ExpectNone(CheckDeadHeaders(Project())); }
TEST(StyleTest, NoBannedName) { ExpectNone(CheckBannedNames(Project())); }
TEST(StyleTest, NoUnfinishedWork) { ExpectNone(CheckMarkers(Project())); }
TEST(StyleTest, Layout) { ExpectNone(CheckLayout(Project())); }
TEST(StyleTest, EverySourceIsInABuildList) { ExpectNone(CheckBuildLists(Project())); }

TEST(StyleTest, EverySourceIsCompiled) {
  std::ifstream in(CRASHLAB_BINARY_DIR "/compile_commands.json");
  ASSERT_TRUE(in.is_open());
  const std::string commands{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ExpectNone(CheckCompiled(Project(), CRASHLAB_SOURCE_DIR, commands));
}

TEST(StyleTest, CommandsCanBeRun) {
  for (const SourceFile& file : Project()) {
    if (!file.text.starts_with("#!")) continue;
    const auto mode = std::filesystem::status(CRASHLAB_SOURCE_DIR "/" + file.path).permissions();
    EXPECT_NE(mode & std::filesystem::perms::owner_exec, std::filesystem::perms::none)
        << file.path << " is not executable";
  }
}

}  // namespace
}  // namespace crashlab::style
