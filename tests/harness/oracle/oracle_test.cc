// What the reference model allows, rule by rule, and what it calls what it does not allow.
#include "harness/oracle/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;

constexpr auto kBuffered = Durability::kBuffered;
constexpr auto kSync = Durability::kSync;

// ---- Frontiers, row by row
// -----------------------------------------------------------------------

TEST(Frontier, NothingIsDueBeforeTheFirstOpen) {
  const OracleWorld w("set a 10");
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  EXPECT_NE(w.PowerLossShows("a=1"), "legal");
}

TEST(Frontier, SyncSurvivesEverything) {
  OracleWorld w("set a 10");
  w.Opens().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");
}

TEST(Frontier, AnAcknowledgementCountsFromItsEventOn) {
  OracleWorld w("set a 10");
  w.Opens().Begin();
  const size_t in_flight = w.events();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
  w.Ok();
  EXPECT_EQ(w.ShowsAt(in_flight, true, ""), "legal");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
}

TEST(Frontier, SyncMakesEarlierBufferedDurable) {
  OracleWorld w("set a 10 buffered; set b 10 sync");
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows("b=2"), "HOLE");
}

TEST(Frontier, BufferedSurvivesTheProcessOnly) {
  OracleWorld w("set a 10; set b 10", kBuffered);
  w.Opens().Ok().Ok();
  for (const char* prefix : {"", "a=1", "a=1 b=2"}) {
    EXPECT_EQ(w.PowerLossShows(prefix), "legal") << prefix;
  }
  EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "legal");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED");
}

TEST(Frontier, TheOperationsDurabilityCountsBeforeTheStores) {
  OracleWorld w("set a 10 buffered; set b 10", kSync);
  w.Opens().Ok();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
}

TEST(Frontier, FlushMakesDurableWhatWasAcknowledgedBeforeIt) {
  OracleWorld w("set a 10; set b 10; flush; set c 10", kBuffered);
  w.Opens().Ok().Ok().Begin();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  w.Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
}

TEST(Frontier, AFailedFlushMakesNothingDurable) {
  OracleWorld w("set a 10; flush", kBuffered);
  w.Opens().Ok().Fail();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");
}

TEST(Frontier, CloseMakesDurableWhatWasAcknowledgedBeforeIt) {
  OracleWorld w("set a 10; set b 10; reopen", kBuffered);
  w.Opens().Ok().Ok();
  const size_t before = w.events();
  w.Reopen("a=1 b=2");
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.ShowsAt(before, true, "a=1"), "legal");
  EXPECT_EQ(w.ShowsAt(before + 2, true, "a=1"), "LOST_ACKED");  // closed, not yet open again
}

TEST(Frontier, OpenIsABarrier) {
  OracleWorld w("set a 10; set b 10; kill; set c 10", kBuffered);
  w.Opens().Ok().Ok().Kill("a=1 b=2");
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "legal");  // never synced, and shown
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "legal");
  EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "LOST_ACKED");
}

TEST(Frontier, ProcessDeathWithinARunIsJudgedWhenItOpens) {
  OracleWorld w("set a 10; kill", kBuffered);
  w.Opens().Ok().Kill("");
  EXPECT_EQ(w.live(), "LOST_ACKED");
}

TEST(Frontier, ARefusedCallHasNoIndex) {
  OracleWorld w("set a 10; set b 10; set c 10");
  w.Opens().Ok().Fail().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 c=3"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1 b=2 c=3"), "RESURRECTED");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
}

TEST(Frontier, AnEmptyBatchAndADeleteOfAMissingKeyHaveAnIndex) {
  // Under Sync they make durable what came before them, like any mutation.
  for (const char* last : {"batch sync", "delete x sync", "clear sync"}) {
    OracleWorld w("set a 10 buffered; " + std::string(last));
    w.Opens().Ok();
    EXPECT_EQ(w.PowerLossShows(""), "legal") << last;
    w.Ok();
    const bool clear = std::string_view(last).starts_with("clear");
    EXPECT_EQ(w.PowerLossShows(clear ? "a=1" : ""), "LOST_ACKED") << last;
    EXPECT_EQ(w.PowerLossShows(clear ? "" : "a=1"), "legal") << last;
  }
}

TEST(Frontier, AReadMovesTheFrontierToItsSource) {
  OracleWorld w("set a 10; set b 10; set c 10; get b", kBuffered, ReadsCount());
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
  w.Gets("2");
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "legal");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows(""), "legal");
}

