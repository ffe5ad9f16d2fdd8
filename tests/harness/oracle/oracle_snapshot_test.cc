// What the reference model allows where snapshots are made, and where persistence is cleared.
#include <gtest/gtest.h>

#include <string>

#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

constexpr auto kBuffered = Durability::kBuffered;

// ---- Snapshots
// -----------------------------------------------------------------------------------

TEST(Snapshots, MakeDurableWhatWasAcknowledgedBefore) {
  for (const std::string verb : {"snapshot", "compact"}) {
    OracleWorld w("set a 10; set b 10; " + verb + "; set c 10", kBuffered);
    w.Opens().Ok().Ok().Begin();
    EXPECT_EQ(w.PowerLossShows(""), "legal") << verb;  // before Ok nothing has changed
    EXPECT_EQ(w.PowerLossShows("a=1"), "legal") << verb;
    EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED") << verb;
    w.Ok();
    EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "legal") << verb;
    EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED") << verb;
    EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED") << verb;
    w.Ok();
    EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "legal") << verb;
    EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "LOST_ACKED") << verb;
  }
}

TEST(Snapshots, NeverChangeTheMap) {
  for (const std::string verb : {"snapshot", "compact", "background"}) {
    OracleWorld w("set a 10; delete a; set b 10; " + verb + "; size; get a; for-each");
    w.Opens().Ok().Ok().Ok().Ok().Counts(1);
    EXPECT_EQ(w.live(), "right") << verb;
    EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED") << verb;
    EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED") << verb;
    EXPECT_EQ(w.PowerLossShows("a=1 b=3"), "RESURRECTED") << verb;
    w.Gets("1");
    EXPECT_EQ(w.live(), "WRONG_VALUE") << verb;
    w.Lists("b=3");
    EXPECT_EQ(w.live(), "right") << verb;
  }
}

TEST(Snapshots, MakeNoLaterMutationDurableBeforeAnEarlierOne) {
  OracleWorld w("set a 10; compact; set b 10; set c 10", kBuffered);
  w.Opens().Ok().Ok().Ok().Ok();
  for (const char* legal : {"a=1", "a=1 b=3", "a=1 b=3 c=4"}) {
    EXPECT_EQ(w.PowerLossShows(legal), "legal") << legal;
  }
  EXPECT_EQ(w.PowerLossShows("a=1 c=4"), "HOLE");
  EXPECT_EQ(w.PowerLossShows("b=3 c=4"), "HOLE");  // the tail without the snapshot
}

TEST(Snapshots, OneThatIsRefusedMovesNothing) {
  for (const std::string verb : {"snapshot", "compact", "background"}) {
    OracleWorld w("set a 10; " + verb, kBuffered);
    w.Opens().Ok().Fail();
    EXPECT_EQ(w.PowerLossShows(""), "legal") << verb;
    EXPECT_EQ(w.ProcessDeathShows("a=1"), "legal") << verb;
    EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED") << verb;
  }
}

// Whether it was the log's sync that failed or the snapshot's own nobody can tell from outside,
// until a mutation is acknowledged: then the log is whole.
TEST(Snapshots, OneThatFailsLeavesWhatIsDurable) {
  for (const std::string verb : {"snapshot", "compact", "background"}) {
    OracleWorld w("set a 10 sync; set b 10; " + verb + "; set c 10", kBuffered);
    w.Opens().Ok().Ok().Info();
    for (const char* legal : {"a=1", "a=1 b=2"}) {
      EXPECT_EQ(w.ProcessDeathShows(legal), "legal") << verb << legal;
      EXPECT_EQ(w.PowerLossShows(legal), "legal") << verb << legal;
    }
    EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED") << verb;
    EXPECT_EQ(w.PowerLossShows("b=2"), "HOLE") << verb;
    w.Ok();
    EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "LOST_ACKED") << verb;
    EXPECT_EQ(w.ProcessDeathShows("a=1 b=2 c=4"), "legal") << verb;
    EXPECT_EQ(w.PowerLossShows("a=1"), "legal") << verb;
  }
}

// A failed call branches no world: it is no mutation.
TEST(Snapshots, FailAsOftenAsTheyLike) {
  std::string program = "set a 10; ";
  for (int i = 0; i < 20; ++i) program += "snapshot; ";
  OracleWorld w(program + "set b 10");
  w.Opens().Ok();
  for (int i = 0; i < 20; ++i) w.Info();
  w.Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=22"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
}

TEST(Snapshots, BackgroundWorkPromisesNothing) {
  OracleWorld w("set a 10; background", kBuffered);
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  EXPECT_EQ(w.ProcessDeathShows(""), "LOST_ACKED");  // and takes nothing back
}

