// The labelled effects of common patterns, as text in goldens/NAME.txt. The first line of each file
// says why it is there and is kept; the rest is compared exactly. After a change that is meant, run
// this program with --update and read the difference before it is committed.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "tests/faultfs/crash/recorder.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

bool update_goldens = false;

struct Golden {
  std::string name;
  std::string why;
  RecordedRun run;
  PersistenceModel model;
};

RecordedRun Recorded(const Recorder& recorder) { return {"", recorder.base(), recorder.trace()}; }

/// A small log and its snapshot, with the tags that a store would use.
constexpr IoTag kWalAppend("wal.append");
constexpr IoTag kWalSync("wal.sync");
constexpr IoTag kWalCreate("wal.create");
constexpr IoTag kWalPublish("wal.publish");
constexpr IoTag kSnapshotWrite("snapshot.write");
constexpr IoTag kSnapshotSync("snapshot.sync");
constexpr IoTag kSnapshotPublish("snapshot.publish");
constexpr IoTag kGcRemove("gc.remove");

RecordedRun CreateWriteRename() {
  Recorder recorder(DiskOf({{"db/snapshot", "old"}}));
  recorder.Create("db/tmp", IoTag("snapshot.create"))
      .Write("db/tmp", 0, std::string(700, 's'), kSnapshotWrite)
      .Sync("db/tmp", SyncOutcome::kOk, kSnapshotSync)
      .Rename("db/tmp", "db/snapshot", kSnapshotPublish)
      .SyncDir("db", SyncOutcome::kOk, IoTag("snapshot.sync-dir"));
  return Recorded(recorder);
}

void AddRenameGoldens(std::vector<Golden>& goldens) {
  goldens.push_back({"create-write-rename",
                     "Replacing a file by rename: data and size are forced by the file's sync, the "
                     "names only by the directory's.",
                     CreateWriteRename(), FindModel("posix").value()});
  goldens.push_back({"create-write-rename-two-edits",
                     "The same where a rename is two entry edits: the new name may be lost alone, "
                     "and so may the removal of the old one.",
                     CreateWriteRename(), Posix("512", "stale", "two-edits")});
  goldens.push_back({"create-write-rename-prefix",
                     "The same under the kindest model: every effect waits for the one before it, "
                     "and a sync of anything forces everything.",
                     CreateWriteRename(), FindModel("prefix").value()});
}

/// What the file systems make of the same calls: appends, names, a rename that replaces, syncs.
RecordedRun Journaled() {
  Recorder recorder(DiskOf({{"db/LOG", std::string(4000, 'a')}, {"db/snapshot", "old"}}));
  recorder.Create("db/tmp", IoTag("snapshot.create"))
      .Write("db/LOG", 4000, std::string(200, 'b'), kWalAppend)
      .Write("db/tmp", 0, "new", kSnapshotWrite)
      .Rename("db/tmp", "db/snapshot", kSnapshotPublish)
      .Create("db/1.log", kWalCreate)
      .Truncate("db/LOG", 0, IoTag("wal.cut"))
      .DataSync("db/LOG", SyncOutcome::kOk, kWalSync)
      .Remove("db/LOG", kGcRemove)
      .Sync("db/snapshot", SyncOutcome::kOk, kSnapshotSync)
      .SyncDir("/", SyncOutcome::kOk, IoTag("db.sync-parent"));
  return Recorded(recorder);
}

void AddJournalGoldens(std::vector<Golden>& goldens) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"ext4-ordered",
       "One journal: an fdatasync after a truncate takes along every name before it, and sizes "
       "wait "
       "for the names before them; the bytes in the tail block come when they like."},
      {"ext4-journal", "Data goes through the journal too, page by page: all in one order."},
      {"btrfs",
       "One order for each file: its fdatasync takes along nothing unrelated, its fsync its names; "
       "a "
       "directory's sync takes the rest."},
      {"xfs",
       "Names and truncates are logged in order; a size waits for its bytes and for no name."}};
  for (const auto& [row, why] : rows) {
    goldens.push_back(
        {"journaled-" + std::string(row), std::string(why), Journaled(), FindModel(row).value()});
  }
}

void AddFileGoldens(std::vector<Golden>& goldens) {
  const PersistenceModel posix = FindModel("posix").value();
  Recorder append(DiskOf({{"LOG", std::string(500, 'a')}}));
  append.Write("LOG", 500, std::string(600, 'b'), kWalAppend)
      .Write("LOG", 1100, "c", kWalAppend)
      .Sync("LOG", SyncOutcome::kOk, kWalSync);
  goldens.push_back({"append",
                     "Appends that share sectors: each touches whole sectors and the size, and the "
                     "later version of a sector contains the earlier.",
                     Recorded(append), posix});
  Recorder truncate(DiskOf({{"LOG", std::string(1500, 'a')}}));
  truncate.Truncate("LOG", 700, IoTag("wal.cut"))
      .Truncate("LOG", 2000, IoTag("wal.extend"))
      .Truncate("LOG", 1800, IoTag("wal.cut"))
      .Truncate("LOG", 0, IoTag("wal.cut"));
  goldens.push_back(
      {"truncate",
       "A cut is a size and the zeroed rest of the last sector, unless that is a hole; "
       "an extension, and a cut to a border, are sizes alone.",
       Recorded(truncate), posix});
}

