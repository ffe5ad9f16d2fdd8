// Which calls the rules decide about, and what they count.
#include "faultfs/fault/fault_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "faultfs/env/thread.h"

namespace faultfs {
namespace {

using Action = IoDecision::Action;

FaultRules Rules(std::string_view text) {
  auto rules = ParseFaultRules(text);
  EXPECT_EQ(rules.status().ToString(), "OK");
  return FaultRules(rules.ok() ? *rules : std::vector<FaultRule>{});
}

IoCall Write(std::string_view path, std::string_view tag) {
  return {.op = IoOp::kWrite, .path = path, .path2 = {}, .tag = IoTag(tag)};
}

IoCall Rename(std::string_view from, std::string_view to) {
  return {.op = IoOp::kRename, .path = from, .path2 = to, .tag = IoTag("test.rename")};
}

/// One letter a decision: f(ail), s(hort), i(gnore), '.' for proceed.
std::string Decide(FaultRules& rules, const IoCall& call, int times = 1) {
  std::string letters;
  for (int i = 0; i < times; ++i) letters += ".fsi"[static_cast<int>(rules.Decide(call).action)];
  return letters;
}

TEST(FaultRules, WithoutRulesEverythingProceeds) {
  FaultRules rules({});
  EXPECT_EQ(Decide(rules, Write("/f", "wal.append"), 3), "...");
  EXPECT_TRUE(rules.counts().empty());
}

TEST(FaultRules, OperationPathAndTagMustFit) {
  FaultRules rules = Rules("fail NO_SPACE write path=*.wal tag=wal.*");
  EXPECT_EQ(Decide(rules, Write("/db/1.wal", "wal.append")), "f");
  EXPECT_EQ(Decide(rules, Write("/db/1.snap", "wal.append")), ".");
  EXPECT_EQ(Decide(rules, Write("/db/1.wal", "snapshot.write")), ".");
  EXPECT_EQ(
      Decide(rules,
             {.op = IoOp::kTruncate, .path = "/db/1.wal", .path2 = {}, .tag = IoTag("wal.cut")}),
      ".");
}

TEST(FaultRules, TheDecisionCarriesItsArgument) {
  FaultRules rules = Rules("fail NO_SPACE write nth=1\nshort 100 write nth=2");
  EXPECT_EQ(rules.Decide(Write("/f", "t")).code, Code::kNoSpace);
  EXPECT_EQ(rules.Decide(Write("/f", "t")).bytes, 100u);
}

TEST(FaultRules, EitherPathOfARenameFits) {
  FaultRules rules = Rules("fail IO_ERROR rename path=*.tmp");
  EXPECT_EQ(Decide(rules, Rename("/a.tmp", "/a")), "f");
  EXPECT_EQ(Decide(rules, Rename("/a", "/a.tmp")), "f");
  EXPECT_EQ(Decide(rules, Rename("/a", "/b")), ".");
  // The second path means something in calls that have one only.
  FaultRules all = Rules("fail IO_ERROR any path=\"\"");
  EXPECT_EQ(Decide(all, Write("/f", "t")), ".");
}

TEST(FaultRules, CountsMatchingCallsOnly) {
  FaultRules rules = Rules("fail IO_ERROR write path=/f nth=2");
  EXPECT_EQ(Decide(rules, Write("/f", "t")), ".");
  EXPECT_EQ(Decide(rules, Write("/g", "t"), 5), ".....");
  EXPECT_EQ(Decide(rules, Write("/f", "t"), 3), "f..");
}

TEST(FaultRules, AnEvictionTakesNothingFromWhatElseHappensToACall) {
  FaultRules rules = Rules("evict write page=2\nfail IO_ERROR write nth=2\nevict any");
  const IoDecision first = rules.Decide(Write("/f", "t"));
  EXPECT_EQ(first.action, IoDecision::Action::kProceed);
  EXPECT_TRUE(first.evicts);
  EXPECT_EQ(first.page, 2u) << "the first of two evictions";
  const IoDecision second = rules.Decide(Write("/f", "t"));
  EXPECT_EQ(second.action, IoDecision::Action::kFail);
  EXPECT_EQ(second.code, Code::kIoError);
  EXPECT_TRUE(second.evicts);
  const IoDecision third = rules.Decide(Rename("/f", "/g"));
  EXPECT_TRUE(third.evicts);
  EXPECT_EQ(third.page, 0u);
  const FaultRules::Count evicted{.matched = 2, .decided = 2};
  const FaultRules::Count failed{.matched = 2, .decided = 1};
  const FaultRules::Count rest{.matched = 3, .decided = 1};
  EXPECT_EQ(rules.counts(), (std::vector{evicted, failed, rest}));
}

TEST(FaultRules, TheFirstThatActsDecidesAndAllCount) {
  FaultRules rules = Rules(
      "short 1 write nth=2\n"
      "fail IO_ERROR write nth=2 always\n"
      "ignore write nth=4\n");
  EXPECT_EQ(Decide(rules, Write("/f", "t"), 5), ".sfff");
  const std::vector<FaultRules::Count> expected = {{5, 1}, {5, 3}, {5, 0}};
  EXPECT_EQ(rules.counts(), expected);
}

TEST(FaultRules, ResetBeginsAnew) {
  FaultRules rules = Rules("fail IO_ERROR write nth=2");
  EXPECT_EQ(Decide(rules, Write("/f", "t"), 3), ".f.");
  rules.Reset();
  EXPECT_EQ(rules.counts(), std::vector<FaultRules::Count>(1));
  EXPECT_EQ(Decide(rules, Write("/f", "t"), 3), ".f.");
}

TEST(FaultRules, ManyThreadsAreCountedOnceEach) {
  FaultRules rules = Rules("fail IO_ERROR write nth=1000\nignore write nth=3001 always");
  std::vector<Thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&rules] {
      for (int j = 0; j < 1000; ++j) (void)rules.Decide(Write("/f", "t"));
    });
  }
  for (Thread& thread : threads) thread.join();
  const std::vector<FaultRules::Count> expected = {{4000, 1}, {4000, 1000}};
  EXPECT_EQ(rules.counts(), expected);
}

