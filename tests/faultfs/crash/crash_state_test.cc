// A crash state as text, and the names in it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/crash/states.h"
#include "tests/faultfs/crash/every_point.h"
#include "tests/faultfs/crash/recorder.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

TEST(CrashStateText, IsTheIdentityForEveryState) {
  AtEveryPoint([](PointView& view) {
    for (const CrashState& state : Enumerate(view).states) {
      const CrashStateText text = ToText(view.graph(), state);
      const Result<CrashState> parsed = FromText(view.graph(), text);
      ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
      EXPECT_EQ(*parsed, state);
      EXPECT_EQ(ToText(view.graph(), *parsed), text);
    }
  });
}

class CrashStateTextRefusal : public testing::Test {
 protected:
  CrashStateTextRefusal() {
    recorder_.Create("a")
        .SyncDir("/")
        .Write("a", 0, "one")
        .Write("a", 3, "two")
        .Write("a", 600, "x");
    graph_ = Lower(recorder_.base(), recorder_.trace(), Posix("byte-linear", "stale"));
    text_ = {.at = "end", .lost = {"write#2/s0"}, .tears = {}, .fill = "zeros"};
  }

  Status Refusal(const CrashStateText& text) { return FromText(graph_, text).status(); }
  CrashStateText Ignoring(const CrashStateText& text) {
    const Result<CrashState> state = FromText(graph_, text, Unknown::kIgnore);
    return state.ok() ? ToText(graph_, *state) : CrashStateText();
  }

  Recorder recorder_;
  EffectGraph graph_;
  CrashStateText text_;
};

TEST_F(CrashStateTextRefusal, TheTextAsItStandsIsAccepted) {
  EXPECT_EQ(Refusal(text_), Status());
  text_.tears = {"write#2/s0 front 4"};
  EXPECT_EQ(Refusal(text_), Status());
}

TEST_F(CrashStateTextRefusal, UnknownNames) {
  text_.lost = {"write#9/s0"};
  EXPECT_EQ(Refusal(text_).code(), Code::kNotFound);
  EXPECT_EQ(Ignoring(text_).lost, std::vector<std::string>());
  text_.lost = {"write#2/s0", "wal.append#1/s0"};
  EXPECT_EQ(Refusal(text_).code(), Code::kNotFound);
  EXPECT_EQ(Ignoring(text_).lost, std::vector<std::string>{"write#2/s0"});
  text_.at = "write#4";
  EXPECT_EQ(Refusal(text_).code(), Code::kNotFound);
  EXPECT_FALSE(FromText(graph_, text_, Unknown::kIgnore).ok());  // no point, no state
}

TEST_F(CrashStateTextRefusal, NotPending) {
  text_.lost = {"create#1/+a"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);  // forced by the directory's sync
  EXPECT_EQ(Ignoring(text_).lost, std::vector<std::string>());
  text_.at = "write#2";
  text_.lost = {"write#2/s0"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);  // not issued yet
  text_.lost = {"write#1/s0"};
  EXPECT_EQ(Refusal(text_), Status());
}

