// The adapters that come with Crashlab, and what all of them promise in data.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "harness/adapter.h"
#include "harness/adapters/bad_adapters.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"
#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

Operation OperationOf(const char* text) { return ProgramOf(text).front(); }

TEST(ContractOfKv, FollowsTheDurability) {
  const Contract& contract = KvAdapter().contract();
  for (const char* text : {"set a 10", "delete a", "clear", "batch set a 10"}) {
    const Operation operation = OperationOf(text);
    EXPECT_EQ(contract.PromiseOf(operation, Durability::kSync), Promise::kPower) << text;
    EXPECT_EQ(contract.PromiseOf(operation, Durability::kBuffered), Promise::kProcess) << text;
  }
  EXPECT_EQ(contract.PromiseOf(OperationOf("set a 10 buffered"), Durability::kSync),
            Promise::kProcess);
  EXPECT_EQ(contract.PromiseOf(OperationOf("flush"), Durability::kSync),
            Promise::kPowerForAckedBefore);
  EXPECT_EQ(contract.PromiseOf(OperationOf("snapshot"), Durability::kBuffered),
            Promise::kPowerForAckedBefore);
  EXPECT_EQ(contract.PromiseOf(OperationOf("compact"), Durability::kBuffered),
            Promise::kPowerForAckedBefore);
  EXPECT_EQ(contract.PromiseOf(OperationOf("clear-persistence"), Durability::kBuffered),
            Promise::kPower);
  EXPECT_EQ(contract.PromiseOf(OperationOf("background"), Durability::kSync), Promise::kNothing);
  EXPECT_EQ(contract.PromiseOf(OperationOf("get a"), Durability::kSync), Promise::kPower);
  EXPECT_EQ(contract.PromiseOf(OperationOf("reopen"), Durability::kSync), Promise::kNothing);
}

TEST(ContractOfKv, KnowsWhichErrorsProveThatNothingHappened) {
  const Contract& contract = KvAdapter().contract();
  EXPECT_EQ(contract.OutcomeOf(Status()), Outcome::kOk);
  for (Code code :
       {Code::kInvalidArgument, Code::kTooLarge, Code::kNoSpace, Code::kPoisoned, Code::kClosed}) {
    EXPECT_EQ(contract.OutcomeOf(Status::Error(code, "x")), Outcome::kFail);
  }
  for (Code code : {Code::kIoError, Code::kCorruption, Code::kInterrupted}) {
    EXPECT_EQ(contract.OutcomeOf(Status::Error(code, "x")), Outcome::kInfo);
  }
}

TEST(KvAdapter, DoesAllThatItSays) {
  // Every verb of its capabilities, with an answer that the oracle checks.
  Case c = CaseOf(
      "set a 10; set \"\" 0; batch set b 10, delete a, set c 300; get b; get a; contains c; "
      "contains a; size; for-each; flush; snapshot; delete c; compact; for-each; clear; size; "
      "set d 10; reopen; get d; kill; for-each; clear-persistence; size; background; set e 10; "
      "background; reopen; for-each; close; kill; size");
  c.store.options["checkpoint_bytes"] = "1";
  std::set<Verb> used;
  for (const Operation& operation : c.program) used.insert(operation.verb);
  for (Verb verb : KvAdapter().capabilities().verbs) EXPECT_TRUE(used.contains(verb));
  NotingMonitor monitor;
  const auto run = RunProgram(c, KvAdapter(), {}, monitor);
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
  for (const Event& event : run.events) EXPECT_EQ(event.outcome, Outcome::kOk);
}

TEST(KvAdapter, KnowsItsOptions) {
  EXPECT_EQ(KvAdapter().options(), std::vector<std::string_view>{"checkpoint_bytes"});
  for (const char* right : {"0", "1", "1099511627776"}) {
    EXPECT_TRUE(KvAdapter().CheckOption("checkpoint_bytes", right).ok()) << right;
  }
  for (const char* wrong :
       {"", "-1", "1k", " 1", "true", "1099511627777", "99999999999999999999"}) {
    const Status status = KvAdapter().CheckOption("checkpoint_bytes", wrong);
    EXPECT_TRUE(status.Is(Code::kInvalidArgument)) << wrong;
    EXPECT_EQ(status.message(), "must be a whole number from 0 to 1099511627776");
    Case c = CaseOf("");
    c.store.options["checkpoint_bytes"] = wrong;
    NotingMonitor monitor;
    const auto run = RunProgram(c, KvAdapter(), {}, monitor);
    ASSERT_TRUE(run.live.has_value()) << wrong;
    EXPECT_EQ(run.live->verdict, Verdict::kOpenFailed);
  }
}