TEST(Frontier, AReadOfASyncSourceSurvivesPowerLoss) {
  OracleWorld w("set a 10; set b 10; get a; size", kSync, ReadsCount());
  w.Opens().Ok().Ok().Gets("1");
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
  w.Counts(2);
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
}

TEST(Frontier, ReadingNothingCountsTheDelete) {
  OracleWorld w("set a 10; delete a; get a; get z", kBuffered, ReadsCount());
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "legal");
  w.Gets("nothing");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED");
}

TEST(Frontier, ShortValuesDoNotRaiseItBeyondTheRun) {
  // Both writers of the empty value are candidates: the later one has not even been invoked.
  OracleWorld w("set k 0 sync; reopen; set a 10 buffered; get k; set k 0 sync");
  w.Opens().Ok().Reopen("k=1").Ok().Gets("1");
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.PowerLossShows("k=1"), "legal");
}

// ---- Verdicts
// ------------------------------------------------------------------------------------

TEST(Verdicts, OpenThatFails) {
  OracleWorld w("set a 10");
  w.Opens().Ok();
  EXPECT_EQ(w.OpenGives(Code::kIoError), "OPEN_FAILED");
  EXPECT_EQ(w.OpenGives(Code::kLocked), "OPEN_FAILED");
  EXPECT_EQ(w.OpenGives(Code::kCorruption), "FALSE_CORRUPTION");
}

TEST(Verdicts, Phantom) {
  OracleWorld w("set a 10");
  w.Opens().Ok();
  EXPECT_EQ(w.PowerLossShows("a=junk"), "PHANTOM");
  EXPECT_EQ(w.PowerLossShows("a=1 z=junk"), "PHANTOM");
}

TEST(Verdicts, WrongValueInADump) {
  OracleWorld w("set a 10; set b 10");
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=2 b=2"), "WRONG_VALUE");
}

TEST(Verdicts, WrongValueLive) {
  const auto live = [](const char* read, auto answer) {
    OracleWorld w("set a 10; set b 10; set a 12; delete b; " + std::string(read));
    w.Opens().Ok().Ok().Ok().Ok();
    answer(w);
    return w.live();
  };
  EXPECT_EQ(live("get a", [](OracleWorld& w) { w.Gets("3"); }), "right");
  EXPECT_EQ(live("get a", [](OracleWorld& w) { w.Gets("1"); }), "WRONG_VALUE");
  EXPECT_EQ(live("get a", [](OracleWorld& w) { w.Gets("nothing"); }), "WRONG_VALUE");
  EXPECT_EQ(live("get b", [](OracleWorld& w) { w.Gets("nothing"); }), "right");
  EXPECT_EQ(live("get b", [](OracleWorld& w) { w.Gets("2"); }), "WRONG_VALUE");
  EXPECT_EQ(live("contains a", [](OracleWorld& w) { w.Counts(1); }), "right");
  EXPECT_EQ(live("contains a", [](OracleWorld& w) { w.Counts(0); }), "WRONG_VALUE");
  EXPECT_EQ(live("contains b", [](OracleWorld& w) { w.Counts(1); }), "WRONG_VALUE");
  EXPECT_EQ(live("size", [](OracleWorld& w) { w.Counts(1); }), "right");
  EXPECT_EQ(live("size", [](OracleWorld& w) { w.Counts(2); }), "WRONG_VALUE");
  EXPECT_EQ(live("for-each", [](OracleWorld& w) { w.Lists("a=3"); }), "right");
  EXPECT_EQ(live("for-each", [](OracleWorld& w) { w.Lists("a=1"); }), "WRONG_VALUE");
  EXPECT_EQ(live("for-each", [](OracleWorld& w) { w.Lists("a=3 a=3"); }), "WRONG_VALUE");
}

TEST(Verdicts, AFailedReadProvesNothing) {
  OracleWorld w("set a 10; get a", kBuffered);
  w.Opens().Ok().Info();
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");  // and takes nothing back
}

