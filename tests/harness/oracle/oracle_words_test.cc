// What a content that is no legal one is called, how far the looking for a reason reaches, and the
// words in which a person reads it.
#include <gtest/gtest.h>

#include <string>

#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

constexpr auto kBuffered = Durability::kBuffered;

/// HOLE, with what is to be read of `entries` entries and of the first key that differs.
std::string Hole(int entries, const std::string& key, const std::string& is,
                 const std::string& due) {
  return "HOLE: " + std::to_string(entries) + " entries, no prefix of the run; \"" + key +
         "\" is " + is + ", where all that was answered would leave " + due;
}

// ---- LOST_ACKED, FUTURE

TEST(WordsOfALoss, NameTheFirstThree) {
  OracleWorld w("set a 10; set b 10; set c 10; set d 10");
  w.Opens().Ok().Ok().Ok();
  const std::string begin =
      "LOST_ACKED: what was recovered ends before the first operation; acknowledged as surviving, "
      "and gone: operation 1 (set a 10), operation 2 (set b 10), operation 3 (set c 10)";
  EXPECT_EQ(w.Says(""), begin);
  w.Ok();
  EXPECT_EQ(w.Says(""), begin + ", …");
  EXPECT_EQ(w.Says("a=1 b=2 c=3"),
            "LOST_ACKED: what was recovered ends after operation 3; acknowledged as surviving, and "
            "gone: operation 4 (set d 10)");
}

TEST(WordsOfALoss, NameMutationsThatWereAcknowledgedAsSurviving) {
  OracleWorld w("set a 10; get a; set b 10; set c 10; flush; set d 10 buffered");
  w.Opens().Ok().Gets("1").Fail().Ok().Ok().Ok();
  EXPECT_EQ(w.Says("a=1"),
            "LOST_ACKED: what was recovered ends after operation 1; acknowledged as surviving, and "
            "gone: operation 4 (set c 10)");
}

// Of several prefixes with this map the longest: so much must have been lost.
TEST(WordsOfALoss, CountFromTheLongestPrefixThatFits) {
  OracleWorld w("set a 10; delete a; set b 10");
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.Says(""),
            "LOST_ACKED: what was recovered ends after operation 2; acknowledged as surviving, and "
            "gone: operation 3 (set b 10)");
}

TEST(WordsOfALoss, OfWhatAnOpenHadShown) {
  OracleWorld w("set a 10; reopen; set b 10");
  w.Opens().Ok().Reopen("a=1").Ok();
  EXPECT_EQ(w.Says(""),
            "LOST_ACKED: what was recovered ends before what an Open within the run had shown");
}

TEST(WordsOfTheFuture, NameTheFirstThatWouldDo) {
  OracleWorld w("set a 10; set b 10; delete b; set b 10; set c 10");
  w.Opens().Ok();
  const size_t then = w.events();
  w.Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.SaysAt(then, "a=1 b=2"),
            "FUTURE: operation 2 (set b 10) is there before it was invoked");
}

// ---- HOLE

TEST(WordsOfAHole, NameTheFirstKeyThatDiffers) {
  OracleWorld w("set a 10; set b 10; set c 10; set a 12", kBuffered);
  w.Opens().Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.Says("b=2"), Hole(1, "a", "missing", "operation 4's"));
  EXPECT_EQ(w.Says("a=1 c=3"), Hole(2, "a", "operation 1's", "operation 4's"));
  EXPECT_EQ(w.Says("a=4 c=3"), Hole(2, "b", "missing", "operation 2's"));
}

TEST(WordsOfAHole, KnowWhatWasThereAtOpen) {
  OracleWorld w("set a 10; set b 10; reopen; set c 10; set d 10");
  w.Opens().Ok().Ok().Reopen("a=1 b=2").Ok().Ok();
  EXPECT_EQ(w.Says("a=1 c=4 d=5"), Hole(3, "b", "missing", "what was there at Open"));
  EXPECT_EQ(w.Says("a=1 b=2 d=5"), Hole(3, "c", "missing", "operation 4's"));
}

