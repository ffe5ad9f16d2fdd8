// Texts for people, word for word; XML and JSON that parse whatever an engine said.
#include "harness/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stack>

#include "harness/report/internal/progress.h"
#include "tests/harness/runner/fake_cases.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Operation Set(std::string key, uint64_t value_bytes) {
  Operation operation;
  operation.verb = Verb::kSet;
  operation.key = std::move(key);
  operation.value_bytes = value_bytes;
  return operation;
}

Finding LostAcked() {
  Case c;
  c.program = {Set("k1", 350), Set("k2", 10)};
  c.seed = 1234;
  c.faults = {"ignore sync"};
  Finding finding = testing::FindingOf(c, Verdict::kLostAcked, "LOST_ACKED power-loss lost=wal");
  finding.detail = "operation 1 is gone";
  finding.story = {"1. set k1 350: Ok", "power loss at the end", "  lost: wal.append#1/s0"};
  return finding;
}

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    Outcome(0).counts = {.programs = 1234,
                         .crash_points = 56789,
                         .states = 1234567,
                         .recoveries = 60000,
                         .judgements = 80000,
                         .judgements_with_loss = 50000};
    Outcome(0).counts.inner_recoveries = 40000;
    Outcome(0).counts.exhausted_programs = 1200;
    Outcome(0).seconds = 2.5;
    Outcome(1).status = ScenarioStatus::kUnexpected;
    Outcome(1).reason = "expected pass, found LOST_ACKED power-loss lost=wal";
    Outcome(1).counts = {.programs = 1, .crash_points = 1, .states = 1, .recoveries = 1};
    Outcome(1).counts.exhausted_programs = 1;
    Outcome(1).exhausted = true;
    Outcome(1).findings = {LostAcked()};
    Outcome(1).finding_seeds = {1234};
    Outcome(1).finding_count = 3;
    Outcome(2).status = ScenarioStatus::kNotDecided;
    Outcome(2).reason = "interrupted";
  }
  ScenarioOutcome& Outcome(size_t i) { return outcomes_[i]; }

  std::vector<Scenario> scenarios_ = {testing::Generated("rolls", 1234, 7),
                                      testing::Generated("bad", 1, 7),
                                      testing::Generated("late", 5, 8)};
  std::vector<ScenarioOutcome> outcomes_ = [this] {
    std::vector<ScenarioOutcome> outcomes(3);
    for (size_t i = 0; i < 3; ++i) {
      outcomes[i].scenario = &scenarios_[i];
      outcomes[i].status = ScenarioStatus::kAsExpected;
      outcomes[i].cases = outcomes[i].cases_done = 1;
    }
    return outcomes;
  }();
};

TEST_F(ReportTest, Header) {
  RunOptions options;
  options.jobs = 2;
  EXPECT_EQ(HeaderText(scenarios_, options, "0.1.0"),
            "seed      7 (2 scenarios), 8 (late)\n"
            "crashlab  0.1.0, 3 scenarios, 2 workers\n");
  options.seed = 99;
  options.runs = 10;
  options.shard = 2;
  options.shards = 4;
  options.jobs = 1;
  EXPECT_EQ(HeaderText(scenarios_, options, "0.1.0"),
            "seed      99 (--seed, for all)\n"
            "crashlab  0.1.0, 3 scenarios, --runs 10, shard 2/4, 1 worker\n");
}

TEST_F(ReportTest, SchedulesAreCountedWhereThereAreSome) {
  Outcome(1).counts.schedules = 1200;
  EXPECT_EQ(OutcomeLine(Outcome(1)),
            "FAIL  bad  exhausted  1 program, 1,200 schedules, 1 point, 1 state, 1 recovery, 0 "
            "judgements, 0.0 s\n"
            "      expected pass, found LOST_ACKED power-loss lost=wal\n");
}

