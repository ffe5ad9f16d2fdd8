// The checker of runs with several clients, told event by event.
#include "harness/history/history_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "harness/adapters/kv_adapter.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

/// A run as a driver tells it. Places in the log are as the test says.
class Told {
 public:
  explicit Told(std::string_view program, Durability durability = Durability::kGroupCommit)
      : program_(ProgramOf(program)), checker_(program_, KvAdapter().contract(), durability) {
    Opened(0, {});
  }

  void Invoke(OpNumber op) { Take({.kind = Event::Kind::kInvoke, .op = op}); }
  void Return(OpNumber op, uint64_t sequence, Outcome outcome = Outcome::kOk) {
    Reply reply;
    if (sequence > 0) reply.sequence = sequence;
    Take({.kind = Event::Kind::kReturn, .op = op, .outcome = outcome}, reply);
  }
  void Read(OpNumber op, std::optional<std::string> value) {
    Invoke(op);
    Reply reply;
    reply.value = std::move(value);
    Take({.kind = Event::Kind::kReturn, .op = op}, reply);
  }
  void Opened(OpNumber op, Dump dump, std::optional<size_t> witnessed = {}) {
    Reply reply;
    reply.dump = std::move(dump);
    Take({.kind = Event::Kind::kOpened, .op = op, .witnessed = witnessed}, reply);
  }
  void Reverted(OpNumber op) { Take({.kind = Event::Kind::kReverted, .op = op}); }

  /// The value that an operation's edit writes.
  [[nodiscard]] std::string V(OpNumber op, size_t edit = 0) const {
    const Operation& operation = program_[op - 1];
    return ValueOf(
        op, edit,
        operation.verb == Verb::kBatch ? operation.batch[edit].value_bytes : operation.value_bytes);
  }
  /// What a recovery with this content is called, after so many events; "legal".
  [[nodiscard]] std::string After(size_t events, const Dump& dump, bool power_lost = true,
                                  const Dump* decided = nullptr) const {
    Observation seen;
    seen.dump = dump;
    seen.hash = HashOf(dump);
    const auto violation = checker_.Judge(
        {.seen = seen, .events = events, .power_lost = power_lost, .decided = decided});
    return violation ? std::string(Name(violation->verdict)) : "legal";
  }
  [[nodiscard]] std::string Now(const Dump& dump, bool power_lost = true) const {
    return After(events_, dump, power_lost);
  }
  [[nodiscard]] size_t events() const { return events_; }
  [[nodiscard]] std::string Finish() {
    const auto violation = checker_.Finish();
    return violation ? std::string(Name(violation->verdict)) : "legal";
  }
  [[nodiscard]] const HistoryChecker& checker() const { return checker_; }
  [[nodiscard]] const std::optional<Violation>& taken() const { return taken_; }

 private:
  void Take(const Event& event, const Reply& reply = {}) {
    auto violation = checker_.Take(event, reply);
    if (violation && !taken_) taken_ = std::move(violation);
    ++events_;
  }

  const Program program_;
  HistoryChecker checker_;
  size_t events_ = 0;
  std::optional<Violation> taken_;
};

TEST(HistoryCheckerTest, ACrashIsJudgedByWhatHadReturnedThen) {
  Told run("0: set a 10; 1: set b 10");
  run.Invoke(1);
  run.Invoke(2);
  run.Return(2, 1);
  run.Return(1, 2);
  const Dump b = {{"b", run.V(2)}};
  const Dump both = {{"a", run.V(1)}, {"b", run.V(2)}};
  EXPECT_EQ(run.After(1, {}), "legal");
  EXPECT_EQ(run.After(1, b), "FUTURE");
  EXPECT_EQ(run.After(1, {{"b", "junk"}}), "PHANTOM");
  EXPECT_EQ(run.After(3, {}), "legal");
  EXPECT_EQ(run.After(3, b), "legal");
  EXPECT_EQ(run.After(3, both), "legal") << "a place that was told later is a place";
  EXPECT_EQ(run.After(4, {}), "LOST_ACKED");
  EXPECT_EQ(run.After(4, b), "legal");
  EXPECT_EQ(run.After(5, b), "LOST_ACKED");
  EXPECT_EQ(run.After(5, {{"a", run.V(1)}}), "HOLE");
  EXPECT_EQ(run.After(5, {{"b", run.V(1)}}), "WRONG_VALUE");
  EXPECT_EQ(run.Finish(), "legal");
}

