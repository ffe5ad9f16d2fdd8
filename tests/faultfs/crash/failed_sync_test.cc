// A failed sync, cell by cell of the table "A failed sync" in docs/persistence-model.md: what the
// running program sees of it under each row, and what a crash afterwards may leave.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/fault/fault_rules.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "tests/faultfs/crash/recorder.h"

namespace faultfs::test {
namespace {

constexpr std::string_view kFileSystems[] = {"ext4-writeback", "ext4-ordered", "ext4-journal",
                                             "btrfs", "xfs"};

/// A machine with one file, "a", whose durable content is 4096 times "o".
class Machine {
 public:
  explicit Machine(std::string_view model, std::string_view rules = "fail IO_ERROR sync nth=1")
      : Machine(FindModel(model).value(), rules) {}
  Machine(const PersistenceModel& model, std::string_view rules)
      : model_(model),
        rules_(ParseFaultRules(rules).value()),
        volume_(DiskOf({{"a", std::string(kBlockBytes, 'o')}})) {
    volume_.SetFailureRules(model.failure_rules(), nullptr);
    Restart();
    file_ = Open();
  }

  std::unique_ptr<File> Open(std::string_view path = "a") {
    return fs_->Open(path, {.write = true, .create = true}, IoTag("open")).value();
  }
  /// The process dies, and another one begins.
  void Restart() {
    fs_.reset();
    fs_ = std::make_unique<SimFileSystem>(volume_, &rules_);
  }
  File& file() { return *file_; }
  SimFileSystem& fs() { return *fs_; }
  const Volume& volume() const { return volume_; }

  void Write(uint64_t offset_bytes, const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    EXPECT_TRUE(WriteFully(*file_, offset_bytes, bytes, IoTag("write")).status.ok());
  }
  Status Sync() { return file_->Sync(SyncKind::kFull, IoTag("sync")); }
  /// Syncs until one that failed has said so.
  void SyncUntilReported() {
    const Status first = Sync();
    if (model_.failed_report == FailureReport::kNextSync) {
      EXPECT_TRUE(first.ok()) << first.ToString();
      EXPECT_TRUE(Sync().Is(Code::kIoError));
    } else {
      EXPECT_TRUE(first.Is(Code::kIoError)) << first.ToString();
    }
  }

