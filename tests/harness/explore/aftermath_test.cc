// What a dead process leaves to the next one to report, and what that one may make of it.
#include "harness/explore/aftermath.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "harness/adapters/kv_adapter.h"
#include "harness/explore/run.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

using faultfs::IoTag;
using faultfs::SyncKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Habit {
  kRight,          // says that it failed; the next Open writes everything anew
  kOnlySyncs,      // says that it failed; the next Open believes the sync that then says Ok
  kSwallows,       // goes on as if nothing had happened
  kCorruption,     // takes the error for corruption
  kDestroys,       // throws away what it could not sync
  kAtFirstWrite,   // syncs what it found with the first write, and refuses that one
  kDestroysLater,  // likewise, and throws away everything
};

/// A log of whole maps, each a line, appended without a sync.
class LogSystem final : public System {
 public:
  LogSystem(const OpenContext& context, Habit habit)
      : fs_(context.file_system), path_(std::string(context.directory) + "/log"), habit_(habit) {}

  Status Open() {
    const Status made = fs_.CreateDir(path_.substr(0, path_.rfind('/')), kTag);
    if (!made.ok() && !made.Is(Code::kAlreadyExists)) return made;
    FAULTFS_RETURN_IF_ERROR(fs_.SyncDir("/", kTag));
    FAULTFS_ASSIGN_OR_RETURN(file_, fs_.Open(path_, {.write = true, .create = true}, kTag));
    FAULTFS_RETURN_IF_ERROR(Read());
    const bool later = habit_ == Habit::kAtFirstWrite || habit_ == Habit::kDestroysLater;
    if (!later) FAULTFS_RETURN_IF_ERROR(SyncFound());
    // Otherwise nothing of it is known to be on the disk.
    if (habit_ == Habit::kRight || later) FAULTFS_RETURN_IF_ERROR(WriteAnew());
    return fs_.SyncDir(path_.substr(0, path_.rfind('/')), kTag);
  }

  Reply Apply(const Operation& operation, OpNumber number) override {
    Reply reply;
    if (old_ != nullptr) {
      const auto old = std::move(old_);
      reply.status = old->Sync(SyncKind::kFull, kSync);
      if (!reply.status.ok() && habit_ == Habit::kDestroysLater) {
        reply.status = file_->Truncate(0, kTag);
        reply.status = Status::Error(Code::kIoError, "sync");
      }
      if (!reply.status.ok()) return reply;
    }
    map_[operation.key] = ValueOf(number, 0, operation.value_bytes);
    reply.status = Append(*file_);
    return reply;
  }
  Result<Dump> ReadAll() override { return Dump(map_.begin(), map_.end()); }
  Status Close() override { return Status(); }

 private:
  static constexpr IoTag kTag{"log.other"};
  static constexpr IoTag kWrite{"log.write"};
  static constexpr IoTag kSync{"log.sync"};

  Status Read() {
    FAULTFS_ASSIGN_OR_RETURN(end_, file_->Size());
    std::string text(end_, '\0');
    FAULTFS_RETURN_IF_ERROR(
        faultfs::ReadFully(*file_, 0, std::as_writable_bytes(std::span(text))).status());
    const size_t last = text.rfind('\n');
    if (last == std::string::npos) return Status();
    const size_t begin = last == 0 ? std::string::npos : text.rfind('\n', last - 1);
    std::string_view line(text);
    line = line.substr(begin + 1, last - begin - 1);
    while (!line.empty()) {
      const size_t comma = line.find(',');
      const size_t equals = line.find('=');
      if (comma == std::string_view::npos || equals > comma) break;
      map_[std::string(line.substr(0, equals))] = line.substr(equals + 1, comma - equals - 1);
      line.remove_prefix(comma + 1);
    }
    return Status();
  }

  Status SyncFound() {
    const Status synced = file_->Sync(SyncKind::kFull, kSync);
    if (synced.ok() || habit_ == Habit::kSwallows) return Status();
    if (habit_ == Habit::kCorruption) return Status::Error(Code::kCorruption, "sync");
    if (habit_ == Habit::kDestroys) FAULTFS_RETURN_IF_ERROR(file_->Truncate(0, kTag));
    return synced;
  }

