// Several models in one case: what is found under each is what it would give alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/explorer.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CaseResult ExploreUnder(Case c, const Adapter& adapter, std::vector<faultfs::PersistenceModel> on,
                        const ExploreOptions& options = {}) {
  c.crash.models = std::move(on);
  NotingMonitor monitor;
  return Explore(c, adapter, options, monitor);
}

std::vector<faultfs::PersistenceModel> AllModels() {
  return {std::begin(faultfs::kModels), std::end(faultfs::kModels)};
}

/// Signatures found where power was lost, under one model.
std::set<std::string> FoundOn(const CaseResult& result, std::string_view model) {
  std::set<std::string> signatures;
  for (const Finding& finding : result.findings) {
    if (finding.model != model) continue;
    EXPECT_TRUE(signatures.insert(finding.signature).second) << "twice: " << finding.signature;
    EXPECT_EQ(ModelName(finding.reproducer.crash.models.front()), model);
  }
  return signatures;
}

/// Together they give what each gives alone, findings and counts.
void ExpectLikeAlone(const Case& c, const Adapter& adapter) {
  const CaseResult together = ExploreUnder(c, adapter, AllModels());
  ASSERT_EQ(together.models.size(), AllModels().size());
  for (size_t i = 0; i < AllModels().size(); ++i) {
    const faultfs::PersistenceModel model = faultfs::kModels[i];
    const CaseResult alone = ExploreUnder(c, adapter, {model});
    EXPECT_EQ(FoundOn(together, model.name), FoundOn(alone, model.name)) << model.name;
    EXPECT_EQ(FoundOn(together, ""), FoundOn(alone, "")) << model.name;
    EXPECT_EQ(together.models[i], alone.models[0]) << model.name;
  }
}

TEST(Models, EachGivesWhatItGivesAlone) {
  Case c = CaseOf("set a 10; set b 600; delete a; reopen; set a 5");
  c.crash.budget = 400;
  ExpectLikeAlone(c, ToyAdapter());
  c.crash.depth = 2;
  c.crash.inner_budget = 60;
  ExpectLikeAlone(c, ToyAdapter());
  c.store.options["layout"] = "generations";
  ExpectLikeAlone(c, ToyAdapter());
  c.store.options.clear();
  c.crash.rot = 40;
  ExpectLikeAlone(c, KvAdapter());
}

TEST(Models, AnEngineThatRefusesToWorkIsFoundOnEach) {
  Case c = CaseOf("set a 10; set b 10");
  c.crash.kinds = {CrashKind::kPowerLoss};
  ExpectLikeAlone(c, TinyEngine(Flaw::kReadOnlyAfterReopen));
  const CaseResult result = ExploreUnder(c, TinyEngine(Flaw::kReadOnlyAfterReopen), AllModels());
  for (const faultfs::PersistenceModel& model : faultfs::kModels) {
    EXPECT_FALSE(FoundOn(result, model.name).empty()) << model.name;
  }
}

TEST(Models, OneThatHasEnoughTakesNothingFromTheNext) {
  Case c = CaseOf("set a 10; set b 10");
  c.crash.kinds = {CrashKind::kPowerLoss};
  ExploreOptions options;
  options.max_findings = 1;
  const CaseResult result = ExploreUnder(c, ToyAdapter(), AllModels(), options);
  EXPECT_EQ(result.findings.size(), AllModels().size());
}

TEST(Models, TheDeathOfAProcessHasNone) {
  Case c = CaseOf("set a 10");
  c.crash.kinds = {CrashKind::kProcessDeath};
  const CaseResult result = ExploreUnder(c, CanaryAdapter(), AllModels());
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].model, "");
  for (const ModelCounts& counts : result.models) {
    EXPECT_EQ(counts, (ModelCounts{.programs = counts.programs,
                                   .exhausted_programs = counts.exhausted_programs,
                                   .process_deaths = result.counts.recoveries}));
    EXPECT_TRUE(counts.judged());
  }
}

/// What the one file system shows its program after a failed sync the other does not: each has a
/// run.
TEST(Models, AreJudgedByTheRunThatIsTheirs) {
  Case c = CaseOf("set a 10; set b 10; kill");
  c.crash.kinds = {CrashKind::kProcessDeath};
  c.faults = {"fail IO_ERROR sync nth=3"};
  const CaseResult result = ExploreUnder(c, KvAdapter(), AllModels());
  EXPECT_TRUE(result.findings.empty());
  for (const ModelCounts& counts : result.models) EXPECT_TRUE(counts.judged());
}

TEST(Generations, RelyOnTheOrderOfNames) {
  Case c = CaseOf("set a 10; set b 20; delete a; reopen; set c 600; kill; set a 5");
  c.store.options["layout"] = "generations";
  c.crash.budget = 20'000;
  c.crash.depth = 2;
  c.crash.inner = 100;
  const CaseResult result = ExploreUnder(c, ToyAdapter(), AllModels());
  std::vector<std::string> wrong;
  for (const faultfs::PersistenceModel& model : faultfs::kModels) {
    if (!FoundOn(result, model.name).empty()) wrong.emplace_back(model.name);
  }
  EXPECT_THAT(wrong, ElementsAre("posix", "btrfs"));
  EXPECT_THAT(FoundOn(result, ""), IsEmpty());
  EXPECT_TRUE(FoundOn(result, "posix").contains("LOST_ACKED power-loss lost=toy.publish"));
  EXPECT_TRUE(FoundOn(result, "btrfs").contains("LOST_ACKED power-loss lost=toy.publish"));
}

// What it rests on, switch by switch.
TEST(Generations, NeedBothPromisesOfTheFileSystem) {
  Case c = CaseOf("set a 10; set b 20");
  c.store.options["layout"] = "generations";
  const auto is_clean = [&](std::string_view row, std::string_view key, std::string_view word) {
    faultfs::PersistenceModel model = *faultfs::FindModel(row);
    EXPECT_TRUE(key.empty() || faultfs::SetSwitch(model, key, word).ok());
    return ExploreUnder(c, ToyAdapter(), {model}).findings.empty();
  };
  EXPECT_TRUE(is_clean("ext4-ordered", "", ""));
  EXPECT_FALSE(is_clean("ext4-ordered", "entries", "related")) << "the removal comes first";
  EXPECT_FALSE(is_clean("ext4-ordered", "sync", "object")) << "the name is not taken along";
  EXPECT_TRUE(is_clean("btrfs", "entries", "journal"));
}

}  // namespace
}  // namespace crashlab
