// Work in the background, and faults that must not cost more than the operation they happen in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/adapters/kv_adapter.h"
#include "harness/explore/recovery.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using ::testing::HasSubstr;

Case WithCheckpoints(std::string_view program) {
  Case c = CaseOf(program);
  c.store.options["checkpoint_bytes"] = "1";
  return c;
}

Run RunOf(const Case& c, const Adapter& adapter = KvAdapter()) {
  NotingMonitor monitor;
  return RunProgram(c, adapter, {}, monitor);
}

/// The operations during which a step with this tag happened, in order; 0 is the first Open.
std::vector<OpNumber> OperationsWith(const Run& run, std::string_view tag) {
  std::vector<OpNumber> operations;
  OpNumber op = 0;
  for (const faultfs::TraceOp& step : run.volume->trace().ops) {
    if (step.kind == faultfs::TraceKind::kMark) {
      op = run.events[step.mark].op;
    } else if (step.tag.name() == tag) {
      operations.push_back(op);
    }
  }
  return operations;
}

Outcome OutcomeOf(const Run& run, OpNumber op) {
  for (const Event& event : run.events) {
    if (event.kind == Event::Kind::kReturn && event.op == op) return event.outcome;
  }
  ADD_FAILURE() << "operation " << op << " never returned";
  return Outcome::kInfo;
}

// ---- The line `background`
// -----------------------------------------------------------------------

TEST(Background, AJobRunsWhenTheProgramSaysSo) {
  const auto run = RunOf(WithCheckpoints("set a 10; get a; background; background; set b 10"));
  EXPECT_FALSE(run.live.has_value());
  EXPECT_THAT(OperationsWith(run, "snapshot.publish"), ::testing::ElementsAre(3u));
  for (OpNumber op = 1; op <= 5; ++op) EXPECT_EQ(OutcomeOf(run, op), Outcome::kOk) << op;
}

TEST(Background, NothingWaitsIfNothingIsAskedFor) {
  const auto run = RunOf(CaseOf("set a 10; background"));
  EXPECT_EQ(OutcomeOf(run, 2), Outcome::kOk);
  EXPECT_THAT(OperationsWith(run, "snapshot.publish"), ::testing::IsEmpty());
}

TEST(Background, AJobThatWaitsDiesWithTheProcess) {
  for (const std::string end : {"kill", "reopen"}) {
    const auto run = RunOf(WithCheckpoints("set a 10; " + end + "; background; get a"));
    EXPECT_FALSE(run.live.has_value());
    EXPECT_THAT(OperationsWith(run, "snapshot.publish"), ::testing::IsEmpty()) << end;
  }
}

TEST(Background, AnErrorIsTheRepliesOwn) {
  Case c = WithCheckpoints("set a 10; background; background; set b 10");
  c.faults = {"fail IO_ERROR sync tag=snapshot.sync nth=1"};
  const auto failed = RunOf(c);
  EXPECT_FALSE(failed.live.has_value());
  EXPECT_EQ(OutcomeOf(failed, 2), Outcome::kInfo);
  EXPECT_EQ(OutcomeOf(failed, 3), Outcome::kOk) << "nothing ran, so that there is nothing to say";
  EXPECT_EQ(OutcomeOf(failed, 4), Outcome::kOk);

  c.faults = {"fail NO_SPACE write tag=snapshot.write nth=1"};
  EXPECT_EQ(OutcomeOf(RunOf(c), 2), Outcome::kFail);
}

/// Each set leaves a job behind, which does as it is told.
class Worker final : public Adapter {
 public:
  enum class Job { kFails, kTakesLong };
  explicit Worker(Job job) : job_(job) {}

  std::string_view name() const override { return "worker"; }
  std::string_view summary() const override { return ""; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    return std::unique_ptr<System>(std::make_unique<Engine>(context, job_));
  }

