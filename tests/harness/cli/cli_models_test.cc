// `crashlab run --models`: on which file systems does it show?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/harness/cli/cli_fixture.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// With a finding of an engine that relies on the order of names.
class CliModelsTest : public CliFixture {
 protected:
  CliModelsTest() {
    fs::create_directory("suite");
    Write("finding.toml", kFinding);
    Write("suite/kill.toml", "program = 'set a 1'\n[process]\nkills = 1\n");
    Write("suite/good.toml",
          "expect = 'pass'\nat_least = { recoveries = 1000000 }\n[workload]\nruns = 2\n"
          "[store]\nadapter = 'kv'\n[crash]\nbudget = 20\ntear = 'byte-linear'\n");
  }

  /// The seconds and rates are what differs between two equal runs.
  std::string Reported(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"run", "finding.toml", "--json", "report.json"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(Run(all).exit_code, 1);
    std::istringstream lines(Read("report.json"));
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      text += line.substr(0, line.find(",\"seconds\":")) + "\n";
    }
    return text;
  }

  static constexpr std::string_view kFinding = R"(
expect = { verdict = "LOST_ACKED" }
program = """
set a 10
set b 20
"""
[store]
adapter = "toy"
layout = "generations"
[crash]
models = ["posix"]
[[crash.chain]]
kind = "power-loss"
at = "end"
lost = ["toy.publish#2/rename"]
)";
};

TEST_F(CliModelsTest, WrongNames) {
  ExpectWrong({"run", "finding.toml", "--models", "xfx"},
              "run: --models xfx: no model \"xfx\"; did you mean \"xfs\"?");
  ExpectWrong({"run", "finding.toml", "--models", "posix,al"},
              "run: --models posix,al: no model \"al\"; did you mean \"all\"?");
  ExpectWrong({"run", "finding.toml", "--models", "ext4"},
              "run: --models ext4: no model \"ext4\"; did you mean \"ext4-writeback\" or "
              "\"ext4-ordered\" or \"ext4-journal\"?");
  ExpectWrong({"run", "finding.toml", "--models", "xfs,btrfs,xfs"},
              "run: --models xfs,btrfs,xfs: \"xfs\" is there twice");
  ExpectWrong({"run", "finding.toml", "--models", ""}, "run: --models: no value");
  EXPECT_THAT(Run({"run", "finding.toml", "--models", "xfs,"}).err, HasSubstr("no model \"\""));
}

TEST_F(CliModelsTest, AFindingShowsWhereNamesHaveNoOrder) {
  const Ran ran = Run({"run", "finding.toml", "--models", "all"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(
      ran.out,
      AllOf(HasSubstr("\nmodels    posix, prefix, ext4-writeback, ext4-ordered, ext4-journal, "
                      "btrfs, xfs; of a finding not its chain, but up to 20000 states each\n"),
            HasSubstr("\n      LOST_ACKED on posix, btrfs; clean on prefix, ext4-writeback, "
                      "ext4-ordered, ext4-journal, xfs")));
  // Each finding has a file, and comes again.
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator("findings")) {
    EXPECT_EQ(Run({"replay", entry.path().string()}).exit_code, 1) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 2u);
  EXPECT_THAT(ran.out, HasSubstr("\nthe same on btrfs, findings/finding-LOST_ACKED-btrfs-"));
  EXPECT_THAT(ran.out, Not(HasSubstr("made smaller")));
}

TEST_F(CliModelsTest, NotToShowIsNoFailure) {
  const Ran ran = Run({"run", "finding.toml", "--models", "ext4-ordered,xfs"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("\n      clean on ext4-ordered, xfs\n"));
}

TEST_F(CliModelsTest, ADeathThatLosesNothingShowsOnEach) {
  std::string process_death(kFinding);
  process_death.replace(process_death.find("power-loss"), 10, "process-death");
  process_death.erase(process_death.find("lost = "));
  process_death.replace(process_death.find("\"toy\""), 5, "\"canary\"");
  process_death.erase(process_death.find("layout"), sizeof("layout = \"generations\"\n") - 1);
  Write("finding.toml", process_death);
  const Ran ran = Run({"run", "finding.toml", "--models", "posix,xfs"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\n      LOST_ACKED on posix, xfs"));
  EXPECT_THAT(ran.out, Not(HasSubstr("power-loss")));
}

TEST_F(CliModelsTest, OneResultOnAnyNumberOfWorkers) {
  const std::string one = Reported({"--models", "all", "--jobs", "1"});
  EXPECT_EQ(Reported({"--models", "all", "--jobs", "4"}), one);
  EXPECT_EQ(Reported({"--models", "all", "--jobs", "1"}), one);
  EXPECT_THAT(one, HasSubstr("\"programs\":1,\"exhausted_programs\":1,"));
}

TEST_F(CliModelsTest, RealProcessesAreRefusedByNameAndLeftOutOfAFolder) {
  ExpectWrong({"run", "suite/kill.toml", "--models", "xfs"},
              "suite/kill.toml: no model has a say in what real processes leave ([process])");
  const Ran ran = Run({"run", "suite", "--models", "xfs"});
  EXPECT_EQ(ran.exit_code, 0) << "what was promised was counted on other models\n" << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr(", 1 scenario, "),
                             HasSubstr("\n          without 1 of real processes\n")));
}

}  // namespace
}  // namespace crashlab