TEST_F(ReportTest, OutcomeLines) {
  EXPECT_EQ(OutcomeLine(Outcome(0)),
            "ok    rolls  sampled (1,200 of 1,234 exhausted)  1,234 programs, 56,789 points, "
            "1,234,567 states, 60,000 recoveries, 80,000 judgements (62% with loss), 40,000 inner, "
            "2.5 s, 40,000/s\n");
  EXPECT_EQ(OutcomeLine(Outcome(1)),
            "FAIL  bad  exhausted  1 program, 1 point, 1 state, 1 recovery, 0 judgements, 0.0 s\n"
            "      expected pass, found LOST_ACKED power-loss lost=wal\n");
  EXPECT_EQ(
      OutcomeLine(Outcome(2)),
      "open  late  sampled  0 programs, 0 points, 0 states, 0 recoveries, 0 judgements, 0.0 s\n"
      "      interrupted\n");
}

TEST_F(ReportTest, AFindingEndsWithItsReplayCommand) {
  EXPECT_EQ(FindingText(LostAcked(), "out dir/bad-LOST_ACKED-1.toml", "./crashlab"),
            R"(LOST_ACKED power-loss lost=wal
  operation 1 is gone
  engine kv, sync, seed 1234, model posix
  fault: ignore sync
  program:
    set k1 350
    set k2 10
  story:
    1. set k1 350: Ok
    power loss at the end
      lost: wal.append#1/s0
  file:   out dir/bad-LOST_ACKED-1.toml
  replay: ./crashlab replay 'out dir/bad-LOST_ACKED-1.toml'
)");
}

TEST_F(ReportTest, AnExpectedFindingIsShort) {
  Scenario scenario;
  EXPECT_EQ(ExpectedFindingText(scenario, LostAcked(), "f.toml", "crashlab"),
            "      found as expected: LOST_ACKED power-loss lost=wal\n"
            "      replay: crashlab replay f.toml\n");
  scenario.crash.models.push_back(*faultfs::FindModel("xfs"));
  EXPECT_EQ(ExpectedFindingText(scenario, LostAcked(), "f.toml", "crashlab"),
            "      found as expected: LOST_ACKED power-loss lost=wal, on posix\n"
            "      replay: crashlab replay f.toml\n");
}

TEST_F(ReportTest, CoverageIsATable) {
  Coverage coverage;
  coverage.Note("log", "wal.append", kPowerLossBefore | kTorn);
  coverage.Note("directory", "wal.sync-dir", 0);
  coverage.Note("log", "wal.sync", RotClass(faultfs::RotKind::kFlip) | kTorn);
  EXPECT_EQ(CoverageText(coverage),
            "coverage: what each call met with\n"
            "  a  power-loss\n"
            "  b  torn\n"
            "  c  rot-flip\n"
            "\n"
            "  file       tag           abc\n"
            "  directory  wal.sync-dir  ...\n"
            "  log        wal.append    ab.\n"
            "  log        wal.sync      .bc\n");
}

TEST_F(ReportTest, SeveralModelsHaveALineAndOneHasNone) {
  const std::string one = OutcomeLine(Outcome(1));
  Outcome(1).models = {{"posix", {.programs = 1, .recoveries = 7}}};
  EXPECT_EQ(OutcomeLine(Outcome(1)), one);
  Outcome(1).models.push_back(
      {"prefix", {.programs = 1, .exhausted_programs = 1, .recoveries = 3}});
  Outcome(1).models.push_back({"btrfs", {.programs = 1, .recoveries = 2}});
  Outcome(1).models.push_back({"xfs", {.programs = 1, .recoveries = 9}});
  Outcome(1).models.push_back({"xfs tear=4096", {}});
  Finding hole = LostAcked();
  hole.verdict = Verdict::kHole;
  Outcome(1).findings.push_back(hole);
  Finding on_btrfs = LostAcked();
  on_btrfs.model = "btrfs";
  Outcome(1).findings.push_back(on_btrfs);
  Outcome(1).finding_seeds = {1, 2, 3};
  EXPECT_EQ(
      OutcomeLine(Outcome(1)),
      one +
          "      HOLE on posix; LOST_ACKED on posix, btrfs; clean on prefix, xfs; not judged: "
          "xfs tear=4096; exhausted: prefix\n");
  EXPECT_THAT(JUnitXml(outcomes_), HasSubstr("LOST_ACKED on posix, btrfs; clean on prefix, xfs"));
  const std::string json = JsonLines(outcomes_, false);
  EXPECT_THAT(json, HasSubstr(R"("models":[{"name":"posix","verdicts":["HOLE","LOST_ACKED"],)"
                              R"("clean":false,"programs":1,"exhausted_programs":0,"states":0,)"
                              R"("recoveries":7,"judgements":0,"process_deaths":0},)"
                              R"({"name":"prefix","verdicts":[],)"
                              R"("clean":true,)"));
  EXPECT_THAT(json, HasSubstr(R"({"name":"xfs tear=4096","verdicts":[],"clean":false,)"));
}

