// Generated: the same random calls on the real file system and on the simulated one; every result,
// error code, listing, size, link count and byte must be equal.
#include "tests/faultfs/env/lockstep.h"

#include <gtest/gtest.h>

#include <set>

namespace faultfs {
namespace {

class Lockstep : public testing::TestWithParam<uint64_t> {};

// Ten seeds of 10,000 calls. Shorter programs with a fresh directory each see more beginnings; a
// failure names its seed, which is also the test's name.
INSTANTIATE_TEST_SUITE_P(Seed, Lockstep, testing::Range(uint64_t{1}, uint64_t{11}),
                         testing::PrintToStringParamName());

TEST_P(Lockstep, SimulationEqualsTheRealThing) {
  const std::string difference =
      RunLockstep(PosixSubject(FastTempParent()), SimSubject(), GetParam(), 10'000);
  EXPECT_TRUE(difference.empty()) << difference;
}

// File systems on disks differ from those in memory in how they allocate and extend.
TEST(LockstepOnDisk, SimulationEqualsTheRealThing) {
  const std::string difference = RunLockstep(PosixSubject(TempParent()), SimSubject(), 4711, 600);
  EXPECT_TRUE(difference.empty()) << difference;
}

TEST(LockstepDecorated, ADecoratorWithoutRulesIsTransparent) {
  const std::string difference =
      RunLockstep(PosixSubject(FastTempParent()), DecoratedSubject(FastTempParent()), 3, 3000);
  EXPECT_TRUE(difference.empty()) << difference;
}

// The exam of the test itself: two file systems that differ must be told apart.
class Forgetful final : public Subject {
 public:
  FileSystem& fs() override { return base_->fs(); }
  const std::string& root() const override { return calls_++ < 200 ? base_->root() : elsewhere_; }

 private:
  std::unique_ptr<Subject> base_ = SimSubject();
  const std::string elsewhere_ = "/elsewhere";
  mutable int calls_ = 0;
};

TEST(LockstepItself, TellsDifferentFileSystemsApart) {
  const std::string report = RunLockstep(SimSubject(), std::make_unique<Forgetful>(), 1, 10'000);
  EXPECT_NE(report.find("seed 1"), std::string::npos) << report;
}

// A generator that never reaches a state tests nothing there.
TEST(LockstepItself, MeetsEveryErrorOften) {
  LockstepSide side(SimSubject());
  CallMaker maker(1);
  std::set<std::string> met;
  for (int i = 0; i < 20'000; ++i) {
    const std::string outcome = side.Perform(maker.Next(side));
    met.insert(outcome.substr(0, outcome.find(' ')));
  }
  for (const char* code : {"OK", "NOT_FOUND", "ALREADY_EXISTS", "NOT_A_DIRECTORY", "IS_A_DIRECTORY",
                           "NOT_EMPTY", "INVALID_ARGUMENT", "LOCKED"}) {
    EXPECT_EQ(met.count(code), 1u) << code;
  }
}

}  // namespace
}  // namespace faultfs