TEST_F(CrashStateTextRefusal, NotClosed) {
  text_.lost = {"write#1/s0"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
  EXPECT_EQ(Ignoring(text_).lost, (std::vector<std::string>{"write#1/s0", "write#2/s0"}));
}

TEST_F(CrashStateTextRefusal, Tears) {
  for (const std::string tear :
       {"write#2/s0", "write#2/s0 front", "write#2/s0 front 0", "write#2/s0 front 512",
        "write#2/s0 front 4x", "write#2/s0 middle 4", "write#2/size front 4", "", " ", "front 4",
        "write#1/s0 front 2"}) {
    text_.tears = {tear};
    EXPECT_FALSE(Refusal(text_).ok()) << tear;
    EXPECT_EQ(Ignoring(text_).tears, std::vector<std::string>()) << tear;
    EXPECT_EQ(Ignoring(text_).lost, text_.lost) << tear;
  }
  text_.tears = {"write#2/s0 front 4", "write#2/s0 back 4"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
  EXPECT_EQ(Ignoring(text_).tears, std::vector<std::string>{"write#2/s0 front 4"});
}

TEST_F(CrashStateTextRefusal, ATearOfWhatWaitsForSomethingLost) {
  PersistenceModel model = Posix("byte-linear", "zeros");
  ASSERT_TRUE(SetSwitch(model, "order", "total").ok());
  graph_ = Lower(recorder_.base(), recorder_.trace(), model);
  text_.lost.clear();
  for (EffectId id = FindEffect(graph_, "write#2/s0").value(); id < graph_.effects.size(); ++id) {
    text_.lost.push_back(EffectName(graph_, id));
  }
  text_.tears = {"write#2/s0 front 4"};
  EXPECT_EQ(Refusal(text_), Status());
  text_.tears = {"write#3/s1 front 100"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
  EXPECT_EQ(Ignoring(text_).tears, std::vector<std::string>());
  EXPECT_EQ(Ignoring(text_).lost, text_.lost);
}

TEST_F(CrashStateTextRefusal, ATearOfWhatWasCutOffAgain) {
  recorder_.Truncate("a", 512).Sync("a").Write("a", 600, "y");
  graph_ = Lower(recorder_.base(), recorder_.trace(), Posix("byte-linear", "stale"));
  text_.at = "sync#1.begin";
  text_.lost.clear();
  PointView view(graph_, FindCrashPoint(*graph_.trace, text_.at).value());
  for (const EffectId id : view.pending()) {
    // All but the sizes: the cut among them.
    if (graph_.RegisterOf(graph_.effects[id].write).kind == RegisterKind::kSector) {
      text_.lost.push_back(EffectName(graph_, id));
    }
  }
  text_.tears = {"write#3/s1 front 100"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
  EXPECT_EQ(Ignoring(text_).tears, std::vector<std::string>());
}

TEST_F(CrashStateTextRefusal, WhatTheModelDoesNotHave) {
  graph_ = Lower(recorder_.base(), recorder_.trace(), Posix("512", "zeros"));
  text_.tears = {"write#2/s0 front 4"};
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
  EXPECT_EQ(Ignoring(text_).tears, std::vector<std::string>());
  text_.tears.clear();
  text_.fill = "garbage";
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
  EXPECT_EQ(Ignoring(text_).fill, "zeros");
  text_.fill = "rubbish";
  EXPECT_EQ(Refusal(text_).code(), Code::kInvalidArgument);
}

TEST(CrashStateNames, AreUniqueAndFound) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const PersistenceModel model = Posix("512", "zeros", seed % 2 == 0 ? "atomic" : "two-edits");
    const RecordedRun run = RandomRun(seed, model, 1000);
    const EffectGraph graph = Lower(run.base, run.trace, model);
    for (EffectId id = 0; id < graph.effects.size(); ++id) {
      const Result<EffectId> found = FindEffect(graph, EffectName(graph, id));
      ASSERT_TRUE(found.ok()) << EffectName(graph, id);
      EXPECT_EQ(*found, id);
    }
    for (CrashPoint point : CrashPoints(run.trace)) {
      const Result<CrashPoint> found = FindCrashPoint(run.trace, CrashPointName(run.trace, point));
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(*found, point);
    }
  }
}

TEST(CrashPoints, LieBeforeEachStepThatIsNoMarkAndAtTheEnd) {
  Recorder recorder;
  recorder.Mark(1).Create("a").Mark(2).Write("a", 0, "x").Sync("a").Mark(3);
  std::vector<std::string> names;
  for (CrashPoint point : CrashPoints(recorder.trace())) {
    names.push_back(CrashPointName(recorder.trace(), point));
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"create#1", "write#1", "sync#1.begin", "sync#1.end", "end"}));
}

}  // namespace
}  // namespace faultfs::test
