// One program, driven once.
#include "harness/explore/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using Kind = Event::Kind;

Run RunOf(const Case& c, const Adapter& adapter = KvAdapter()) {
  NotingMonitor monitor;
  return RunProgram(c, adapter, {}, monitor);
}

std::vector<Kind> KindsOf(const Run& run) {
  std::vector<Kind> kinds;
  for (const Event& event : run.events) kinds.push_back(event.kind);
  return kinds;
}

TEST(RunProgram, NotesEveryEventAndMarksIt) {
  const auto run = RunOf(CaseOf("set a 10; reopen; kill; get a"));
  EXPECT_FALSE(run.live.has_value());
  EXPECT_THAT(KindsOf(run),
              ::testing::ElementsAre(Kind::kOpened, Kind::kInvoke, Kind::kReturn, Kind::kInvoke,
                                     Kind::kClosed, Kind::kOpened, Kind::kInvoke, Kind::kKilled,
                                     Kind::kOpened, Kind::kInvoke, Kind::kReturn));
  std::vector<uint64_t> marks;
  for (const faultfs::TraceOp& op : run.volume->trace().ops) {
    if (op.kind == faultfs::TraceKind::kMark) marks.push_back(op.mark);
  }
  ASSERT_EQ(marks.size(), run.events.size());
  for (size_t i = 0; i < marks.size(); ++i) EXPECT_EQ(marks[i], i);
}

TEST(RunProgram, EventsAtCountsTheMarksBefore) {
  const auto run = RunOf(CaseOf("set a 10; set b 10"));
  const faultfs::Trace& trace = run.volume->trace();
  size_t marks = 0;
  for (uint32_t steps = 0; steps <= trace.ops.size(); ++steps) {
    EXPECT_EQ(EventsAt(trace, steps), marks);
    if (steps < trace.ops.size() && trace.ops[steps].kind == faultfs::TraceKind::kMark) ++marks;
  }
  EXPECT_EQ(marks, run.events.size());
}

TEST(RunProgram, CountsTheOpensThatHadBegun) {
  const auto run = RunOf(CaseOf("set a 10; reopen; kill"));
  ASSERT_EQ(run.opens.size(), run.events.size() + 1);
  EXPECT_EQ(run.opens.front(), 1u);  // begun before the first event
  EXPECT_EQ(run.opens.back(), 3u);
  for (size_t i = 1; i < run.opens.size(); ++i) EXPECT_LE(run.opens[i - 1], run.opens[i]);
}

TEST(RunProgram, IsTheSameTwiceAndDiffersBySeed) {
  Case c = CaseOf("set a 10; batch set b 10, delete a; kill; set c 5000");
  EXPECT_EQ(RunOf(c).digest, RunOf(c).digest);
  const auto first = RunOf(c);
  ++c.seed;
  EXPECT_NE(RunOf(c).digest, first.digest);
}

TEST(RunProgram, AFaultIsTheEnginesToReport) {
  Case c = CaseOf("set a 10; set b 10");
  c.faults = {"fail IO_ERROR sync tag=wal.sync"};
  const auto run = RunOf(c);
  EXPECT_FALSE(run.live.has_value());
  ASSERT_EQ(run.events.size(), 5u);
  EXPECT_EQ(run.events[2].outcome, Outcome::kInfo);
  EXPECT_EQ(run.events[4].outcome, Outcome::kFail);
  EXPECT_EQ(run.events[4].code, Code::kPoisoned);
}

TEST(RunProgram, NoSpaceOfASyncProvesNothing) {
  Case c = CaseOf("set a 10");
  c.faults = {"fail NO_SPACE sync tag=wal.sync"};
  EXPECT_EQ(RunOf(c).events[2].outcome, Outcome::kInfo);
  c.faults = {"fail NO_SPACE write tag=wal.append"};
  EXPECT_EQ(RunOf(c).events[2].outcome, Outcome::kFail);
}

TEST(RunProgram, AnOpenThatFailsForNoReasonIsAFinding) {
  class Closed final : public Adapter {
   public:
    std::string_view name() const override { return "closed"; }
    std::string_view summary() const override { return ""; }
    const Capabilities& capabilities() const override { return KvAdapter().capabilities(); }
    const Contract& contract() const override { return KvAdapter().contract(); }
    Result<std::unique_ptr<System>> Open(const OpenContext&) const override {
      return Status::Error(Code::kIoError, "closed today");
    }
  };
  const auto closed = RunOf(CaseOf("set a 10"), Closed());
  ASSERT_TRUE(closed.live.has_value());
  EXPECT_EQ(closed.live->verdict, Verdict::kOpenFailed);
  EXPECT_TRUE(closed.events.empty());
}

TEST(RunProgram, AnErrorForNoReasonIsAFinding) {
  const auto run = RunOf(CaseOf("set a 10; delete a; set b 10"), TinyEngine(Flaw::kFailsOnDelete));
  ASSERT_TRUE(run.live.has_value());
  EXPECT_EQ(run.live->verdict, Verdict::kNotWritable);
  EXPECT_EQ(run.events.back().op, 2u);  // nothing is driven further
}

TEST(CaseEntropy, NoLifeRepeatsAnothers) {
  std::set<uint64_t> seen;
  for (uint64_t seed : {1, 2}) {
    for (uint64_t open = 0; open < 50; ++open) {
      CaseEntropy entropy(seed, open);
      for (int i = 0; i < 4; ++i) EXPECT_TRUE(seen.insert(entropy.Next()).second);
    }
  }
  CaseEntropy first(1, 3);
  CaseEntropy second(1, 3);
  EXPECT_EQ(first.Next(), second.Next());
}

TEST(Probe, IsNoneOfTheProgramsOperations) {
  const Case c = CaseOf("set a 24; set b 24");
  EXPECT_EQ(ProbeNumber(c), 3u);
  EXPECT_EQ(ProbeOperation().verb, Verb::kSet);
}

}  // namespace
}  // namespace crashlab
