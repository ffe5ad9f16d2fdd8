// Faults over file systems: the real one and the simulated one go wrong in the same way.
#include "faultfs/fault/faulty_file_system.h"

#include "faultfs/fault/fault_rules.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "tests/faultfs/env/conformance.h"

namespace faultfs {
namespace {

/// A file system under rules, with what the tests say about it.
class Faulty : public testing::TestWithParam<SubjectMaker> {
 protected:
  /// Replaces the rules; counting begins anew.
  void Under(std::string_view text) {
    auto parsed = ParseFaultRules(text);
    ASSERT_EQ(parsed.status().ToString(), "OK");
    rules_ = std::make_unique<FaultRules>(std::move(parsed).value());
    fs_ = std::make_unique<FaultyFileSystem>(subject_->fs(), *rules_);
  }
  std::string In(std::string_view name) const { return subject_->root() + "/" + std::string(name); }
  std::unique_ptr<File> Create(std::string_view name, bool dsync = false) {
    auto file = fs_->Open(In(name), {.write = true, .create = true, .dsync = dsync}, kTag);
    EXPECT_EQ(file.status().ToString(), "OK");
    return std::move(file).value();
  }
  /// What is really there, without faults.
  std::string Content(std::string_view name) {
    auto file = subject_->fs().Open(In(name), {}, kTag);
    EXPECT_EQ(file.status().ToString(), "OK");
    std::string text(4096, '?');
    text.resize(*ReadFully(**file, 0, std::as_writable_bytes(std::span(text))));
    return text;
  }
  bool Exists(std::string_view name) { return subject_->fs().Stat(In(name)).ok(); }
  uint64_t Decided(size_t rule = 0) const { return rules_->counts().at(rule).decided; }

  std::unique_ptr<Subject> subject_ = GetParam().make();
  std::unique_ptr<FaultRules> rules_;
  std::unique_ptr<FaultyFileSystem> fs_;
};
INSTANTIATE_TEST_SUITE_P(All, Faulty, testing::ValuesIn(kSubjects), SubjectName);

TEST_P(Faulty, TheNthSyncFails) {
  Under("fail IO_ERROR sync nth=2");
  const auto file = Create("f");
  EXPECT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
  const Status failed = file->Sync(SyncKind::kData, kTag);
  EXPECT_EQ(failed.ToString(), "IO_ERROR: sync: injected fault (file " + In("f") + ")");
  EXPECT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
  EXPECT_EQ(Decided(), 1u);
}

TEST_P(Faulty, EverySyncFromTheNthOnFails) {
  Under("fail IO_ERROR sync,sync-dir nth=2 always");
  const auto file = Create("f");
  EXPECT_TRUE(fs_->SyncDir(In(""), kTag).ok());
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), Code::kIoError);
  EXPECT_EQ(fs_->SyncDir(In(""), kTag).code(), Code::kIoError);
}

TEST_P(Faulty, AFullDiskTakesNothing) {
  Under("fail NO_SPACE write tag=test.io");
  const auto file = Create("f");
  const WriteOutcome outcome = WriteFully(*file, 0, Bytes("abc"), kTag);
  EXPECT_EQ(outcome.status.code(), Code::kNoSpace);
  EXPECT_EQ(outcome.written_bytes, 0u);
  EXPECT_EQ(Content("f"), "");
  EXPECT_TRUE(file->WriteAt(0, Bytes("abc"), IoTag{"other.tag"}).ok());
  EXPECT_EQ(Content("f"), "abc");
}

TEST_P(Faulty, AShortWriteIsAPrefixThatWriteFullyCompletes) {
  Under("short 3 write nth=1");
  const auto file = Create("f");
  EXPECT_EQ(*file->WriteAt(0, Bytes("abcdefgh"), kTag), 3u);
  EXPECT_EQ(Content("f"), "abc");
  Under("short 3 write");
  const auto again = Create("g");
  EXPECT_EQ(WriteFully(*again, 0, Bytes("abcdefgh"), kTag).written_bytes, 8u);
  EXPECT_EQ(Content("g"), "abcdefgh");
  EXPECT_EQ(Decided(), 3u);
}

