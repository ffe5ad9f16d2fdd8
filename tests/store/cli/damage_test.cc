// inspect and check on whole and on damaged stores.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "faultfs/env/io_hook.h"
#include "faultfs/env/posix_file_system.h"
#include "faultfs/fault/faulty_file_system.h"
#include "store/cli/inspect.h"
#include "store/cli/log_view.h"
#include "store/recovery.h"
#include "store/sharded_map.h"
#include "store/store.h"
#include "tests/store/cli/program.h"
#include "tests/store/store_world.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::IoOp;

/// Fails the test at any call that changes something.
class NothingChanges final : public faultfs::IoHook {
 public:
  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    constexpr IoOp kReads[] = {IoOp::kOpen,  IoOp::kRead, IoOp::kSize,
                               IoOp::kClose, IoOp::kList, IoOp::kStat};
    EXPECT_TRUE(std::count(std::begin(kReads), std::end(kReads), call.op))
        << faultfs::IoOpName(call.op);
    return {};
  }
};

class Silent final : public LogVisitor {
 public:
  void Snapshot(const SnapshotView& /*snapshot*/) override {}
  void Segment(const SegmentView& /*segment*/) override {}
  void Range(const RangeView& /*range*/) override {}
  void Missing(const std::string& /*path*/, const std::string& /*successor*/) override {}
};

/// What a verb is known to say, in a file of tests/store/cli/goldens/.
std::string Golden(const std::string& name) {
  return ReadFile(std::string(CRASHLAB_SOURCE_DIR "/tests/store/cli/goldens/") + name);
}

class DamageTest : public ProgramTest {
 protected:
  struct Said {
    int exit_code;
    std::string out;
    std::string err;
  };

