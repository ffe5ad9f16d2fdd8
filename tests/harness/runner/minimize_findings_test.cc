// What a run finds is made small, even where the engine takes its process with it.
#include "harness/runner/internal/minimize_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "harness/report/report.h"
#include "tests/harness/runner/fake_cases.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// What happens once the key "boom" is there.
enum class Charge { kForgets, kDiesLive, kDiesInRecovery, kHangsInRecovery };

/// Keeps the number of its sets in one file, synced, and of the one that set "boom".
class Explosive final : public Adapter {
 public:
  explicit Explosive(Charge charge) : charge_(charge) {}

  std::string_view name() const override { return "fake"; }
  std::string_view summary() const override { return "goes wrong on one key"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }

  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    constexpr faultfs::IoTag kTag("log.open");
    FAULTFS_ASSIGN_OR_RETURN(
        auto file, context.file_system.Open("/log", {.write = true, .create = true}, kTag));
    FAULTFS_RETURN_IF_ERROR(context.file_system.SyncDir("/", faultfs::IoTag("log.sync-dir")));
    FAULTFS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    std::string log(size, '\0');
    FAULTFS_RETURN_IF_ERROR(
        faultfs::ReadFully(*file, 0, std::as_writable_bytes(std::span(log))).status());
    const bool charged = log.find('!') != std::string::npos;
    if (charged && charge_ == Charge::kDiesInRecovery) std::abort();
    while (charged && charge_ == Charge::kHangsInRecovery) static_cast<void>(file->Size());
    if (charged && charge_ == Charge::kForgets) log.clear();
    return std::unique_ptr<System>(
        std::make_unique<Engine>(std::move(file), std::move(log), size, charge_));
  }

  /// Judges what every engine here does right: the number shown is at least that of the sets
  /// acknowledged.
  std::unique_ptr<Checker> MakeChecker(const Program&, const StoreConfig&) const override {
    return std::make_unique<CountChecker>();
  }

 private:
  class Engine final : public System {
   public:
    Engine(std::unique_ptr<faultfs::File> file, std::string log, uint64_t size, Charge charge)
        : file_(std::move(file)), log_(std::move(log)), size_(size), charge_(charge) {}
    Reply Apply(const Operation& operation, OpNumber) override {
      Reply reply;
      if (operation.verb != Verb::kSet) return reply;
      const bool boom = operation.key == "boom";
      if (boom && charge_ == Charge::kDiesLive) std::abort();
      const char entry = boom ? '!' : '.';
      reply.status = faultfs::WriteFully(*file_, size_++, std::as_bytes(std::span(&entry, 1)),
                                         faultfs::IoTag("log.append"))
                         .status;
      if (reply.status.ok()) {
        reply.status = file_->Sync(faultfs::SyncKind::kFull, faultfs::IoTag("log.sync"));
      }
      return reply;
    }
    Result<Dump> ReadAll() override { return Dump{{"sets", std::to_string(log_.size())}}; }
    Status Close() override { return Status(); }

   private:
    std::unique_ptr<faultfs::File> file_;
    const std::string log_;
    uint64_t size_;
    const Charge charge_;
  };

  class CountChecker final : public Checker {
   public:
    std::optional<Violation> Take(const Event& event, const Reply&) override {
      if (event.kind == Event::Kind::kReturn && event.outcome == Outcome::kOk) ++acked_;
      acked_at_.push_back(acked_);
      return std::nullopt;
    }
    std::optional<Violation> Judge(const Question& question) const override {
      if (!question.seen.open.ok() || question.decided != nullptr) return std::nullopt;
      const uint64_t acked = question.events == 0 ? 0 : acked_at_[question.events - 1];
      if (std::stoull(question.seen.dump.front().second) >= acked) return std::nullopt;
      return Violation{Verdict::kLostAcked, "fewer sets than acknowledged"};
    }

   private:
    uint64_t acked_ = 0;
    std::vector<uint64_t> acked_at_;
  };

  const Charge charge_;
  const Capabilities capabilities_{.verbs = {Verb::kSet}, .calls = {}};
  const Contract contract_;
};