TEST_P(Faulty, AShortWriteThenAFullDisk) {
  Under("short 3 write nth=1\nfail NO_SPACE write nth=2 always");
  const auto file = Create("f");
  const WriteOutcome outcome = WriteFully(*file, 0, Bytes("abcdefgh"), kTag);
  EXPECT_EQ(outcome.status.code(), Code::kNoSpace);
  EXPECT_EQ(outcome.written_bytes, 3u);
  EXPECT_EQ(Content("f"), "abc");
}

TEST_P(Faulty, AFullDiskHasRoomAgainLater) {
  Under("fail NO_SPACE write nth=2 times=2");
  const auto file = Create("f");
  EXPECT_TRUE(file->WriteAt(0, Bytes("a"), kTag).ok());
  EXPECT_EQ(file->WriteAt(1, Bytes("b"), kTag).status().code(), Code::kNoSpace);
  EXPECT_EQ(file->WriteAt(1, Bytes("b"), kTag).status().code(), Code::kNoSpace);
  EXPECT_TRUE(file->WriteAt(1, Bytes("c"), kTag).ok());
  EXPECT_EQ(Content("f"), "ac");
  EXPECT_EQ(Decided(), 2u);
}

TEST_P(Faulty, ALateErrorComesWithTheNextSyncOnce) {
  Under("late NO_SPACE write nth=2\nlate IO_ERROR sync nth=3");
  const auto file = Create("f");
  EXPECT_TRUE(file->WriteAt(0, Bytes("a"), kTag).ok());
  EXPECT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
  EXPECT_TRUE(file->WriteAt(1, Bytes("b"), kTag).ok());
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), Code::kNoSpace);
  EXPECT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
  EXPECT_EQ(file->Sync(SyncKind::kData, kTag).code(), Code::kIoError);
  EXPECT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
  EXPECT_EQ(Content("f"), "ab");
}

TEST_P(Faulty, AnInterruptedCallIsReportedAndHasDoneNothing) {
  Under("fail INTERRUPTED write,read,sync nth=1\nfail INTERRUPTED sync nth=1");
  const auto file = Create("f");
  const WriteOutcome outcome = WriteFully(*file, 0, Bytes("abc"), kTag);
  EXPECT_EQ(outcome.status.code(), Code::kInterrupted);
  EXPECT_EQ(outcome.written_bytes, 0u);
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), Code::kInterrupted);
  EXPECT_EQ(Content("f"), "");
}

TEST_P(Faulty, AShortReadIsNotTheEnd) {
  Under("short 2 read");
  const auto file = Create("f");
  EXPECT_TRUE(WriteFully(*file, 0, Bytes("abcde"), kTag).status.ok());
  std::string text(10, '?');
  const auto out = std::as_writable_bytes(std::span(text));
  EXPECT_EQ(*file->ReadAt(0, out), 2u);
  EXPECT_EQ(*ReadFully(*file, 0, out), 5u);
  EXPECT_EQ(text.substr(0, 5), "abcde");
}

TEST_P(Faulty, ReadsFailWithoutLookingLikeAnEnd) {
  Under("fail IO_ERROR read nth=2");
  const auto file = Create("f");
  EXPECT_TRUE(WriteFully(*file, 0, Bytes("abc"), kTag).status.ok());
  std::byte byte{};
  EXPECT_TRUE(file->ReadAt(0, {&byte, 1}).ok());
  EXPECT_EQ(file->ReadAt(0, {&byte, 1}).status().code(), Code::kIoError);
}

TEST_P(Faulty, AnIgnoredSyncSaysOk) {
  Under("ignore sync,sync-dir");
  const auto file = Create("f");
  EXPECT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
  EXPECT_TRUE(fs_->SyncDir(In(""), kTag).ok());
  EXPECT_EQ(Decided(), 2u);
  EXPECT_EQ(fs_->SyncDir(In("missing"), kTag).code(), Code::kNotFound);
  EXPECT_EQ(fs_->SyncDir(In("f"), kTag).code(), Code::kNotADirectory);
}

TEST_P(Faulty, AnIgnoredDsyncWritesAllTheSame) {
  Under("ignore write nth=2 always");
  const auto file = Create("f", /*dsync=*/true);
  EXPECT_EQ(*file->WriteAt(0, Bytes("abc"), kTag), 3u);
  EXPECT_EQ(*file->WriteAt(3, Bytes("def"), kTag), 3u);
  EXPECT_EQ(Content("f"), "abcdef");
  const auto plain = Create("g");
  EXPECT_EQ(*plain->WriteAt(0, Bytes("xyz"), kTag), 3u) << "nothing to ignore, so it proceeds";
  EXPECT_EQ(Content("g"), "xyz");
}

