// Scenario files and folders on a real disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/scenario/scenario.h"
#include "tests/harness/scenario/lab_adapter.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class ScenarioLoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "scenarios.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const { return (root_ / name).string(); }

  std::string Write(const std::string& name, std::string_view text = "program = ''\n") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << text;
    return Path(name);
  }

  std::vector<std::string> Names(const std::vector<std::string>& paths) {
    const Result<std::vector<Scenario>> scenarios = LoadScenarios(paths, test::LabAdapters());
    EXPECT_TRUE(scenarios.ok()) << scenarios.status().ToString();
    std::vector<std::string> names;
    if (!scenarios.ok()) return names;
    for (const Scenario& scenario : *scenarios) names.push_back(scenario.name);
    return names;
  }

  std::string WhyNot(const std::vector<std::string>& paths) {
    const Result<std::vector<Scenario>> scenarios = LoadScenarios(paths, test::LabAdapters());
    return scenarios.ok() ? "they load" : std::string(scenarios.status().message());
  }

  fs::path root_;
};

TEST_F(ScenarioLoadTest, FilesAsTheyAreAndFoldersSorted) {
  Write("folder/b.toml");
  Write("folder/a.toml");
  Write("folder/below/c.toml");
  Write("folder/README.md", "no scenario");
  const std::string other = Write("other.scenario");
  EXPECT_THAT(Names({other, Path("folder")}), ElementsAre("other", "a", "b", "c"));
}

TEST_F(ScenarioLoadTest, AFolderMayBeNamedLikeAFile) {
  Write("x.toml/a.toml");
  Write("x.toml/below.toml/b.toml");
  EXPECT_THAT(Names({Path("x.toml")}), ElementsAre("a", "b"));
}

TEST_F(ScenarioLoadTest, SaysWhatCannotBeRead) {
  EXPECT_EQ(WhyNot({Path("none.toml")}), Path("none.toml") + ": no such file or folder");

  fs::create_directory(root_ / "empty");
  EXPECT_EQ(WhyNot({Path("empty")}), Path("empty") + ": no *.toml in this folder");

  const std::string binary = Write("binary.toml", std::string_view("\x7f"
                                                                   "ELF\0\1\2",
                                                                   7));
  EXPECT_EQ(WhyNot({binary}), binary + ": no text; a scenario is TOML");

  const std::string latin = Write("latin.toml", "why = '\xe9'\n");
  EXPECT_EQ(WhyNot({latin}), latin + ":1: Encountered invalid utf-8 sequence");

  ASSERT_EQ(mkfifo(Path("pipe.toml").c_str(), 0600), 0);
  EXPECT_EQ(WhyNot({Path("pipe.toml")}), Path("pipe.toml") + ": neither a file nor a folder");

  fs::create_directory(root_ / "links");
  fs::create_symlink("nowhere", root_ / "links/l.toml");
  EXPECT_EQ(WhyNot({Path("links")}), Path("links/l.toml") + ": no such file or folder");

  const std::string deep = Write("deep/er/wrong.toml", "program = ''\nsede = 1\n");
  EXPECT_EQ(WhyNot({Path("deep")}), deep + ":2: no key \"sede\"; did you mean \"seed\"?");
}

TEST_F(ScenarioLoadTest, NamesAreUsedOnce) {
  const std::string one = Write("one/same.toml");
  const std::string two = Write("two/same.toml");
  EXPECT_EQ(WhyNot({one, two}), two + ": scenario \"same\" is in " + one + " too");
  EXPECT_EQ(WhyNot({one, one}), one + ": named twice");
}

TEST(ScenarioFilesTest, AllScenariosOfTheProjectLoadAndPrintBack) {
  const AdapterSet adapters(BuiltinAdapters());
  const std::string folder = CRASHLAB_SOURCE_DIR "/scenarios";
  const Result<std::vector<Scenario>> scenarios = LoadScenarios({folder}, adapters);
  ASSERT_TRUE(scenarios.ok()) << scenarios.status().ToString();
  EXPECT_GE(scenarios->size(), 10u);
  for (const Scenario& scenario : *scenarios) {
    EXPECT_NE(scenario.why, "") << scenario.file << " does not say why it is there";
    const Result<Scenario> reread =
        ParseScenario(PrintScenario(scenario), scenario.name + ".toml", adapters);
    ASSERT_TRUE(reread.ok()) << scenario.file << "\n" << reread.status().ToString();
    EXPECT_EQ(*reread, scenario);
  }
}

TEST(ScenarioFilesTest, TheExamplesOfTheDocumentationParse) {
  std::ifstream page(CRASHLAB_SOURCE_DIR "/docs/scenarios.md");
  size_t examples = 0;
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```toml") {
      inside = true;
      text.clear();
    } else if (line == "```" && inside) {
      inside = false;
      if (text.find("why = ") == std::string::npos) continue;  // a part of one
      ++examples;
      const Result<Scenario> scenario =
          ParseScenario(text, "example.toml", AdapterSet(BuiltinAdapters()));
      EXPECT_TRUE(scenario.ok()) << scenario.status().ToString();
    } else if (inside) {
      text += line + "\n";
    }
  }
  EXPECT_EQ(examples, 2u);
}

}  // namespace
}  // namespace crashlab
