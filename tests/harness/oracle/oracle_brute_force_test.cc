// KvOracle against a second reading of the rules that shares nothing with it: for every tiny
// history the set of legal contents is listed, subset of unanswered mutations by subset, prefix by
// prefix.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/oracle/oracle.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

/// Who wrote a and b; 0: not there.
using Shown = std::pair<int, int>;

enum class Kind {
  kSetA,
  kSetB,
  kDeleteA,
  kClear,
  kBatchAB,
  kBatchAOnly,
  kEmptyBatch,
  kClearPersistence,
  // No mutations.
  kFlush,
  kSnapshot,
  kCompact,
  kBackground,
};
enum class End { kOkSync, kOkBuffered, kFail, kInfo };

struct Step {
  Kind kind;
  End end;
};

bool Mutates(Kind kind) { return kind < Kind::kFlush; }
/// Those which can be told to be Buffered.
bool HasDurability(Kind kind) { return kind < Kind::kClearPersistence; }

Shown After(Shown shown, Kind kind, int op) {
  switch (kind) {
    case Kind::kSetA:
      return {op, shown.second};
    case Kind::kSetB:
      return {shown.first, op};
    case Kind::kDeleteA:
      return {0, shown.second};
    case Kind::kClear:
    case Kind::kClearPersistence:
      return {0, 0};
    case Kind::kBatchAB:
      return {op, op};
    case Kind::kBatchAOnly:
      return {op, 0};
    case Kind::kEmptyBatch:
    case Kind::kFlush:
    case Kind::kSnapshot:
    case Kind::kCompact:
    case Kind::kBackground:
      return shown;
  }
  return shown;
}

/// After `answered` steps returned, the one behind them in flight if `in_flight`.
std::set<Shown> Legal(const std::vector<Step>& steps, int answered, bool in_flight,
                      bool power_lost) {
  int durable = 0;
  int acknowledged = 0;
  int cached = 0;         // of what is acknowledged, how much the death of the process cannot take
  std::vector<int> open;  // may or may not have happened
  for (int op = 1; op <= answered; ++op) {
    const Step step = steps[op - 1];
    const bool ok = step.end == End::kOkSync || step.end == End::kOkBuffered;
    if (step.end == End::kInfo) cached = durable;
    if (!Mutates(step.kind)) {
      if (ok && step.kind != Kind::kBackground) durable = cached = acknowledged;
      continue;
    }
    if (step.end == End::kInfo) open.push_back(op);
    if (ok) acknowledged = cached = op;
    if (step.end == End::kOkSync) durable = op;
  }
  const int least = power_lost ? durable : cached;
  if (in_flight && Mutates(steps[answered].kind)) open.push_back(answered + 1);
  const int last = answered + (in_flight ? 1 : 0);

  std::set<Shown> legal;
  for (unsigned subset = 0; subset < (1u << open.size()); ++subset) {
    Shown shown{0, 0};
    for (int k = 0; k <= last; ++k) {
      if (k > 0) {
        const Step step = steps[k - 1];
        bool happened = k <= answered && step.end != End::kFail && step.end != End::kInfo;
        for (size_t i = 0; i < open.size(); ++i) {
          if (open[i] == k) happened = (subset >> i & 1u) != 0;
        }
        if (happened) shown = After(shown, step.kind, k);
      }
      if (k >= least) legal.insert(shown);
    }
  }
  return legal;
}

std::string Text(Step step) {
  const std::string durability = step.end == End::kOkBuffered ? " buffered" : " sync";
  switch (step.kind) {
    case Kind::kSetA:
      return "set a 10" + durability;
    case Kind::kSetB:
      return "set b 10" + durability;
    case Kind::kDeleteA:
      return "delete a" + durability;
    case Kind::kClear:
      return "clear" + durability;
    case Kind::kBatchAB:
      return "batch" + durability + " set a 10, set b 10";
    case Kind::kBatchAOnly:
      return "batch" + durability + " delete b, set a 10";
    case Kind::kEmptyBatch:
      return "batch" + durability;
    case Kind::kClearPersistence:
      return "clear-persistence";
    case Kind::kFlush:
      return "flush";
    case Kind::kSnapshot:
      return "snapshot";
    case Kind::kCompact:
      return "compact";
    case Kind::kBackground:
      return "background";
  }
  return "";
}

class Histories {
 public:
  uint64_t judged() const { return judged_; }

