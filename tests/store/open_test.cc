// What Open makes of a place where there is no store yet, or none any more, and of what earlier
// processes that died in their first Open have left beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Image;
using faultfs::IoTag;
using faultfs::SimFileSystem;
using faultfs::Volume;
using Names = std::vector<std::string>;

constexpr IoTag kEdit{"test.edit"};

void ExpectOk(const faultfs::Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }

// A machine that is prepared by hand before a store is opened in its /db.
class BareMachine {
 public:
  explicit BareMachine(std::unique_ptr<Volume> volume = std::make_unique<Volume>(Image()))
      : volume_(std::move(volume)), fs_(*volume_) {}

  void MakeDirectory(const std::string& path) { ExpectOk(fs_.CreateDir(path, kEdit)); }
  void MakeFile(const std::string& path) {
    ExpectOk(fs_.Open(path, {.write = true, .create = true}, kEdit).status());
  }
  Names List(const std::string& path) {
    Names names;
    auto entries = fs_.List(path);
    EXPECT_TRUE(entries.ok()) << path << ": " << entries.status().ToString();
    if (!entries.ok()) return names;
    for (const auto& entry : *entries) names.push_back(entry.name);
    return names;
  }

  /// In a process of its own, which then dies: what is shown.
  Dump OpenAndPut(const std::string& key) {
    SimFileSystem process(*volume_);
    Options options{.file_system = &process, .entropy = &entropy_};
    auto store = Store::Open(options, "/db");
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    if (!store.ok()) return {};
    Dump shown = DumpOf(**store);
    ExpectOk((*store)->Set(key, "v"));
    process.Kill();
    return shown;
  }
  const Volume& volume() const { return *volume_; }

 private:
  std::unique_ptr<Volume> volume_;
  SimFileSystem fs_;
  SeededEntropy entropy_{1};
};

TEST(NoStoreTest, AMissingDirectoryIsMadeAndOpensEmpty) {
  BareMachine machine;
  EXPECT_EQ(machine.OpenAndPut("a"), Dump());
  EXPECT_EQ(machine.OpenAndPut("b"), (Dump{{"a", "v"}}));
}

TEST(NoStoreTest, AnEmptyDirectoryOpensEmpty) {
  BareMachine machine;
  machine.MakeDirectory("/db");
  EXPECT_EQ(machine.OpenAndPut("a"), Dump());
  EXPECT_EQ(machine.List("/"), Names{"db"});
  EXPECT_EQ(machine.OpenAndPut("b"), (Dump{{"a", "v"}}));
}

TEST(NoStoreTest, AMissingLogOpensEmptyAndLeavesWhatIsNotOurs) {
  BareMachine machine;
  machine.MakeDirectory("/db");
  for (const char* name : {"/db/LOCK", "/db/README", "/db/1.wal", "/db/0000000001.wal.bak"}) {
    machine.MakeFile(name);
  }
  EXPECT_EQ(machine.OpenAndPut("a"), Dump());
  EXPECT_EQ(machine.OpenAndPut("b"), (Dump{{"a", "v"}}));
  const Names names = machine.List("/db");
  for (const char* name : {"README", "1.wal", "0000000001.wal.bak"}) {
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
  }
}

TEST(AbandonedDirectoryTest, OneThatWaitsForItsNameIsTakenBack) {
  BareMachine machine;
  machine.MakeDirectory("/db.tmp");
  machine.MakeFile("/db.tmp/LOCK");
  machine.MakeFile("/db.tmp/0000000007.tmp");
  EXPECT_EQ(machine.OpenAndPut("a"), Dump());
  EXPECT_EQ(machine.List("/"), Names{"db"});
  EXPECT_EQ(machine.List("/db"), (Names{"0000000008.wal", "LOCK"}));
}

TEST(AbandonedDirectoryTest, AnEmptyOneBesideAnEmptyStoreGoes) {
  BareMachine machine;
  machine.MakeDirectory("/db");
  machine.MakeDirectory("/db.tmp");
  EXPECT_EQ(machine.OpenAndPut("a"), Dump());
  EXPECT_EQ(machine.List("/"), Names{"db"});
}

TEST(AbandonedDirectoryTest, WhatSomebodyElseKeepsUnderThatNameStays) {
  BareMachine machine;
  machine.MakeDirectory("/db.tmp");
  machine.MakeFile("/db.tmp/thesis.txt");
  EXPECT_EQ(machine.OpenAndPut("a"), Dump());
  EXPECT_EQ(machine.List("/"), (Names{"db", "db.tmp"}));
  EXPECT_EQ(machine.List("/db.tmp"), Names{"thesis.txt"});
}

// The process dies before every step of a first Open; the next Open leaves the store and nothing
// else.
void ExpectNothingIsLeft(BareMachine& first) {
  const size_t begin = first.volume().trace().ops.size();
  EXPECT_EQ(first.OpenAndPut("a"), Dump());
  const faultfs::Trace& trace = first.volume().trace();
  ASSERT_GT(trace.ops.size(), begin + 8);
  for (size_t steps = begin; steps <= trace.ops.size(); ++steps) {
    BareMachine second(Volume::Resume(first.volume().base(), trace, steps));
    const Dump shown = second.OpenAndPut("b");
    EXPECT_LE(shown.size(), 1u) << steps;
    EXPECT_EQ(second.List("/"), Names{"db"}) << steps;
    for (const std::string& name : second.List("/db")) {
      EXPECT_TRUE(name == "LOCK" || name.ends_with(".wal")) << steps << ": " << name;
    }
    const Dump later = second.OpenAndPut("c");
    EXPECT_EQ(later.size(), shown.size() + 1) << steps;
  }
}

TEST(AbandonedDirectoryTest, NoneIsLeftByADeathInAFirstOpen) {
  BareMachine nothing;
  ExpectNothingIsLeft(nothing);
  BareMachine empty;
  empty.MakeDirectory("/db");
  ExpectNothingIsLeft(empty);
  BareMachine waiting;
  waiting.MakeDirectory("/db.tmp");
  ExpectNothingIsLeft(waiting);
}

}  // namespace
}  // namespace kv