 private:
  class Engine final : public System {
   public:
    Engine(const OpenContext& context, Job job)
        : file_system_(context.file_system), executor_(context.executor), job_(job) {}
    Reply Apply(const Operation&, OpNumber) override {
      executor_.Submit([this] { Work(); });
      return {};
    }
    Result<Dump> ReadAll() override { return Dump(); }
    Status Close() override { return Status(); }
    Status BackgroundStatus() const override { return status_; }

   private:
    void Work() {
      if (job_ == Job::kFails) status_ = Status::Error(Code::kIoError, "tired");
      if (job_ == Job::kFails) return;
      for (int i = 0; i < 100; ++i) static_cast<void>(file_system_.Stat("/"));
    }

    faultfs::FileSystem& file_system_;
    faultfs::Executor& executor_;
    const Job job_;
    Status status_;
  };

  const Job job_;
  const Capabilities capabilities_ = {.verbs = {Verb::kSet, Verb::kBackground}, .calls = {}};
  const Contract contract_;
};

TEST(Background, AnErrorForNoReasonIsAFinding) {
  const auto run = RunOf(CaseOf("set a 10; background; set b 10"), Worker(Worker::Job::kFails));
  ASSERT_TRUE(run.live.has_value());
  EXPECT_EQ(run.live->verdict, Verdict::kNotWritable);
  EXPECT_THAT(run.live->detail, HasSubstr("operation 2 (background) failed"));
  EXPECT_EQ(run.events.back().op, 2u);
}

TEST(Background, AJobMayNotCallForEver) {
  NotingMonitor monitor;
  const Worker worker(Worker::Job::kTakesLong);
  const ExploreOptions options{.call_limit = 50};
  static_cast<void>(RunProgram(CaseOf("set a 10"), worker, options, monitor));
  EXPECT_EQ(monitor.hung, 0u);
  static_cast<void>(RunProgram(CaseOf("set a 10; background"), worker, options, monitor));
  EXPECT_GT(monitor.hung, 0u);
}

// ---- After a recovery
// ----------------------------------------------------------------------------

TEST(Background, WhatTheProbeStartsRunsBehindIt) {
  const Case c = WithCheckpoints("set a 10");
  const auto run = RunOf(c);
  NotingMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, KvAdapter(), options, monitor};
  faultfs::Volume volume(run.volume->live());
  const Life life = Recover(lab, volume, 1);
  EXPECT_FALSE(life.violation.has_value());
  ASSERT_TRUE(life.reopened.has_value());
  EXPECT_EQ(life.reopened->dump.size(), 2u);
  size_t published = 0;
  for (const faultfs::TraceOp& step : volume.trace().ops)
    published += step.tag.name() == "snapshot.publish";
  EXPECT_EQ(published, 1u);
}

TEST(Background, ThatFailsBehindAProbeIsAFinding) {
  const Case c = CaseOf("");
  NotingMonitor monitor;
  const ExploreOptions options;
  const Worker worker(Worker::Job::kFails);
  const Laboratory lab{c, worker, options, monitor};
  faultfs::Volume volume{faultfs::Image()};
  const Life life = Recover(lab, volume, 1);
  ASSERT_TRUE(life.violation.has_value());
  EXPECT_EQ(life.violation->verdict, Verdict::kNotWritable);
  EXPECT_THAT(life.violation->detail, HasSubstr("background work after recovery"));
}

// ---- Faults that are harmless beyond their operation
// ---------------------------------------------

/// A snapshot makes a directory; if it cannot, the engine takes offence at all that follows.
class Sulker final : public Adapter {
 public:
  enum class Mood { kCalm, kPoisoned, kFailing };
  Sulker(Mood mood, std::vector<std::string> harmless_tags) : mood_(mood) {
    contract_.harmless_tags = std::move(harmless_tags);
    contract_.not_applied = {Code::kPoisoned, Code::kNoSpace};
  }

  std::string_view name() const override { return "sulker"; }
  std::string_view summary() const override { return ""; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    return std::unique_ptr<System>(std::make_unique<Engine>(context.file_system, mood_));
  }

