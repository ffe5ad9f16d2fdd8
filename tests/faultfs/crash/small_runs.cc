#include "tests/faultfs/crash/small_runs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "faultfs/env/check.h"

namespace faultfs::test {
namespace {

RecordedRun Named(std::string name, const Recorder& recorder) {
  return {std::move(name), recorder.base(), recorder.trace()};
}

void AddFileRuns(std::vector<RecordedRun>& runs) {
  runs.push_back(Named("create, write, sync, sync of the directory",
                       Recorder().Create("a").Write("a", 0, "one").Sync("a").SyncDir("/")));
  runs.push_back(Named("the directory first",
                       Recorder().Create("a").Write("a", 0, "one").SyncDir("/").Sync("a")));
  runs.push_back(Named("appends in the tail sector", Recorder(DiskOf({{"a", "base"}}))
                                                         .Write("a", 4, "one")
                                                         .Write("a", 7, "two")
                                                         .Sync("a")
                                                         .Write("a", 10, "three")));
  const std::string two_sectors(1024, 'b');
  runs.push_back(
      Named("overwrite over a sector border",
            Recorder(DiskOf({{"a", two_sectors}})).Write("a", 511, "XY").Write("a", 512, "Z")));
  runs.push_back(
      Named("append over a sector border, with a hole",
            Recorder().Create("a").SyncDir("/").Write("a", 1022, "abcd").Write("a", 0, "e")));
  runs.push_back(Named("overwrite of a hole", Recorder(DiskOf({{"a", "tail"}}))
                                                  .Truncate("a", 9000)
                                                  .Sync("a")
                                                  .Write("a", 8192, "x")
                                                  .Write("a", 1, "y")));
}

void AddTruncateRuns(std::vector<RecordedRun>& runs) {
  const std::string three_sectors = std::string(512, 'p') + std::string(512, 'q') + "rst";
  runs.push_back(Named("truncate down, then grow", Recorder(DiskOf({{"a", three_sectors}}))
                                                       .Truncate("a", 600)
                                                       .Truncate("a", 1027)
                                                       .Write("a", 1024, "W")));
  runs.push_back(Named(
      "truncate to nothing and write anew",
      Recorder(DiskOf({{"a", "old"}})).Write("a", 1, "O").Truncate("a", 0).Write("a", 0, "newer")));
  runs.push_back(
      Named("truncate within a hole",
            Recorder().Create("a").Truncate("a", 1500).Truncate("a", 700).Write("a", 0, "x")));
  runs.push_back(
      Named("the cut is durable, the zeroed tail is not", Recorder(DiskOf({{"a", three_sectors}}))
                                                              .Truncate("a", 600)
                                                              .DsyncWrite("a", 0, "D")
                                                              .Write("a", 1030, "x")));
  runs.push_back(
      Named("a cut that is durable does not cut once more", Recorder(DiskOf({{"a", three_sectors}}))
                                                                .Truncate("a", 0)
                                                                .DsyncWrite("a", 0, "D")
                                                                .Truncate("a", 1300)
                                                                .Sync("a")
                                                                .Truncate("a", 1)));
  runs.push_back(Named("an abandoned cut, and a durable write behind it",
                       Recorder(DiskOf({{"a", three_sectors}}))
                           .Truncate("a", 1)
                           .Write("a", 600, "grows")
                           .Sync("a", SyncOutcome::kFailed)
                           .DsyncWrite("a", 600, "again")));
  runs.push_back(Named("write, cut, grow: nothing of the cut write shows, torn or whole",
                       Recorder()
                           .Create("a")
                           .Sync("a")
                           .SyncDir("/")
                           .Write("a", 0, "abc")
                           .Truncate("a", 0)
                           .Truncate("a", 3)));
}

void AddNameRuns(std::vector<RecordedRun>& runs) {
  runs.push_back(Named("replace by rename, synced", Recorder(DiskOf({{"a", "old"}}))
                                                        .Create("t")
                                                        .Write("t", 0, "new")
                                                        .Sync("t")
                                                        .Rename("t", "a")
                                                        .SyncDir("/")));
  runs.push_back(
      Named("replace by rename, unsynced",
            Recorder(DiskOf({{"a", "old"}})).Create("t").Write("t", 0, "new").Rename("t", "a")));
  runs.push_back(Named(
      "link and unlink",
      Recorder(DiskOf({{"a", "one"}})).Link("a", "b").Remove("a").Link("b", "a").Remove("b")));
  runs.push_back(
      Named("unlink and make again",
            Recorder(DiskOf({{"a", "old"}})).Remove("a").Create("a").Write("a", 0, "new")));
  runs.push_back(Named("one of two links goes: nothing is freed", Recorder(DiskOf({{"a", "one"}}))
                                                                      .Link("a", "b")
                                                                      .Remove("a")
                                                                      .Create("c")
                                                                      .Write("c", 0, "two")));
  runs.push_back(
      Named("file in a new directory",
            Recorder().MakeDir("d").Create("d/a").Write("d/a", 0, "x").SyncDir("d").SyncDir("/")));
  runs.push_back(Named("directory removed",
                       Recorder(DiskOf({{"d/a", "x"}})).Remove("d/a").RemoveDir("d").MakeDir("d")));
}

void AddRenameRuns(std::vector<RecordedRun>& runs) {
  const Image two = DiskOf({{"d/a", "x"}, {"e/", ""}});
  runs.push_back(
      Named("rename across, source synced", Recorder(two).Rename("d/a", "e/b").SyncDir("d")));
  runs.push_back(
      Named("rename across, target synced", Recorder(two).Rename("d/a", "e/b").SyncDir("e")));
  runs.push_back(Named("rename across, the source's sync fails, the target's does not",
                       Recorder(two)
                           .Rename("d/a", "e/b")
                           .SyncDir("d", SyncOutcome::kFailed)
                           .SyncDir("d")
                           .SyncDir("e")));
  runs.push_back(
      Named("a name that renames go through",
            Recorder(DiskOf({{"a", "1"}, {"b", "2"}})).Rename("a", "b").Remove("b").Create("a")));
  runs.push_back(
      Named("create, rename, create, unlink",
            Recorder().Create("a").Create("b").Rename("a", "b").Remove("b").Create("a")));
  runs.push_back(Named("directory renamed",
                       Recorder(two).Rename("d", "f").Rename("f/a", "f/b").Rename("f", "e/g")));
  runs.push_back(Named("directories change places: a loop on the way",
                       Recorder(DiskOf({{"d/e/a", "x"}})).Rename("d/e", "e").Rename("d", "e/d")));
}

void AddSyncRuns(std::vector<RecordedRun>& runs) {
  runs.push_back(Named("a sync fails, rewritten, synced", Recorder(DiskOf({{"a", "base"}}))
                                                              .Write("a", 0, "one")
                                                              .Sync("a", SyncOutcome::kFailed)
                                                              .Sync("a")
                                                              .Write("a", 0, "one")
                                                              .Sync("a")));
  runs.push_back(
      Named("a sync fails, and its pages are evicted", Recorder(DiskOf({{"a", "base"}}))
                                                           .Write("a", 0, "one")
                                                           .Write("a", 4096, "two")
                                                           .Sync("a", SyncOutcome::kFailed)
                                                           .Evict()
                                                           .Write("a", 1, "3")
                                                           .Sync("a")));
  runs.push_back(Named("a sync fails, its page is evicted, and another file is still to be synced",
                       Recorder(DiskOf({{"a", "base"}, {"b", "base"}}))
                           .Write("b", 0, "one")
                           .Write("a", 0, "longer")
                           .Sync("a", SyncOutcome::kFailed)
                           .Evict()
                           .Write("a", 6, "3")));
  runs.push_back(
      Named("a sync fails, and one page of two is evicted", Recorder(DiskOf({{"a", "base"}}))
                                                                .Write("a", 0, "one")
                                                                .Write("a", 4096, "two")
                                                                .Sync("a", SyncOutcome::kFailed)
                                                                .Evict(2)
                                                                .Write("a", 4097, "3")
                                                                .Sync("a")));
  runs.push_back(Named("the syncs of two files fail, and a page of each is evicted, one by one",
                       Recorder(DiskOf({{"a", "base"}, {"b", "base"}}))
                           .Write("b", 0, "one")
                           .Sync("b", SyncOutcome::kFailed)
                           .Write("a", 0, "two")
                           .Sync("a", SyncOutcome::kFailed)
                           .Evict(2)
                           .Write("a", 2, "3")
                           .Evict(1)
                           .Sync("b")));
  runs.push_back(Named("a sync fails, and the cache shows the disk's content and size",
                       Recorder(DiskOf({{"a", "base"}}))
                           .Failing({.page = FailedPage::kOld})
                           .Write("a", 2, "one")
                           .Sync("a", SyncOutcome::kFailed)
                           .Write("a", 600, "two")
                           .Sync("a")));
  runs.push_back(Named("a sync fails late: the next one says so, the one after that does nothing",
                       Recorder(DiskOf({{"a", "base"}}))
                           .Write("a", 0, "one")
                           .Sync("a", SyncOutcome::kLate)
                           .Sync("a", SyncOutcome::kFailed)
                           .Write("a", 512, "two")
                           .Sync("a")));
  runs.push_back(Named("a sync fails late, and its page is evicted: the journal has it still",
                       Recorder(DiskOf({{"a", "base"}}))
                           .Write("a", 0, "one")
                           .Sync("a", SyncOutcome::kLate)
                           .Evict()));
  runs.push_back(Named("a sync fails late, its page is evicted, written to and synced",
                       Recorder(DiskOf({{"a", "base"}}))
                           .Write("a", 0, "one")
                           .Sync("a", SyncOutcome::kLate)
                           .Evict()
                           .Sync("a", SyncOutcome::kFailed)
                           .Write("a", 1, "2")
                           .Write("a", 600, "3")
                           .Sync("a")));
  runs.push_back(Named("a sync fails late, the next at once, and both are evicted",
                       Recorder(DiskOf({{"a", "base"}, {"b", "base"}}))
                           .Write("a", 0, "one")
                           .Write("a", 4096, "two")
                           .Sync("a", SyncOutcome::kLate)
                           .Write("a", 4096, "3")
                           .Sync("a", SyncOutcome::kFailed)
                           .Evict(2)
                           .Write("b", 0, "4")
                           .Evict()
                           .Rename("a", "b")));
  runs.push_back(
      Named("a sync fails late, and what was evicted is cut off", Recorder(DiskOf({{"a", "base"}}))
                                                                      .Write("a", 2, "longer")
                                                                      .Write("a", 510, "across")
                                                                      .Sync("a", SyncOutcome::kLate)
                                                                      .Evict()
                                                                      .Truncate("a", 3)
                                                                      .Write("a", 512, "4")));
  runs.push_back(Named("a sync fails, and a retry writes what a truncate left",
                       Recorder(DiskOf({{"a", "base"}}))
                           .Truncate("a", 2)
                           .Write("a", 2, "one")
                           .Truncate("a", 3)
                           .Sync("a", SyncOutcome::kFailed)
                           .Sync("a")));
  runs.push_back(
      Named("a sync fails, another sector is synced", Recorder()
                                                          .Create("a")
                                                          .SyncDir("/")
                                                          .Write("a", 0, "one")
                                                          .Sync("a", SyncOutcome::kFailed)
                                                          .Write("a", 512, "two")
                                                          .Sync("a")));
  runs.push_back(
      Named("a directory's sync fails",
            Recorder().Create("a").SyncDir("/", SyncOutcome::kFailed).Create("b").SyncDir("/")));
  runs.push_back(Named("a sync lies", Recorder()
                                          .Create("a")
                                          .Write("a", 0, "one")
                                          .Sync("a", SyncOutcome::kIgnored)
                                          .SyncDir("/", SyncOutcome::kIgnored)
                                          .Write("a", 3, "two")
                                          .Sync("a")));
  runs.push_back(Named("dsync: its range and the size", Recorder(DiskOf({{"a", "base"}}))
                                                            .Write("a", 600, "one")
                                                            .DsyncWrite("a", 1100, "two")
                                                            .Write("a", 0, "B")));
  runs.push_back(Named("dsync fails", Recorder(DiskOf({{"a", "base"}}))
                                          .DsyncWrite("a", 2, "XX", SyncOutcome::kIgnored)
                                          .StartWriteback("a")
                                          .Write("a", 0, "Y")));
  runs.push_back(WithSlowSync(
      Named(
          "written while the sync runs",
          Recorder().Create("a").Write("a", 0, "one").Sync("a").Write("a", 1, "NEW").SyncDir("/")),
      0, 2));
  runs.push_back(
      WithSlowSync(Named("two syncs at once, the first fails", Recorder()
                                                                   .Create("a")
                                                                   .SyncDir("/")
                                                                   .Write("a", 0, "one")
                                                                   .Sync("a", SyncOutcome::kFailed)
                                                                   .Write("a", 3, "two")
                                                                   .Sync("a")),
                   1, 2));
}

void AddAllocateRuns(std::vector<RecordedRun>& runs) {
  runs.push_back(Named("allocated, then written", Recorder()
                                                      .Create("a")
                                                      .SyncDir("/")
                                                      .Allocate("a", 0, 1024)
                                                      .Write("a", 500, "abcdefghijklmnop")));
  runs.push_back(Named("allocated beyond the size", Recorder(DiskOf({{"a", "base"}}))
                                                        .Allocate("a", 100, 1948, true)
                                                        .Write("a", 600, "x")
                                                        .Write("a", 100, "y")));
  runs.push_back(Named("a cut frees what was allocated", Recorder()
                                                             .Create("a")
                                                             .Allocate("a", 0, 512)
                                                             .Write("a", 0, "old")
                                                             .Truncate("a", 0)
                                                             .Write("a", 0, "new")));
}

/// What the journaling models tell apart.
void AddJournalRuns(std::vector<RecordedRun>& runs) {
  const std::string half(520, 'h');
  runs.push_back(Named("names of several files", Recorder(DiskOf({{"a", "1"}, {"b", "2"}}))
                                                     .Link("a", "c")
                                                     .Remove("b")
                                                     .Rename("a", "d")
                                                     .Create("b")));
  runs.push_back(
      Named("a file's sync and what others did before and after", Recorder(DiskOf({{"b", "2"}}))
                                                                      .Create("c")
                                                                      .Create("a")
                                                                      .Write("a", 0, "x")
                                                                      .Remove("b")
                                                                      .Sync("a")
                                                                      .Create("d")));
  runs.push_back(Named("fdatasync into what was written before", Recorder(DiskOf({{"a", "base"}}))
                                                                     .Create("b")
                                                                     .Link("a", "c")
                                                                     .Write("a", 1, "X")
                                                                     .DataSync("a")
                                                                     .Sync("a")));
  runs.push_back(Named("fdatasync after growth", Recorder(DiskOf({{"a", "base"}}))
                                                     .Create("b")
                                                     .Write("a", 4, "more")
                                                     .Create("c")
                                                     .DataSync("a")));
  runs.push_back(Named("fdatasync after a hole was filled", Recorder(DiskOf({{"a", "base"}}))
                                                                .Truncate("a", 9000)
                                                                .Sync("a")
                                                                .Create("b")
                                                                .Write("a", 5000, "x")
                                                                .DataSync("a")));
  runs.push_back(
      Named("append over a block border", Recorder(DiskOf({{"a", std::string(4090, 'b')}}))
                                              .Write("a", 4090, "0123456789ab")
                                              .Create("c")));
  runs.push_back(
      Named("append in the tail block, then in a new one",
            Recorder(DiskOf({{"a", "base"}})).Write("a", 512, "t").Write("a", 4096, "n")));
  runs.push_back(Named("truncates among names", Recorder(DiskOf({{"a", half}, {"b", half}}))
                                                    .Create("c")
                                                    .Truncate("a", 517)
                                                    .Remove("b")
                                                    .Truncate("a", 0)
                                                    .DataSync("a")));
  runs.push_back(
      Named("replaced by rename after a sync of something else", Recorder(DiskOf({{"a", "old"}}))
                                                                     .Create("t")
                                                                     .Write("t", 0, "new")
                                                                     .Write("t", 3, "er")
                                                                     .Rename("t", "a")
                                                                     .Create("z")
                                                                     .Sync("z")));
  runs.push_back(Named("the names of a new directory's file", Recorder()
                                                                  .MakeDir("d")
                                                                  .Create("d/a")
                                                                  .Link("d/a", "b")
                                                                  .Write("b", 0, "x")
                                                                  .Sync("b")
                                                                  .Remove("b")));
}

/// Where a tree can be explained in two ways, of which one does not hold.
void AddLookAlikeRuns(std::vector<RecordedRun>& runs) {
  runs.push_back(
      Named("back to the same size, with a name in between", Recorder(DiskOf({{"a", "abc"}}))
                                                                 .Write("a", 3, "de")
                                                                 .Create("y")
                                                                 .Truncate("a", 3)
                                                                 .Write("a", 3, "de")));
  runs.push_back(
      Named("a file that has another name is replaced",
            Recorder(DiskOf({{"a", "old"}})).Create("t").Link("a", "b").Rename("t", "a")));
}

/// What waits for something that a failed sync left behind.
void AddAbandonedRuns(std::vector<RecordedRun>& runs) {
  runs.push_back(
      Named("an append whose sync failed, and one behind it", Recorder()
                                                                  .Create("a")
                                                                  .SyncDir("/")
                                                                  .Write("a", 0, "one")
                                                                  .Sync("a", SyncOutcome::kFailed)
                                                                  .Write("a", 512, "two")
                                                                  .Sync("a")));
  runs.push_back(Named("names between two failed syncs of directories",
                       Recorder(DiskOf({{"d/x", "1"}, {"e/", ""}}))
                           .Create("e/a")
                           .Create("d/b")
                           .Create("e/c")
                           .SyncDir("d", SyncOutcome::kFailed)
                           .Create("e/f")
                           .SyncDir("e")
                           .SyncDir("d")));
  runs.push_back(
      Named("a rename abandoned by one directory", Recorder(DiskOf({{"d/x", "1"}, {"e/", ""}}))
                                                       .Create("e/a")
                                                       .Rename("d/x", "e/y")
                                                       .Create("d/b")
                                                       .SyncDir("d", SyncOutcome::kFailed)
                                                       .Create("d/c")
                                                       .Sync("d/c")));
  runs.push_back(Named("replaced by a file whose sync failed", Recorder(DiskOf({{"a", "old"}}))
                                                                   .Create("t")
                                                                   .Write("t", 0, "new")
                                                                   .Sync("t", SyncOutcome::kFailed)
                                                                   .Rename("t", "a")
                                                                   .SyncDir("/")));
}

}  // namespace

RecordedRun WithSlowSync(RecordedRun run, size_t nth_sync, size_t later) {
  auto& ops = run.trace.ops;
  size_t at = 0;
  for (size_t seen = 0; at < ops.size(); ++at) {
    if (ops[at].kind == TraceKind::kSyncEnd && seen++ == nth_sync) break;
  }
  for (; later > 0 && at + 1 < ops.size(); --later, ++at) std::swap(ops[at], ops[at + 1]);
  return run;
}

std::vector<RecordedRun> SmallRuns() {
  std::vector<RecordedRun> runs;
  AddFileRuns(runs);
  AddTruncateRuns(runs);
  AddNameRuns(runs);
  AddRenameRuns(runs);
  AddSyncRuns(runs);
  AddAllocateRuns(runs);
  AddJournalRuns(runs);
  AddLookAlikeRuns(runs);
  AddAbandonedRuns(runs);
  return runs;
}

PersistenceModel Posix(std::string_view tear, std::string_view fill, std::string_view rename) {
  PersistenceModel model = FindModel("posix").value();
  FAULTFS_CHECK(SetSwitch(model, "tear", tear).ok() && SetSwitch(model, "fill", fill).ok() &&
                    SetSwitch(model, "rename", rename).ok(),
                "the words are those of switches");
  return model;
}

std::vector<PersistenceModel> AllModels() {
  std::vector<PersistenceModel> models(std::begin(kModels), std::end(kModels));
  const auto add = [&](PersistenceModel model,
                       const std::vector<std::pair<std::string_view, std::string_view>>& switches) {
    for (const auto& [key, word] : switches) {
      FAULTFS_CHECK(SetSwitch(model, key, word).ok(), "the words are those of switches");
    }
    if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
  };
  for (const char* tear : {"512", "4096", "byte-linear"}) {
    for (const char* fill : {"zeros", "stale"}) {
      for (const char* rename : {"atomic", "two-edits"}) {
        for (const char* order : {"free", "total"}) {
          for (const char* sync : {"object", "everything"}) {
            add(kModels[0], {{"tear", tear},
                             {"fill", fill},
                             {"rename", rename},
                             {"order", order},
                             {"sync", sync}});
          }
        }
      }
    }
  }
  for (const PersistenceModel& row : kModels) {
    for (const ModelField& field : FieldsOf(row)) {
      for (std::string_view word : SwitchValues(field.key)) add(row, {{field.key, word}});
    }
  }
  return models;
}

std::string Describe(const PersistenceModel& model) {
  std::string text(model.name);
  for (const ModelField& field : FieldsOf(model)) text.append(" ").append(field.word);
  return text;
}

}  // namespace faultfs::test
