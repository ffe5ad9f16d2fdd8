// Chains of crashes by name: resolved, judged, replayed, explained, and on a real directory.
#include "harness/explore/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <ostream>
#include <string>

#include "faultfs/env/posix_file_system.h"
#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/finding.h"
#include "tests/harness/explore/tiny_engines.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Wrong {
  const char* name;
  const Adapter* adapter;
  const char* program;

  friend std::ostream& operator<<(std::ostream& out, const Wrong& w) { return out << w.program; }
};

/// Findings of all kinds: by one crash and by two, live, of the probe.
class EachFinding : public ::testing::TestWithParam<Wrong> {
 protected:
  void SetUp() override {
    Case c = CaseOf(GetParam().program);
    c.crash.depth = 2;
    NotingMonitor monitor;
    findings_ = Explore(c, *GetParam().adapter, {}, monitor).findings;
    ASSERT_FALSE(findings_.empty());
  }

  std::vector<Finding> findings_;
};

TEST_P(EachFinding, ReplaysToTheSameEveryTime) {
  NotingMonitor monitor;
  for (const Finding& finding : findings_) {
    for (int i = 0; i < 3; ++i) {
      const auto replayed = Replay(finding.reproducer, *GetParam().adapter, {}, monitor);
      ASSERT_TRUE(replayed.ok()) << replayed.status().ToString();
      ASSERT_TRUE(replayed->finding.has_value()) << finding.signature;
      EXPECT_EQ(*replayed->finding, finding);
    }
  }
}

TEST_P(EachFinding, ResolvesByItsNames) {
  NotingMonitor monitor;
  const ExploreOptions options;
  for (const Finding& finding : findings_) {
    const Laboratory lab{finding.reproducer, *GetParam().adapter, options, monitor};
    const auto& steps = finding.reproducer.crash.chain;
    const auto chain = ResolveChain(lab, steps);
    ASSERT_TRUE(chain.ok()) << chain.status().ToString();
    ASSERT_EQ(chain->links.size(), steps.size());
    for (size_t i = 0; i < steps.size(); ++i) {
      const ChainLink& link = chain->links[i];
      EXPECT_EQ(faultfs::CrashPointName(*link.trace, link.state.point), steps[i].state.at);
      if (steps[i].kind == CrashKind::kProcessDeath) continue;
      EXPECT_EQ(faultfs::ToText(link.graph, link.state), steps[i].state);
    }
    const auto violation = JudgeChain(lab, *chain);
    ASSERT_TRUE(violation.has_value());
    EXPECT_EQ(violation->verdict, finding.verdict);
  }
}

// Nothing that was lost in any of the crashes can be kept without losing the verdict.
TEST_P(EachFinding, LosesNoMoreThanItMust) {
  NotingMonitor monitor;
  const ExploreOptions options;
  for (const Finding& finding : findings_) {
    const Laboratory lab{finding.reproducer, *GetParam().adapter, options, monitor};
    const auto& steps = finding.reproducer.crash.chain;
    for (size_t i = 0; i < steps.size(); ++i) {
      for (size_t kept = 0; kept < steps[i].state.lost.size(); ++kept) {
        auto smaller = steps;
        auto& lost = smaller[i].state.lost;
        lost.erase(lost.begin() + static_cast<std::ptrdiff_t>(kept));
        const auto chain = ResolveChain(lab, smaller);
        if (!chain.ok()) continue;  // a later effect cannot be there without it
        // Taken up by another effect that had to be lost with it: the same state again.
        if (chain->links[i].state.lost.size() >= steps[i].state.lost.size()) continue;
        const auto violation = JudgeChain(lab, *chain);
        EXPECT_TRUE(!violation.has_value() || violation->verdict != finding.verdict)
            << finding.signature << ", keeping " << steps[i].state.lost[kept];
      }
    }
  }
}

