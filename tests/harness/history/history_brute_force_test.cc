// Both checkers against the definitions, read literally: every order of every choice of calls.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "harness/history/black_box.h"
#include "harness/history/generated_history.h"
#include "harness/history/white_box.h"
#include "tests/harness/history/drawing.h"

namespace crashlab {
namespace {

using Map = std::map<std::string, std::string>;

void Apply(const Call& call, Map& map) {
  for (const Change& change : ChangesOf(call)) {
    if (change.kind == Change::Kind::kClear) map.clear();
    if (change.kind == Change::Kind::kErase) map.erase(change.key);
    if (change.kind == Change::Kind::kSet) map[change.key] = change.value;
  }
}

bool ReadFits(const Call& call, const Map& live) {
  const auto it = live.find(call.operation.key);
  switch (call.operation.verb) {
    case Verb::kGet:
      return call.reply.value.has_value() ? it != live.end() && it->second == *call.reply.value
                                          : it == live.end();
    case Verb::kContains:
      return (it != live.end()) == (call.reply.number != 0);
    case Verb::kSize:
      return live.size() == call.reply.number;
    case Verb::kForEach:
      return call.reply.dump == Dump(live.begin(), live.end());
    default:
      return true;
  }
}

bool Answered(const Call& call) { return call.returned.has_value() && !IsOpenError(call); }

bool Refused(const Call& call) {
  return call.returned.has_value() && call.outcome == Outcome::kFail;
}

// ---- Black box ---------------------------------------------------------------------------------

constexpr size_t kCut = SIZE_MAX;

bool OrderExplains(const History& h, const Obligations& due, const std::vector<size_t>& order) {
  Map live(h.opened.begin(), h.opened.end());
  Map durable = live;
  std::set<size_t> before;
  bool cut = false;
  for (size_t at = 0; at < order.size(); ++at) {
    const size_t i = order[at];
    if (i == kCut) {
      if (Dump(durable.begin(), durable.end()) != h.recovered) return false;
      for (size_t j = 0; j < h.calls.size(); ++j) {
        const bool behind_barrier =
            Answered(h.calls[j]) && !Refused(h.calls[j]) && *h.calls[j].returned < due.read_after;
        if ((due.survives[j] || behind_barrier) && !before.contains(j)) return false;
      }
      cut = true;
      continue;
    }
    const Call& call = h.calls[i];
    for (size_t later = at + 1; later < order.size(); ++later) {
      if (order[later] == kCut) continue;
      const Call& behind = h.calls[order[later]];
      if (Answered(behind) && *behind.returned < call.invoked) return false;
    }
    before.insert(i);
    if (!IsMutation(call.operation)) {
      if (!ReadFits(call, live)) return false;
      continue;
    }
    Apply(call, durable);
    if (!IsOpenError(call)) Apply(call, live);
  }
  return cut;
}

bool AnyOrderExplains(const History& h, const Contract& contract, Durability durability) {
  const Obligations due = ObligationsOf(h, contract, durability);
  std::vector<size_t> must = {kCut};
  std::vector<size_t> may;
  for (size_t i = 0; i < h.calls.size(); ++i) {
    const Call& call = h.calls[i];
    if (Refused(call)) continue;
    if (!IsMutation(call.operation) && !call.returned.has_value()) continue;
    (Answered(call) ? must : may).push_back(i);
  }
  for (size_t choice = 0; choice < size_t{1} << may.size(); ++choice) {
    std::vector<size_t> order = must;
    for (size_t i = 0; i < may.size(); ++i) {
      if ((choice >> i & 1) != 0) order.push_back(may[i]);
    }
    std::sort(order.begin(), order.end());
    do {
      if (OrderExplains(h, due, order)) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

// ---- White box ---------------------------------------------------------------------------------

struct Log {
  std::vector<size_t> calls;
  std::vector<Map> live;  // after the first p of it, what clients may see
};

/// Whether reads from `next` on have places; every choice is tried.
bool PlacesExist(const History& h, const Log& log, std::map<size_t, size_t>& places, size_t next,
                 const std::function<bool(const std::map<size_t, size_t>&)>& done) {
  while (next < h.calls.size() &&
         (IsMutation(h.calls[next].operation) || !h.calls[next].returned.has_value())) {
    ++next;
  }
  if (next == h.calls.size()) return done(places);
  const Call& read = h.calls[next];
  for (size_t p = 0; p < log.live.size(); ++p) {
    bool fits = ReadFits(read, log.live[p]);
    for (size_t at = 0; at < log.calls.size() && fits; ++at) {
      const Call& mutation = h.calls[log.calls[at]];
      if (Answered(mutation) && *mutation.returned < read.invoked && p < at + 1) fits = false;
      if (mutation.invoked > *read.returned && p >= at + 1) fits = false;
    }
    for (const auto& [other, place] : places) {
      if (*h.calls[other].returned < read.invoked && p < place) fits = false;
      if (*read.returned < h.calls[other].invoked && place < p) fits = false;
    }
    if (!fits) continue;
    places[next] = p;
    if (PlacesExist(h, log, places, next + 1, done)) return true;
    places.erase(next);
  }
  return false;
}

bool SequencesExplain(const History& h, const Contract& contract, Durability durability) {
  Log log;
  for (size_t i = 0; i < h.calls.size(); ++i) {
    if (!MayHaveHappened(h.calls[i])) continue;
    if (h.calls[i].sequence.has_value()) {
      log.calls.push_back(i);
    } else if (h.calls[i].returned.has_value() && h.calls[i].outcome == Outcome::kOk) {
      return false;
    }
  }
  std::sort(log.calls.begin(), log.calls.end(),
            [&](size_t a, size_t b) { return *h.calls[a].sequence < *h.calls[b].sequence; });
  for (size_t a = 0; a < log.calls.size(); ++a) {
    for (size_t b = a + 1; b < log.calls.size(); ++b) {
      const Call& first = h.calls[log.calls[a]];
      const Call& second = h.calls[log.calls[b]];
      if (first.sequence == second.sequence) return false;
      if (second.returned.has_value() && *second.returned < first.invoked) return false;
    }
  }
  Map live(h.opened.begin(), h.opened.end());
  log.live.push_back(live);
  for (const size_t i : log.calls) {
    if (!IsOpenError(h.calls[i])) Apply(h.calls[i], live);
    log.live.push_back(live);
  }
  // Some prefix, with or without each open error, must be what was shown.
  const Obligations due = ObligationsOf(h, contract, durability);
  const auto recovered_fits = [&](const std::map<size_t, size_t>& read_at) {
    size_t lower = 0;
    for (const auto& [read, place] : read_at) {
      if (*h.calls[read].returned < due.read_after) lower = std::max(lower, place);
    }
    for (size_t at = 0; at < log.calls.size(); ++at) {
      const Call& call = h.calls[log.calls[at]];
      const bool behind_barrier =
          Answered(call) && call.outcome == Outcome::kOk && *call.returned < due.read_after;
      if (due.survives[log.calls[at]] || behind_barrier) lower = at + 1;
    }
    for (size_t world = 0; world < size_t{1} << log.calls.size(); ++world) {
      Map map(h.opened.begin(), h.opened.end());
      bool allowed = true;
      for (size_t at = 0; at <= log.calls.size() && allowed; ++at) {
        if (at > 0) {
          const bool with = (world >> (at - 1) & 1) != 0;
          allowed = with || IsOpenError(h.calls[log.calls[at - 1]]);
          if (with) Apply(h.calls[log.calls[at - 1]], map);
        }
        if (allowed && at >= lower && Dump(map.begin(), map.end()) == h.recovered) return true;
      }
    }
    return false;
  };
  std::map<size_t, size_t> places;
  return PlacesExist(h, log, places, 0, recovered_fits);
}

// ---- Agreement ---------------------------------------------------------------------------------

struct Tally {
  int legal = 0;
  int illegal = 0;
};

class BruteForceTest : public ::testing::TestWithParam<Durability> {};

TEST_P(BruteForceTest, BlackBox) {
  Tally tally;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    const HistoryShape shape = {.clients = 2 + static_cast<uint32_t>(seed % 2),
                                .calls = 2,
                                .keys = 1 + static_cast<uint32_t>(seed / 2 % 2),
                                .whole_reads = seed % 3 == 0,
                                .wrong = seed % 4 != 0};
    const History h =
        GenerateHistory(shape, GetParam(), KvContract(), faultfs::Random(seed).Fork("black"));
    if (h.calls.size() > 5) continue;
    const bool due = AnyOrderExplains(h, KvContract(), GetParam());
    const BlackBoxAnswer answer = CheckBlackBox(h, KvContract(), GetParam());
    ASSERT_EQ(answer.answer, due ? Answer::kLegal : Answer::kIllegal) << "seed " << seed << '\n'
                                                                      << Print(h);
    ASSERT_TRUE(due || shape.wrong) << "seed " << seed;
    ++(due ? tally.legal : tally.illegal);
  }
  EXPECT_GT(tally.legal, 1000);
  EXPECT_GT(tally.illegal, 500);
}

TEST_P(BruteForceTest, WhiteBox) {
  Tally tally;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    const HistoryShape shape = {.clients = 2 + static_cast<uint32_t>(seed % 3),
                                .calls = 2,
                                .keys = 1 + static_cast<uint32_t>(seed / 2 % 2),
                                .whole_reads = false,
                                .wrong = seed % 4 != 0};
    const History h =
        GenerateHistory(shape, GetParam(), KvContract(), faultfs::Random(seed).Fork("white"));
    const bool due = SequencesExplain(h, KvContract(), GetParam());
    const WhiteBoxAnswer answer = CheckWhiteBox(h, KvContract(), GetParam());
    ASSERT_EQ(answer.answer, due ? Answer::kLegal : Answer::kIllegal)
        << "seed " << seed << (answer.violation ? answer.violation->detail : "");
    ++(due ? tally.legal : tally.illegal);
    // The witness explains more than it must: what it calls legal is so without it.
    if (due && h.calls.size() <= 6) {
      EXPECT_EQ(CheckBlackBox(h, KvContract(), GetParam()).answer, Answer::kLegal) << Print(h);
    }
  }
  EXPECT_GT(tally.legal, 2000);
  EXPECT_GT(tally.illegal, 1000);
}

// Too large for the definitions read literally; but what the engine did is legal.
TEST_P(BruteForceTest, WhatIsRightIsLegalForBothAlsoWhenItIsLarge) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const HistoryShape shape = {.clients = 4,
                                .calls = 10,
                                .keys = 1 + static_cast<uint32_t>(seed % 4),
                                .whole_reads = seed % 2 == 0,
                                .batches = seed % 3 == 0,
                                .one_error_in = 20,
                                .slow_clients = seed % 5 == 0 ? 2u : 0u,
                                .ends_after_all = true};
    const History h =
        GenerateHistory(shape, GetParam(), KvContract(), faultfs::Random(seed).Fork("large"));
    EXPECT_EQ(CheckBlackBox(h, KvContract(), GetParam()).answer, Answer::kLegal) << Print(h);
    EXPECT_EQ(CheckWhiteBox(h, KvContract(), GetParam()).answer, Answer::kLegal) << Print(h);
  }
}

INSTANTIATE_TEST_SUITE_P(Durabilities, BruteForceTest,
                         ::testing::Values(Durability::kSync, Durability::kBuffered),
                         [](const auto& each) {
                           return each.param == Durability::kSync ? "sync" : "buffered";
                         });

}  // namespace
}  // namespace crashlab
