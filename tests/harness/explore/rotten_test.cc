// Rotten disks: what an engine may do about them, what is held against it, and who is a witness.
#include "harness/explore/rotten.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// ---- The judge

/// Two synced sets and one more; the last unhurt write was made after `events` events.
std::string Rotten(const OracleWorld& world, size_t witnessed, std::string_view content) {
  const Dump dump = world.Content(content);
  const Observation seen{.open = {}, .dump = dump, .hash = HashOf(dump)};
  const auto violation = world.oracle().Judge({.seen = seen,
                                               .events = world.events(),
                                               .witnessed = witnessed,
                                               .power_lost = true,
                                               .decided = nullptr});
  return violation ? std::string(Name(violation->verdict)) : "legal";
}

TEST(RottenOracle, OnlyWhatIsWitnessedMustBeThere) {
  OracleWorld world("set a 10; set b 10");
  world.Opens();
  const size_t nothing = world.events();
  world.Ok();
  const size_t first = world.events();
  world.Ok();
  const size_t both = world.events();
  EXPECT_EQ(Rotten(world, both, "a=1 b=2"), "legal");
  EXPECT_EQ(Rotten(world, both, "a=1"), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(Rotten(world, first, "a=1"), "legal") << "nobody can know of the second";
  EXPECT_EQ(Rotten(world, first, ""), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(Rotten(world, nothing, ""), "legal");
  EXPECT_EQ(Rotten(world, nothing, "b=2"), "HOLE") << "an excuse for a lost end, and for no more";
  EXPECT_EQ(Rotten(world, nothing, "a=junk b=2"), "PHANTOM");
  EXPECT_EQ(Rotten(world, nothing, "a=2"), "WRONG_VALUE");
}

TEST(RottenOracle, AnOpenOfTheRunIsJudgedLikewise) {
  const auto shows = [](std::string_view content, std::optional<size_t> witnessed) {
    OracleWorld world("set a 10; set b 10; kill");
    world.Opens().Ok().Ok();
    return world.Kill(content, witnessed).live();
  };
  constexpr size_t kNothing = 1;  // the Open; then each set is two events
  constexpr size_t kFirst = 3;
  constexpr size_t kBoth = 5;
  EXPECT_EQ(shows("a=1", {}), "LOST_ACKED");
  EXPECT_EQ(shows("a=1", kBoth), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(shows("a=1", kFirst), "right");
  EXPECT_EQ(shows("", kFirst), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(shows("", kNothing), "right");
  EXPECT_EQ(shows("b=2", kNothing), "HOLE");
}

TEST(RottenOracle, AnExcuseReachesBehindAnOpen) {
  OracleWorld world("set a 10; kill; set b 10");
  world.Opens().Ok();
  const size_t first = world.events();
  world.Kill("a=1").Ok();
  const size_t all = world.events();
  EXPECT_EQ(Rotten(world, all, "a=1"), "UNDETECTED_CORRUPTION");
  EXPECT_EQ(Rotten(world, first, "a=1"), "legal");
  EXPECT_EQ(Rotten(world, 1, ""), "legal");
  EXPECT_EQ(Rotten(world, first, ""), "UNDETECTED_CORRUPTION");
}

TEST(RottenOracle, RefusingIsRightOnlyWhereSomethingThatCountsWasHurt) {
  OracleWorld world("set a 10");
  world.Opens().Ok();
  const auto refused = [&](Code code, std::optional<size_t> witnessed) {
    const Observation seen{.open = Status::Error(code, "no"), .dump = {}, .hash = {}};
    const auto violation = world.oracle().Judge({.seen = seen,
                                                 .events = world.events(),
                                                 .witnessed = witnessed,
                                                 .power_lost = true,
                                                 .decided = nullptr});
    return violation ? std::string(Name(violation->verdict)) : "legal";
  };
  EXPECT_EQ(refused(Code::kCorruption, 1), "legal");
  EXPECT_EQ(refused(Code::kCorruption, std::nullopt), "FALSE_CORRUPTION");
  EXPECT_EQ(refused(Code::kIoError, 1), "OPEN_FAILED");
}

// ---- Engines

CaseResult ExploreRotten(const Adapter& adapter, const std::string& program,
                         std::vector<faultfs::RotKind> kinds = faultfs::AllRotKinds()) {
  Case c = CaseOf(program);
  c.crash.budget = 1;
  c.crash.rot = 400;
  c.crash.rot_kinds = std::move(kinds);
  NotingMonitor monitor;
  return Explore(c, adapter, {}, monitor);
}

std::vector<std::string> Signatures(const CaseResult& result) {
  std::vector<std::string> signatures;
  for (const Finding& finding : result.findings) signatures.push_back(finding.signature);
  return signatures;
}

// An engine without checksums takes whatever the disk gives it; each kind of rot shows that.
TEST(RottenEngine, WithoutChecksumsEveryKindIsFound) {
  for (const faultfs::RotKind kind : {faultfs::RotKind::kFlip, faultfs::RotKind::kZero}) {
    const auto found = Signatures(
        ExploreRotten(TinyEngine(Flaw::kFilePerKey), "set a 40; set b 40; set a 90", {kind}));
    EXPECT_THAT(found, Contains(::testing::HasSubstr("rot=" + std::string(Name(kind)))))
        << Name(kind);
  }
}

TEST(RottenEngine, OursNoticesAllThatCounts) {
  const auto result = ExploreRotten(
      KvAdapter(), "set a 40; set b 700; snapshot; set a 90; reopen; delete b; compact; set c 9");
  EXPECT_THAT(Signatures(result), IsEmpty());
  EXPECT_GT(result.counts.rotten_recoveries, 150u);
}

TEST(RottenEngine, AFindingReplays) {
  const CaseResult result = ExploreRotten(TinyEngine(Flaw::kFilePerKey), "set a 40; set b 40");
  ASSERT_FALSE(result.findings.empty());
  for (const Finding& finding : result.findings) {
    if (finding.reproducer.crash.chain.front().rot.empty()) continue;
    NotingMonitor monitor;
    const auto again = Replay(finding.reproducer, TinyEngine(Flaw::kFilePerKey), {}, monitor);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    ASSERT_TRUE(again->finding.has_value());
    EXPECT_EQ(again->finding->signature, finding.signature);
  }
}

// ---- Witnesses

/// The events that the disk at the end of the run, with this rot, still bears witness of.
std::string Witnessed(const std::string& program, std::string_view text) {
  const Case c = CaseOf(program);
  NotingMonitor monitor;
  const crashlab::Run run = RunProgram(c, KvAdapter(), {}, monitor);
  const faultfs::EffectGraph graph =
      faultfs::Lower(run.volume->base(), run.volume->trace(), faultfs::kModels[0]);
  const auto steps = static_cast<uint32_t>(run.volume->trace().ops.size());
  faultfs::PointView view(graph, faultfs::CrashPoint{steps});
  const faultfs::CrashState state{.point = view.point(), .lost = {}, .tears = {}, .fill = {}};
  const auto rot = faultfs::ParseRot(text);
  EXPECT_TRUE(rot.ok());
  const auto disk = Spoil(KvAdapter(), view, state, view.Materialize(state), *rot);
  if (!disk.ok()) return disk.status().ToString();
  if (!disk->witnessed) return "nothing that counts";
  if (*disk->witnessed == 0) return "the beginning";
  const Event& event = run.events[*disk->witnessed - 1];
  return (event.kind == Event::Kind::kInvoke ? "invoke " : "return ") + std::to_string(event.op);
}

TEST(Witness, IsTheLastUnhurtWrite) {
  // The record of the third, then its marker: made after it was invoked, before it returned.
  EXPECT_EQ(Witnessed("set a 9; set b 9; set c 9", "flip /db/0000000001.wal 70.1"), "invoke 3");
  EXPECT_EQ(Witnessed("set a 9; set b 9; set c 9", "lost wal.marker#3"), "invoke 3");
}

TEST(Witness, LocksTemporariesAndCoveredFilesCountForNothing) {
  EXPECT_EQ(Witnessed("set a 9; snapshot; set b 9", "flip /db/0000000001.wal 70.1"),
            "nothing that counts");
  EXPECT_THAT(Witnessed("set a 9; snapshot; set b 9", "flip /db/0000000001.snap 50.1"),
              Not(StartsWith("nothing")));
}

}  // namespace
}  // namespace crashlab
