// What was measured on Linux 6.18, power cut at each acknowledgement, everything unflushed dropped:
// each outcome is among the model's states, and what the rules force is in all of them.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "tests/faultfs/crash/recorder.h"

namespace faultfs::test {
namespace {

using Predicate = std::function<bool(const Image&)>;

constexpr std::string_view kFileSystems[] = {"ext4-writeback", "ext4-ordered", "ext4-journal",
                                             "btrfs", "xfs"};
constexpr std::string_view kExt4[] = {"ext4-writeback", "ext4-ordered", "ext4-journal"};

struct Counts {
  size_t states = 0;
  size_t holding = 0;
};

/// Of the states at the end of the run.
Counts CountAtEnd(const Recorder& recorder, const PersistenceModel& model, const Predicate& holds) {
  const EffectGraph graph = Lower(recorder.base(), recorder.trace(), model);
  PointView view(graph, CrashPoints(recorder.trace()).back());
  Counts counts;
  ExhaustiveChooser chooser;
  do {
    ++counts.states;
    if (holds(view.Materialize(view.Make(chooser)))) ++counts.holding;
  } while (chooser.Advance());
  return counts;
}

PersistenceModel Model(std::string_view name) { return FindModel(name).value(); }

bool Always(const Recorder& recorder, std::string_view model, const Predicate& holds) {
  const Counts counts = CountAtEnd(recorder, Model(model), holds);
  return counts.holding == counts.states;
}
bool Sometimes(const Recorder& recorder, std::string_view model, const Predicate& holds) {
  return CountAtEnd(recorder, Model(model), holds).holding > 0;
}

std::string Content(const Image& image, std::string_view name) {
  const InodeNumber file = image.Lookup(kRootInode, name);
  if (file == kNoInode) return "(absent)";
  std::string bytes(image.Find(file)->size_bytes, '\0');
  (void)image.Read(file, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

Predicate Holds(std::string name, std::string content) {
  return [name = std::move(name), content = std::move(content)](const Image& image) {
    return Content(image, name) == content;
  };
}

TEST(Measured, ANewFileThatWasSyncedSurvivesWithoutASyncOfItsDirectory) {
  Recorder recorder;
  recorder.Create("a").Write("a", 0, "new").Sync("a");
  for (std::string_view model : kFileSystems) {
    EXPECT_TRUE(Always(recorder, model, Holds("a", "new"))) << model;
  }
  EXPECT_TRUE(Sometimes(recorder, "posix", Holds("a", "(absent)")));
  Recorder empty;
  empty.Create("a").Sync("a");
  for (std::string_view model : kFileSystems) {
    EXPECT_TRUE(Always(empty, model, Holds("a", ""))) << model;
  }
  Recorder nested;
  nested.MakeDir("d").Create("d/a").Sync("d/a");
  for (std::string_view model : kFileSystems) {
    EXPECT_TRUE(Always(nested, model, [](const Image& image) {
      const InodeNumber directory = image.Lookup(kRootInode, "d");
      return directory != kNoInode && image.Lookup(directory, "a") != kNoInode;
    })) << model;
  }
}

TEST(Measured, ARenameAfterTheSyncShowsTheOldName) {
  Recorder recorder;
  recorder.Create("t").Write("t", 0, "new").Sync("t").Rename("t", "a");
  for (std::string_view model : kFileSystems) {
    EXPECT_TRUE(Sometimes(recorder, model, Holds("t", "new"))) << model;
    EXPECT_TRUE(Sometimes(recorder, model, Holds("a", "new"))) << model;
    EXPECT_TRUE(Always(recorder, model, [](const Image& image) {
      return (Content(image, "t") == "new") != (Content(image, "a") == "new");
    })) << model;
  }
}

TEST(Measured, ReplaceByRenameWithoutASync) {
  Recorder recorder(DiskOf({{"a", "old"}}));
  recorder.Create("t").Write("t", 0, "new").Rename("t", "a");
  // noauto_da_alloc, xfs and btrfs: nothing in the file.
  for (std::string_view model : {"ext4-ordered", "btrfs", "xfs"}) {
    EXPECT_TRUE(Sometimes(recorder, model, Holds("a", ""))) << model;
    EXPECT_TRUE(Sometimes(recorder, model, Holds("a", "new"))) << model;
  }
  // auto_da_alloc: the new content, once the name is there.
  for (std::string_view name : kFileSystems) {
    PersistenceModel safe = Model(name);
    ASSERT_TRUE(SetSwitch(safe, "replace", "safe").ok());
    const Counts whole = CountAtEnd(recorder, safe, [](const Image& image) {
      return Content(image, "a") == "old" || Content(image, "a") == "new";
    });
    EXPECT_EQ(whole.holding, whole.states) << name;
    EXPECT_GT(CountAtEnd(recorder, safe, Holds("a", "new")).holding, 0u) << name;
  }
}

TEST(Measured, AnOlderFileThatWasNotSynced) {
  Recorder recorder;
  recorder.Create("older").Write("older", 0, "text");
  recorder.Create("a").Write("a", 0, "new").Sync("a");
  for (std::string_view model : {"ext4-writeback", "ext4-ordered", "xfs"}) {
    EXPECT_TRUE(Sometimes(recorder, model, Holds("older", ""))) << model;
    EXPECT_FALSE(Sometimes(recorder, model, Holds("older", "(absent)"))) << model;
  }
  EXPECT_TRUE(Sometimes(recorder, "btrfs", Holds("older", "(absent)")));
  // Data in the journal goes with the rest of it.
  EXPECT_TRUE(Always(recorder, "ext4-journal", Holds("older", "text")));
}

TEST(Measured, ALinkBeforeTheSyncKeepsBothNames) {
  Recorder recorder;
  recorder.Create("a").Write("a", 0, "new").Link("a", "b").Sync("a");
  for (std::string_view model : kFileSystems) {
    EXPECT_TRUE(Always(recorder, model, Holds("a", "new"))) << model;
    EXPECT_TRUE(Always(recorder, model, Holds("b", "new"))) << model;
  }
}

TEST(Measured, AnErrorOfADataWriteIsReportedOnceAndTheDataStaysLost) {
  Recorder recorder(DiskOf({{"a", "old"}}));
  recorder.Write("a", 0, "new").Sync("a", SyncOutcome::kFailed).Sync("a");
  for (std::string_view model : kFileSystems) {
    EXPECT_TRUE(Sometimes(recorder, model, Holds("a", "old"))) << model;
  }
}

/// A later append is durable, the one whose sync failed is not: a hole before it.
TEST(FailedSync, TakesNothingAlongThatWaitsForTheLostData) {
  Recorder recorder(DiskOf({{"a", std::string(4096, 'o')}}));
  recorder.Write("a", 4096, std::string(4096, '1')).Sync("a", SyncOutcome::kFailed);
  recorder.Write("a", 8192, "2").Sync("a");
  for (std::string_view model : {"ext4-ordered", "xfs", "btrfs"}) {
    EXPECT_TRUE(Sometimes(recorder, model, [](const Image& image) {
      const std::string content = Content(image, "a");
      return content.size() == 8193 && content.find('1') == std::string::npos &&
             content.back() == '2';
    })) << model;
  }
}

// ---- How far a sync reaches

TEST(SyncReach, AnFdatasyncIntoWrittenBlocksCommitsNoName) {
  Recorder recorder(DiskOf({{"a", "base"}}));
  recorder.Create("b").Link("a", "c").Write("a", 0, "B").DataSync("a");
  for (std::string_view model : kFileSystems) {
    if (model == "ext4-journal") continue;  // the data went through the journal, after the names
    EXPECT_TRUE(Sometimes(recorder, model, Holds("b", "(absent)"))) << model;
    EXPECT_TRUE(Sometimes(recorder, model, Holds("c", "(absent)"))) << model;
    EXPECT_TRUE(Always(recorder, model, Holds("a", "Base"))) << model;
  }
  EXPECT_TRUE(Always(recorder, "ext4-journal", Holds("b", "")));
}

TEST(SyncReach, AnFdatasyncAfterGrowthCommitsTheJournalUpToItOnExt4) {
  Recorder recorder(DiskOf({{"a", "base"}}));
  recorder.Create("b").Write("a", 4, "d").Create("c").DataSync("a");
  for (std::string_view model : kExt4) {
    EXPECT_TRUE(Always(recorder, model, Holds("b", ""))) << model;
    EXPECT_TRUE(Sometimes(recorder, model, Holds("c", "(absent)"))) << model;
  }
  for (std::string_view model : {"btrfs", "xfs"}) {
    EXPECT_TRUE(Sometimes(recorder, model, Holds("b", "(absent)"))) << model;
    EXPECT_TRUE(Always(recorder, model, Holds("a", "based"))) << model;
  }
}

TEST(SyncReach, AnFsyncReachesUpToTheFilesLastChangeAndNotBeyond) {
  Recorder recorder(DiskOf({{"b", "x"}}));
  recorder.Create("before").Create("a").Write("a", 0, "new");
  recorder.Remove("b").Sync("a");
  for (std::string_view model : kExt4) {
    EXPECT_TRUE(Always(recorder, model, Holds("before", ""))) << model;
    EXPECT_TRUE(Sometimes(recorder, model, Holds("b", "x"))) << model;
  }
  EXPECT_TRUE(Always(recorder, "xfs", Holds("before", "")));  // logged before the file's own name
  EXPECT_TRUE(Sometimes(recorder, "xfs", Holds("b", "x")));
  EXPECT_TRUE(Sometimes(recorder, "btrfs", Holds("before", "(absent)")));
  EXPECT_TRUE(Sometimes(recorder, "btrfs", Holds("b", "x")));
}

TEST(SyncReach, ASyncOfADirectoryReachesTheWholeJournalAndNoData) {
  Recorder recorder(DiskOf({{"d/", ""}, {"cut", "long"}}));
  recorder.Create("a").Write("a", 0, "new").Truncate("cut", 2).SyncDir("d");
  for (std::string_view model : kFileSystems) {
    EXPECT_FALSE(Sometimes(recorder, model, Holds("a", "(absent)"))) << model;
    EXPECT_TRUE(Always(recorder, model, Holds("cut", "lo"))) << model;
    EXPECT_EQ(Sometimes(recorder, model, Holds("a", "")), model != "ext4-journal") << model;
  }
  EXPECT_TRUE(Sometimes(recorder, "posix", Holds("a", "(absent)")));
}

}  // namespace
}  // namespace faultfs::test
