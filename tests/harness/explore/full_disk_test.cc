// A disk of so many bytes under an engine: what it may say while there is no room, and what it must
// do once there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/coverage.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The store, but for one thing: once it had no room for a change it refuses all of them.
class Sulking final : public Adapter {
 public:
  explicit Sulking(Code code) : code_(code) {}

  std::string_view name() const override { return "sulking"; }
  std::string_view summary() const override { return ""; }
  const Capabilities& capabilities() const override { return KvAdapter().capabilities(); }
  const Contract& contract() const override { return KvAdapter().contract(); }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    FAULTFS_ASSIGN_OR_RETURN(auto system, KvAdapter().Open(context));
    return std::unique_ptr<System>(std::make_unique<Engine>(std::move(system), code_));
  }

 private:
  class Engine final : public System {
   public:
    Engine(std::unique_ptr<System> system, Code code) : system_(std::move(system)), code_(code) {}
    Reply Apply(const Operation& operation, OpNumber number) override {
      Reply reply;
      if (full_ && operation.verb == Verb::kSet) {
        reply.status = Status::Error(code_, "it was full once");
        return reply;
      }
      reply = system_->Apply(operation, number);
      full_ |= reply.status.Is(Code::kNoSpace);
      return reply;
    }
    Result<Dump> ReadAll() override { return system_->ReadAll(); }
    Status Close() override { return system_->Close(); }

   private:
    const std::unique_ptr<System> system_;
    const Code code_;
    bool full_ = false;
  };

  const Code code_;
};

// The directory and the lock take a block each, a log file one and one for its content: 6 of the 14
// before the third set, which begins a log file and needs 7 more. The fourth begins another, the
// compaction a third, and its snapshot takes the last 2; then it gives back four log files.
constexpr std::string_view kRule = "full 57344 any";
constexpr std::string_view kProgram =
    "set a 3000; set a 3001; set a 32000; set b 8; compact; set a 32001; get a";

Case On(std::string_view rule, std::string_view program = kProgram) {
  Case c = CaseOf(program);
  c.faults = {std::string(rule)};
  c.store.segment_bytes = 4096;
  return c;
}

Run RunOf(const Case& c, const Adapter& adapter = KvAdapter()) {
  NotingMonitor monitor;
  return RunProgram(c, adapter, {}, monitor);
}

/// How each operation ended.
std::vector<std::string> Ends(const Run& run) {
  std::vector<std::string> ends;
  for (const Event& event : run.events) {
    if (event.kind == Event::Kind::kReturn) ends.emplace_back(CodeName(event.code));
  }
  return ends;
}

TEST(FullDisk, TheStoreIsWritableOnceACompactionMadeRoom) {
  const auto run = RunOf(On(kRule));
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
  EXPECT_THAT(Ends(run), ElementsAre("OK", "OK", "NO_SPACE", "OK", "OK", "OK", "OK"));
  EXPECT_GE(run.rule_counts.front().decided, 1u);
  EXPECT_TRUE(run.faults.calls.at({"log", "wal.append"}) &
              FaultClass({.action = faultfs::IoDecision::Action::kFull}));
}

TEST(FullDisk, WithoutTheCompactionItStaysFull) {
  const auto run = RunOf(On(kRule, "set a 3000; set a 3001; set a 32000; set a 32001; set b 8"));
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
  EXPECT_THAT(Ends(run), ElementsAre("OK", "OK", "NO_SPACE", "NO_SPACE", "OK"));
}

TEST(FullDisk, ADiskMayGrow) {
  const auto run =
      RunOf(On("full 57344 any times=1", "set a 3000; set a 3001; set a 32000; set a 32001"));
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
  EXPECT_THAT(Ends(run), ElementsAre("OK", "OK", "OK", "OK")) << "a second write finds room";
}

TEST(FullDisk, AnOpenThatFindsNoRoomIsNoFinding) {
  const auto run = RunOf(On("full 4096 any"));
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
  EXPECT_TRUE(run.events.empty());
}

TEST(FullDisk, WhoIsPoisonedByItIsNotWritable) {
  const auto run = RunOf(On(kRule), Sulking(Code::kPoisoned));
  ASSERT_TRUE(run.live.has_value());
  EXPECT_EQ(run.live->verdict, Verdict::kNotWritable);
  EXPECT_EQ(run.events.back().op, 4u);
}

TEST(FullDisk, WhoStillSaysNoSpaceWhenNothingWasFoundFullIsNotWritable) {
  const auto run = RunOf(On(kRule), Sulking(Code::kNoSpace));
  ASSERT_TRUE(run.live.has_value());
  EXPECT_EQ(run.live->verdict, Verdict::kNotWritable);
  EXPECT_EQ(run.events.back().op, 4u);
  EXPECT_THAT(run.live->detail, HasSubstr("operation 4 (set b 8) was refused for want of room"));
}

TEST(FullDisk, AfterAnotherFaultEverythingMayBeRefused) {
  Case c = On(kRule);
  c.faults.insert(c.faults.begin(), "fail NO_SPACE sync tag=wal.sync nth=1");
  EXPECT_FALSE(RunOf(c, Sulking(Code::kNoSpace)).live.has_value());
}

/// A recovery runs on a disk that has room again.
TEST(FullDisk, EveryCrashIsRecoveredFrom) {
  Case c = On(kRule);
  c.crash.budget = 2000;
  NotingMonitor monitor;
  const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
  EXPECT_TRUE(result.findings.empty());
  EXPECT_GT(result.counts.recoveries, 100u);
}

}  // namespace
}  // namespace crashlab