TEST_P(EachFinding, IsTheSameOnARealDirectory) {
  faultfs::PosixFileSystem posix;
  for (const Finding& finding : findings_) {
    if (finding.reproducer.crash.chain.empty()) continue;
    const auto image = ImageOf(finding.reproducer, *GetParam().adapter);
    ASSERT_TRUE(image.ok());
    std::string folder = std::filesystem::temp_directory_path() / "crashlab-chain-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    ASSERT_TRUE(image->ExportTo(posix, folder).ok());
    const auto violation = JudgeOn(finding.reproducer, *GetParam().adapter, posix,
                                   folder + std::string(kStoreDirectory));
    ASSERT_TRUE(violation.ok()) << violation.status().ToString();
    ASSERT_TRUE(violation->has_value()) << finding.signature;
    EXPECT_EQ((*violation)->verdict, finding.verdict);
    std::filesystem::remove_all(folder);
  }
}

TEST_P(EachFinding, IsExplained) {
  for (const Finding& finding : findings_) {
    const auto text = ExplainCase(finding.reproducer, *GetParam().adapter);
    ASSERT_TRUE(text.ok());
    EXPECT_THAT(*text, HasSubstr(Name(finding.verdict)));
    for (const CrashStep& step : finding.reproducer.crash.chain) {
      EXPECT_THAT(*text, HasSubstr("before " + step.state.at));
      for (const std::string& lost : step.state.lost) {
        EXPECT_THAT(*text, HasSubstr("  lost  " + lost + ": "));
      }
    }
    if (finding.reproducer.crash.chain.empty()) continue;  // live: no disk to explain
    const auto image = ImageOf(finding.reproducer, *GetParam().adapter);
    ASSERT_TRUE(image.ok());
    const auto allowed = ExplainObserved(finding.reproducer, *GetParam().adapter, *image);
    ASSERT_TRUE(allowed.ok());
    EXPECT_TRUE(allowed->allowed) << allowed->text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Engines, EachFinding,
    ::testing::Values(
        Wrong{"Toy", &ToyAdapter(), "set a 10; set b 600; delete a"},
        Wrong{"Canary", &CanaryAdapter(), "set a 10; reopen"},
        Wrong{"NoDirSync", &TinyEngine(Flaw::kNoDirSync), "set a 10; set b 10"},
        Wrong{"TornBatch", &TinyEngine(Flaw::kBatchInTwo), "set z 10; batch set a 10, set b 10"},
        Wrong{"Destroys", &TinyEngine(Flaw::kDestroysInRecovery), "set a 10"},
        Wrong{"ServesEarly", &TinyEngine(Flaw::kServesEarly), "set a 10; delete a"},
        Wrong{"NotWritable", &TinyEngine(Flaw::kReadOnlyAfterReopen), "set a 10"},
        Wrong{"Corrupt", &TinyEngine(Flaw::kCorruptTemporary), "set a 10; set b 10"},
        Wrong{"Empties", &TinyEngine(Flaw::kEmptiesOnClose), "set a 10"},
        Wrong{"Subset", &TinyEngine(Flaw::kFilePerKey), "set a 10; set b 10; set c 10"}),
    [](const auto& of) { return std::string(of.param.name); });

// ---- One at a time
// -------------------------------------------------------------------------------

Case LostRename() {
  Case c = CaseOf("set a 10");
  NotingMonitor monitor;
  const CaseResult result = Explore(c, TinyEngine(Flaw::kNoDirSync), {}, monitor);
  for (const Finding& finding : result.findings) {
    if (finding.signature == "LOST_ACKED power-loss lost=tiny.publish") return finding.reproducer;
  }
  ADD_FAILURE() << "not found";
  return c;
}

CrashStep AtTheEnd(CrashKind kind) {
  CrashStep step;
  step.kind = kind;
  step.state.at = "end";
  step.state.fill = "zeros";
  return step;
}

TEST(Explained, KeptAndLostAndObserved) {
  const Case c = LostRename();
  const Adapter& adapter = TinyEngine(Flaw::kNoDirSync);
  const auto text = ExplainCase(c, adapter);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("crash 1: power-loss before end"));
  EXPECT_THAT(*text, HasSubstr("  kept  tiny.write#1/+tmp"));
  EXPECT_THAT(*text, HasSubstr("  lost  tiny.publish#1/rename"));
  const auto without = ExplainCase(c, adapter, /*recover=*/false);
  ASSERT_TRUE(without.ok());
  EXPECT_THAT(*without, Not(HasSubstr("LOST_ACKED")));

  auto image = ImageOf(c, adapter);
  ASSERT_TRUE(image.ok());
  const faultfs::InodeNumber directory = image->Lookup(faultfs::kRootInode, "db");
  ASSERT_NE(directory, faultfs::kNoInode);
  image->SetEntry(directory, "stranger", image->AddInode(faultfs::FileType::kFile));
  const auto answer = ExplainObserved(c, adapter, *image);
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer->allowed);
  EXPECT_THAT(answer->text, HasSubstr("no: a crash at end cannot leave this tree under posix"));
}