/// A scenario of one program: twenty sets, the thirteenth of "boom".
Scenario Twenty() {
  Scenario scenario;
  scenario.name = "twenty";
  scenario.file = "twenty.toml";
  scenario.store.adapter = "fake";
  scenario.program.emplace();
  for (int i = 1; i <= 20; ++i) {
    Operation set;
    set.verb = Verb::kSet;
    set.key = i == 13 ? "boom" : "k" + std::to_string(i);
    set.value_bytes = 10;
    scenario.program->push_back(set);
  }
  scenario.crash.probe = false;
  return scenario;
}

class MinimizeFindingsTest : public ::testing::TestWithParam<Charge> {
 protected:
  MinimizeFindingsTest() {
    options_.jobs = 2;
    options_.explore.call_limit = 2'000;
  }

  std::vector<ScenarioOutcome> Run(Charge charge, const RunEvents& events = {}) {
    const Explosive adapter(charge);
    const AdapterSet adapters({&adapter});
    const auto outcomes = RunScenarios(scenarios_, adapters, options_, events);
    EXPECT_TRUE(outcomes.ok());
    return outcomes.ok() ? *outcomes : std::vector<ScenarioOutcome>();
  }

  std::vector<Scenario> scenarios_ = {Twenty()};
  RunOptions options_;
};

TEST_P(MinimizeFindingsTest, OneOperationIsLeft) {
  std::vector<std::string> told;
  const auto outcomes = Run(GetParam(), {.on_outcome = {},
                                         .on_finding = {},
                                         .on_minimized =
                                             [&](const ScenarioOutcome& outcome, size_t finding) {
                                               told.push_back(outcome.Smallest(finding).signature);
                                             },
                                         .on_progress = {}});
  ASSERT_THAT(outcomes, SizeIs(1));
  const ScenarioOutcome& outcome = outcomes.front();
  ASSERT_FALSE(outcome.findings.empty());
  ASSERT_EQ(outcome.minimized.size(), outcome.findings.size());
  ASSERT_TRUE(outcome.minimized.front().has_value());
  const Minimized& minimized = *outcome.minimized.front();
  EXPECT_TRUE(minimized.one_minimal);
  EXPECT_EQ(minimized.finding.verdict, outcome.findings.front().verdict);
  ASSERT_THAT(minimized.finding.reproducer.program, SizeIs(1));
  EXPECT_EQ(minimized.finding.reproducer.program.front().key, "boom");
  EXPECT_LT(minimized.program_runs, 60u);
  EXPECT_EQ(told.size(), outcome.findings.size());

  // What is left is a scenario, and gives what it says it gives.
  scenarios_ = {ScenarioOf(minimized.finding, "small")};
  const auto again = Run(GetParam());
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again.front().status, ScenarioStatus::kAsExpected) << again.front().reason;
  EXPECT_THAT(again.front().minimized, ::testing::Each(std::nullopt)) << "it was expected";
}

INSTANTIATE_TEST_SUITE_P(Charges, MinimizeFindingsTest,
                         ::testing::Values(Charge::kForgets, Charge::kDiesLive,
                                           Charge::kDiesInRecovery, Charge::kHangsInRecovery));

TEST_F(MinimizeFindingsTest, TheNumberOfWorkersDoesNotShow) {
  options_.jobs = 1;
  const std::string one = JsonLines(Run(Charge::kForgets), /*timings=*/false);
  options_.jobs = 3;
  EXPECT_EQ(JsonLines(Run(Charge::kForgets), /*timings=*/false), one);
  EXPECT_THAT(one, HasSubstr("\"operations\":1,\"operations_found\":20"));
  EXPECT_THAT(one, HasSubstr("\"one_minimal\":true"));
}

TEST_F(MinimizeFindingsTest, ALimitLeavesWhatThereIs) {
  options_.minimize.max_program_runs = 3;
  const auto outcomes = Run(Charge::kForgets);
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_FALSE(outcomes.front().minimized.empty());
  ASSERT_TRUE(outcomes.front().minimized.front().has_value());
  EXPECT_FALSE(outcomes.front().minimized.front()->one_minimal);
  EXPECT_GT(outcomes.front().Smallest(0).reproducer.program.size(), 1u);
}

TEST_F(MinimizeFindingsTest, NoneIsNone) {
  options_.minimize.max_program_runs = 0;
  const auto outcomes = Run(Charge::kForgets);
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_THAT(outcomes.front().minimized, ::testing::Each(std::nullopt));
  EXPECT_THAT(outcomes.front().Smallest(0).reproducer.program, SizeIs(20));
}

}  // namespace
}  // namespace crashlab