  Status WriteAnew() {
    const std::string temporary = path_ + ".new";
    FAULTFS_ASSIGN_OR_RETURN(auto file, fs_.Open(temporary, {.write = true, .create = true}, kTag));
    FAULTFS_RETURN_IF_ERROR(file->Truncate(0, kTag));
    end_ = 0;
    if (!map_.empty()) FAULTFS_RETURN_IF_ERROR(Append(*file));
    FAULTFS_RETURN_IF_ERROR(file->Sync(SyncKind::kFull, kTag));
    FAULTFS_RETURN_IF_ERROR(fs_.Rename(temporary, path_, kTag));
    old_ = std::exchange(file_, std::move(file));
    return Status();
  }

  Status Append(faultfs::File& file) {
    std::string line;
    for (const auto& [key, value] : map_) line += key + "=" + value + ",";
    line += "\n";
    const auto bytes = std::as_bytes(std::span(line.data(), line.size()));
    FAULTFS_RETURN_IF_ERROR(faultfs::WriteFully(file, end_, bytes, kWrite).status);
    end_ += line.size();
    return Status();
  }

  faultfs::FileSystem& fs_;
  const std::string path_;
  const Habit habit_;
  std::unique_ptr<faultfs::File> file_;
  std::unique_ptr<faultfs::File> old_;
  std::map<std::string, std::string> map_;
  uint64_t end_ = 0;
};

class LogAdapter final : public Adapter {
 public:
  explicit LogAdapter(Habit habit) : habit_(habit) {
    contract_.rows = {{Verb::kSet, std::nullopt, Promise::kProcess}};
    contract_.close = Promise::kNothing;
  }
  std::string_view name() const override { return "log"; }
  std::string_view summary() const override { return ""; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    auto system = std::make_unique<LogSystem>(context, habit_);
    FAULTFS_RETURN_IF_ERROR(system->Open());
    return std::unique_ptr<System>(std::move(system));
  }

 private:
  const Habit habit_;
  const Capabilities capabilities_ = {.verbs = {Verb::kSet, Verb::kKill}, .calls = {}};
  Contract contract_;
};

/// Nobody has been told that the first record is not on the disk.
Case LogCase(int depth) {
  Case c = CaseOf("set a 5; set b 5");
  c.faults = {"late IO_ERROR write tag=log.write nth=1"};
  c.crash.depth = depth;
  if (depth == 1) c.crash.kinds = {CrashKind::kProcessDeath};
  return c;
}

std::vector<std::string> FindingsOf(const Case& c, const Adapter& adapter) {
  NotingMonitor monitor;
  std::vector<std::string> signatures;
  for (const Finding& finding : Explore(c, adapter, {}, monitor).findings) {
    signatures.push_back(finding.signature);
  }
  return signatures;
}

TEST(LeftErrors, AnOpenMayFailForThemAndTheNextMustBeInOrder) {
  EXPECT_THAT(FindingsOf(LogCase(1), LogAdapter(Habit::kRight)), IsEmpty());
  EXPECT_THAT(FindingsOf(LogCase(2), LogAdapter(Habit::kRight)), IsEmpty());
  EXPECT_THAT(FindingsOf(LogCase(1), LogAdapter(Habit::kCorruption)),
              Contains("FALSE_CORRUPTION process-death"));
  EXPECT_THAT(FindingsOf(LogCase(1), LogAdapter(Habit::kDestroys)),
              ElementsAre("LOST_ACKED process-death"));
}

TEST(LeftErrors, WhatARecoveryMakesOfThemShowsAfterAnotherCrash) {
  for (const Habit habit : {Habit::kOnlySyncs, Habit::kSwallows}) {
    EXPECT_THAT(FindingsOf(LogCase(1), LogAdapter(habit)), IsEmpty());
    EXPECT_THAT(FindingsOf(LogCase(2), LogAdapter(habit)),
                Contains("LOST_ACKED process-death, then power-loss lost=log.write"));
  }
}