TEST(WordsOfAHole, ExpectNothingOfWhatWasNotAnswered) {
  OracleWorld w("set a 10; set b 10; set c 10", kBuffered);
  w.Opens().Ok().Begin();
  const size_t in_flight = w.events();
  w.Ok().Ok();
  EXPECT_EQ(w.SaysAt(in_flight, "a=1 c=3"), "HOLE: 2 entries, no prefix of the run");
}

// ---- After an Open within the chain of crashes

TEST(WordsOfWhatWasDecided, ALogThatEndsEarlier) {
  OracleWorld w("set a 10; set b 10; set c 10", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(
      w.SaysAfter("a=1 b=2", "a=1"),
      "LOST_ACKED: an Open had shown 2 entries; now the log ends before that, with 1 entries");
  EXPECT_EQ(w.SaysAfter("a=1 b=2", "b=2"),
            "LOST_ACKED: an Open had shown 2 entries; now there are 1 of them");
}

TEST(WordsOfWhatWasDecided, WhatIsThereAllTheSame) {
  OracleWorld w("set a 10; set a 10; set c 10", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(
      w.SaysAfter("a=2", "a=2 c=3"),
      "RESURRECTED: an Open had shown \"c\" = nothing; now \"00003.000@\" (10 bytes) is there");
  EXPECT_EQ(w.SaysAfter("a=1", "a=2"),
            "RESURRECTED: an Open had shown \"a\" = \"00001.000@\" (10 bytes); now "
            "\"00002.000@\" (10 bytes) is there");
}

// ---- PHANTOM, WRONG_VALUE

TEST(WordsOfAForeignValue, NameItAndWhoWroteIt) {
  OracleWorld w("set a 10; set b 10");
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.Says("a=junk"),
            "PHANTOM: \"a\" = \"nobody wrote this\" (17 bytes), which nobody wrote");
  EXPECT_EQ(w.Says("a=2 b=1"),
            "WRONG_VALUE: \"a\" = \"00002.000@\" (10 bytes), which operation 2 (set b 10) wrote, "
            "elsewhere");
}

// ---- Values with several writers

TEST(WriterOfAShortValue, IsOneThatWasInvoked) {
  OracleWorld w("set a 0; set b 10; set c 10; set a 0", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.Says("a=1 c=3"), Hole(2, "b", "missing", "operation 2's"));
}

TEST(WriterOfAShortValue, IsTheNewestThatWasInvoked) {
  OracleWorld w("set b 10; set a 0; delete a; set a 0");
  w.Opens().Ok().Ok().Ok().Begin();
  EXPECT_EQ(w.Says("a=4"), Hole(1, "b", "missing", "operation 1's")) << "nothing came back";
  w.Ok();
  EXPECT_EQ(w.Says("a=4"), Hole(1, "b", "missing", "operation 1's"));
}

TEST(WriterOfAShortValue, IsNoneThatWasRefusedIfThereIsAnother) {
  OracleWorld w("set a 0; set b 10; set a 0; set c 10");
  w.Opens().Ok().Ok().Fail().Ok();
  EXPECT_EQ(w.Says("a=1 c=4"), Hole(2, "b", "missing", "operation 2's"));
}

// ---- RESURRECTED

TEST(WordsOfWhatIsBack, ARefusedOne) {
  OracleWorld w("set a 10; set b 10; set c 10");
  w.Opens().Ok().Fail().Ok();
  EXPECT_EQ(w.Says("a=1 b=2 c=3"),
            "RESURRECTED: \"b\" of operation 2 (set b 10) is back, which was refused");
}

TEST(WordsOfWhatIsBack, NameTheFirstThatErasedIt) {
  OracleWorld w("set a 10; set b 10; delete b; delete a; clear; set c 10");
  w.Opens().Ok().Ok().Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.Says("a=1 c=6"),
            "RESURRECTED: \"a\" of operation 1 (set a 10) is back, after operation 4 (delete a)");
}