TEST(HistoryCheckerTest, WhatWasCutBackMayBeThereOrNotUntilItsCallReturns) {
  Told run("0: set a 10; 1: set b 10");
  run.Invoke(1);
  run.Invoke(2);
  run.Return(2, 1);  // the place that the other one had
  run.Return(1, 1, Outcome::kFail);
  const Dump b = {{"b", run.V(2)}};
  EXPECT_EQ(run.After(3, {{"a", run.V(1)}}), "legal");
  EXPECT_EQ(run.After(3, b), "legal");
  EXPECT_EQ(run.After(4, b), "legal");
  EXPECT_EQ(run.Now(b), "legal");
  EXPECT_EQ(run.Now({{"a", run.V(1)}, {"b", run.V(2)}}), "RESURRECTED");
  EXPECT_EQ(run.Finish(), "legal");
}

TEST(HistoryCheckerTest, AnOpenEndsAHistory) {
  Told run("0: set a 10; reopen; 1: set a 10");
  run.Invoke(1);
  run.Return(1, 1);
  run.Invoke(2);
  run.Opened(2, {});
  ASSERT_TRUE(run.taken().has_value());
  EXPECT_EQ(run.taken()->verdict, Verdict::kLostAcked);

  Told right("0: set a 10; reopen; 1: set a 10");
  right.Invoke(1);
  right.Return(1, 1);
  right.Invoke(2);
  right.Opened(2, {{"a", right.V(1)}});
  EXPECT_FALSE(right.taken().has_value());
  right.Invoke(3);
  EXPECT_EQ(right.Now({}), "LOST_ACKED") << "the Open had shown it";
  EXPECT_EQ(right.Now({{"a", right.V(3)}}), "RESURRECTED") << "it has no place in the log";
  right.Return(3, 2);
  EXPECT_EQ(right.Now({{"a", right.V(3)}}), "legal");
  EXPECT_EQ(right.Now({{"a", right.V(1)}}), "LOST_ACKED");
}

TEST(HistoryCheckerTest, WhatAnEarlierOpenHadNotShownIsBack) {
  Told run("0: set a 10; 1: delete a; reopen; 1: set b 10");
  run.Invoke(1);
  run.Return(1, 1);
  run.Invoke(2);
  run.Return(2, 2);
  run.Invoke(3);
  run.Opened(3, {});
  run.Invoke(4);
  run.Return(4, 3);
  EXPECT_EQ(run.Now({{"a", run.V(1)}, {"b", run.V(4)}}), "RESURRECTED");
  EXPECT_EQ(run.Now({{"a", run.V(1)}}), "LOST_ACKED") << "a state from before the Open";
}

TEST(HistoryCheckerTest, WhatWasDecidedStays) {
  Told run("0: set a 10; 1: set b 10");
  run.Invoke(1);
  run.Invoke(2);
  run.Return(1, 1, Outcome::kInfo);
  run.Return(2, 2, Outcome::kInfo);
  const Dump a = {{"a", run.V(1)}};
  const Dump both = {{"a", run.V(1)}, {"b", run.V(2)}};
  EXPECT_EQ(run.After(5, a, true, &a), "legal");
  EXPECT_EQ(run.After(5, {}, true, &a), "LOST_ACKED");
  EXPECT_EQ(run.After(5, both, true, &a), "RESURRECTED");
  EXPECT_EQ(run.After(5, {{"a", "junk"}}, true, &a), "PHANTOM");
}

TEST(HistoryCheckerTest, ProcessDeathKeepsWhatIsBufferedUnlessPagesWentBack) {
  Told run("0: set a 10; 1: get a", Durability::kBuffered);
  run.Invoke(1);
  run.Return(1, 1);
  EXPECT_EQ(run.Now({}, /*power_lost=*/false), "LOST_ACKED");
  EXPECT_EQ(run.Now({}, /*power_lost=*/true), "legal");
  run.Reverted(1);
  EXPECT_EQ(run.Now({}, /*power_lost=*/false), "legal");
  EXPECT_EQ(run.After(3, {}, /*power_lost=*/false), "LOST_ACKED") << "it had not happened yet";
}