TEST(LeftErrors, AProbeMayFailForThemAndTheNextOpenMustBeInOrder) {
  EXPECT_THAT(FindingsOf(LogCase(1), LogAdapter(Habit::kAtFirstWrite)), IsEmpty());
  EXPECT_THAT(FindingsOf(LogCase(2), LogAdapter(Habit::kAtFirstWrite)), IsEmpty());
  EXPECT_THAT(FindingsOf(LogCase(1), LogAdapter(Habit::kDestroysLater)),
              Contains("LOST_ACKED process-death"));
}

TEST(LeftErrors, AFindingComesAgainAndSaysWhatWasLeft) {
  NotingMonitor monitor;
  const LogAdapter adapter(Habit::kDestroys);
  const CaseResult result = Explore(LogCase(1), adapter, {}, monitor);
  ASSERT_FALSE(result.findings.empty());
  const Finding& finding = result.findings.front();
  EXPECT_THAT(finding.story,
              Contains(HasSubstr("left to the next process to report: /db/log: IO_ERROR")));
  const Result<ReplayResult> again = Replay(finding.reproducer, adapter, {}, monitor);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  ASSERT_TRUE(again->finding.has_value());
  EXPECT_EQ(again->finding->signature, finding.signature);
  EXPECT_EQ(again->finding->story, finding.story);
  const Result<std::string> explained = ExplainCase(finding.reproducer, adapter);
  ASSERT_TRUE(explained.ok());
  EXPECT_THAT(*explained, HasSubstr("an error that no sync has reported: /db/log: IO_ERROR"));
}

/// Two moments leave the same files; at one of them an error is left, too.
TEST(LeftErrors, SetTheSameFilesApart) {
  Case c = CaseOf("set a 5; set a 5");
  c.faults = {"late IO_ERROR write tag=log.write nth=1"};
  NotingMonitor monitor;
  const auto run = RunProgram(c, LogAdapter(Habit::kRight), {}, monitor);
  const faultfs::PersistenceModel posix = *faultfs::FindModel("posix");
  const auto at = [&](CrashKind kind, size_t steps) {
    const faultfs::CrashState state{
        .point = {static_cast<uint32_t>(steps)}, .lost = {}, .tears = {}, .fill = {}};
    const faultfs::Image image = faultfs::LiveImage(run.volume->base(), run.volume->trace(), steps);
    const Aftermath left(*run.volume, state, kind, image, posix.failure_rules());
    EXPECT_EQ(left.hash() == image.ContentHash(), left.errors().empty());
    return left.errors().size();
  };
  const size_t end = run.volume->trace().ops.size();
  EXPECT_EQ(at(CrashKind::kProcessDeath, end), 1u);
  EXPECT_EQ(at(CrashKind::kPowerLoss, end), 0u);
  EXPECT_EQ(at(CrashKind::kProcessDeath, 0), 0u);
}

/// It rewrites what it found, and syncs the old log only where it cuts it.
TEST(LeftErrors, TheStoreIsRight) {
  Case c = CaseOf("set a 10; set b 600; set c 10; kill");
  c.store.segment_bytes = 65536;
  c.crash.budget = 60;
  c.crash.inner = 12;
  c.crash.inner_budget = 60;
  c.crash.depth = 2;
  c.crash.models = {*faultfs::FindModel("posix"), *faultfs::FindModel("ext4-journal"),
                    *faultfs::FindModel("btrfs")};
  c.sweep = {"fail IO_ERROR sync tag=wal.sync", "late IO_ERROR write tag=wal.append",
             "fail IO_ERROR write"};
  NotingMonitor monitor;
  const CaseResult result = Explore(c, KvAdapter(), {}, monitor);
  for (const Finding& finding : result.findings) {
    ADD_FAILURE() << finding.signature << ": " << finding.detail;
  }
  size_t reported = 0;
  for (const auto& [call, classes] : result.coverage.calls) {
    if ((classes & LateInRecovery()) != 0) ++reported;
  }
  EXPECT_GT(reported, 0u);
}

}  // namespace
}  // namespace crashlab