TEST(Verdicts, TornBatch) {
  OracleWorld w("set c 10; batch set a 10, set b 10, delete c");
  w.Opens().Ok().Begin();
  EXPECT_EQ(w.PowerLossShows("c=1"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=2.0 b=2.1"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=2.0 c=1"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=2.0 b=2.1 c=1"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("b=2.1"), "TORN_BATCH");
}

TEST(Verdicts, TornBatchOfWhichOnlyTheDeleteShows) {
  OracleWorld w("set c 10; set d 10; batch set a 10, delete c");
  w.Opens().Ok().Ok().Begin();
  EXPECT_EQ(w.PowerLossShows("d=2"), "TORN_BATCH");
}

TEST(Verdicts, TornBatchThatWritesAKeyTwice) {
  OracleWorld w("batch set a 10, set a 12; batch set b 10, delete b, set c 10");
  w.Opens().Begin();
  EXPECT_EQ(w.PowerLossShows("a=1.0"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=1.1"), "legal");
  w.Ok().Begin();
  EXPECT_EQ(w.PowerLossShows("a=1.1 b=2.0"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=1.1 c=2.2"), "legal");
}

TEST(Verdicts, ABatchIsNotTornByWhatCameLater) {
  OracleWorld w("batch set a 10, set b 10; set a 12; delete b; set c 10");
  w.Opens().Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=2 c=4"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=2"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows("c=4"), "HOLE");
}

TEST(Verdicts, Resurrected) {
  OracleWorld w("set a 10; delete a; set b 10; clear; set c 10", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=3"), "RESURRECTED");
  w.Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("b=3 c=5"), "RESURRECTED");
}

TEST(Verdicts, Hole) {
  OracleWorld w("set a 10; set b 10; set c 10; set a 12", kBuffered);
  w.Opens().Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("b=2"), "HOLE");
  EXPECT_EQ(w.PowerLossShows("a=1 c=3"), "HOLE");
  EXPECT_EQ(w.PowerLossShows("a=4 b=2"), "HOLE");
  EXPECT_THAT(w.Detail("b=2"), HasSubstr("\"a\" is missing"));
}

TEST(Verdicts, LostAckedSaysWhatIsGone) {
  OracleWorld w("set a 10; set b 10; set c 10");
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
  EXPECT_THAT(w.Detail("a=1"), HasSubstr("operation 2 (set b 10), operation 3 (set c 10)"));
}

TEST(Verdicts, Future) {
  OracleWorld w("set a 10; set b 10");
  w.Opens().Ok();
  const size_t then = w.events();
  w.Ok();
  EXPECT_EQ(w.ShowsAt(then, true, "a=1 b=2"), "FUTURE");
  EXPECT_EQ(w.ShowsAt(then + 1, true, "a=1 b=2"), "legal");  // in flight
}

TEST(Verdicts, EqualMapsOfSeveralPrefixes) {
  // S(1) = S(3): enough for a frontier of 3, not of 4.
  OracleWorld w("set a 10; set b 10; delete b; set c 10");
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "LOST_ACKED");
  w.Begin();
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
}

// [Set a; Set b; dump {b}: each key alone looks legal]
TEST(Verdicts, KeysAreNotJudgedOneByOne) {
  OracleWorld w("set a 10; set b 10", kBuffered);
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("b=2"), "HOLE");
}

// [ack before fsync: the image before and after the ack is the same]
TEST(Verdicts, TheSameDumpBeforeAndAfterTheAcknowledgement) {
  OracleWorld w("set a 10");
  w.Opens().Begin();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
}

// [w2 Sync a, w3 Buffered b: b new and a old]
TEST(Verdicts, ABufferedWriteNeverOvertakesASyncOne) {
  OracleWorld w("set a 10 sync; set b 10 buffered");
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.ProcessDeathShows("b=2"), "HOLE");
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
}

// ---- Precedence
// ----------------------------------------------------------------------------------

TEST(Precedence, TheFirstThatFitsIsGiven) {
  OracleWorld w("set a 10; delete a; batch set b 10, set c 10; set d 10; set e 10", kBuffered);
  w.Opens().Ok().Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=4 e=junk"), "PHANTOM");  // a wrong value stands before it
  EXPECT_EQ(w.PowerLossShows("a=1 b=3.0 e=4"), "WRONG_VALUE");
  EXPECT_EQ(w.PowerLossShows("a=1 b=3.0 e=5"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=1 b=3.0 c=3.1 e=5"), "RESURRECTED");
  EXPECT_EQ(w.PowerLossShows("b=3.0 c=3.1 e=5"), "HOLE");
}

TEST(Precedence, APrefixIsJudgedAsOne) {
  OracleWorld w("set a 10; delete a");
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");  // the delete is lost: nothing came back
}

// ---- Info
// ----------------------------------------------------------------------------------------

TEST(InfoWorlds, MayOrMayNotHaveHappened) {
  OracleWorld w("set a 10; set b 10; set c 10", kSync);
  w.Opens().Ok().Info().Ok();
  for (const char* legal : {"a=1 c=3", "a=1 b=2 c=3"}) EXPECT_EQ(w.PowerLossShows(legal), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows("b=2 c=3"), "HOLE");
}

TEST(InfoWorlds, EachDoublesThem) {
  OracleWorld w("set a 10; set b 10; set c 10", kSync);
  w.Opens().Info().Info().Info();
  for (const char* subset : {"", "a=1", "b=2", "c=3", "a=1 b=2", "a=1 c=3", "b=2 c=3"}) {
    EXPECT_EQ(w.PowerLossShows(subset), "legal") << subset;
  }
}

TEST(InfoWorlds, NoLiveReadMaySeeIt) {
  OracleWorld seen("set a 10; get a");
  seen.Opens().Info().Gets("1");
  EXPECT_EQ(seen.live(), "WRONG_VALUE");
  OracleWorld unseen("set a 10; get a");
  unseen.Opens().Info().Gets("nothing");
  EXPECT_EQ(unseen.live(), "right");
  EXPECT_EQ(unseen.PowerLossShows("a=1"), "legal");  // and it stays open
}

TEST(InfoWorlds, OpenDecides) {
  OracleWorld there("set a 10; kill; set b 10");
  there.Opens().Info().Kill("a=1");
  EXPECT_EQ(there.live(), "right");
  EXPECT_EQ(there.PowerLossShows(""), "LOST_ACKED");
  OracleWorld gone("set a 10; kill; set b 10");
  gone.Opens().Info().Kill("").Ok();
  EXPECT_EQ(gone.live(), "right");
  EXPECT_EQ(gone.PowerLossShows("b=3"), "legal");
  EXPECT_EQ(gone.PowerLossShows("a=1 b=3"), "RESURRECTED");
  EXPECT_EQ(gone.PowerLossShows("a=1"), "RESURRECTED");
}

// A failed fsync marks pages clean: what Buffered writes left in the cache is not to be relied on.
TEST(InfoWorlds, AfterItOnlyWhatIsDurableIsDue) {
  OracleWorld w("set a 10; flush; set b 10", kBuffered);
  w.Opens().Ok();
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");
  w.Info();
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "legal");
}

// … until the engine acknowledges a mutation: the log is one, so that it vouches for all before.
TEST(InfoWorlds, AMutationThatIsAcknowledgedAfterItVouchesForTheLog) {
  OracleWorld w("set a 10; flush; set b 10", kBuffered);
  w.Opens().Ok().Info().Ok();
  EXPECT_EQ(w.ProcessDeathShows("a=1 b=3"), "legal");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED");
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");
  EXPECT_EQ(w.ProcessDeathShows("b=3"), "HOLE");
  EXPECT_EQ(w.PowerLossShows(""), "legal");
}

TEST(InfoWorlds, NeitherAReadNorARefusalVouches) {
  OracleWorld w("set a 10; flush; get a; set b 10", kBuffered);
  w.Opens().Ok().Info().Gets("1").Fail();
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
}

TEST(InfoWorlds, AnotherErrorVoidsAgain) {
  OracleWorld w("set a 10; flush; set b 10; flush", kBuffered);
  w.Opens().Ok().Info().Ok().Info();
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
}

TEST(InfoWorlds, AFailedCloseVoidsToo) {
  OracleWorld w("set a 10; reopen", kBuffered);
  w.Opens().Ok().Reopen("", Outcome::kInfo);
  EXPECT_EQ(w.live(), "right");
  OracleWorld clean("set a 10; reopen", kBuffered);
  clean.Opens().Ok().Reopen("", Outcome::kOk);
  EXPECT_EQ(clean.live(), "LOST_ACKED");
}

TEST(InfoWorlds, UnlessTheContractSaysOtherwise) {
  Contract contract = ReadsCount();
  contract.rows = {{Verb::kSet, std::nullopt, Promise::kProcess}};
  contract.info_voids_process_frontier = false;
  OracleWorld w("set a 10; flush", kBuffered, contract);
  w.Opens().Ok().Info();
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");
}

TEST(InfoWorlds, TooManyAreUndecidedAndNeverAPass) {
  std::string program;
  for (int i = 0; i < 7; ++i) program += "set k" + std::to_string(i) + " 10; ";
  OracleWorld w(program + "kill; set z 10");
  w.Opens();
  for (int i = 0; i < 6; ++i) w.Info();
  EXPECT_FALSE(w.oracle().Undecided(w.events()));
  EXPECT_EQ(w.PowerLossShows("k0=1 k5=6"), "legal");
  w.Info();
  EXPECT_TRUE(w.oracle().Undecided(w.events()));
  EXPECT_EQ(w.PowerLossShows("k6=7"), "undecided");
  w.Kill("k6=7");  // legal, and beyond the worlds that are kept
  EXPECT_EQ(w.live(), "right");
  EXPECT_FALSE(w.oracle().Undecided(w.events()));
  EXPECT_EQ(w.PowerLossShows("k6=7"), "legal");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
}

// ---- Decided once
// --------------------------------------------------------------------------------

TEST(DecidedOnce, WithinARun) {
  OracleWorld lost("set a 10 buffered; set b 10 buffered; kill; set c 10 buffered");
  lost.Opens().Ok().Info().Kill("a=1").Ok();
  EXPECT_EQ(lost.live(), "right");
  EXPECT_EQ(lost.PowerLossShows("a=1"), "legal");
  EXPECT_EQ(lost.PowerLossShows("a=1 b=2"), "RESURRECTED");
  EXPECT_EQ(lost.PowerLossShows("a=1 b=2 c=4"), "RESURRECTED");
  EXPECT_EQ(lost.PowerLossShows(""), "LOST_ACKED");
}

TEST(DecidedOnce, WithinAChain) {
  OracleWorld w("set a 10; set b 10; set c 10", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "a=1 b=2"), "legal");
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "a=1"), "LOST_ACKED");
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", ""), "LOST_ACKED");
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "a=1 b=2 c=3"), "RESURRECTED");
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "b=2"), "LOST_ACKED");
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "a=1 b=2 z=junk"), "PHANTOM");
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "a=2 b=2"), "WRONG_VALUE");
}

