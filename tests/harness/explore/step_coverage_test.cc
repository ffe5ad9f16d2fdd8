// Small programs of which one can say by hand what each call must have met with.
#include "harness/explore/step_coverage.h"

#include <gtest/gtest.h>

#include <string>

#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

Coverage CoverageOf(const Case& c, const Adapter& adapter) {
  NotingMonitor monitor;
  return Explore(c, adapter, {}, monitor).coverage;
}

/// The names of what a call met with, a blank between.
std::string Met(const Coverage& coverage, const std::string& file, const std::string& tag) {
  const auto it = coverage.calls.find({file, tag});
  if (it == coverage.calls.end()) return "no call";
  std::string text;
  for (size_t i = 0; i < FaultClassNames().size(); ++i) {
    if ((it->second >> i & 1) == 0) continue;
    text += (text.empty() ? "" : " ") + FaultClassNames()[i];
  }
  return text;
}

TEST(StepCoverageTest, PowerLossByHand) {
  Case c = CaseOf("set a 10; set b 20");
  c.crash.kinds = {CrashKind::kPowerLoss};
  const Coverage toy = CoverageOf(c, ToyAdapter());
  EXPECT_EQ(Met(toy, "directory", "toy.dir"), "power-loss lost lost-alone") << "before the log";
  EXPECT_EQ(Met(toy, "file", "toy.append"), "power-loss lost lost-alone") << "created and written";
  EXPECT_EQ(toy.calls.size(), 3u) << "and toy.cut, which changes nothing";
}

TEST(StepCoverageTest, ProcessDeathLosesNothing) {
  Case c = CaseOf("set a 10");
  c.crash.kinds = {CrashKind::kProcessDeath};
  for (const auto& [call, classes] : CoverageOf(c, KvAdapter()).calls) {
    EXPECT_EQ(classes, kProcessDeathBefore) << call.file << " " << call.tag;
  }
}

TEST(StepCoverageTest, FilesGoByTheNameThatTheyHaveThen) {
  const Coverage kv = CoverageOf(CaseOf("set a 10; snapshot"), KvAdapter());
  EXPECT_EQ(Met(kv, "temporary", "wal.header"), "power-loss process-death lost lost-alone");
  EXPECT_EQ(Met(kv, "log", "wal.header"), "no call");
  EXPECT_EQ(Met(kv, "temporary", "wal.append"), "no call");
  EXPECT_EQ(Met(kv, "log", "wal.append"), "power-loss process-death lost lost-alone");
  EXPECT_EQ(Met(kv, "log", "wal.publish"), "power-loss process-death lost lost-alone");
  EXPECT_EQ(Met(kv, "temporary", "snapshot.write"), "power-loss process-death lost lost-alone");
  EXPECT_EQ(Met(kv, "log", "wal.sync"), "power-loss process-death") << "has nothing to lose";
  EXPECT_EQ(Met(kv, "directory", "wal.sync-dir"), "power-loss process-death");
  EXPECT_EQ(Met(kv, "snapshot", "snapshot.publish"), "power-loss process-death lost lost-alone");
  EXPECT_NE(Met(kv, "lock", "dir.lock"), "no call");
}

TEST(StepCoverageTest, TearsWhereTheModelHasThem) {
  Case c = CaseOf("set a 10");
  c.crash.kinds = {CrashKind::kPowerLoss};
  c.crash.models[0].tear = faultfs::TearSize::kByteLinear;
  EXPECT_EQ(Met(CoverageOf(c, KvAdapter()), "log", "wal.append"),
            "power-loss lost lost-alone torn");
}

TEST(StepCoverageTest, CrashesInRecoveryHaveClassesOfTheirOwn) {
  Case c = CaseOf("set a 10");
  c.crash.depth = 2;
  c.crash.inner = 100;
  const Coverage kv = CoverageOf(c, KvAdapter());
  EXPECT_EQ(Met(kv, "log", "wal.append"),
            "power-loss process-death lost lost-alone inner-power-loss inner-process-death "
            "inner-lost inner-lost-alone");
  c.crash.depth = 1;
  for (const auto& [call, classes] : CoverageOf(c, KvAdapter()).calls) {
    EXPECT_LT(classes, FaultClasses{1} << kInnerShift) << call.tag;
  }
}

TEST(StepCoverageTest, RotIsOfTheWriteThatMadeTheBytes) {
  Case c = CaseOf("set a 1200; set b 1200");
  c.crash.kinds = {CrashKind::kPowerLoss};
  c.crash.rot = 300;
  for (const faultfs::RotKind kind : faultfs::AllRotKinds()) {
    c.crash.rot_kinds = {kind};
    const Coverage kv = CoverageOf(c, KvAdapter());
    const FaultClasses at_append = kv.calls.at({"log", "wal.append"});
    EXPECT_TRUE((at_append & RotClass(kind)) != 0) << Name(kind);
    for (const auto& [call, classes] : kv.calls) {
      const bool write =
          call.tag == "wal.append" || call.tag == "wal.header" || call.tag == "wal.marker";
      EXPECT_TRUE(write || (classes & RotClass(kind)) == 0) << call.tag;
    }
  }
}

TEST(StepCoverageTest, FaultsThatFired) {
  Case c = CaseOf("set a 10; set b 10");
  c.faults = {"fail IO_ERROR sync tag=wal.sync nth=1", "fail NO_SPACE write tag=wal.append nth=9",
              "ignore sync-dir tag=wal.sync-dir", "fail IO_ERROR read nth=1"};
  const Coverage kv = CoverageOf(c, KvAdapter());
  EXPECT_EQ(Met(kv, "log", "wal.sync"), "power-loss process-death fail-IO_ERROR")
      << "opened as a temporary, a log by now";
  EXPECT_EQ(Met(kv, "directory", "wal.sync-dir"), "power-loss process-death ignore");
  EXPECT_EQ(Met(kv, "log", "wal.append").find("NO_SPACE"), std::string::npos) << "never came";
}

TEST(StepCoverageTest, ReadsGoByTheirOperation) {
  Case c = CaseOf("set a 10; reopen");
  c.faults = {"fail IO_ERROR read path=*.wal nth=1"};
  EXPECT_EQ(Met(CoverageOf(c, KvAdapter()), "log", "read"), "fail-IO_ERROR");
}

TEST(StepCoverageTest, TheKindsOfOurOwnFiles) {
  for (const auto& [name, kind] :
       {std::pair("0000000001.wal", "log"), std::pair("0000000001.snap", "snapshot"),
        std::pair("0000000001.tmp", "temporary"), std::pair("0000000001.snap.tmp", "temporary"),
        std::pair("LOCK", "lock"), std::pair("wal", "other")}) {
    EXPECT_EQ(KvAdapter().FileKind(name), kind) << name;
  }
  EXPECT_EQ(ToyAdapter().FileKind("toy.log"), "file");
}

}  // namespace
}  // namespace crashlab