 private:
  class Engine final : public System {
   public:
    Engine(faultfs::FileSystem& file_system, Mood mood) : file_system_(file_system), mood_(mood) {}
    Reply Apply(const Operation& operation, OpNumber) override {
      Reply reply;
      if (operation.verb == Verb::kSnapshot) {
        reply.status = file_system_.CreateDir("/copy", faultfs::IoTag{"copy.make"});
        hurt_ |= !reply.status.ok();
      } else if (hurt_ && mood_ != Mood::kCalm) {
        const Code code = mood_ == Mood::kPoisoned ? Code::kPoisoned : Code::kIoError;
        reply.status = Status::Error(code, "not in the mood");
      }
      return reply;
    }
    Result<Dump> ReadAll() override { return Dump(); }
    Status Close() override { return Status(); }

   private:
    faultfs::FileSystem& file_system_;
    const Mood mood_;
    bool hurt_ = false;
  };

  const Mood mood_;
  const Capabilities capabilities_ = {.verbs = {Verb::kSet, Verb::kSnapshot}, .calls = {}};
  Contract contract_;
};

std::string LiveVerdict(Sulker::Mood mood, std::vector<std::string> harmless_tags) {
  Case c = CaseOf("set a 10; snapshot; set b 10");
  c.faults = {"fail IO_ERROR create-dir tag=copy.make"};
  const auto run = RunOf(c, Sulker(mood, std::move(harmless_tags)));
  return run.live.has_value() ? std::string(Name(run.live->verdict)) : "none";
}

TEST(HarmlessFaults, MayFailTheirOwnOperationAndNothingElse) {
  using Mood = Sulker::Mood;
  EXPECT_EQ(LiveVerdict(Mood::kCalm, {"copy.make"}), "none");
  EXPECT_EQ(LiveVerdict(Mood::kPoisoned, {"copy.make"}), "NOT_WRITABLE");
  EXPECT_EQ(LiveVerdict(Mood::kFailing, {"copy.make"}), "NOT_WRITABLE");
  EXPECT_EQ(LiveVerdict(Mood::kPoisoned, {"copy.other"}), "none");
  EXPECT_EQ(LiveVerdict(Mood::kFailing, {}), "none");
}

TEST(HarmlessFaults, OfTheStoreLeaveItWritable) {
  Case c = CaseOf("set a 10; snapshot; set b 10; compact; set c 10; flush; reopen; size");
  for (const std::string fault :
       {"create tag=snapshot.create", "write tag=snapshot.write", "sync tag=snapshot.sync",
        "rename tag=snapshot.publish", "remove tag=wal.remove-covered"}) {
    c.faults = {"fail IO_ERROR " + fault + " nth=1"};
    const auto run = RunOf(c);
    EXPECT_FALSE(run.live.has_value()) << run.live->detail;
    for (OpNumber op : {1, 3, 5, 6, 8}) EXPECT_EQ(OutcomeOf(run, op), Outcome::kOk) << fault << op;
    EXPECT_NE(OutcomeOf(run, 2) == Outcome::kInfo, OutcomeOf(run, 4) == Outcome::kInfo) << fault;
  }
}

TEST(HarmlessFaults, AFailedSyncOfTheDirectoryIsNone) {
  Case c = CaseOf("set a 10; snapshot; set b 10");
  c.faults = {"fail IO_ERROR sync-dir tag=snapshot.sync-dir"};
  const auto run = RunOf(c);
  EXPECT_FALSE(run.live.has_value());
  EXPECT_EQ(OutcomeOf(run, 2), Outcome::kInfo);
  EXPECT_EQ(OutcomeOf(run, 3), Outcome::kFail);
}

TEST(ClearPersistence, ErrorsBehindItAreNoAnswer) {
  Case c = CaseOf("set a 10; clear-persistence; set b 10; size");
  c.faults = {"fail IO_ERROR remove tag=wal.remove-covered"};
  const auto run = RunOf(c);
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
  for (OpNumber op = 1; op <= 4; ++op) EXPECT_EQ(OutcomeOf(run, op), Outcome::kOk) << op;
}

}  // namespace
}  // namespace crashlab