TEST_P(Faulty, CreatingIsNotOpening) {
  Under("fail NO_SPACE create");
  const OpenFlags create{.write = true, .create = true};
  EXPECT_EQ(fs_->Open(In("f"), create, kTag).status().code(), Code::kNoSpace);
  EXPECT_FALSE(Exists("f"));
  EXPECT_EQ(fs_->Lock(In("LOCK"), kTag).status().code(), Code::kNoSpace);
  EXPECT_FALSE(Exists("LOCK"));
  EXPECT_TRUE(subject_->fs().Open(In("f"), create, kTag).ok());
  EXPECT_TRUE(fs_->Open(In("f"), create, kTag).ok());
  EXPECT_TRUE(fs_->Lock(In("f"), kTag).ok());
  EXPECT_EQ(fs_->Open(In("missing/f"), create, kTag).status().code(), Code::kNotFound);
  EXPECT_EQ(fs_->Open(In("x/"), create, kTag).status().code(), Code::kIsADirectory);
  EXPECT_EQ(Decided(), 2u);
}

TEST_P(Faulty, FailedCallsChangeNothing) {
  Under("");
  EXPECT_TRUE(WriteFully(*Create("f"), 0, Bytes("abc"), kTag).status.ok());
  EXPECT_TRUE(fs_->CreateDir(In("d"), kTag).ok());
  const auto file = Create("f");
  Under("fail IO_ERROR remove,link,rename,create-dir,remove-dir,list,stat,lock,open");
  EXPECT_EQ(fs_->Remove(In("f"), kTag).code(), Code::kIoError);
  EXPECT_EQ(fs_->Link(In("f"), In("g"), kTag).code(), Code::kIoError);
  EXPECT_EQ(fs_->Rename(In("f"), In("g"), kTag).code(), Code::kIoError);
  EXPECT_EQ(fs_->CreateDir(In("e"), kTag).code(), Code::kIoError);
  EXPECT_EQ(fs_->RemoveDir(In("d"), kTag).code(), Code::kIoError);
  EXPECT_EQ(fs_->List(In("d")).status().code(), Code::kIoError);
  EXPECT_EQ(fs_->Stat(In("d")).status().code(), Code::kIoError);
  EXPECT_EQ(fs_->Lock(In("f"), kTag).status().code(), Code::kIoError);
  EXPECT_EQ(fs_->Open(In("f"), {}, kTag).status().code(), Code::kIoError);
  const std::vector<DirEntry> expected = {{"d", FileType::kDirectory}, {"f", FileType::kFile}};
  EXPECT_EQ(*subject_->fs().List(In("")), expected);
}

TEST_P(Faulty, FailedCallsOnAFileChangeNothing) {
  Under("fail TOO_LARGE truncate,allocate,size,writeback");
  const auto file = Create("f");
  EXPECT_TRUE(WriteFully(*file, 0, Bytes("abc"), kTag).status.ok());
  EXPECT_EQ(file->Truncate(0, kTag).code(), Code::kTooLarge);
  EXPECT_EQ(file->Allocate(0, 100, false, kTag).code(), Code::kTooLarge);
  EXPECT_EQ(file->Size().status().code(), Code::kTooLarge);
  EXPECT_EQ(file->StartWriteback(0, 0, kTag).code(), Code::kTooLarge);
  EXPECT_EQ(Content("f"), "abc");
}

TEST_P(Faulty, AFailedCloseHasClosed) {
  Under("fail IO_ERROR close");
  const auto file = Create("f");
  EXPECT_EQ(file->Close().code(), Code::kIoError);
  EXPECT_EQ(file->Close().code(), Code::kClosed);
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), Code::kClosed);
}

TEST_P(Faulty, AClosedFileIsClosedWhateverTheRulesSay) {
  Under("ignore sync\nfail IO_ERROR write");
  const auto file = Create("f", /*dsync=*/true);
  EXPECT_TRUE(file->Close().ok());
  EXPECT_EQ(file->Sync(SyncKind::kFull, kTag).code(), Code::kClosed);
  EXPECT_EQ(file->WriteAt(0, Bytes("x"), kTag).status().code(), Code::kClosed);
}