TEST_F(ReportTest, Summary) {
  EXPECT_EQ(SummaryText(outcomes_, 5),
            "3 scenarios: 1 as expected, 1 unexpected, 1 not decided\n"
            "1,235 programs, 56,790 points, 1,234,568 states, 60,001 recoveries, "
            "80,000 judgements (62% with loss), 40,000 inner, 5.0 s, 20,000/s\n"
            "largest share: 99% of the recoveries in rolls\n"
            "unexpected:\n"
            "  bad: expected pass, found LOST_ACKED power-loss lost=wal\n"
            "not decided:\n"
            "  late: interrupted\n"
            "exit 1: not everything is as expected\n");
}

TEST_F(ReportTest, ExitCodes) {
  EXPECT_EQ(ExitCode(outcomes_), 1) << "a finding outweighs what was not decided";
  outcomes_.erase(outcomes_.begin() + 1);
  EXPECT_EQ(ExitCode(outcomes_), 3);
  outcomes_.pop_back();
  EXPECT_EQ(ExitCode(outcomes_), 0);
}

TEST_F(ReportTest, ARunThatJudgedNothingIsLoud) {
  outcomes_ = {Outcome(2)};
  EXPECT_THAT(SummaryText(outcomes_, 1), HasSubstr("*** NOTHING WAS RECOVERED"));
  EXPECT_THAT(SummaryText({}, 1), HasSubstr("*** NOTHING WAS RECOVERED"));
}

TEST(ShellWordTest, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(ShellWord("a/b-1.toml"), "a/b-1.toml");
  EXPECT_EQ(ShellWord("a b"), "'a b'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellWord(""), "''");
}

/// A small judge of well-formed XML: names nest, attributes are quoted, nothing is left unescaped,
/// no character that XML 1.0 forbids. Returns what is wrong.
std::string XmlError(std::string_view text) {
  std::stack<std::string> open;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return "control character";
    if (static_cast<unsigned char>(c) >= 0x7f) return "not ASCII";
  }
  while (!text.empty()) {
    const size_t begin = text.find_first_of("<>&\"");
    if (text.front() == '<') {
      const size_t end = text.find('>');
      if (end == text.npos) return "tag without end";
      const std::string_view tag = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
      if (tag.find('<') != tag.npos) return "'<' in a tag";
      if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "an open quote";
      if (tag.front() == '?') continue;
      const std::string name(tag.substr(0, tag.find(' ')));
      if (name.front() != '/') {
        open.push(name);
      } else if (open.empty() || "/" + open.top() != name) {
        return "closes " + name;
      } else {
        open.pop();
      }
    } else if (begin == text.npos) {
      return open.empty() ? "" : "text at the end";
    } else if (text[begin] == '&') {
      const std::string_view entity = text.substr(begin, text.find(';', begin) - begin);
      if (entity != "&lt" && entity != "&gt" && entity != "&amp" && entity != "&quot" &&
          entity != "&#10") {
        return "entity " + std::string(entity);
      }
      text.remove_prefix(begin + entity.size() + 1);
    } else if (text[begin] == '<') {
      text.remove_prefix(begin);
    } else {
      return "not escaped";
    }
  }
  return open.empty() ? "" : "not closed: " + open.top();
}

