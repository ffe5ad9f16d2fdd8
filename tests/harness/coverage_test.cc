// Cells by hand: classes, unions, promises.
#include "harness/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace crashlab {
namespace {

using ::testing::Contains;

FaultClasses ClassNamed(std::string_view name) {
  const std::vector<std::string>& names = FaultClassNames();
  const auto it = std::find(names.begin(), names.end(), name);
  EXPECT_NE(it, names.end()) << name;
  return FaultClasses{1} << (it - names.begin());
}

TEST(FaultClassTest, EachHasOneNameAndOneBit) {
  const std::vector<std::string>& names = FaultClassNames();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_LE(names.size(), 64u);
  EXPECT_EQ(kPowerLossBefore, ClassNamed("power-loss"));
  EXPECT_EQ(kProcessDeathBefore, ClassNamed("process-death"));
  EXPECT_EQ(kLost, ClassNamed("lost"));
  EXPECT_EQ(kLostAlone, ClassNamed("lost-alone"));
  EXPECT_EQ(kTorn, ClassNamed("torn"));
  EXPECT_EQ(kTorn << kInnerShift, ClassNamed("inner-torn"));
  EXPECT_EQ(RotClass(faultfs::RotKind::kFlip), ClassNamed("rot-flip"));
  EXPECT_EQ(RotClass(faultfs::RotKind::kMisdirected), ClassNamed("rot-misdirected"));
}

TEST(FaultClassTest, EveryFaultOfARuleHasOne) {
  using Action = faultfs::IoDecision::Action;
  for (int code = 1; code <= static_cast<int>(faultfs::Code::kInterrupted); ++code) {
    const auto fault = static_cast<faultfs::Code>(code);
    EXPECT_EQ(FaultClass({.action = Action::kFail, .code = fault}),
              ClassNamed("fail-" + std::string(faultfs::CodeName(fault))));
  }
  EXPECT_EQ(FaultClass({.action = Action::kShort, .bytes = 77}), ClassNamed("short"));
  EXPECT_EQ(FaultClass({.action = Action::kIgnore}), ClassNamed("ignore"));
  EXPECT_EQ(FaultClass({.action = Action::kFull, .bytes = 0}), ClassNamed("full"));
}

TEST(CoverageTest, IsAUnion) {
  Coverage a;
  a.Note("log", "wal.append", kLost);
  a.Note("log", "wal.append", kTorn);
  a.Note("log", "wal.sync", 0);
  Coverage b;
  b.Note("log", "wal.append", kPowerLossBefore);
  b.Note("lock", "dir.lock", kLost);
  Coverage ab = a;
  ab.Add(b);
  b.Add(a);
  EXPECT_EQ(ab, b);
  EXPECT_EQ(ab.calls.size(), 3u);
  EXPECT_EQ((ab.calls[{"log", "wal.append"}]), kLost | kTorn | kPowerLossBefore);
  EXPECT_EQ((ab.calls[{"log", "wal.sync"}]), 0u);
}

std::string EmptyCellOf(std::string_view promise, const Coverage& coverage) {
  const auto parsed = ParseCoveragePromise(promise);
  EXPECT_TRUE(parsed.ok()) << promise;
  return parsed.ok() ? EmptyCell(*parsed, coverage) : "no promise";
}

TEST(CoveragePromiseTest, IsKeptIfEveryCellThatFitsIsHit) {
  Coverage coverage;
  coverage.Note("log", "wal.append", kLost | kLostAlone | kTorn);
  coverage.Note("log", "wal.header", kLost);
  coverage.Note("snapshot", "snapshot.write", 0);
  EXPECT_EQ(EmptyCellOf("log wal.append torn", coverage), "");
  EXPECT_EQ(EmptyCellOf("  log   wal.append  torn ", coverage), "");
  EXPECT_EQ(EmptyCellOf("log wal.* lost", coverage), "");
  EXPECT_EQ(EmptyCellOf("log wal.append lost*", coverage), "");
  EXPECT_EQ(EmptyCellOf("log wal.* lost*", coverage), "log wal.header lost-alone");
  EXPECT_EQ(EmptyCellOf("log wal.* torn", coverage), "log wal.header torn");
  EXPECT_EQ(EmptyCellOf("* * lost", coverage), "snapshot snapshot.write lost");
  EXPECT_EQ(EmptyCellOf("lock * lost", coverage), "no call");
  EXPECT_EQ(EmptyCellOf("log wal.appendix lost", coverage), "no call");
}

TEST(CoveragePromiseTest, WrongOnesHaveALine) {
  const auto message = [](std::string_view text) {
    const auto promise = ParseCoveragePromise(text);
    EXPECT_TRUE(promise.status().Is(faultfs::Code::kInvalidArgument)) << text;
    return std::string(promise.status().message());
  };
  EXPECT_EQ(message("log wal.append tron"), "no fault class \"tron\"; did you mean \"torn\"?");
  EXPECT_EQ(message("log wal.append fail-IOERROR"),
            "no fault class \"fail-IOERROR\"; did you mean \"fail-IO_ERROR\"?");
  for (const char* text : {"", "log", "log wal.append", "log wal.append torn lost"}) {
    EXPECT_EQ(message(text), "\"" + std::string(text) +
                                 "\" is not FILE TAG FAULT, such as \"log wal.append torn\"");
  }
}

}  // namespace
}  // namespace crashlab
