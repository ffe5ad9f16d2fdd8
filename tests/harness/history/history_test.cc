// Histories whose answers are known, for both checkers: the classic ones that are not linearizable,
// and the counter-examples of the contract (docs/oracle.md).
#include "harness/history/history.h"

#include <gtest/gtest.h>

#include "harness/history/black_box.h"
#include "harness/history/white_box.h"
#include "tests/harness/history/drawing.h"

namespace crashlab {
namespace {

std::string BlackBox(const History& history, Durability durability = Durability::kSync) {
  const BlackBoxAnswer answer = CheckBlackBox(history, KvContract(), durability);
  switch (answer.answer) {
    case Answer::kLegal:
      return "legal";
    case Answer::kIllegal:
      return "illegal";
    case Answer::kUnknown:
      return "unknown: " + answer.detail;
  }
  return "";
}

std::string WhiteBox(const History& history, Durability durability = Durability::kSync) {
  const WhiteBoxAnswer answer = CheckWhiteBox(history, KvContract(), durability);
  if (answer.answer == Answer::kUnknown) return "unknown";
  return answer.violation.has_value() ? std::string(Name(answer.violation->verdict)) : "legal";
}

constexpr Durability kBuffered = Durability::kBuffered;

// ---- Live answers ------------------------------------------------------------------------------

TEST(HistoryTest, AReadDuringAWriteMaySeeEither) {
  for (const auto* seen : {"1", "nothing"}) {
    const History h = ProcessDeathShows(Drawn("A: [set a 12 #1              ]\n"
                                              "B:     [get a : " +
                                              std::string(seen) + "]"),
                                        "a=1");
    EXPECT_EQ(BlackBox(h), "legal") << seen;
    EXPECT_EQ(WhiteBox(h), "legal") << seen;
  }
}

TEST(HistoryTest, AStaleRead) {
  const History h = ProcessDeathShows(Drawn("A: [set a 12 #1]\n"
                                            "B:                 [get a : nothing]"),
                                      "a=1");
  EXPECT_EQ(BlackBox(h), "illegal");
  EXPECT_EQ(WhiteBox(h), "NOT_LINEARIZABLE");
}

// New, then old: each read alone overlaps with the write.
TEST(HistoryTest, ReadsDoNotGoBack) {
  const History h = ProcessDeathShows(Drawn("A: [set a 12 #1                            ]\n"
                                            "B:   [get a : 1]\n"
                                            "C:                [get a : nothing]"),
                                      "a=1");
  EXPECT_EQ(BlackBox(h), "illegal");
  EXPECT_EQ(WhiteBox(h), "NOT_LINEARIZABLE");
}

// Two readers that see two writes in two orders.
TEST(HistoryTest, TwoReadersAndTwoOrders) {
  const History h = ProcessDeathShows(Drawn("A: [set a 12 #1                                  ]\n"
                                            "B: [set b 12 #2                                  ]\n"
                                            "C:     [get a : 1]  [get b : nothing]\n"
                                            "D:     [get b : 2]  [get a : nothing]"),
                                      "a=1 b=2");
  EXPECT_EQ(BlackBox(h), "illegal");
  EXPECT_EQ(WhiteBox(h), "NOT_LINEARIZABLE");
}

TEST(HistoryTest, ALostUpdateBetweenTwoReads) {
  const History h = ProcessDeathShows(Drawn("A: [set a 12 #1]                [get a : 1]\n"
                                            "B:                [set a 12 #2]"),
                                      "a=2");
  EXPECT_EQ(BlackBox(h), "illegal");
  EXPECT_EQ(WhiteBox(h), "NOT_LINEARIZABLE");
}

TEST(HistoryTest, HalfOfABatch) {
  const History h = ProcessDeathShows(Drawn("A: [batch set a 12, set b 12 #1               ]\n"
                                            "B:     [get a : 1.0] [get b : nothing]"),
                                      "a=1.0 b=1.1");
  EXPECT_EQ(BlackBox(h), "illegal");
  EXPECT_EQ(WhiteBox(h), "NOT_LINEARIZABLE");
}

TEST(HistoryTest, ReadsOfEverything) {
  const std::string writes =
      "A: [set a 12 #1]    [delete a #3                                            ]\n"
      "B: [set b 12 #2]\n";
  for (const auto& [reads, is] : {std::pair<std::string, std::string>  //
                                  {"[size : 1] [for-each : b=2]", "legal"},
                                  {"[for-each : a=1 b=2] [size : 1] [contains a : 0]", "legal"},
                                  {"[contains a : 1] [size : 2]", "legal"},
                                  {"[size : 1] [contains a : 1]", "illegal"},
                                  {"[for-each : b=2] [for-each : a=1 b=2]", "illegal"},
                                  {"[for-each : a=1]", "illegal"},
                                  {"[size : 0]", "illegal"},
                                  {"[contains b : 0]", "illegal"}}) {
    const History h = ProcessDeathShows(Drawn(writes + "C:                   " + reads), "b=2");
    EXPECT_EQ(BlackBox(h), is) << reads;
    EXPECT_EQ(WhiteBox(h), is == "legal" ? "legal" : "NOT_LINEARIZABLE") << reads;
  }
}

// w2 Sync a, w3 Buffered b, published while w2 is being synced: a reader sees b new and a old.
TEST(HistoryTest, PublishedOutOfLogOrder) {
  const History h =
      ProcessDeathShows(Drawn("A: [set a 12 sync #1                                ]\n"
                              "B:   [set b 12 buffered #2]\n"
                              "C:                           [get b : 2][get a : nothing]"),
                        "a=1 b=2");
  EXPECT_EQ(WhiteBox(h), "NOT_LINEARIZABLE");
  EXPECT_EQ(BlackBox(h), "legal") << "b before a explains it, to one who cannot see the log";
}

// ---- What the next Open shows ------------------------------------------------------------------

TEST(HistoryTest, AnAcknowledgedWriteSurvives) {
  const History h = Drawn("A: [set a 12 #1]");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "a=1")), "legal");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=1")), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "")), "LOST_ACKED");
  EXPECT_EQ(BlackBox(PowerLossShows(h, ""), kBuffered), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, ""), kBuffered), "legal");
  EXPECT_EQ(BlackBox(ProcessDeathShows(h, ""), kBuffered), "illegal");
  EXPECT_EQ(WhiteBox(ProcessDeathShows(h, ""), kBuffered), "LOST_ACKED");
}