TEST_P(Faulty, DecoratorsStack) {
  Under("fail IO_ERROR sync nth=2");
  FaultRules outer(*ParseFaultRules("fail NO_SPACE sync nth=1"));
  FaultyFileSystem stacked(*fs_, outer);
  const auto opened = stacked.Open(In("f"), {.write = true, .create = true}, kTag);
  ASSERT_TRUE(opened.ok());
  File& file = **opened;
  EXPECT_EQ(file.Sync(SyncKind::kFull, kTag).code(), Code::kNoSpace) << "never seen further in";
  EXPECT_EQ(file.Sync(SyncKind::kFull, kTag).code(), Code::kOk);
  EXPECT_EQ(file.Sync(SyncKind::kFull, kTag).code(), Code::kIoError);
  EXPECT_EQ(file.Sync(SyncKind::kFull, kTag).code(), Code::kOk);
}

// The simulation serves hooks by itself; the same rules must decide the same calls there.
std::string RunScript(FileSystem& fs, const std::string& root, FaultRules& rules) {
  std::string log;
  const auto note = [&log](const Status& status) { log.append(CodeName(status.code())) += '\n'; };
  const auto name = [&root](const char* text) { return root + "/" + text; };
  std::vector<std::unique_ptr<File>> files;
  for (const char* path : {"a.wal", "b.wal", "missing/c", "d.tmp"}) {
    for (const bool dsync : {false, true}) {
      auto file = fs.Open(name(path), {.write = true, .create = true, .dsync = dsync}, kTag);
      note(file.status());
      if (file.ok()) files.push_back(std::move(file).value());
    }
  }
  for (int round = 0; round < 4; ++round) {
    for (const auto& file : files) {
      note(file->WriteAt(static_cast<uint64_t>(round) * 5, Bytes("abcdefgh"), kTag).status());
      note(file->Sync(SyncKind::kData, kTag));
      const auto size = file->Size();
      log += size.ok() ? std::to_string(*size) + "\n" : "no size\n";
    }
    note(fs.SyncDir(root, kTag));
    note(fs.Rename(name("d.tmp"), name("e"), kTag));
    note(fs.Rename(name("e"), name("d.tmp"), kTag));
    note(fs.Lock(name("LOCK"), kTag).status());
    note(fs.List(root).status());
  }
  for (const auto& file : files) note(file->Close());
  for (const auto& file : files) note(file->Sync(SyncKind::kFull, kTag));
  for (const FaultRules::Count& count : rules.counts()) {
    log += std::to_string(count.matched) + " " + std::to_string(count.decided) + "\n";
  }
  return log;
}

TEST(FaultsOverBoth, SameRulesSameOutcome) {
  for (const char* text : {
           "fail NO_SPACE write nth=3 always",
           "short 5 write",
           "short 1 any nth=7 always",
           "ignore sync,sync-dir",
           "ignore any nth=2 always",
           "fail IO_ERROR any nth=9 always",
           "fail IO_ERROR sync path=*.wal nth=4",
           "fail IO_ERROR create nth=2",
           "fail IO_ERROR rename path=*e\nfail LOCKED lock\nfail IO_ERROR close nth=2",
           "short 3 write path=*.tmp\nfail NO_SPACE size nth=5\nignore write",
       }) {
    const auto posix = PosixSubject(FastTempParent());
    FaultRules posix_rules(*ParseFaultRules(text));
    FaultyFileSystem posix_fs(posix->fs(), posix_rules);
    const std::string posix_log = RunScript(posix_fs, posix->root(), posix_rules);

    Volume volume{Image()};
    ASSERT_TRUE(SimFileSystem(volume).CreateDir("/root", kTag).ok());
    FaultRules sim_rules(*ParseFaultRules(text));
    SimFileSystem sim_fs(volume, &sim_rules);
    EXPECT_EQ(RunScript(sim_fs, "/root", sim_rules), posix_log) << text;
  }
}

TEST(FaultyFileSystemDeathTest, ADiskOfSoManyBytesNeedsTheSimulator) {
  Volume volume{Image()};
  SimFileSystem base(volume);
  FaultRules rules(ParseFaultRules("full 4096 any").value());
  EXPECT_DEATH(FaultyFileSystem(base, rules), "\"full\" needs the simulator");
}

}  // namespace
}  // namespace faultfs