  /// Opens the store as kv_store does, with salts that every run has.
  void With(const std::function<void(Store&)>& change) {
    Options options;
    options.entropy = &entropy_;
    auto store = Store::Open(options, db_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    change(**store);
    ASSERT_TRUE((*store)->Close().ok());
  }
  /// Two segments with two mutations each, the second begun by a second Open.
  void MakeTwoSegments() {
    With([](Store& store) {
      EXPECT_TRUE(store.Set("a", "1").ok());
      EXPECT_TRUE(store.Set("b", "22").ok());
    });
    With([](Store& store) {
      EXPECT_TRUE(store.Delete("a").ok());
      EXPECT_TRUE(store.Set("c", "333").ok());
    });
  }

  [[nodiscard]] Said Inspected() {
    return Ask([this](const Console& console) { return Inspect(read_only_, db_, console); });
  }
  [[nodiscard]] Said Checked() {
    return Ask([this](const Console& console) { return Check(read_only_, db_, console); });
  }

  [[nodiscard]] std::string File(std::string_view name) const {
    return db_ + "/" + std::string(name);
  }
  [[nodiscard]] std::vector<faultfs::DirEntry> Entries() {
    auto entries = read_only_.List(db_);
    EXPECT_TRUE(entries.ok());
    return std::move(entries).value();
  }
  void Flip(std::string_view name, size_t offset_bytes) const {
    std::string bytes = ReadFile(File(name));
    bytes.at(offset_bytes) = static_cast<char>(~bytes.at(offset_bytes));
    WriteFile(File(name), bytes);
  }
  void CutTo(std::string_view name, size_t size_bytes) const {
    std::filesystem::resize_file(File(name), size_bytes);
  }

  /// Paths begin with "db/".
  [[nodiscard]] std::string WithoutRoot(std::string text) const {
    const std::string root = root_ + "/";
    for (size_t at = text.find(root); at != text.npos; at = text.find(root, at)) {
      text.erase(at, root.size());
    }
    return text;
  }

 private:
  template <typename Verb>
  Said Ask(Verb verb) {
    const std::vector<std::string> before = Snapshot(db_);
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = verb(Console{out, err});
    EXPECT_EQ(Snapshot(db_), before);
    return {exit_code, WithoutRoot(out.str()), WithoutRoot(err.str())};
  }

  SeededEntropy entropy_{7};
  faultfs::PosixFileSystem posix_;
  NothingChanges hook_;

 protected:
  faultfs::FaultyFileSystem read_only_{posix_, hook_};
};

TEST_F(DamageTest, AWholeStore) {
  MakeTwoSegments();
  EXPECT_EQ(Inspected().out, Golden("a-whole-store.inspect.txt"));
  EXPECT_EQ(Checked().out, "sound: 2 keys, 4 mutations, 2 segments\n");
  EXPECT_EQ(Checked().exit_code, kExitDone);
}

TEST_F(DamageTest, EveryKindOfOperation) {
  With([](Store& store) {
    WriteBatch batch;
    for (const char* key : {"a", "b", "c", "d", "e"}) batch.Set(key, "v");
    EXPECT_TRUE(store.Write(batch).ok());
    EXPECT_TRUE(store.Write(WriteBatch()).ok());
    EXPECT_TRUE(store.Set(std::string(100, 'k'), "v").ok());
    EXPECT_TRUE(store.Clear().ok());
  });
  EXPECT_EQ(Inspected().out, Golden("every-kind-of-operation.inspect.txt"));
}

TEST_F(DamageTest, AFlippedByteInAClaimedRecord) {
  MakeTwoSegments();
  Flip("0000000001.wal", 64 + 64 + 9);
  EXPECT_EQ(Inspected().out, Golden("a-flipped-byte-in-a-claimed-record.inspect.txt"));
  const Said checked = Checked();
  EXPECT_EQ(checked.exit_code, kExitFailed);
  EXPECT_EQ(checked.out, Golden("a-flipped-byte-in-a-claimed-record.check.txt"));
}

TEST_F(DamageTest, ATornTail) {
  MakeTwoSegments();
  // The last marker, and the end of the last mutation.
  CutTo("0000000002.wal", ReadFile(File("0000000002.wal")).size() - 64 - 2);
  EXPECT_EQ(Inspected().out, Golden("a-torn-tail.inspect.txt"));
  const Said checked = Checked();
  EXPECT_EQ(checked.exit_code, kExitDone);
  EXPECT_EQ(checked.out, Golden("a-torn-tail.check.txt"));
}

TEST_F(DamageTest, AStaleRecordBehindTheEnd) {
  MakeTwoSegments();
  const std::string old = ReadFile(File("0000000001.wal")).substr(64, 75);
  WriteFile(File("0000000002.wal"), ReadFile(File("0000000002.wal")) + old);
  EXPECT_EQ(Inspected().out, Golden("a-stale-record-behind-the-end.inspect.txt"));
  EXPECT_EQ(Checked().exit_code, kExitDone);
}

TEST_F(DamageTest, SegmentsThatAreNotInUse) {
  MakeTwoSegments();
  const std::string first = ReadFile(File("0000000001.wal"));
  WriteFile(File("0000000003.wal"), std::string(100, '\0'));
  WriteFile(File("0000000004.tmp"), first);
  WriteFile(File("0000000009.snap.tmp"), first);
  WriteFile(File("notes"), "mine");
  EXPECT_EQ(Inspected().out, Golden("segments-that-are-not-in-use.inspect.txt"));
  EXPECT_EQ(Checked().out, "sound: 2 keys, 4 mutations, 2 segments\n");
}

TEST_F(DamageTest, ASegmentIsMissing) {
  MakeTwoSegments();
  std::filesystem::remove(File("0000000001.wal"));
  EXPECT_EQ(Inspected().out, Golden("a-segment-is-missing.inspect.txt"));
  const Said checked = Checked();
  EXPECT_EQ(checked.exit_code, kExitFailed);
  EXPECT_EQ(checked.out, Golden("a-segment-is-missing.check.txt"));
}

TEST_F(DamageTest, ASegmentHeaderIsDamaged) {
  MakeTwoSegments();
  Flip("0000000002.wal", 30);
  EXPECT_EQ(Inspected().out, Golden("a-segment-header-is-damaged.inspect.txt"));
  const Said checked = Checked();
  EXPECT_EQ(checked.exit_code, kExitFailed);
  EXPECT_EQ(checked.out, Golden("a-segment-header-is-damaged.check.txt"));
}

TEST_F(DamageTest, Snapshots) {
  MakeTwoSegments();
  With([](Store& store) {
    EXPECT_TRUE(store.Snapshot().ok());
    EXPECT_TRUE(store.Set("d", "4").ok());
    EXPECT_TRUE(store.Snapshot().ok());
  });
  EXPECT_EQ(Inspected().out, Golden("snapshots.inspect.txt"));
  Flip("0000000005.snap", 60);
  EXPECT_EQ(Inspected().out, Golden("snapshots.inspect2.txt"));
  EXPECT_EQ(Checked().exit_code, kExitDone);
  EXPECT_EQ(Checked().out, Golden("snapshots.check.txt"));
  Flip("0000000005.snap", 60);
  With([](Store& store) { EXPECT_TRUE(store.Compact().ok()); });
  Flip("0000000005.snap", 60);
  EXPECT_EQ(Inspected().out, Golden("snapshots.inspect3.txt"));
  EXPECT_EQ(Checked().exit_code, kExitFailed);
  EXPECT_EQ(Checked().out, Golden("snapshots.check2.txt"));
}

TEST_F(DamageTest, ThroughTheProgram) {
  MakeTwoSegments();
  EXPECT_EQ(KvStore({"inspect", db_}).out, Inspected().out);
  EXPECT_EQ(KvStore({"check", db_}).exit_code, kExitDone);
  Flip("0000000001.wal", 70);
  const std::vector<std::string> before = Snapshot(db_);
  const Ended checked = KvStore({"check", db_});
  EXPECT_EQ(checked.exit_code, kExitFailed);
  EXPECT_EQ(WithoutRoot(checked.out), Checked().out);
  EXPECT_EQ(KvStore({"inspect", db_}).exit_code, kExitDone);
  EXPECT_EQ(Snapshot(db_), before);
  const Ended refused = KvStore({db_}, "GET a\n");
  EXPECT_EQ(refused.exit_code, kExitNoStore);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1);
  EXPECT_NE(refused.err.find("`kv_store check` says more"), std::string::npos) << refused.err;
}