  /// All of up to `length` steps from the alphabet; what every prefix of the events allows.
  void Check(const std::vector<Kind>& kinds, size_t length) {
    if (!steps_.empty()) CheckOne();
    if (steps_.size() == length || ::testing::Test::HasFailure()) return;
    for (Kind kind : kinds) {
      for (End end : {End::kOkSync, End::kOkBuffered, End::kFail, End::kInfo}) {
        if (!HasDurability(kind) && end == End::kOkBuffered) continue;
        steps_.push_back({kind, end});
        Check(kinds, length);
        steps_.pop_back();
      }
    }
  }

 private:
  void CheckOne() {
    std::string text;
    for (Step step : steps_) text += Text(step) + "; ";
    const Program program = ProgramOf(text);
    KvOracle oracle(program, KvAdapter().contract(), Durability::kSync);
    ASSERT_FALSE(oracle.Take({.kind = Event::Kind::kOpened, .op = 0}, {}));
    for (OpNumber op = 1; op <= steps_.size(); ++op) {
      const End end = steps_[op - 1].end;
      const Outcome outcome = end == End::kFail   ? Outcome::kFail
                              : end == End::kInfo ? Outcome::kInfo
                                                  : Outcome::kOk;
      ASSERT_FALSE(oracle.Take({.kind = Event::Kind::kInvoke, .op = op}, {}));
      ASSERT_FALSE(oracle.Take({.kind = Event::Kind::kReturn, .op = op, .outcome = outcome}, {}));
    }
    const std::vector<std::pair<Shown, Observation>> contents = Contents(program);
    for (size_t events = 1; events <= 1 + 2 * steps_.size(); ++events) {
      const int answered = static_cast<int>(events - 1) / 2;
      for (bool power_lost : {false, true}) {
        const std::set<Shown> legal = Legal(steps_, answered, events % 2 == 0, power_lost);
        std::set<Shown> said;
        for (const auto& [shown, seen] : contents) {
          ++judged_;
          const auto violation = oracle.Judge(
              {.seen = seen, .events = events, .power_lost = power_lost, .decided = nullptr});
          if (!violation.has_value()) said.insert(shown);
        }
        ASSERT_EQ(said, legal) << text << "after " << events << " events, "
                               << (power_lost ? "power loss" : "process death");
      }
    }
  }

  /// Every content that some operations of the program may have written, legal or not.
  std::vector<std::pair<Shown, Observation>> Contents(const Program& program) const {
    std::vector<std::pair<Shown, Observation>> contents;
    const int n = static_cast<int>(steps_.size());
    for (int a = 0; a <= n; ++a) {
      for (int b = 0; b <= n; ++b) {
        Dump dump;
        if (!Add(program, "a", a, dump) || !Add(program, "b", b, dump)) continue;
        const faultfs::Hash128 hash = HashOf(dump);
        contents.push_back({{a, b}, {.open = {}, .dump = std::move(dump), .hash = hash}});
      }
    }
    return contents;
  }

  static bool Add(const Program& program, const std::string& key, int op, Dump& dump) {
    if (op == 0) return true;
    const Operation& operation = program[op - 1];
    if (operation.verb == Verb::kSet && operation.key == key) {
      dump.emplace_back(key, ValueOf(op, 0, 10));
      return true;
    }
    for (size_t i = 0; i < operation.batch.size(); ++i) {
      if (operation.batch[i].key != key || operation.batch[i].erase) continue;
      dump.emplace_back(key, ValueOf(op, i, 10));
      return true;
    }
    return false;
  }

  std::vector<Step> steps_;
  uint64_t judged_ = 0;
};

TEST(OracleBruteForce, ThreeStepsOfAllKinds) {
  Histories histories;
  histories.Check({Kind::kSetA, Kind::kSetB, Kind::kDeleteA, Kind::kClear, Kind::kBatchAB,
                   Kind::kBatchAOnly, Kind::kEmptyBatch, Kind::kClearPersistence, Kind::kFlush,
                   Kind::kSnapshot, Kind::kCompact, Kind::kBackground},
                  3);
  EXPECT_GT(histories.judged(), 1'000'000u);
}

TEST(OracleBruteForce, FourStepsOfTheKindsThatDiffer) {
  Histories histories;
  histories.Check({Kind::kSetA, Kind::kDeleteA, Kind::kBatchAB}, 4);
  EXPECT_GT(histories.judged(), 1'000'000u);
}

TEST(OracleBruteForce, FourStepsWithSnapshots) {
  Histories histories;
  histories.Check(
      {Kind::kSetA, Kind::kSetB, Kind::kClearPersistence, Kind::kSnapshot, Kind::kBackground}, 4);
  EXPECT_GT(histories.judged(), 1'000'000u);
}

}  // namespace
}  // namespace crashlab