TEST(Explained, AProcessLeavesWhatItWrote) {
  Case c = LostRename();
  c.crash.chain = {AtTheEnd(CrashKind::kProcessDeath)};
  const Adapter& adapter = TinyEngine(Flaw::kNoDirSync);
  const auto live = ImageOf(c, adapter);
  const auto lost = ImageOf(LostRename(), adapter);
  ASSERT_TRUE(live.ok() && lost.ok());
  EXPECT_TRUE(ExplainObserved(c, adapter, *live)->allowed);
  EXPECT_FALSE(ExplainObserved(c, adapter, *lost)->allowed);
  const auto replayed = [&] {
    NotingMonitor monitor;
    return Replay(c, adapter, {}, monitor);
  }();
  ASSERT_TRUE(replayed.ok());
  EXPECT_TRUE(replayed->recovered);
  EXPECT_FALSE(replayed->finding.has_value());
}

// Names are of operations and registers, not of positions in the program or the trace.
TEST(ChainNames, SurviveChangesElsewhere) {
  Case c = LostRename();
  c.program = ProgramOf("get z; delete z; set a 10; get a");
  c.crash.chain.front().state.lost = {"tiny.publish#2/rename"};
  NotingMonitor monitor;
  const auto replayed = Replay(c, TinyEngine(Flaw::kNoDirSync), {}, monitor);
  ASSERT_TRUE(replayed.ok());
  ASSERT_TRUE(replayed->finding.has_value());
  EXPECT_EQ(replayed->finding->signature, "LOST_ACKED power-loss lost=tiny.publish");
}

TEST(ChainNames, ThatTheRunDoesNotHaveAreRefused) {
  Case c = LostRename();
  NotingMonitor monitor;
  c.crash.chain.front().state.lost = {"tiny.publish#9/rename"};
  EXPECT_FALSE(Replay(c, TinyEngine(Flaw::kNoDirSync), {}, monitor).ok());
  c.crash.chain.front().state.at = "tiny.publish#9";
  EXPECT_FALSE(Replay(c, TinyEngine(Flaw::kNoDirSync), {}, monitor).ok());
}

TEST(ChainJudging, ALiveViolationComesFirst) {
  Case c = CaseOf("set a 10; set a 12; get a");
  c.crash.chain = {AtTheEnd(CrashKind::kPowerLoss)};
  NotingMonitor monitor;
  const auto replayed = Replay(c, TinyEngine(Flaw::kStaleReads), {}, monitor);
  ASSERT_TRUE(replayed.ok());
  EXPECT_FALSE(replayed->recovered);
  ASSERT_TRUE(replayed->finding.has_value());
  EXPECT_EQ(replayed->finding->signature, "WRONG_VALUE live get");
}

}  // namespace
}  // namespace crashlab
