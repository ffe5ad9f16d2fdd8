// What `crashlab run` tells beside its verdicts: models, coverage, files of findings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/harness/cli/cli_fixture.h"

namespace crashlab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CliReportTest : public CliFixture {};

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