TEST(DecidedOnce, ADeleteThatWasDecidedIsNotUndone) {
  OracleWorld w("set a 10; set b 10; delete a", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.ShowsAfter("b=2", "a=1 b=2"), "LOST_ACKED");  // the log ends earlier
  EXPECT_EQ(w.ShowsAfter("a=1 b=2", "b=2"), "LOST_ACKED");
}

TEST(DecidedOnce, WhatLiesBehindItIsNoLogThatEndsEarlier) {
  OracleWorld w("set a 10; set a 10; set a 10", kBuffered);
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.ShowsAfter("a=1", "a=2"), "RESURRECTED");
  EXPECT_EQ(w.ShowsAfter("a=2", "a=1"), "LOST_ACKED");
  w.Begin();
  EXPECT_EQ(w.ShowsAfter("a=3", "a=2"), "LOST_ACKED");
  EXPECT_EQ(w.ShowsAfter("a=3", "a=1"), "LOST_ACKED");
  EXPECT_EQ(w.ShowsAfter("a=2", "a=3"), "RESURRECTED");
  w.Ok();
  EXPECT_EQ(w.ShowsAfter("a=1", "a=2"), "RESURRECTED") << "neither the last nor the one decided";
}

TEST(DecidedOnce, ABatchIsNotTornAfterwards) {
  OracleWorld w("batch set a 10, set b 10; set c 10", kBuffered);
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.ShowsAfter("a=1.0 b=1.1", "a=1.0"), "TORN_BATCH");
  EXPECT_EQ(w.ShowsAfter("", "b=1.1"), "TORN_BATCH");
}