TEST(KvAdapter, WorksInBackgroundIfCheckpointsAreOn) {
  StoreConfig config;
  EXPECT_FALSE(KvAdapter().WorksInBackground(config));
  config.options["checkpoint_bytes"] = "0";
  EXPECT_FALSE(KvAdapter().WorksInBackground(config));
  config.options["checkpoint_bytes"] = "100";
  EXPECT_TRUE(KvAdapter().WorksInBackground(config));
  EXPECT_FALSE(ToyAdapter().WorksInBackground(config));
}

TEST(Builtin, HaveNamesOfTheirOwn) {
  const std::vector<const Adapter*> all = BuiltinAdapters();
  std::set<std::string_view> names;
  for (const Adapter* adapter : all) {
    EXPECT_TRUE(names.insert(adapter->name()).second);
    EXPECT_FALSE(adapter->summary().empty());
  }
  const AdapterSet set(all);
  for (const Adapter* adapter : all) EXPECT_EQ(*set.Find(adapter->name()), adapter);
  const auto missing = set.Find("toi");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().message(), "no adapter \"toi\"; did you mean \"toy\"?");
}

TEST(Toy, IsRightAsLongAsNothingCrashes) {
  const Case c = CaseOf(
      "set a 10; set b 600; delete a; get a; get b; size; reopen; get b; kill; "
      "size; set a 0");
  NotingMonitor monitor;
  const auto run = RunProgram(c, ToyAdapter(), {}, monitor);
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
}

TEST(Toy, IsRightInGenerationsTooAsLongAsNothingCrashes) {
  Case c = CaseOf(
      "set a 10; set b 600; delete a; delete z; get a; get b; size; reopen; get b; kill; "
      "size; set a 0");
  c.store.options["layout"] = "generations";
  NotingMonitor monitor;
  const auto run = RunProgram(c, ToyAdapter(), {}, monitor);
  EXPECT_FALSE(run.live.has_value()) << run.live->detail;
}

TEST(Toy, KnowsItsOptions) {
  EXPECT_EQ(ToyAdapter().options(),
            (std::vector<std::string_view>{"buffered", "layout", "rewrites"}));
  for (const char* right : {"log", "generations"}) {
    EXPECT_TRUE(ToyAdapter().CheckOption("layout", right).ok()) << right;
  }
  const Status status = ToyAdapter().CheckOption("layout", "heap");
  EXPECT_TRUE(status.Is(Code::kInvalidArgument));
  EXPECT_EQ(status.message(), "must be \"log\" or \"generations\"");
}

TEST(Canary, LosesEverythingAtOnce) {
  NotingMonitor monitor;
  const auto run = RunProgram(CaseOf("set a 10; reopen"), CanaryAdapter(), {}, monitor);
  ASSERT_TRUE(run.live.has_value());
  EXPECT_EQ(run.live->verdict, Verdict::kLostAcked);
}

TEST(DumpHash, IsOfTheEntriesAndNotOfTheirOrder) {
  const Dump one = {{"a", "1"}, {"b", "2"}};
  const Dump other = {{"b", "2"}, {"a", "1"}};
  EXPECT_EQ(HashOf(one), HashOf(other));
  EXPECT_NE(HashOf(one), HashOf({{"a", "2"}, {"b", "1"}}));
  EXPECT_NE(HashOf(one), HashOf({{"a", "1"}}));
  EXPECT_NE(HashOf(one), HashOf({{"a", "1"}, {"b", "2"}, {"b", "2"}}));
  EXPECT_NE(EntryHash("ab", "c"), EntryHash("a", "bc"));
  EXPECT_NE(EntryHash("a", "b"), EntryHash("b", "a"));
}

}  // namespace
}  // namespace crashlab
