// A process that dies in the middle of calls: nobody is told which places in the log these got.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/history/history_checker.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

/// A run that is cut: what has not returned when it is judged never does.
class CutRun {
 public:
  explicit CutRun(std::string_view program)
      : program_(ProgramOf(program)),
        checker_(program_, KvAdapter().contract(), Durability::kSync) {
    Take({.kind = Event::Kind::kOpened, .op = 0});
  }

  CutRun& Begins(OpNumber op) { return Take({.kind = Event::Kind::kInvoke, .op = op}); }
  CutRun& Wrote(OpNumber op, uint64_t sequence) {
    Reply reply;
    reply.sequence = sequence;
    return Take({.kind = Event::Kind::kReturn, .op = op}, reply);
  }
  CutRun& Gets(OpNumber op, OpNumber writer) {
    Reply reply;
    reply.value = ValueOf(writer, 0, 1);
    return Take({.kind = Event::Kind::kReturn, .op = op}, reply);
  }

  /// Of what the next Open shows: each key, with the operation that wrote it.
  std::string Shows(const std::vector<std::pair<std::string, OpNumber>>& content) {
    checker_.Cut();
    Observation seen;
    for (const auto& [key, writer] : content) seen.dump.emplace_back(key, ValueOf(writer, 0, 1));
    seen.hash = HashOf(seen.dump);
    if (checker_.Undecided(events_)) return "unknown";
    const auto violation = checker_.Judge({.seen = seen,
                                           .events = events_,
                                           .witnessed = {},
                                           .power_lost = false,
                                           .decided = nullptr});
    return violation.has_value() ? std::string(Name(violation->verdict)) : "legal";
  }

 private:
  CutRun& Take(const Event& event, const Reply& reply = {}) {
    EXPECT_FALSE(checker_.Take(event, reply).has_value());
    ++events_;
    return *this;
  }

  const Program program_;
  HistoryChecker checker_;
  size_t events_ = 0;
};

TEST(InFlight, OneThatWasCutMayHaveHappened) {
  CutRun run("0: set a 1; 1: set b 1");
  run.Begins(1).Begins(2).Wrote(2, 1);
  EXPECT_EQ(run.Shows({{"b", 2}}), "legal");
  EXPECT_EQ(run.Shows({{"a", 1}, {"b", 2}}), "legal");
  EXPECT_EQ(run.Shows({{"a", 1}}), "LOST_ACKED");
  EXPECT_EQ(run.Shows({}), "LOST_ACKED");
}

TEST(InFlight, ItComesBehindWhatHadReturned) {
  CutRun run("0: set a 1; 1: set a 1");
  run.Begins(1).Wrote(1, 7).Begins(2);
  EXPECT_EQ(run.Shows({{"a", 1}}), "legal");
  EXPECT_EQ(run.Shows({{"a", 2}}), "legal");
}

TEST(InFlight, ItStandsOnlyWhereAPlaceIsLeft) {
  // In flight all the time, and another wrote the key it writes before the last one was written.
  for (const uint64_t last : {2, 3}) {
    CutRun run("0: set a 1; 1: set a 1; 1: get a; 1: delete a");
    run.Begins(1).Begins(2).Wrote(2, 1).Begins(3).Gets(3, 1).Begins(4).Wrote(4, last);
    // Seen between the two, so that it has a place there, or what was seen is not explained.
    EXPECT_EQ(run.Shows({}), last == 3 ? "legal" : "NOT_LINEARIZABLE");
    EXPECT_EQ(run.Shows({{"a", 1}}), last == 3 ? "LOST_ACKED" : "NOT_LINEARIZABLE");
  }
}

TEST(InFlight, AnyOrderOfSeveral) {
  CutRun run("0: set a 1; 1: set a 1; 2: set b 1");
  run.Begins(1).Begins(2).Begins(3);
  EXPECT_EQ(run.Shows({}), "legal");
  EXPECT_EQ(run.Shows({{"b", 3}}), "legal");
  EXPECT_EQ(run.Shows({{"a", 1}, {"b", 3}}), "legal");
  EXPECT_EQ(run.Shows({{"a", 2}, {"b", 3}}), "legal");
  EXPECT_EQ(run.Shows({{"b", 2}}), "WRONG_VALUE");
}

TEST(InFlight, TooManyToTryAreNotDecided) {
  std::string program;
  for (int client = 0; client < 16; ++client) {
    program += std::to_string(client) + ": set a 1; ";
  }
  CutRun run(program);
  for (OpNumber op = 1; op <= 16; ++op) run.Begins(op);
  EXPECT_EQ(run.Shows({}), "unknown");
}

}  // namespace
}  // namespace crashlab