TEST(DecidedOnce, LossesReachBackBeyondAnOpen) {
  OracleWorld w("set a 10; reopen; set b 10");
  w.Opens().Ok().Reopen("a=1").Ok();
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows("b=3"), "HOLE");
}

// Pages that went back to what the disk holds: until the next Open a dead process spares no more
// than power loss does, of later writes too.
TEST(Frontier, PagesThatWentBackTakeTheProcessFrontierWithThem) {
  OracleWorld w("set a 10; set b 10; reopen; set c 10", kBuffered);
  w.Opens().Ok();
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");
  w.Reverts();
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
  w.Ok();
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
  w.Reopen("a=1 b=2").Ok();
  EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "LOST_ACKED");
}

TEST(LiveRead, AWrongOneSaysWhatWasDue) {
  OracleWorld w("set a 10; get a; get b; reopen; get a");
  w.Opens().Ok().Gets("junk");
  EXPECT_THAT(w.live_detail(), HasSubstr("where the value of operation 1 was due"));
  w.Gets("1");
  EXPECT_THAT(w.live_detail(), HasSubstr("where nothing was due"));
  w.Reopen("a=1").Gets("nothing");
  EXPECT_THAT(w.live_detail(), HasSubstr("where what the last Open had shown was due"));
}

TEST(QuestionDeathTest, IsAboutEventsThatWereTaken) {
  OracleWorld w("set a 10");
  w.Opens().Ok();
  EXPECT_EQ(w.ShowsAt(w.events(), true, "a=1"), "legal");
  EXPECT_DEATH((void)w.ShowsAt(w.events() + 1, true, "a=1"), "a question is about events");
}

}  // namespace
}  // namespace crashlab