TEST_F(DamageTest, NoLockFileIsMade) {
  MakeTwoSegments();
  std::filesystem::remove(File("LOCK"));
  EXPECT_EQ(KvStore({"check", db_}).exit_code, kExitDone);
  EXPECT_EQ(KvStore({"inspect", db_}).exit_code, kExitDone);
  EXPECT_EQ(KvStore({"export", db_}).exit_code, kExitDone);
  EXPECT_FALSE(std::filesystem::exists(File("LOCK")));
}

TEST_F(DamageTest, WhatIsNoStore) {
  for (const char* verb : {"check", "inspect", "export"}) {
    const Ended missing = KvStore({verb, Path("none")});
    EXPECT_EQ(missing.exit_code, kExitNoStore);
    EXPECT_EQ(missing.out, "");
    EXPECT_EQ(missing.err.substr(0, 19), "kv_store: NOT_FOUND");
    EXPECT_FALSE(std::filesystem::exists(Path("none")));
  }
}

// Recovery decides, the view explains: wherever one byte of a store is flipped they must agree on
// whether it is corrupt.
TEST_F(DamageTest, TheViewAgreesWithRecovery) {
  MakeTwoSegments();
  const auto compare = [this](const std::string& what) {
    const std::vector<faultfs::DirEntry> entries = Entries();
    ShardedMap map(1);
    const auto plan = Recover(read_only_, db_, entries, &map);
    Silent visitor;
    const auto facts = ViewLog(read_only_, db_, entries, visitor);
    ASSERT_TRUE(facts.ok()) << what << facts.status().ToString();
    const bool refused = !plan.ok() && plan.status().Is(Code::kCorruption);
    EXPECT_EQ(facts->corrupt_ranges > 0, refused) << what << plan.status().ToString();
    if (plan.ok()) {
      EXPECT_EQ(facts->last_intact, plan->info.last_sequence) << what;
      EXPECT_EQ(facts->claim, plan->info.proven_sequence) << what;
    }
  };
  const auto flip_all = [&](const std::string& stage, size_t stride) {
    for (const faultfs::DirEntry& entry : Entries()) {
      const size_t size = ReadFile(File(entry.name)).size();
      for (size_t i = 0; i < size; i += stride) {
        const std::string what = stage + " " + entry.name + " " + std::to_string(i) + " ";
        Flip(entry.name, i);
        compare(what + "flipped ");
        Flip(entry.name, i);
      }
      const std::string whole = ReadFile(File(entry.name));
      for (size_t cut = 0; cut < size; cut += 7) {
        CutTo(entry.name, cut);
        compare(stage + " " + entry.name + " cut to " + std::to_string(cut) + " ");
      }
      WriteFile(File(entry.name), whole);
    }
  };
  flip_all("log", 1);
  With([](Store& store) {
    EXPECT_TRUE(store.Set("d", "4", {.durability = Durability::kBuffered}).ok());
    EXPECT_TRUE(store.Snapshot().ok());
    EXPECT_TRUE(store.Set("e", "5").ok());
    EXPECT_TRUE(store.Set("f", "6").ok());
  });
  flip_all("snapshot", 3);
  With([](Store& store) { EXPECT_TRUE(store.Compact().ok()); });
  flip_all("compacted", 1);
}

}  // namespace
}  // namespace kv::cli