TEST_F(ReportTest, JUnitSaysFailureAndError) {
  const std::string xml = JUnitXml(outcomes_);
  EXPECT_EQ(XmlError(xml), "");
  EXPECT_THAT(xml, HasSubstr("tests=\"3\" failures=\"1\" errors=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"expected pass, found LOST_ACKED power-loss"));
  EXPECT_THAT(xml, HasSubstr("<error message=\"interrupted\">"));
  EXPECT_THAT(xml, HasSubstr("set k1 350"));
}

TEST_F(ReportTest, JUnitIsWellFormedWhateverAnEngineSays) {
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
  scenarios_[1].name = "a<b>&\"c\x01";
  Outcome(1).reason = every_byte;
  Outcome(1).findings[0].detail = every_byte;
  Outcome(1).findings[0].story = {"]]>", every_byte};
  EXPECT_EQ(XmlError(JUnitXml(outcomes_)), "");
}

TEST(XmlErrorTest, SeesWhatIsWrong) {
  for (const char* wrong :
       {"<a>", "<a></b>", "<a b=\"></a>", "<a>&x;</a>", "<a>\x01</a>", "<a>\"</a>", "<a>></a>"}) {
    EXPECT_NE(XmlError(wrong), "") << wrong;
  }
  EXPECT_EQ(XmlError("<a b=\"c\">x &lt; y<d></d></a>"), "");
}

TEST_F(ReportTest, JsonLinesAreObjects) {
  Outcome(1).findings[0].detail = "no UTF-8: \xff\x80";
  std::istringstream lines(JsonLines(outcomes_, /*timings=*/true));
  std::vector<nlohmann::json> objects;
  for (std::string line; std::getline(lines, line);) {
    objects.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
    ASSERT_TRUE(objects.back().is_object()) << line;
  }
  ASSERT_EQ(objects.size(), 5u);
  EXPECT_EQ(objects[0]["type"], "scenario");
  EXPECT_EQ(objects[0]["recoveries"], 60000);
  EXPECT_EQ(objects[0]["recoveries_per_second"], 40000);
  EXPECT_EQ(objects[2]["type"], "finding");
  EXPECT_EQ(objects[2]["verdict"], "LOST_ACKED");
  EXPECT_EQ(objects[2]["expected"], false);
  EXPECT_EQ(objects[2]["case_seed"], 1234);
  EXPECT_THAT(objects[2]["reproducer"].get<std::string>(), HasSubstr("set k1 350"));
  EXPECT_EQ(objects[4]["type"], "summary");
  EXPECT_EQ(objects[4]["exit"], 1);
}

TEST_F(ReportTest, JsonWithoutTimingsHasNone) {
  const std::string before = JsonLines(outcomes_, /*timings=*/false);
  EXPECT_THAT(before, Not(HasSubstr("second")));
  Outcome(0).seconds = 77;
  EXPECT_EQ(JsonLines(outcomes_, /*timings=*/false), before);
}

TEST(ProgressTest, FitsTheTerminal) {
  Progress progress;
  progress.scenario = 2;
  progress.scenarios = 12;
  progress.cases_done = 250;
  progress.cases = 1000;
  progress.seconds = 25;
  progress.counts = {.programs = 260, .recoveries = 1'000'000};
  progress.counts.exhausted_programs = 60;
  EXPECT_EQ(ProgressText(progress, std::nullopt, 79),
            "scenario 3/12, 250/1000 programs, 40k recoveries/s, 1:15 left, 23% exhausted");
  EXPECT_EQ(ProgressText(progress, 35'000, 66),
            "scenario 3/12, 250/1000 programs, 40k recoveries/s, 0:10 left");
  EXPECT_EQ(ProgressText(progress, std::nullopt, 40), "scenario 3/12, 250/1000 programs");
  EXPECT_EQ(ProgressText(progress, std::nullopt, 5), "");
}

TEST(ProgressTest, BeforeTheFirstCaseNothingIsEstimated) {
  Progress progress;
  progress.scenarios = 1;
  progress.cases = 9;
  EXPECT_EQ(ProgressText(progress, std::nullopt, 100),
            "scenario 1/1, 0/9 programs, 0 recoveries/s");
}

}  // namespace
}  // namespace crashlab
