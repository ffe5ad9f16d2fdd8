// What `crashlab run` tells beside its verdicts: models, coverage, files of findings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "harness/main.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int exit_code;
  std::string out;
};

/// In a folder of its own.
class CliReportTest : public ::testing::Test {
 protected:
  CliReportTest()
      : before_(fs::current_path()),
        folder_(fs::path(::testing::TempDir()) /
                (std::string("cli_report_") +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::current_path(folder_);
  }
  ~CliReportTest() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }

  static void Write(const std::string& file, std::string_view text) { std::ofstream(file) << text; }
  static Ran Run(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"crashlab"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    const int exit_code = Main(static_cast<int>(argv.size()), argv.data(), BuiltinAdapters());
    return {exit_code, ::testing::internal::GetCapturedStdout()};
  }
  static std::vector<std::string> Findings() {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator("findings")) {
      files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  const fs::path before_;
  const fs::path folder_;
};

TEST_F(CliReportTest, FindingsOfSeveralModelsHaveFilesOfTheirOwn) {
  Write("models.toml",
        "expect = { verdict = \"LOST_ACKED\", on = [\"btrfs\"], clean_on = [\"xfs\"] }\n"
        "program = \"set a 10\\nset b 20\"\n[store]\nadapter = \"toy\"\n"
        "layout = \"generations\"\n[crash]\nmodels = [\"posix\", \"btrfs\", \"xfs\"]\n");
  const Ran ran = Run({"run", "models.toml"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("\n      LOST_ACKED on posix, btrfs; clean on xfs\n"));
  EXPECT_THAT(ran.out, HasSubstr("lost=toy.publish, on btrfs\n"));
  size_t on_btrfs = 0;
  for (const std::string& file : Findings()) {
    EXPECT_THAT(file, ::testing::MatchesRegex(
                          "findings/models-LOST_ACKED-(posix|btrfs)-[0-9a-f]{8}\\.toml"));
    if (file.find("btrfs") != file.npos) ++on_btrfs;
    EXPECT_EQ(Run({"replay", file}).exit_code, 1) << file;
  }
  EXPECT_EQ(on_btrfs, 1u);
  EXPECT_GT(Findings().size(), 1u);
}

TEST_F(CliReportTest, CoverageIsPrintedIfAskedForAndPromisesAreKept) {
  const auto write = [&](const std::string& promise) {
    Write("promise.toml", "program = \"set a 10\"\n[store]\nadapter = \"kv\"\n[promises]\n" +
                              ("coverage = [\"" + promise + "\"]\n"));
  };
  write("log wal.append lost*");
  const Ran kept = Run({"run", "promise.toml"});
  EXPECT_EQ(kept.exit_code, 0) << kept.out;
  EXPECT_THAT(kept.out, Not(HasSubstr("coverage: what each call met with")));
  EXPECT_THAT(Run({"run", "promise.toml", "--coverage"}).out,
              AllOf(HasSubstr("\ncoverage: what each call met with\n  a  power-loss\n"),
                    HasSubstr("\n  log        wal.append       abcd\n")));
  write("log wal.append rot-*");
  const Ran broken = Run({"run", "promise.toml"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.out, HasSubstr("coverage \"log wal.append rot-*\" is promised, and there was "
                                    "no \"log wal.append rot-flip\"\n"));
}

}  // namespace
}  // namespace crashlab
