// The minimizer on engines whose smallest failing program is known.

#include "harness/explore/minimizer.h"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

#include "harness/adapters/bad_adapters.h"
#include "harness/explore/candidates.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

/// Counts its sets in one file, synced; an Open that finds `limit` or more of them shows nothing.
class Forgetful final : public Adapter {
 public:
  explicit Forgetful(uint64_t limit) : limit_(limit) {}

  std::string_view name() const override { return "forgetful"; }
  std::string_view summary() const override { return "forgets everything at a limit"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }

  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    return std::unique_ptr<System>(std::make_unique<Engine>(context.file_system, limit_));
  }

 private:
  class Engine final : public System {
   public:
    Engine(faultfs::FileSystem& fs, uint64_t limit) : limit_(limit) {
      auto file = fs.Open("/count", {.write = true, .create = true}, faultfs::IoTag("count.open"));
      file_ = std::move(file).value();
      opened_with_ = file_->Size().value();
      EXPECT_TRUE(fs.SyncDir("/", faultfs::IoTag("count.sync-dir")).ok());
    }
    Reply Apply(const Operation& operation, OpNumber number) override {
      Reply reply;
      if (operation.verb != Verb::kSet) return reply;
      const std::string entry = ValueOf(number, 0, operation.value_bytes);
      const std::byte one{1};
      const uint64_t at = file_->Size().value();
      reply.status =
          faultfs::WriteFully(*file_, at, std::span(&one, 1), faultfs::IoTag("count.write")).status;
      if (reply.status.ok()) {
        reply.status = file_->Sync(faultfs::SyncKind::kFull, faultfs::IoTag("count.sync"));
      }
      return reply;
    }
    // What it shows is one entry whose value is the count: the checker below knows no more.
    Result<Dump> ReadAll() override {
      const uint64_t shown = opened_with_ >= limit_ ? 0 : opened_with_;
      return Dump{{"count", std::to_string(shown)}};
    }
    Status Close() override { return Status(); }

   private:
    const uint64_t limit_;
    uint64_t opened_with_ = 0;
    std::unique_ptr<faultfs::File> file_;
  };

  /// At least as many as were acknowledged.
  class Counter final : public Checker {
   public:
    explicit Counter(const Program& program) : program_(program) { acked_.push_back(0); }
    std::optional<Violation> Take(const Event& event, const Reply&) override {
      const bool set = event.kind == Event::Kind::kReturn && event.outcome == Outcome::kOk &&
                       program_[event.op - 1].verb == Verb::kSet;
      acked_.push_back(acked_.back() + (set ? 1 : 0));
      return std::nullopt;
    }
    std::optional<Violation> Judge(const Question& question) const override {
      if (std::stoull(question.seen.dump[0].second) >= acked_[question.events]) return std::nullopt;
      return Violation{Verdict::kLostAcked, "fewer than were acknowledged"};
    }

   private:
    const Program& program_;
    std::vector<uint64_t> acked_;
  };

  std::unique_ptr<Checker> MakeChecker(const Program& program, const StoreConfig&) const override {
    return std::make_unique<Counter>(program);
  }

  const uint64_t limit_;
  const Capabilities capabilities_ = {.verbs = {Verb::kSet, Verb::kGet}, .calls = {}};
  const Contract contract_ = {.rows = {{Verb::kSet, std::nullopt, Promise::kPower}},
                              .not_applied = {}};
};

Case LongCase(int operations, int every) {
  std::string program;
  for (int i = 0; i < operations; ++i) {
    program += i % every == 0 ? "set key" + std::to_string(i % 7) + " 40\n" : "get key1\n";
  }
  Case c = CaseOf(program);
  c.crash.probe = false;
  c.crash.budget = 4000;
  return c;
}

Minimized MinimizeFirst(const Case& c, const Adapter& adapter) {
  NotingMonitor monitor;
  const CaseResult result = Explore(c, adapter, {}, monitor);
  EXPECT_FALSE(result.findings.empty());
  return Minimize(result.findings.front(), adapter, {}, {}, monitor);
}

/// Without any one of its operations the program no longer gives the verdict, in any state.
void ExpectOneMinimal(const Case& c, const Adapter& adapter, Verdict verdict) {
  NotingMonitor monitor;
  for (size_t i = 0; i < c.program.size(); ++i) {
    Case smaller = c;
    smaller.program.erase(smaller.program.begin() + static_cast<std::ptrdiff_t>(i));
    smaller.crash.chain.clear();
    smaller.crash.budget = 20'000;
    for (const Finding& finding : Explore(smaller, adapter, {}, monitor).findings) {
      EXPECT_NE(finding.verdict, verdict) << "without operation " << i + 1;
    }
  }
}