// The log is one: what must be there, and what shows, has all before it in it.
TEST(WhatIsBack, IsBackIfTheDeleteMustBeThere) {
  const std::string program = "set a 10; set b 10; set c 10; delete a";
  OracleWorld durable(program);
  durable.Opens().Ok().Ok().Ok().Ok();
  EXPECT_EQ(durable.Says("a=1 c=3"),
            "RESURRECTED: \"a\" of operation 1 (set a 10) is back, after operation 4 (delete a)");
  OracleWorld buffered(program, kBuffered);
  buffered.Opens().Ok().Ok().Ok().Ok();
  EXPECT_EQ(buffered.Says("a=1 c=3"), Hole(2, "b", "missing", "operation 2's"));
}

TEST(WhatIsBack, IsNotBackIfTheDeleteHadNotBeenInvoked) {
  OracleWorld w("set a 10; set b 10; delete a; set c 10");
  w.Opens().Ok().Ok();
  const size_t then = w.events();
  w.Ok().Ok();
  EXPECT_EQ(w.SaysAt(then, "a=1 c=4"), Hole(2, "b", "missing", "operation 2's"));
}

TEST(WhatIsBack, IsNotBackIfTheDeleteWasNotAnswered) {
  OracleWorld w("set a 10; set b 10; delete a; set c 10");
  w.Opens().Ok().Ok().Info().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 c=4"), "HOLE");
}

TEST(WhatIsBack, IsNotBackIfTheBatchThatWroteItErasedItFirst) {
  OracleWorld w("batch delete a, set a 10; set b 10; set c 10");
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1.1 c=3"), "HOLE");
}

TEST(WhatIsBack, MayBeOlderThanWhatAnOpenHadShown) {
  OracleWorld w("set a 10; set a 12; reopen; set b 10; set c 10");
  w.Opens().Ok().Ok().Reopen("a=2").Ok().Ok();
  EXPECT_EQ(w.Says("a=1 b=4 c=5"),
            "RESURRECTED: \"a\" of operation 1 (set a 10) is back, which an Open had not shown");
  EXPECT_EQ(w.PowerLossShows("a=2 c=5"), "HOLE");
}

TEST(WhatIsBack, MayHaveBeenShownByAnOpenAndDeletedSince) {
  OracleWorld w("set a 10; set b 10; reopen; delete a; set c 10; delete b; set d 10");
  w.Opens().Ok().Ok().Reopen("a=1 b=2").Ok().Ok().Ok().Ok();
  EXPECT_EQ(w.Says("a=1 d=7"),
            "RESURRECTED: \"a\" of operation 1 (set a 10) is back, after operation 4 (delete a)");
  EXPECT_EQ(w.Says("b=2 d=7"),
            "RESURRECTED: \"b\" of operation 2 (set b 10) is back, after operation 6 (delete b)");
}

TEST(WhatIsBack, IsNotBackIfAnOpenDecidedAgainstTheDelete) {
  OracleWorld w("set a 10; delete a buffered; flush; kill; set b 10; set c 10");
  w.Opens().Ok().Ok().Info().Kill("a=1").Ok().Ok();
  EXPECT_EQ(w.live(), "right");
  EXPECT_EQ(w.Says("a=1 c=6"), Hole(2, "b", "missing", "operation 5's"));
}

TEST(WhatIsBack, IsNotBackIfItWasWrittenAgain) {
  OracleWorld w("set a 0; set b 10; reopen; delete a; set a 0; set c 10");
  w.Opens().Ok().Ok().Reopen("a=1 b=2").Ok().Ok().Ok();
  EXPECT_EQ(w.Says("a=5 c=6"), Hole(2, "b", "missing", "what was there at Open"));
}

// ---- TORN_BATCH

TEST(WordsOfATornBatch, NameIt) {
  OracleWorld w("set c 10; batch set a 10, delete c");
  w.Opens().Ok().Begin();
  EXPECT_EQ(w.Says("a=2.0 c=1"), "TORN_BATCH: a part of operation 2 (batch set a 10; delete c)");
}

