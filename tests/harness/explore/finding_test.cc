// Signatures, stories and names of models.
#include "harness/explore/finding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

CrashStep PowerLoss(std::vector<std::string> lost, std::vector<std::string> tears = {},
                    std::string fill = "zeros") {
  CrashStep step;
  step.kind = CrashKind::kPowerLoss;
  step.state = {.at = "end", .lost = std::move(lost), .tears = std::move(tears), .fill = fill};
  return step;
}

CrashStep ProcessDeath() {
  CrashStep step;
  step.kind = CrashKind::kProcessDeath;
  step.state.at = "wal.sync#1.end";
  return step;
}

TEST(Signature, NamesTagsAndNotNumbers) {
  EXPECT_EQ(SignatureOf(Verdict::kLostAcked,
                        {PowerLoss({"wal.append#2/s0", "wal.append#2/size", "wal.append#7/s1"})}),
            "LOST_ACKED power-loss lost=wal.append");
  EXPECT_EQ(SignatureOf(Verdict::kHole, {PowerLoss({"wal.roll#2/+b", "wal.append#2/s0"})}),
            "HOLE power-loss lost=wal.append,wal.roll");
  EXPECT_EQ(SignatureOf(Verdict::kHole, {PowerLoss({})}), "HOLE power-loss");
}

TEST(Signature, SaysWhatWasTornAndWhatShowed) {
  EXPECT_EQ(SignatureOf(Verdict::kPhantom, {PowerLoss({"a.b#1/s0"}, {"a.b#1/s0 front 7"})}),
            "PHANTOM power-loss lost=a.b torn=a.b");
  EXPECT_EQ(SignatureOf(Verdict::kPhantom, {PowerLoss({"a.b#1/s0"}, {}, "garbage")}),
            "PHANTOM power-loss lost=a.b fill=garbage");
  EXPECT_EQ(SignatureOf(Verdict::kPhantom, {PowerLoss({"a.b#1/s0"}, {}, "")}),
            "PHANTOM power-loss lost=a.b");
}

TEST(Signature, OfAChain) {
  EXPECT_EQ(SignatureOf(Verdict::kLostAcked, {ProcessDeath(), PowerLoss({"a.b#1/s0"})}),
            "LOST_ACKED process-death, then power-loss lost=a.b");
}

TEST(Signature, OfALiveAnswer) {
  NotingMonitor monitor;
  const Case c = CaseOf("set a 10; set a 12; get a; set b 10");
  const auto run = RunProgram(c, TinyEngine(Flaw::kStaleReads), {}, monitor);
  ASSERT_TRUE(run.live.has_value());
  EXPECT_EQ(LiveSignature(run.live->verdict, c, run), "WRONG_VALUE live get");
}

TEST(FindingModel, IsNamedWhereItHadAPart) {
  NotingMonitor monitor;
  Case c = CaseOf("set a 10");
  ASSERT_TRUE(faultfs::SetSwitch(c.crash.models[0], "tear", "4096").ok());
  for (const Finding& finding : Explore(c, CanaryAdapter(), {}, monitor).findings) {
    const bool power = finding.signature.find("power-loss") != std::string::npos;
    EXPECT_EQ(finding.model, power ? "posix tear=4096" : "") << finding.signature;
  }
}

TEST(FindingModel, NamesEverySwitch) {
  for (const faultfs::PersistenceModel& row : faultfs::kModels) EXPECT_EQ(ModelName(row), row.name);
  faultfs::PersistenceModel model = faultfs::kModels[0];
  ASSERT_TRUE(faultfs::SetSwitch(model, "tear", "byte-linear").ok());
  ASSERT_TRUE(faultfs::SetSwitch(model, "fill", "zeros").ok());
  ASSERT_TRUE(faultfs::SetSwitch(model, "rename", "two-edits").ok());
  ASSERT_TRUE(faultfs::SetSwitch(model, "order", "total").ok());
  ASSERT_TRUE(faultfs::SetSwitch(model, "sync", "everything").ok());
  EXPECT_EQ(ModelName(model),
            "posix tear=byte-linear fill=zeros rename=two-edits order=total sync=everything");
}

TEST(FindingStory, TellsAnswersCrashAndVerdict) {
  NotingMonitor monitor;
  const Case c = CaseOf("set a 10; set b 10");
  const CaseResult result = Explore(c, TinyEngine(Flaw::kNoDirSync), {}, monitor);
  ASSERT_FALSE(result.findings.empty());
  const std::vector<std::string>& story = result.findings.front().story;
  EXPECT_THAT(story, Contains("1. set a 10: Ok"));
  EXPECT_THAT(story, Contains(StartsWith("power loss ")));
  EXPECT_THAT(story, Contains(StartsWith("  lost: tiny.publish#1/rename: ")));
  EXPECT_THAT(story.back(), StartsWith("LOST_ACKED: "));
  EXPECT_EQ(story.back(), "LOST_ACKED: " + result.findings.front().detail);
}

TEST(FindingStory, TellsFaultsAndErrors) {
  NotingMonitor monitor;
  Case c = CaseOf("set a 10; reopen");
  c.faults = {"ignore sync,sync-dir"};
  const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
  ASSERT_FALSE(result.findings.empty());
  EXPECT_THAT(result.findings.front().story, Contains("fault: ignore sync,sync-dir"));
}

// A finding may come with more lost than it needs, torn and with garbage: all of that goes.
TEST(Shrinking, DropsWhatDoesNotMatter) {
  Case c = CaseOf("set a 10; set b 900; set c 10");
  NotingMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, ToyAdapter(), options, monitor};
  const auto run = RunProgram(c, ToyAdapter(), options, monitor);
  const faultfs::EffectGraph graph =
      faultfs::Lower(run.volume->base(), run.volume->trace(), c.crash.models.front());
  faultfs::CrashState state;
  state.point = faultfs::CrashPoints(run.volume->trace()).back();
  state.lost = faultfs::PointView(graph, state.point).pending();
  state.fill = faultfs::Fill::kGarbage;
  ASSERT_GT(state.lost.size(), 3u);
  const std::vector<CrashStep> all = {
      {.kind = CrashKind::kPowerLoss, .state = faultfs::ToText(graph, state)}};
  const auto shrunk = ShrinkChain(lab, all, Verdict::kLostAcked);
  ASSERT_EQ(shrunk.size(), 1u);
  EXPECT_EQ(shrunk.front().state.lost.size(), 1u);
  EXPECT_EQ(shrunk.front().state.fill, "zeros");
  EXPECT_EQ(shrunk.front().state.at, "end");
}

TEST(Shrinking, LeavesAloneWhatDoesNotGiveTheVerdict) {
  Case c = CaseOf("set a 10");
  NotingMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, ToyAdapter(), options, monitor};
  const std::vector<CrashStep> chain = {PowerLoss({})};
  EXPECT_EQ(ShrinkChain(lab, chain, Verdict::kPhantom), chain);
}

TEST(Shrinking, SparesASecondCrashThatIsNotNeeded) {
  Case c = CaseOf("set a 10");
  NotingMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, CanaryAdapter(), options, monitor};
  CrashStep end;
  end.kind = CrashKind::kProcessDeath;
  end.state.at = "end";
  EXPECT_THAT(ShrinkChain(lab, {end, end}, Verdict::kLostAcked), ElementsAre(end));
}

}  // namespace
}  // namespace crashlab