TEST(HistoryTest, OneInFlightMaySurviveWholeOrNot) {
  const History h = Drawn("A: [batch set a 12, set b 12 #1");
  for (const auto* legal : {"", "a=1.0 b=1.1"}) {
    EXPECT_EQ(BlackBox(PowerLossShows(h, legal)), "legal") << legal;
    EXPECT_EQ(WhiteBox(PowerLossShows(h, legal)), "legal") << legal;
  }
  EXPECT_EQ(BlackBox(PowerLossShows(h, "a=1.0")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=1.0")), "TORN_BATCH");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "a=junk")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=junk")), "PHANTOM");
}

// Of a group in flight any prefix survives, never another subset: only the log knows.
TEST(HistoryTest, AGroupInFlight) {
  const History h = Drawn("A: [set a 12 #1\nB:   [set b 12 #2");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "")), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=1")), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "b=2")), "HOLE");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "b=2")), "legal");
}

// Set a; Set b; dump {b}: each key alone looks legal.
TEST(HistoryTest, BufferedAfterPowerLossIsReadAtOneMoment) {
  const History h = Drawn("A: [set a 12 #1] [set b 12 #2]");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "b=2"), kBuffered), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "b=2"), kBuffered), "HOLE");
  for (const auto* legal : {"", "a=1", "a=1 b=2"}) {
    EXPECT_EQ(BlackBox(PowerLossShows(h, legal), kBuffered), "legal") << legal;
    EXPECT_EQ(WhiteBox(PowerLossShows(h, legal), kBuffered), "legal") << legal;
  }
}