void AddLogGoldens(std::vector<Golden>& goldens) {
  const PersistenceModel posix = FindModel("posix").value();
  Recorder log;
  log.MakeDir("db", IoTag("db.create"))
      .SyncDir("/", SyncOutcome::kOk, IoTag("db.sync-parent"))
      .Create("db/1.log", kWalCreate)
      .SyncDir("db", SyncOutcome::kOk, IoTag("wal.sync-dir"));
  for (int i = 0; i < 3; ++i) {
    log.Write("db/1.log", 200 * i, std::string(200, static_cast<char>('1' + i)), kWalAppend)
        .Sync("db/1.log", SyncOutcome::kOk, kWalSync);
  }
  goldens.push_back({"log-append",
                     "A log under Sync: nothing is pending after each acknowledgement.",
                     Recorded(log), posix});
  Recorder roll(DiskOf({{"db/1.log", "one"}}));
  roll.Write("db/1.log", 3, "two", kWalAppend)
      .Create("db/tmp", kWalCreate)
      .Write("db/tmp", 0, "header", IoTag("wal.header"))
      .Sync("db/1.log", SyncOutcome::kOk, kWalSync)
      .Sync("db/tmp", SyncOutcome::kOk, kWalSync)
      .Rename("db/tmp", "db/2.log", kWalPublish)
      .SyncDir("db", SyncOutcome::kOk, IoTag("wal.sync-dir"))
      .Remove("db/1.log", kGcRemove);
  goldens.push_back(
      {"segment-roll",
       "A new log segment: the old one is forced before the new one has its name; the "
       "removal at the end stays pending.",
       Recorded(roll), posix});
}

void AddSyncGoldens(std::vector<Golden>& goldens) {
  const PersistenceModel posix = FindModel("posix").value();
  Recorder failed;
  failed.Create("LOG", kWalCreate)
      .SyncDir("/", SyncOutcome::kFailed, IoTag("wal.sync-dir"))
      .SyncDir("/", SyncOutcome::kOk, IoTag("wal.sync-dir"))
      .Write("LOG", 0, std::string(600, 'x'), kWalAppend)
      .Sync("LOG", SyncOutcome::kFailed, kWalSync)
      .Write("LOG", 600, "y", kWalAppend)
      .Sync("LOG", SyncOutcome::kOk, kWalSync)
      .Write("LOG", 601, "z", kWalAppend)
      .Sync("LOG", SyncOutcome::kIgnored, kWalSync);
  goldens.push_back(
      {"failed-sync",
       "A failed sync abandons what it covered, and a later Ok one passes over it, but "
       "for what it writes again; a sync that lies forces nothing.",
       Recorded(failed), posix});
  Recorder dsync(DiskOf({{"LOG", "base"}}));
  dsync.Write("LOG", 1500, "far", kWalAppend)
      .DsyncWrite("LOG", 500, std::string(20, 'd'), SyncOutcome::kOk, kWalAppend);
  goldens.push_back(
      {"dsync",
       "A write through O_DSYNC forces the sectors of its range and the size, and not "
       "what was written elsewhere.",
       Recorded(dsync), posix});
}

std::vector<Golden> Goldens() {
  std::vector<Golden> goldens;
  AddRenameGoldens(goldens);
  AddJournalGoldens(goldens);
  AddFileGoldens(goldens);
  AddLogGoldens(goldens);
  AddSyncGoldens(goldens);
  return goldens;
}

std::string GoldenPath(const std::string& name) {
  return std::string(CRASHLAB_SOURCE_DIR) + "/tests/faultfs/crash/goldens/" + name + ".txt";
}

std::string TextOf(const Golden& golden) {
  return golden.why + "\n\n" + Describe(golden.run.trace) + "\n" +
         Describe(Lower(golden.run.base, golden.run.trace, golden.model));
}

TEST(Goldens, LabelledEffects) {
  for (const Golden& golden : Goldens()) {
    const std::string text = TextOf(golden);
    if (update_goldens) {
      std::ofstream out(GoldenPath(golden.name), std::ios::binary);
      out << text;
      ASSERT_TRUE(out.flush().good()) << GoldenPath(golden.name);
    }
    std::ifstream in(GoldenPath(golden.name), std::ios::binary);
    std::ostringstream stored;
    stored << in.rdbuf();
    EXPECT_EQ(stored.str(), text) << "goldens/" << golden.name
                                  << ".txt differs. If the change is meant, run faultfs_crash_test "
                                     "--update, and read the difference.";
  }
}

}  // namespace
}  // namespace faultfs::test

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--update") faultfs::test::update_goldens = true;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