TEST(HistoryCheckerTest, AnOpenThatMayHaveReadRotOwesWhatIsWitnessed) {
  const auto shows = [](bool first, bool second, std::optional<size_t> witnessed) {
    Told run("0: set a 10; 1: set b 10; kill");
    for (OpNumber op : {1, 2}) {
      run.Invoke(op);
      run.Return(op, op);
    }
    Dump dump;
    if (first) dump.emplace_back("a", run.V(1));
    if (second) dump.emplace_back("b", run.V(2));
    run.Opened(3, dump, witnessed);
    return run.taken() ? std::string(Name(run.taken()->verdict)) : "legal";
  };
  EXPECT_EQ(shows(true, true, {}), "legal");
  EXPECT_EQ(shows(true, false, {}), "LOST_ACKED");
  EXPECT_EQ(shows(true, false, 5), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(shows(true, false, 3), "legal");
  EXPECT_EQ(shows(false, false, 3), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(shows(false, false, 1), "legal");
  EXPECT_EQ(shows(false, true, 1), "HOLE");
}

TEST(HistoryCheckerTest, MoreOpenErrorsThanWorldsAreUndecided) {
  Told run("0: set a 1; 1: set b 1; 2: set c 1; 3: set d 1; 4: set e 1; 5: set f 1; 6: set g 1");
  for (OpNumber op = 1; op <= 7; ++op) {
    run.Invoke(op);
    EXPECT_FALSE(run.checker().Undecided(run.events())) << op;
    run.Return(op, op, Outcome::kInfo);
  }
  EXPECT_TRUE(run.checker().Undecided(run.events()));
}

TEST(HistoryCheckerTest, WhatClientsSawIsJudgedAtTheEnd) {
  Told run("0: set a 10; 1: get a; 1: get a");
  run.Invoke(1);
  run.Read(2, run.V(1));
  run.Read(3, std::nullopt);
  run.Return(1, 1);
  EXPECT_EQ(run.Finish(), "NOT_LINEARIZABLE");
}

/// Client 0 writes a, then b over it, with a reopen behind each; then it writes c.
class ReopenedTest : public ::testing::Test {
 protected:
  ReopenedTest() {
    Take({.kind = Event::Kind::kOpened, .op = 0});
    Write(1);
    Reopen(2, {{"k", ValueOf(1, 0, 10)}});
    Write(3);
    Reopen(4, {{"k", ValueOf(3, 0, 20)}});
    Write(5);
  }

  std::string VerdictOn(const Dump& dump) {
    const Observation seen{.open = {}, .dump = dump, .hash = HashOf(dump)};
    const auto violation =
        checker_.Judge({.seen = seen, .events = events_, .power_lost = true, .decided = nullptr});
    return violation.has_value() ? std::string(Name(violation->verdict)) : "legal";
  }

 private:
  void Take(const Event& event, const Reply& reply = {}) {
    ++events_;
    EXPECT_FALSE(checker_.Take(event, reply).has_value());
  }
  void Write(OpNumber op) {
    Take({.kind = Event::Kind::kInvoke, .op = op});
    Reply reply;
    reply.sequence = ++sequence_;
    Take({.kind = Event::Kind::kReturn, .op = op}, reply);
  }
  void Reopen(OpNumber op, const Dump& shown) {
    Take({.kind = Event::Kind::kInvoke, .op = op});
    Take({.kind = Event::Kind::kClosed, .op = op});
    Reply reply;
    reply.dump = shown;
    Take({.kind = Event::Kind::kOpened, .op = op}, reply);
  }

  const Program program_ = ProgramOf("0: set k 10; reopen; 0: set k 20; reopen; 0: set other 30");
  HistoryChecker checker_{program_, KvAdapter().contract(), Durability::kSync};
  size_t events_ = 0;
  uint64_t sequence_ = 0;
};

TEST_F(ReopenedTest, AStateThatAnOpenLeftBehindIsLost) {
  EXPECT_EQ(VerdictOn({{"k", ValueOf(3, 0, 20)}, {"other", ValueOf(5, 0, 30)}}), "legal");
  EXPECT_EQ(VerdictOn({{"k", ValueOf(3, 0, 20)}}), "LOST_ACKED");
  EXPECT_EQ(VerdictOn({{"k", ValueOf(1, 0, 10)}}), "LOST_ACKED") << "before the second Open";
  EXPECT_EQ(VerdictOn({}), "LOST_ACKED") << "before the first";
}

TEST_F(ReopenedTest, AMixtureOfOldAndNewIsNoStateFromBefore) {
  EXPECT_EQ(VerdictOn({{"k", ValueOf(1, 0, 10)}, {"other", ValueOf(5, 0, 30)}}), "RESURRECTED");
  EXPECT_EQ(VerdictOn({{"other", ValueOf(5, 0, 30)}}), "HOLE");
  EXPECT_EQ(VerdictOn({{"k", "nobody's"}}), "PHANTOM");
}

}  // namespace
}  // namespace crashlab