TEST(HistoryTest, ABarrierHoldsWhatWasAcknowledgedBeforeIt) {
  const History h = Drawn(
      "A: [set a 12 #1]              [set c 12 #3]\n"
      "B:       [set b 12 #2      ]\n"
      "C:                 [flush                      ]");
  EXPECT_EQ(BlackBox(PowerLossShows(h, ""), kBuffered), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, ""), kBuffered), "LOST_ACKED");
  for (const auto* legal : {"a=1", "a=1 b=2", "a=1 b=2 c=4"}) {
    EXPECT_EQ(BlackBox(PowerLossShows(h, legal), kBuffered), "legal") << legal;
    EXPECT_EQ(WhiteBox(PowerLossShows(h, legal), kBuffered), "legal") << legal;
  }
}

// A barrier comes behind everything that its caller could know of, and so does the next Open.
TEST(HistoryTest, ABarrierHoldsWhatWasReadBeforeIt) {
  const History before = Drawn(
      "A: [set a 12 #1\n"
      "B:    [get a : 1]   [flush]");
  EXPECT_EQ(BlackBox(PowerLossShows(before, ""), kBuffered), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(before, ""), kBuffered), "LOST_ACKED");
  EXPECT_EQ(BlackBox(PowerLossShows(before, "a=1"), kBuffered), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(before, "a=1"), kBuffered), "legal");
  const History during = Drawn(
      "A: [set a 12 #1\n"
      "B:    [get a : 1   ]\n"
      "C:       [flush]");
  EXPECT_EQ(BlackBox(PowerLossShows(during, ""), kBuffered), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(during, ""), kBuffered), "legal");
}

// What a read has shown of a Sync write is durable, though the write was never acknowledged.
TEST(HistoryTest, AReadVouchesForItsSource) {
  const History h = Drawn("A: [set a 12 #1\nB:      [get a : 1]");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "")), "LOST_ACKED");
  EXPECT_EQ(BlackBox(PowerLossShows(h, ""), kBuffered), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, ""), kBuffered), "legal");
}

// The log is one: a Sync write holds the Buffered ones before it.
TEST(HistoryTest, ASyncWriteHoldsWhatIsBeforeIt) {
  const History h = Drawn("A: [set a 12 buffered #1] [set b 12 sync #2] [set c 12 buffered #3]");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "b=2")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "b=2")), "HOLE");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "a=1")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=1")), "LOST_ACKED");
  for (const auto* legal : {"a=1 b=2", "a=1 b=2 c=3"}) {
    EXPECT_EQ(BlackBox(PowerLossShows(h, legal)), "legal") << legal;
    EXPECT_EQ(WhiteBox(PowerLossShows(h, legal)), "legal") << legal;
  }
}

// ---- Errors ------------------------------------------------------------------------------------

TEST(HistoryTest, AnErrorThatProvesNothing) {
  const History h = Drawn("A: [set a 12 #1]! [get a : nothing]");
  for (const auto* legal : {"", "a=1"}) {
    EXPECT_EQ(BlackBox(PowerLossShows(h, legal)), "legal") << legal;
    EXPECT_EQ(WhiteBox(PowerLossShows(h, legal)), "legal") << legal;
  }
  const History seen = PowerLossShows(Drawn("A: [set a 12 #1]! [get a : 1]"), "a=1");
  EXPECT_EQ(BlackBox(seen), "illegal");
  EXPECT_EQ(WhiteBox(seen), "NOT_LINEARIZABLE");
}

// An engine that goes on: the failed batch may be in the log before a write that was acknowledged.
TEST(HistoryTest, AnErrorInTheMiddle) {
  const History h =
      Drawn("A: [batch set a 12, set b 12 #1]! [set a 12 #2] [get a : 2] [get b : nothing]");
  for (const auto* legal : {"a=2", "a=2 b=1.1"}) {
    EXPECT_EQ(BlackBox(PowerLossShows(h, legal)), "legal") << legal;
    EXPECT_EQ(WhiteBox(PowerLossShows(h, legal)), "legal") << legal;
  }
  EXPECT_EQ(BlackBox(PowerLossShows(h, "a=1.0 b=1.1")), "legal")
      << "the failed one last, to one who cannot see the log";
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=1.0 b=1.1")), "LOST_ACKED")
      << "the state before the acknowledged write";
}