TEST(Minimizer, EightyOperationsToThree) {
  const Forgetful engine(3);
  const Minimized minimized = MinimizeFirst(LongCase(80, 2), engine);
  EXPECT_TRUE(minimized.one_minimal);
  EXPECT_EQ(minimized.finding.reproducer.program.size(), 3u);
  EXPECT_LE(minimized.program_runs, 300u);
  ExpectOneMinimal(minimized.finding.reproducer, engine, Verdict::kLostAcked);
}

TEST(Minimizer, FourHundredOperationsToEighty) {
  const Forgetful engine(80);
  const Minimized minimized = MinimizeFirst(LongCase(400, 2), engine);
  EXPECT_TRUE(minimized.one_minimal);
  EXPECT_EQ(minimized.finding.reproducer.program.size(), 80u);
  EXPECT_LE(minimized.program_runs, 8'000u);
}

TEST(Minimizer, ShrinksKeysValuesAndLosses) {
  Case c = CaseOf("set \"a long key\" 300\nset b 5000\ndelete b\nget b\nset c 77\n");
  const Minimized minimized = MinimizeFirst(c, ToyAdapter());
  const Case& smallest = minimized.finding.reproducer;
  ASSERT_EQ(smallest.program.size(), 1u);
  EXPECT_LE(smallest.program[0].key.size(), 2u);
  EXPECT_EQ(smallest.program[0].value_bytes, 0u);
  EXPECT_EQ(smallest.crash.chain.size(), 1u);
  ExpectOneMinimal(smallest, ToyAdapter(), minimized.finding.verdict);
}

TEST(Minimizer, WhatItGivesReplays) {
  const Minimized minimized = MinimizeFirst(LongCase(30, 1), Forgetful(5));
  const Forgetful engine(5);
  NotingMonitor monitor;
  const auto replayed = Replay(minimized.finding.reproducer, engine, {}, monitor);
  ASSERT_TRUE(replayed.ok()) << replayed.status().ToString();
  ASSERT_TRUE(replayed->finding.has_value());
  EXPECT_EQ(replayed->finding->verdict, minimized.finding.verdict);
  EXPECT_EQ(replayed->finding->signature, minimized.finding.signature);
}

TEST(Minimizer, AFindingThatDoesNotShowComesBackAsItWas) {
  NotingMonitor monitor;
  Finding finding;
  finding.verdict = Verdict::kLostAcked;
  finding.signature = "LOST_ACKED power-loss";
  finding.reproducer = CaseOf("set a 1\n");
  finding.reproducer.crash.chain = {
      {.kind = CrashKind::kPowerLoss,
       .state = {.at = "end", .lost = {}, .tears = {}, .fill = "zeros"}}};
  const Minimized minimized = Minimize(finding, TinyEngine(Flaw::kNone), {}, {}, monitor);
  EXPECT_FALSE(minimized.one_minimal);
  EXPECT_EQ(minimized.finding, finding);
}

TEST(Candidates, AreSmallerAndBeginWithHalves) {
  Case c;
  c.program = ParseProgram("set a 10\nset b 10\nbatch set c 1; delete d\nget a\n").value();
  const std::vector<Case> candidates = Candidates(c);
  ASSERT_GE(candidates.size(), 6u);
  EXPECT_EQ(Print(candidates[0].program), "batch set c 1; delete d\nget a\n");
  EXPECT_EQ(Print(candidates[1].program), "set a 10\nset b 10\n");
  for (const Case& candidate : candidates) {
    EXPECT_NE(candidate, c);
    EXPECT_LE(Print(candidate.program).size(), Print(c.program).size());
  }
}

Case CaseOfClients(std::string_view program, std::string schedule) {
  Case c;
  c.program = ParseProgram(program).value();
  c.clients.emplace().schedule = std::move(schedule);
  return c;
}

/// Those of that kind, as programs and schedules.
std::vector<std::pair<std::string, std::string>> Of(Reduction::Kind kind, const Case& c) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const Reduction& reduction : ReductionsOf(c)) {
    if (reduction.kind != kind) continue;
    const Case smaller = Reduce(c, reduction);
    texts.emplace_back(Print(smaller.program), smaller.clients->schedule.value());
  }
  return texts;
}

using Texts = std::vector<std::pair<std::string, std::string>>;