  static std::string ContentIn(const Image& image, std::string_view path = "a") {
    const InodeNumber file = image.Lookup(kRootInode, path);
    if (file == kNoInode) return "(absent)";
    std::string bytes(image.Find(file)->size_bytes, '\0');
    (void)image.Read(file, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
    return bytes;
  }
  std::string Content(std::string_view path = "a") const { return ContentIn(volume_.live(), path); }
  bool Has(std::string_view name) const {
    return volume_.live().Lookup(kRootInode, name) != kNoInode;
  }

  using Predicate = std::function<bool(const Image&)>;
  /// Over all crash states at the end: in how many it holds, none, some or all.
  enum class Share { kNever, kSometimes, kAlways };
  Share AfterPowerLoss(const Predicate& holds) const {
    const EffectGraph graph = Lower(volume_.base(), volume_.trace(), model_);
    PointView view(graph, CrashPoints(volume_.trace()).back());
    ExhaustiveChooser chooser;
    size_t states = 0;
    size_t holding = 0;
    do {
      ++states;
      if (holds(view.Materialize(view.Make(chooser)))) ++holding;
    } while (chooser.Advance());
    if (holding == 0) return Share::kNever;
    return holding == states ? Share::kAlways : Share::kSometimes;
  }
  Share Leaves(const std::string& content) const {
    return AfterPowerLoss([&](const Image& image) { return ContentIn(image) == content; });
  }

 private:
  const PersistenceModel model_;
  FaultRules rules_;
  Volume volume_;
  std::unique_ptr<SimFileSystem> fs_;
  std::unique_ptr<File> file_;
};

using Share = Machine::Share;

const std::string kOld(kBlockBytes, 'o');
const std::string kNew(kBlockBytes, 'n');

TEST(FailedSyncCell, ThePageIsCleanAndARetryWritesNoData) {
  for (std::string_view model : kFileSystems) {
    Machine machine(model);
    machine.Write(0, kNew);
    machine.SyncUntilReported();
    EXPECT_TRUE(machine.Sync().ok()) << model;
    EXPECT_NE(machine.Leaves(kOld), Share::kNever) << model;
  }
}

TEST(FailedSyncCell, TheCacheShowsNewContentAndOnBtrfsOld) {
  for (std::string_view model : kFileSystems) {
    Machine machine(model);
    machine.Write(0, kNew);
    machine.SyncUntilReported();
    EXPECT_EQ(machine.Content(), model == "btrfs" ? kOld : kNew) << model;
    machine.Restart();
    EXPECT_EQ(machine.Content(), model == "btrfs" ? kOld : kNew) << model;
  }
}

TEST(FailedSyncCell, TheContentInTheCacheIsASwitch) {
  PersistenceModel model = FindModel("btrfs").value();
  ASSERT_TRUE(SetSwitch(model, "failed_page", "new").ok());
  Machine machine(model, "fail IO_ERROR sync nth=1");
  machine.Write(0, kNew);
  machine.SyncUntilReported();
  EXPECT_EQ(machine.Content(), kNew);
  EXPECT_EQ(machine.Leaves(kOld), Share::kSometimes);
}

TEST(FailedSyncCell, AnEvictedPageShowsTheDisksContentAtAnyLaterMoment) {
  for (std::string_view model : {"ext4-ordered", "ext4-writeback", "xfs"}) {
    Machine machine(model, "fail IO_ERROR sync nth=1\nevict stat nth=1");
    machine.Write(0, kNew);
    machine.SyncUntilReported();
    EXPECT_EQ(machine.Leaves(kNew), Share::kSometimes) << model;
    machine.Restart();
    EXPECT_EQ(machine.Content(), kNew) << model;
    EXPECT_TRUE(machine.fs().Stat("a").ok());
    EXPECT_EQ(machine.Content(), kOld) << model;
    // The disk was seen to have the old content: the new one cannot turn up any more.
    EXPECT_EQ(machine.Leaves(kOld), Share::kAlways) << model;
  }
}

TEST(FailedSyncCell, OnePageOfOneFileGoesAndTheOthersStay) {
  PersistenceModel model = FindModel("ext4-ordered").value();
  ASSERT_TRUE(SetSwitch(model, "tear", "4096").ok());  // fewer states
  for (int page = 1; page <= 4; ++page) {
    Machine machine(model,
                    "fail IO_ERROR sync nth=1\nevict stat nth=1 page=" + std::to_string(page));
    machine.Write(0, kNew + kNew + kNew);
    machine.SyncUntilReported();
    EXPECT_TRUE(machine.fs().Stat("a").ok());
    std::string expected = kNew + kNew + kNew;
    if (page == 1) expected.replace(0, kBlockBytes, kOld);
    if (page == 2 || page == 3) {
      expected.replace((page - 1) * kBlockBytes, kBlockBytes, kBlockBytes, '\0');
    }
    EXPECT_EQ(machine.Content() == expected, true) << page;
    // What was shown of the disk is decided; of the others nothing is.
    const auto shows = [&](int other) {
      return machine.AfterPowerLoss([&](const Image& image) {
        const std::string content = Machine::ContentIn(image);
        const uint64_t begin = (other - 1) * kBlockBytes;
        return content.size() > begin && content.compare(begin, kBlockBytes, kNew) == 0;
      });
    };
    for (int other = 1; other <= 3; ++other) {
      EXPECT_EQ(shows(other), other == page ? Share::kNever : Share::kSometimes)
          << page << " " << other;
    }
  }
}

TEST(FailedSyncCell, PagesCountFromFileToFile) {
  for (int page = 0; page <= 3; ++page) {
    Machine machine("ext4-ordered", "fail IO_ERROR sync\nevict stat nth=1" +
                                        (page == 0 ? "" : " page=" + std::to_string(page)));
    const std::unique_ptr<File> second = machine.Open("b");
    ASSERT_TRUE(second->WriteAt(0, std::as_bytes(std::span(kNew)), IoTag("write")).ok());
    EXPECT_TRUE(second->Sync(SyncKind::kFull, IoTag("sync")).Is(Code::kIoError));
    machine.Write(0, kNew);
    EXPECT_TRUE(machine.Sync().Is(Code::kIoError));
    EXPECT_TRUE(machine.fs().Stat("a").ok());
    EXPECT_EQ(machine.Content("a") == kOld, page == 0 || page == 1) << page;
    EXPECT_EQ(machine.Content("b") == kNew, page == 1 || page == 3) << page;
  }
}

TEST(FailedSyncCell, APageWrittenToSinceIsNotEvicted) {
  Machine machine("ext4-ordered", "fail IO_ERROR sync nth=1\nevict stat nth=1");
  machine.Write(0, kNew);
  machine.Write(kBlockBytes, "tail");
  machine.SyncUntilReported();
  machine.Write(1, "again");
  EXPECT_TRUE(machine.fs().Stat("a").ok());
  std::string expected = kNew;
  expected.replace(1, 5, "again");
  EXPECT_EQ(machine.Content(), expected + std::string(4, '\0'));
}

TEST(FailedSyncCell, OnExt4JournalAnEvictedPageShowsTheOldContentAndTheJournalMayBringTheNew) {
  Machine machine("ext4-journal", "fail IO_ERROR sync nth=1\nevict stat");
  machine.Write(0, kNew);
  EXPECT_TRUE(machine.Sync().ok());
  EXPECT_EQ(machine.Content(), kNew);
  EXPECT_EQ(machine.Leaves(kOld), Share::kSometimes);
  EXPECT_TRUE(machine.fs().Stat("a").ok());
  EXPECT_EQ(machine.Content(), kOld);
  EXPECT_EQ(machine.Leaves(kOld), Share::kSometimes);
  EXPECT_EQ(machine.Leaves(kNew), Share::kSometimes);
  // What is written to it then stands among the old bytes, and so it is forced.
  machine.Write(1, "again");
  EXPECT_TRUE(machine.Sync().Is(Code::kIoError));  // the first, which abandons these too
  machine.Write(1, "again");
  EXPECT_TRUE(machine.Sync().ok());
  std::string mixed = kOld;
  mixed.replace(1, 5, "again");
  EXPECT_EQ(machine.Content(), mixed);
  EXPECT_EQ(machine.Leaves(mixed), Share::kAlways);
  // A good sync has written it: nothing is left to go.
  EXPECT_TRUE(machine.fs().Stat("a").ok());
  EXPECT_EQ(machine.Content(), mixed);
}

TEST(FailedSyncCell, WhatTheJournalHasStaysInDoubtWhenALaterSyncOfThePageFailsAtOnce) {
  // On a journal that says so at the next sync no failure is told at once: two kinds of rule.
  Machine machine("ext4-ordered",
                  "late IO_ERROR sync nth=1\nfail IO_ERROR sync nth=3\nevict stat nth=1");
  machine.Write(0, kNew);
  EXPECT_TRUE(machine.Sync().ok());
  EXPECT_TRUE(machine.Sync().Is(Code::kIoError));
  machine.Write(0, "x");
  EXPECT_TRUE(machine.Sync().Is(Code::kIoError));
  EXPECT_TRUE(machine.fs().Stat("a").ok());
  EXPECT_EQ(machine.Content(), kOld);
  EXPECT_EQ(machine.Leaves(kNew), Share::kSometimes);
  EXPECT_EQ(machine.Leaves(kOld), Share::kSometimes);
}

TEST(FailedSyncCell, MetadataMayPersistWithoutTheDataButNotOnBtrfs) {
  const std::string grown = kOld + std::string(kBlockBytes, '\0');
  for (std::string_view model : kFileSystems) {
    Machine machine(model);
    machine.Write(kBlockBytes, kNew);
    machine.SyncUntilReported();
    const Share share = machine.AfterPowerLoss(
        [&](const Image& image) { return image.Find(2)->size_bytes > kBlockBytes; });
    if (model == "btrfs") {
      EXPECT_EQ(machine.Content(), kOld);
      EXPECT_EQ(share, Share::kNever);
    } else {
      EXPECT_NE(share, Share::kNever) << model;
      EXPECT_NE(machine.Leaves(grown), Share::kNever) << model;
    }
  }
}

TEST(FailedSyncCell, ReportedAtOnceAndOnExt4JournalByTheNext) {
  for (std::string_view model : kFileSystems) {
    Machine machine(model);
    machine.Write(0, kNew);
    const bool late = model == "ext4-journal";
    EXPECT_EQ(machine.Sync().ok(), late) << model;
    EXPECT_EQ(machine.Sync().ok(), !late) << model;
    EXPECT_TRUE(machine.Sync().ok()) << model;
  }
}

TEST(FailedSyncCell, ARetryWritesTruncatesOnXfsAlone) {
  const std::string cut = kOld.substr(0, 1024);
  for (std::string_view model : kFileSystems) {
    Machine machine(model);
    ASSERT_TRUE(machine.file().Truncate(1024, IoTag("truncate")).ok());
    machine.SyncUntilReported();
    EXPECT_TRUE(machine.Sync().ok());
    const Share share = machine.AfterPowerLoss(
        [](const Image& image) { return image.Find(2)->size_bytes == 1024; });
    EXPECT_EQ(share, model == "xfs" ? Share::kAlways : Share::kSometimes) << model;
  }
}

TEST(FailedSyncCell, TheDamageIsOldBytesInTheMiddleOnBtrfsAHole) {
  const std::string hole = kOld + std::string(kBlockBytes, '\0') + "tail";
  for (std::string_view model : kFileSystems) {
    Machine machine(model);
    machine.Write(kBlockBytes, kNew);
    machine.SyncUntilReported();
    machine.Write(2 * kBlockBytes, "tail");
    EXPECT_TRUE(machine.Sync().ok()) << model;
    EXPECT_EQ(machine.Content() == hole, model == "btrfs") << model;
    EXPECT_EQ(machine.Leaves(hole), model == "btrfs" ? Share::kAlways : Share::kSometimes) << model;
  }
}

TEST(FailedSyncCell, AnOverwriteInTheMiddleKeepsItsOldBytes) {
  for (std::string_view model : kFileSystems) {
    Machine machine(model, "fail IO_ERROR sync nth=2");
    machine.Write(kBlockBytes, kOld + kOld);
    EXPECT_TRUE(machine.Sync().ok());
    machine.Write(kBlockBytes, kNew);
    machine.SyncUntilReported();
    EXPECT_TRUE(machine.Sync().ok()) << model;
    EXPECT_NE(machine.Leaves(kOld + kOld + kOld), Share::kNever) << model;
  }
}

// ---- Write-back in the background

TEST(BackgroundError, IsReportedByTheNextSyncOfEveryDescriptorOnce) {
  Machine machine("ext4-ordered", "late IO_ERROR write nth=1");
  const std::unique_ptr<File> second = machine.Open();
  machine.Write(0, kNew);
  const std::unique_ptr<File> third = machine.Open();  // nobody has been told yet
  EXPECT_TRUE(machine.Sync().Is(Code::kIoError));
  const std::unique_ptr<File> fourth = machine.Open();
  EXPECT_TRUE(second->Sync(SyncKind::kFull, IoTag("sync")).Is(Code::kIoError));
  EXPECT_TRUE(third->Sync(SyncKind::kFull, IoTag("sync")).Is(Code::kIoError));
  EXPECT_TRUE(fourth->Sync(SyncKind::kFull, IoTag("sync")).ok());
  EXPECT_TRUE(machine.Sync().ok());
  EXPECT_TRUE(second->Sync(SyncKind::kFull, IoTag("sync")).ok());
  EXPECT_NE(machine.Leaves(kOld), Share::kNever);
}

TEST(BackgroundError, WithoutADescriptorIsReportedToTheFirstThatOpensLater) {
  Machine machine("ext4-ordered", "late NO_SPACE write nth=1");
  machine.Write(0, kNew);
  machine.Restart();
  EXPECT_TRUE(machine.Open()->Sync(SyncKind::kFull, IoTag("sync")).Is(Code::kNoSpace));
  EXPECT_TRUE(machine.Open()->Sync(SyncKind::kFull, IoTag("sync")).ok());
}

/// Whether an error waits for the next process, by the step at which this one dies.
TEST(BackgroundError, WaitsFromTheFailureToTheEndOfTheSyncThatTells) {
  Machine machine("ext4-ordered", "late NO_SPACE write nth=1");
  machine.Write(0, kNew);                          // create, write, begin and end of the sync
  EXPECT_TRUE(machine.Sync().Is(Code::kNoSpace));  // begin and end
  const InodeNumber file = machine.volume().live().Lookup(kRootInode, "a");
  const size_t end = machine.volume().trace().ops.size();
  ASSERT_GE(end, 5u);
  const std::vector<UnreportedError> one = {{file, Code::kNoSpace}};
  EXPECT_TRUE(machine.volume().ErrorsAt(end).empty());
  EXPECT_EQ(machine.volume().ErrorsAt(end - 1), one);  // amid the sync that tells
  EXPECT_EQ(machine.volume().ErrorsAt(end - 2), one);
  EXPECT_TRUE(machine.volume().ErrorsAt(end - 3).empty());
}

TEST(BackgroundError, IsCarriedToAVolumeThatGoesOn) {
  Machine machine("ext4-ordered", "late NO_SPACE write nth=1");
  machine.Write(0, kNew);
  const Volume& crashed = machine.volume();
  const size_t steps = crashed.trace().ops.size();
  const auto resumed = Volume::Resume(crashed.base(), crashed.trace(), steps);
  for (const UnreportedError& error : crashed.ErrorsAt(steps)) resumed->Carry(error);
  EXPECT_EQ(resumed->ErrorsAt(steps), crashed.ErrorsAt(steps));
  SimFileSystem fs(*resumed);
  const auto sync = [&] {
    const auto file = fs.Open("a", {.write = true}, IoTag("open")).value();
    return file->Sync(SyncKind::kFull, IoTag("sync")).code();
  };
  EXPECT_EQ(sync(), Code::kNoSpace);
  EXPECT_EQ(sync(), Code::kOk);
  EXPECT_TRUE(resumed->ErrorsAt(SIZE_MAX).empty());
  EXPECT_FALSE(resumed->ErrorsAt(steps).empty());
}

TEST(BackgroundError, LeavesTheFileInTheCacheUntilItIsEvicted) {
  Machine machine("ext4-ordered", "late IO_ERROR write nth=2\nevict stat nth=1");
  machine.Write(0, "durable");
  ASSERT_TRUE(machine.Sync().ok());
  machine.Write(3, "lost");
  EXPECT_EQ(machine.Content().substr(0, 8), "durlosto");
  EXPECT_TRUE(machine.fs().Stat("a").ok());
  EXPECT_EQ(machine.Content().substr(0, 8), "durableo");
}

// ---- Directories

TEST(FailedDirectorySync, IsReportedOnceAndTheEntriesStayVolatile) {
  for (std::string_view model : kFileSystems) {
    Machine machine(model, "fail IO_ERROR sync-dir nth=1\nevict any nth=7");
    (void)machine.Open("b");
    EXPECT_TRUE(machine.fs().SyncDir("/", IoTag("sync-dir")).Is(Code::kIoError)) << model;
    EXPECT_TRUE(machine.fs().SyncDir("/", IoTag("sync-dir")).ok()) << model;
    EXPECT_TRUE(machine.Has("b")) << model;
    const auto absent = [](const Image& image) {
      return image.Lookup(kRootInode, "b") == kNoInode;
    };
    EXPECT_EQ(machine.AfterPowerLoss(absent), Share::kSometimes) << model;
  }
}

}  // namespace
}  // namespace faultfs::test