TEST(Snapshots, SurviveAKillThatFollows) {
  OracleWorld lost("set a 10; snapshot; kill; get a", kBuffered);
  lost.Opens().Ok().Ok().Kill("");
  EXPECT_EQ(lost.live(), "LOST_ACKED");
  // The error proves nothing of the log, so that the Open decides.
  OracleWorld open("set a 10; compact; kill; set b 10", kBuffered);
  open.Opens().Ok().Info().Kill("").Ok();
  EXPECT_EQ(open.live(), "right");
  EXPECT_EQ(open.PowerLossShows("a=1"), "RESURRECTED");
  EXPECT_EQ(open.ProcessDeathShows("b=4"), "legal");
}

TEST(Snapshots, DoNotExplainATornBatch) {
  OracleWorld w("batch set a 10, set b 10; snapshot; batch set a 20, set c 10", kBuffered);
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1.0 b=1.1"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1.0"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=3.0 b=1.1"), "TORN_BATCH");
  EXPECT_EQ(w.PowerLossShows("a=3.0 c=3.1"), "HOLE");  // of the first batch nothing shows
}

// ---- Clearing persistence
// --------------------------------------------------------------------------

TEST(ClearPersistence, IsOneStepAndDurableWhateverTheStoresDurability) {
  OracleWorld w("set a 10; set b 10; clear-persistence; set c 10", kBuffered);
  w.Opens().Ok().Ok().Begin();
  for (const char* legal : {"", "a=1", "a=1 b=2"}) {
    EXPECT_EQ(w.PowerLossShows(legal), "legal") << legal;
  }
  EXPECT_EQ(w.PowerLossShows("b=2"), "HOLE");  // half of it gone
  EXPECT_EQ(w.ProcessDeathShows("a=1 b=2"), "legal");
  EXPECT_EQ(w.ProcessDeathShows(""), "legal");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows(""), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1 b=2"), "LOST_ACKED");
  EXPECT_EQ(w.ProcessDeathShows("a=1"), "LOST_ACKED");
}

TEST(ClearPersistence, NeverOldDataUnderNewWrites) {
  OracleWorld w("set a 10; clear-persistence; set b 10");
  w.Opens().Ok().Ok().Begin();
  EXPECT_EQ(w.PowerLossShows("b=3"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1 b=3"), "RESURRECTED");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=3"), "RESURRECTED");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
}

TEST(ClearPersistence, IsSeenLive) {
  OracleWorld w("set a 10; clear-persistence; size; get a");
  w.Opens().Ok().Ok().Counts(0);
  EXPECT_EQ(w.live(), "right");
  w.Gets("1");
  EXPECT_EQ(w.live(), "WRONG_VALUE");
}

TEST(ClearPersistence, WithoutAnAnswerMayOrMayNotHaveHappened) {
  OracleWorld w("set a 10; clear-persistence; get a; set b 10");
  w.Opens().Ok().Info().Gets("1").Ok();
  EXPECT_EQ(w.live(), "right");  // not before the next Open
  for (const char* legal : {"a=1 b=4", "b=4"}) EXPECT_EQ(w.PowerLossShows(legal), "legal");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
}

TEST(ClearPersistence, IsDecidedByTheNextOpen) {
  OracleWorld there("set a 10; clear-persistence; kill; set b 10");
  there.Opens().Ok().Info().Kill("").Ok();
  EXPECT_EQ(there.live(), "right");
  EXPECT_EQ(there.PowerLossShows("a=1 b=4"), "RESURRECTED");
  OracleWorld gone("set a 10; clear-persistence; kill; set b 10");
  gone.Opens().Ok().Info().Kill("a=1").Ok();
  EXPECT_EQ(gone.live(), "right");
  EXPECT_EQ(gone.PowerLossShows("a=1 b=4"), "legal");
  EXPECT_NE(gone.PowerLossShows("b=4"), "legal");
}

TEST(ClearPersistence, RefusedItHasNoIndex) {
  OracleWorld w("set a 10; clear-persistence; set b 10");
  w.Opens().Ok().Fail();
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");
  EXPECT_EQ(w.PowerLossShows(""), "LOST_ACKED");
  w.Ok();
  EXPECT_EQ(w.PowerLossShows("a=1 b=3"), "legal");
  EXPECT_EQ(w.PowerLossShows("b=3"), "HOLE");
}

TEST(ClearPersistence, ExplainsWhatABatchIsMissing) {
  OracleWorld w("batch set a 10, set b 10; clear-persistence; set a 20");
  w.Opens().Ok().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=3"), "legal");
  EXPECT_EQ(w.PowerLossShows("a=3 b=1.1"), "RESURRECTED");
}

// It is written Sync under a Buffered store too, and a read of its effect counts as one of such.
TEST(ClearPersistence, AReadOfItsEffectCountsAsOfASyncSource) {
  OracleWorld w("set a 10; clear-persistence; get a", kBuffered, ReadsCount());
  w.Opens().Ok().Ok();
  EXPECT_EQ(w.PowerLossShows("a=1"), "legal");  // this engine promises nothing of writes
  w.Gets("nothing");
  EXPECT_EQ(w.PowerLossShows("a=1"), "LOST_ACKED");
}

}  // namespace
}  // namespace crashlab