/// How a batch is judged of which what it sets is missing, and what it deletes too; `before` is
/// what became of that key. Something else is missing, so that this is no prefix in any case.
std::string WithoutAandC(const std::string& before, Outcome outcome) {
  OracleWorld w("set d 10; set e 10; set c 10; " + before + "; batch set a 10, delete c");
  w.Opens().Ok().Ok();
  if (outcome == Outcome::kOk) w.Ok();
  if (outcome == Outcome::kFail) w.Fail();
  if (outcome == Outcome::kInfo) w.Info();
  w.Ok().Begin();
  const std::string in_flight = w.PowerLossShows("e=2");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows("e=2"), in_flight) << before;
  return in_flight;
}

TEST(TornBatch, ADeleteShowsIfTheKeyWasThereBefore) {
  EXPECT_EQ(WithoutAandC("flush", Outcome::kOk), "TORN_BATCH");
  EXPECT_EQ(WithoutAandC("set c 12", Outcome::kOk), "TORN_BATCH");
  EXPECT_EQ(WithoutAandC("batch delete c, set c 12", Outcome::kOk), "TORN_BATCH");
}

TEST(TornBatch, ADeleteOfWhatWasNotThereShowsNothing) {
  EXPECT_EQ(WithoutAandC("flush", Outcome::kFail), "HOLE");
  EXPECT_EQ(WithoutAandC("flush", Outcome::kInfo), "HOLE") << "it may never have been there";
  EXPECT_EQ(WithoutAandC("delete c", Outcome::kOk), "HOLE");
  EXPECT_EQ(WithoutAandC("batch set c 12, delete c", Outcome::kOk), "HOLE");
  OracleWorld cleared("set c 10; clear; set d 10; set e 10; batch set a 10, delete c");
  cleared.Opens().Ok().Ok().Ok().Ok().Begin();
  EXPECT_EQ(cleared.PowerLossShows("e=4"), "HOLE");
}

TEST(TornBatch, AnOpenDecidesWhatWasThereBefore) {
  const std::string program =
      "set d 10; set e 10; set c 10 buffered; flush; kill; batch set a 10, delete c";
  OracleWorld there(program);
  there.Opens().Ok().Ok().Ok().Info().Kill("c=3 d=1 e=2").Begin();
  EXPECT_EQ(there.PowerLossShows("e=2"), "TORN_BATCH");
  OracleWorld lost(program);
  lost.Opens().Ok().Ok().Ok().Info().Kill("d=1 e=2").Begin();
  EXPECT_EQ(lost.live(), "right");
  EXPECT_EQ(lost.PowerLossShows("e=2"), "HOLE");
}

TEST(TornBatch, MayBeOneBeforeTheLastOpen) {
  OracleWorld w("set c 10; set d 10; batch set a 10, delete c; reopen; set e 10");
  w.Opens().Ok().Ok().Ok().Reopen("a=3.0 d=2").Ok();
  EXPECT_EQ(w.PowerLossShows("d=2 e=5"), "TORN_BATCH") << "deleted, and what it set is missing";
}

TEST(TornBatch, IsExplainedByADeleteThatMayHaveHappened) {
  OracleWorld w("set d 10; batch set a 10, set b 10; delete b; set c 10");
  w.Opens().Ok().Ok().Begin();
  EXPECT_EQ(w.PowerLossShows("a=2.0"), "HOLE") << "d is missing";
  w.Fail().Ok();
  EXPECT_EQ(w.PowerLossShows("a=2.0 c=4 d=1"), "TORN_BATCH") << "the delete was refused";
}

TEST(TornBatch, IsNotExplainedByItsOwnDelete) {
  OracleWorld w("batch set a 10, delete b, set b 10");
  w.Opens().Begin();
  EXPECT_EQ(w.PowerLossShows("a=1.0"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=1.0 b=1.2"), "legal");
}

}  // namespace
}  // namespace crashlab
