// Scenarios with [process] through crashlab::Main and the reports: files, lines, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/main.h"
#include "harness/report/report.h"
#include "tests/harness/runner/fake_cases.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

class OnDiskCliTest : public ::testing::Test {
 protected:
  OnDiskCliTest() {
    fs::create_directories(folder_);
    std::ofstream(File("toy.toml")) << "program = \"set a 10\\nset b 10\"\n[store]\n"
                                       "adapter = \"toy\"\nbuffered = true\n[process]\nkills = 3\n";
  }
  ~OnDiskCliTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string File(const std::string& name) const { return folder_ / name; }

  int Run(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv = {"crashlab"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit_code = Main(static_cast<int>(argv.size()), argv.data(), BuiltinAdapters());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return exit_code;
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / ("on_disk_" + std::to_string(getpid()));
  std::string out_;
  std::string err_;
};

TEST_F(OnDiskCliTest, AFindingKeepsTheDiskAndReplays) {
  EXPECT_EQ(Run({"run", File("toy.toml"), "--out", File("out"), "--jobs", "2"}), 1);
  EXPECT_THAT(out_, HasSubstr("1 program, 3 kills, 3 reopened"));
  std::string finding;
  for (const auto& entry : fs::directory_iterator(File("out"))) {
    if (entry.path().extension() == ".toml") finding = entry.path();
  }
  EXPECT_THAT(out_, HasSubstr("  disk:   " + DiskFolderOf(finding)));
  EXPECT_TRUE(fs::is_regular_file(fs::path(DiskFolderOf(finding)) / "db" / "toy.log"));

  EXPECT_EQ(Run({"replay", finding}), 1);
  EXPECT_THAT(out_, HasSubstr("the finding shows"));
  EXPECT_EQ(Run({"minimize", finding}), 3);
  EXPECT_THAT(err_, HasSubstr("a finding on a real disk is not made smaller"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"explain", finding},
                                             {"export", finding, "--out", File("disk")},
                                             {"replay", finding, "--on-disk", File("disk")}}) {
    EXPECT_EQ(Run(words), 2);
    EXPECT_EQ(err_, "crashlab: " + finding + ": a scenario with [process] has no simulated disk\n");
  }
}

TEST_F(OnDiskCliTest, AKilledRecoveryReplays) {
  std::ofstream(File("twice.toml")) << "program = \"set a 10\"\n[store]\nadapter = \"toy\"\n"
                                       "rewrites = true\n[process]\nkills = 2\ndepth = 2\n"
                                       "inner = 50\n";
  std::vector<std::string> reports;
  for (const char* jobs : {"1", "2"}) {
    const std::string out = File(std::string("out-") + jobs);
    EXPECT_EQ(Run({"run", File("twice.toml"), "--out", out, "--jobs", jobs}), 1);
    EXPECT_THAT(out_, HasSubstr("inner kill"));
    std::string finding;
    for (const auto& entry : fs::directory_iterator(out)) {
      if (entry.path().extension() == ".toml") finding = entry.path();
    }
    std::ifstream file(finding);
    reports.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    EXPECT_THAT(reports.back(), HasSubstr("\nkill = \"end, then call "));
    EXPECT_EQ(Run({"replay", finding}), 1);
    EXPECT_THAT(out_, HasSubstr("the finding shows"));
    EXPECT_THAT(out_, HasSubstr("opened again, and killed by SIGKILL just before call "));
  }
  EXPECT_EQ(reports[0], reports[1]);
}

class LeftOutTest : public ::testing::Test {
 protected:
  LeftOutTest() {
    outcomes_[0].counts = {.left_out = 3};
    outcomes_[0].status = ScenarioStatus::kLeftOut;
    outcomes_[0].reason = "left out: why";
    outcomes_[1].counts = {
        .programs = 2, .kills = 9, .reopened = 8, .inner_kills = 7, .inner_reopened = 6};
    outcomes_[1].status = ScenarioStatus::kAsExpected;
    for (size_t i = 0; i < 2; ++i) outcomes_[i].scenario = &scenarios_[i];
  }

  std::vector<Scenario> scenarios_ = {testing::Generated("small", 3), testing::Generated("big", 2)};
  std::vector<ScenarioOutcome> outcomes_{2};
};

TEST_F(LeftOutTest, IsSaidAndIsNoPass) {
  EXPECT_EQ(OutcomeLine(outcomes_[0]),
            "left  small  sampled  0 programs, 3 left out, 0.0 s\n      left out: why\n");
  EXPECT_EQ(
      OutcomeLine(outcomes_[1]),
      "ok    big  sampled  2 programs, 9 kills, 8 reopened, 7 inner kills, 6 reopened, 0.0 s\n");
  const std::string summary = SummaryText(outcomes_, 1);
  EXPECT_THAT(summary, HasSubstr("1 as expected, 0 unexpected, 0 not decided, 1 left out\n"));
  EXPECT_THAT(summary, HasSubstr("left out:\n  small: left out: why\n"));
  EXPECT_THAT(summary, HasSubstr("exit 0: every scenario gave what it expects, but for"));
  EXPECT_EQ(ExitCode(outcomes_), 0);
  outcomes_.pop_back();
  EXPECT_EQ(ExitCode(outcomes_), 3);
}

TEST_F(LeftOutTest, IsSkippedInReports) {
  const std::string xml = JUnitXml(outcomes_);
  EXPECT_THAT(xml, HasSubstr("errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"left out: why\"/>"));
  const std::string json = JsonLines(outcomes_, /*timings=*/false);
  EXPECT_THAT(json, HasSubstr("\"status\":\"left-out\""));
  EXPECT_THAT(json, HasSubstr("\"scenarios_left_out\":1"));
  EXPECT_THAT(json, HasSubstr("\"kills\":9,\"reopened\":8,\"inner_kills\":7,"
                              "\"inner_reopened\":6,\"left_out\":3"));
}

}  // namespace
}  // namespace crashlab