// A failed sync: what only the page cache held may be gone with the process too.
TEST(HistoryTest, AnErrorTakesTheProcessFrontierBack) {
  const History h = Drawn("A: [set a 12 buffered #1] [set b 12 sync #2]!");
  EXPECT_EQ(BlackBox(ProcessDeathShows(h, "")), "legal");
  EXPECT_EQ(WhiteBox(ProcessDeathShows(h, "")), "legal");
  const History without = Drawn("A: [set a 12 buffered #1]");
  EXPECT_EQ(BlackBox(ProcessDeathShows(without, "")), "illegal");
  EXPECT_EQ(WhiteBox(ProcessDeathShows(without, "")), "LOST_ACKED");
}

TEST(HistoryTest, AProvenFailureNeverHappened) {
  const History h = Drawn("A: [set a 12]x");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "")), "legal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "")), "legal");
  EXPECT_EQ(BlackBox(PowerLossShows(h, "a=1")), "illegal");
  EXPECT_EQ(WhiteBox(PowerLossShows(h, "a=1")), "PHANTOM");
}

// ---- The witness -------------------------------------------------------------------------------

TEST(HistoryTest, SequencesAreUniqueRespectTimeAndAreThere) {
  EXPECT_EQ(WhiteBox(ProcessDeathShows(Drawn("A: [set a 12 #1]\nB: [set b 12 #1]"), "a=1 b=2")),
            "NOT_LINEARIZABLE");
  EXPECT_EQ(WhiteBox(ProcessDeathShows(Drawn("A: [set a 12 #2] [set b 12 #1]"), "a=1 b=2")),
            "NOT_LINEARIZABLE");
  EXPECT_EQ(WhiteBox(ProcessDeathShows(Drawn("A: [set a 12]"), "a=1")), "NOT_LINEARIZABLE");
  EXPECT_EQ(WhiteBox(ProcessDeathShows(Drawn("A: [set a 12"), "")), "legal")
      << "in flight, and not in the log yet";
}

// ---- Giving up ---------------------------------------------------------------------------------

TEST(HistoryTest, WhatCannotBeDecidedIsNoPass) {
  std::string drawing;
  for (int client = 0; client < 8; ++client) drawing += "A: [set a 12]! [set a 12]!\n";
  const History h = PowerLossShows(Drawn(drawing), "a=junk");
  const BlackBoxAnswer answer = CheckBlackBox(h, KvContract(), Durability::kSync, {.steps = 1000});
  EXPECT_EQ(answer.answer, Answer::kUnknown);
  EXPECT_EQ(answer.detail, "given up after 1001 steps");
}

TEST(HistoryTest, MoreCallsThanCanBePutInOrder) {
  std::string line = "A: ";
  for (int i = 0; i < 70; ++i) line += "[set a 12] ";
  EXPECT_EQ(BlackBox(ProcessDeathShows(Drawn(line), "a=70")),
            "unknown: 70 calls are more than the 64 that can be put in order");
}

TEST(HistoryTest, KeysAreLookedAtApart) {
  std::string line = "A: ";
  std::string content;
  for (int i = 0; i < 70; ++i) {
    const std::string key = "k" + std::to_string(i);
    line += "[set " + key + " 12] ";
    content += key + "=" + std::to_string(i + 1) + " ";
  }
  EXPECT_EQ(BlackBox(PowerLossShows(Drawn(line), content)), "legal");
}

TEST(HistoryTest, TheOrderIsToldWithTheMomentOfTheReadAsZero) {
  const History h = PowerLossShows(Drawn("A: [set a 12] [set a 12] [get a : 2]"), "a=1");
  const BlackBoxAnswer answer = CheckBlackBox(h, KvContract(), kBuffered);
  EXPECT_EQ(answer.answer, Answer::kLegal);
  EXPECT_EQ(answer.order, (std::vector<OpNumber>{1, 0, 2, 3}));
}

}  // namespace
}  // namespace crashlab