TEST(FaultRulesText, OneRuleALineWithRemarks) {
  const std::string text =
      "# a full disk\n"
      "\n"
      "  fail NO_SPACE write nth=3\r\n"
      "   # and one that lies\n"
      "ignore sync";
  const auto rules = ParseFaultRules(text);
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(PrintFaultRules(*rules), "fail NO_SPACE write nth=3\nignore sync\n");
  EXPECT_TRUE(ParseFaultRules("")->empty());
}

TEST(FaultRulesText, AnErrorNamesItsLine) {
  EXPECT_EQ(ParseFaultRules("ignore sync\n\nignore snyc\n").status().message(),
            "line 3: fault rule, column 8: unknown operation \"snyc\"; did you mean \"sync\"?");
}

TEST(FaultRulesDeathTest, RulesThatMakeNoSenseAreABug) {
  EXPECT_DEATH(FaultRules({FaultRule{}}), "such as Parse makes");
}

IoCall Taking(uint64_t used_bytes, uint64_t grows_bytes) {
  return {.op = IoOp::kWrite,
          .path = "/f",
          .path2 = {},
          .tag = IoTag("t"),
          .used_bytes = used_bytes,
          .grows_bytes = grows_bytes};
}

TEST(FaultRules, ADiskIsFullWhenACallNeedsMoreThanIsLeft) {
  FaultRules rules = Rules("full 8192 any");
  EXPECT_TRUE(rules.NeedsSpace());
  EXPECT_FALSE(Rules("fail NO_SPACE write").NeedsSpace());
  EXPECT_EQ(rules.Decide(Taking(4096, 4096)).action, Action::kProceed);
  const IoDecision decision = rules.Decide(Taking(4096, 8192));
  EXPECT_EQ(decision.action, Action::kFull);
  EXPECT_EQ(decision.bytes, 4096u) << "what is left";
  EXPECT_EQ(rules.Decide(Taking(12288, 4096)).bytes, 0u);
  EXPECT_EQ(rules.Decide(Taking(12288, 0)).action, Action::kProceed) << "it takes no room";
  EXPECT_EQ(rules.counts().front(), (FaultRules::Count{.matched = 2, .decided = 2}));
}

TEST(FaultRules, OnlyCallsThatFindTheDiskFullAreCounted) {
  FaultRules rules = Rules("full 8192 any nth=2 times=2");
  std::string acts;
  for (const uint64_t used : {0, 8192, 0, 8192, 4096, 8192, 8192}) {
    acts += rules.Decide(Taking(used, 4096)).action == Action::kFull ? 'x' : '.';
  }
  EXPECT_EQ(acts, "...x.x.");
}

}  // namespace
}  // namespace faultfs