TEST(Candidates, AClientGivesItsOperationsToAnother) {
  const Case c =
      CaseOfClients("0: set a 1\n1: get a\nreopen\n2: get b\n", "0*3 2*4 1 2 3*5 0 1*7 0*9");
  EXPECT_EQ(Of(Reduction::Kind::kMergeClient, c),
            (Texts{{"0: set a 1\n0: get a\nreopen\n1: get b\n", "0*3 1*4 0 1 2*5 0*17"},
                   {"0: set a 1\n1: get a\nreopen\n0: get b\n", "0*7 1 0 2*5 0 1*7 0*9"},
                   {"0: set a 1\n1: get a\nreopen\n1: get b\n", "0*3 1*6 2*5 0 1*7 0*9"}}));
  EXPECT_TRUE(Of(Reduction::Kind::kMergeClient, CaseOfClients("set a 1\nkill\n", "0*3")).empty());
}

TEST(Candidates, AClientWithoutOperationsGoes) {
  EXPECT_EQ(Of(Reduction::Kind::kMergeClient, CaseOfClients("2: get a\n3: get b\nkill\n", "#5")),
            (Texts{{"1: get a\n2: get b\nkill\n", "#5"},
                   {"1: get a\n2: get b\nkill\n", "#5"},
                   {"2: get a\n2: get b\nkill\n", "#5"}}));
  Case c = CaseOfClients("5: get a\n", "5*3");
  for (int left = 5; left > 0; --left) c = Reduce(c, {Reduction::Kind::kMergeClient, 0, 1, 0});
  EXPECT_EQ(Print(c.program), "get a\n");
  EXPECT_EQ(c.clients->schedule, "0*3");
}

TEST(Candidates, ASwitchGoes) {
  const std::string program = "0: set a 1\n1: get a\n2: get a\n";
  EXPECT_EQ(Of(Reduction::Kind::kDropSwitch, CaseOfClients(program, "0*3 1*2 0*4 2")),
            (Texts{{program, "1*2 0*4 2"},
                   {program, "0*7 2"},
                   {program, "0*3 1*2 2"},
                   {program, "0*3 1*2 0*4"}}));
  EXPECT_TRUE(Of(Reduction::Kind::kDropSwitch, CaseOfClients(program, "0*3")).empty());
  EXPECT_TRUE(Of(Reduction::Kind::kDropSwitch, CaseOfClients(program, "#3")).empty());
}

TEST(Candidates, ClientsComeAfterOperationsAndSwitchesLast) {
  const Case c = CaseOfClients("0: set \"a key\" 7 sync\n1: get b\n", "0*3 1 0");
  const std::vector<Reduction> all = ReductionsOf(c);
  for (size_t i = 1; i < all.size(); ++i) {
    EXPECT_TRUE(AtOrAfter(all[i], all[i - 1])) << i;
    EXPECT_GE(all[i].kind, all[i - 1].kind) << i;
  }
  EXPECT_EQ(all[2].kind, Reduction::Kind::kMergeClient);
  EXPECT_EQ(all.back(), (Reduction{Reduction::Kind::kDropSwitch, 0, 2, 0}));
}

TEST(Candidates, OtherReductionsLeaveTheScheduleAlone) {
  const Case c = CaseOfClients("0: set \"a key\" 7 sync\n1: batch set b 3\n", "0*3 1 0");
  for (const Reduction& reduction : ReductionsOf(c)) {
    if (reduction.kind == Reduction::Kind::kMergeClient) continue;
    if (reduction.kind == Reduction::Kind::kDropSwitch) continue;
    EXPECT_EQ(Reduce(c, reduction).clients, c.clients);
  }
}

TEST(Candidates, AWalkThatTakesEveryOneEnds) {
  Case c;
  c.program =
      ParseProgram("set \"some key\" 5000 buffered\nbatch set x 9; set y 700\nreopen\nset z 1\n")
          .value();
  c.faults = {"fail IO_ERROR sync nth=1"};
  int steps = 0;
  for (std::vector<Reduction> all = ReductionsOf(c); !all.empty(); all = ReductionsOf(c)) {
    c = Reduce(c, all.back());
    ASSERT_LT(++steps, 200);
  }
  EXPECT_TRUE(c.program.empty());

  c = CaseOfClients("0: set a 10\n1: batch set b 3; delete a\nreopen\n3: get a\n", "0 3*9 1 0*4");
  for (std::vector<Reduction> all = ReductionsOf(c); !all.empty(); all = ReductionsOf(c)) {
    c = Reduce(c, all[std::min(all.size() - 1, static_cast<size_t>(steps) % 7)]);
    ASSERT_LT(++steps, 400);
  }
  EXPECT_TRUE(c.program.empty());
  EXPECT_EQ(RunsOf(c.clients->schedule.value()).size(), 1u);
}

}  // namespace
}  // namespace crashlab
