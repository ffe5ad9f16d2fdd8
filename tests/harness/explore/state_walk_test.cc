// Which states a walk visits.
#include "harness/explore/internal/state_walk.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using faultfs::CrashState;
using faultfs::EffectGraph;
using faultfs::PointView;
using faultfs::Random;

struct Visits {
  bool all = false;
  std::vector<CrashState> states;
};

class StateWalkTest : public ::testing::Test {
 protected:
  void Lower(const char* program, const char* tear = "512") {
    NotingMonitor monitor;
    c_ = CaseOf(program, Durability::kBuffered);
    run_ = RunProgram(c_, KvAdapter(), {}, monitor);
    faultfs::PersistenceModel model = faultfs::kModels[0];
    ASSERT_TRUE(faultfs::SetSwitch(model, "tear", tear).ok());
    graph_ = faultfs::Lower(run_.volume->base(), run_.volume->trace(), model);
  }

  Visits Walk(uint64_t budget, uint64_t seed = 1, uint32_t first_step = 0) {
    Visits visits;
    StateWalk walk(graph_, first_step, budget, Random(seed));
    visits.all = walk.ForEach([&](PointView& view, const CrashState& state) {
      EXPECT_EQ(view.point(), state.point);
      visits.states.push_back(state);
      return true;
    });
    return visits;
  }

  static size_t Distinct(const Visits& visits) {
    size_t distinct = 0;
    for (size_t i = 0; i < visits.states.size(); ++i) {
      bool before = false;
      for (size_t j = 0; j < i && !before; ++j) before = visits.states[j] == visits.states[i];
      if (!before) ++distinct;
    }
    return distinct;
  }

  Case c_;
  crashlab::Run run_;
  EffectGraph graph_;
};

TEST_F(StateWalkTest, AllIfTheyAreWithinTheBudget) {
  Lower("set a 10; set b 10");
  const Visits all = Walk(100'000);
  EXPECT_TRUE(all.all);
  EXPECT_EQ(Distinct(all), all.states.size());
  EXPECT_TRUE(Walk(all.states.size()).all);
  EXPECT_FALSE(Walk(all.states.size() - 1).all);
}

TEST_F(StateWalkTest, NeverMoreThanTheBudgetAndNeverTheSameTwice) {
  Lower("set a 3000; set b 3000; set c 3000; set d 3000", "byte-linear");
  for (uint64_t budget : {1, 2, 3, 7, 20, 100, 999}) {
    const Visits some = Walk(budget);
    EXPECT_FALSE(some.all);
    EXPECT_LE(some.states.size(), budget);
    EXPECT_EQ(Distinct(some), some.states.size());
  }
}

TEST_F(StateWalkTest, EveryPointHasItsExtremes) {
  Lower("set a 3000; set b 3000; set c 3000");
  StateWalk walk(graph_, 0, 1, Random(1));
  const size_t points = walk.size();
  const Visits some = Walk(2 * points + 10);
  std::map<uint32_t, std::set<size_t>> lost;
  for (const CrashState& state : some.states) lost[state.point.steps].insert(state.lost.size());
  EXPECT_EQ(lost.size(), points);
  for (size_t i = 0; i < points; ++i) {
    EXPECT_TRUE(lost[walk.point(i).steps].contains(0));
    EXPECT_TRUE(lost[walk.point(i).steps].contains(walk.view(i).pending().size()));
  }
}

// Nothing is drawn before every single loss and every single survival was seen.
TEST_F(StateWalkTest, SystematicBeforeRandom) {
  Lower("set a 1200; set b 1200");
  const size_t all = Walk(1'000'000).states.size();
  const Visits some = Walk(all * 3 / 4);
  ASSERT_FALSE(some.all);
  StateWalk walk(graph_, 0, 1, Random(1));
  for (size_t i = 0; i < walk.size(); ++i) {
    for (const CrashState& state : walk.view(i).Systematic()) {
      EXPECT_NE(std::find(some.states.begin(), some.states.end(), state), some.states.end());
    }
  }
  EXPECT_GT(some.states.size(), all / 2);
}

TEST_F(StateWalkTest, TheSeedDecides) {
  Lower("set a 3000; set b 3000");
  EXPECT_EQ(Walk(300, 1).states, Walk(300, 1).states);
  EXPECT_NE(Walk(300, 1).states, Walk(300, 2).states);
}

TEST_F(StateWalkTest, BeginsWhereItIsTold) {
  Lower("set a 10; set b 10");
  const uint32_t middle = static_cast<uint32_t>(run_.volume->trace().ops.size() / 2);
  for (const CrashState& state : Walk(100'000, 1, middle).states) {
    EXPECT_GE(state.point.steps, middle);
  }
}

TEST_F(StateWalkTest, StopsWhenTold) {
  Lower("set a 10; set b 10");
  for (uint64_t budget : {10, 100'000}) {
    StateWalk walk(graph_, 0, budget, Random(1));
    size_t visited = 0;
    EXPECT_FALSE(walk.ForEach([&](PointView&, const CrashState&) { return ++visited < 5; }));
    EXPECT_EQ(visited, 5u);
  }
}

}  // namespace
}  // namespace crashlab
