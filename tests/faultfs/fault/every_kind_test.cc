// No kind of fault without a case in which it is seen: walks the table of kinds, each on every call
// that it can happen to, the kinds of rot, and the words of what file systems make of a failed
// sync. A new row, word or kind that changes nothing here, or has no case, fails.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "faultfs/crash/rot.h"
#include "faultfs/crash/states.h"
#include "faultfs/fault/fault_kinds.h"
#include "faultfs/fault/fault_rules.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"

namespace faultfs {
namespace {

using internal::FaultArgument;
using internal::FaultKind;
using internal::kFaultKinds;
using Action = IoDecision::Action;

constexpr IoTag kTag{"test"};

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// What came of one call, and of what was done after it.
struct Seen {
  bool fired = false;
  Code code = Code::kOk;       // of the call
  uint64_t bytes = 0;          // that it read or wrote
  Code next_sync = Code::kOk;  // of the file that it was about
  std::string victim;          // content of a file whose fsync had failed before
  size_t pending = 0;          // effects that power loss could take right after it
  std::string tree;            // what is there
};

/// A disk with a file, a directory, an open file, and one whose fsync has failed.
class Scene {
 public:
  Scene(std::string_view rules, const PersistenceModel& model)
      : model_(model), rules_(ParseFaultRules(rules).value()) {
    volume_.SetFailureRules(model.failure_rules(), nullptr);
    failing_.needs_space = rules_.NeedsSpace();
    victim_ = Create("/victim");
    Must(victim_->WriteAt(0, Bytes("durable"), kTag).status());
    Must(victim_->Sync(SyncKind::kFull, kTag));
    Must(victim_->WriteAt(0, Bytes("changed"), kTag).status());
    failing_.on = true;
    (void)victim_->Sync(SyncKind::kFull, kTag);  // when it says so is the model's affair
    failing_.on = false;
    file_ = Create("/file", /*dsync=*/true);
    Must(file_->WriteAt(0, Bytes("content"), kTag).status());
    Must(fs_.CreateDir("/empty", kTag));
    Must(fs_.SyncDir("/", kTag));
    failing_.rules = &rules_;
  }

  Seen Call(IoOp op) {
    Seen seen;
    Make(op, seen);
    failing_.rules = nullptr;
    const EffectGraph graph = Lower(volume_.base(), volume_.trace(), model_);
    seen.pending = PointView(graph, CrashPoints(volume_.trace()).back()).pending().size();
    if (op != IoOp::kClose) seen.next_sync = file_->Sync(SyncKind::kFull, kTag).code();
    seen.fired = !rules_.rules().empty() && rules_.counts().front().decided > 0;
    seen.victim = Content("/victim");
    seen.tree = volume_.live().Describe();
    return seen;
  }

  /// What the program and the disk show of the failed fsync of the victim, in words.
  std::string OfFailedSync() {
    std::string text = Content("/victim");
    text += victim_->Sync(SyncKind::kFull, kTag).ok() ? " ok" : " failed";
    Must(victim_->Truncate(3, kTag));
    failing_.on = true;
    text += victim_->Sync(SyncKind::kFull, kTag).ok() ? " ok" : " failed";
    failing_.on = false;
    text += victim_->Sync(SyncKind::kFull, kTag).ok() ? " ok" : " failed";
    (void)victim_->Sync(SyncKind::kFull, kTag);
    const EffectGraph graph = Lower(volume_.base(), volume_.trace(), model_);
    PointView view(graph, CrashPoints(volume_.trace()).back());
    for (const EffectId id : view.pending()) text += " " + EffectName(graph, id);
    return text;
  }

 private:
  class Failing final : public IoHook {
   public:
    IoDecision Decide(const IoCall& call) override {
      if (on) return {.action = Action::kFail, .code = Code::kIoError};
      return rules == nullptr ? IoDecision{} : rules->Decide(call);
    }
    bool NeedsSpace() const override { return needs_space; }
    bool needs_space = false;
    bool on = false;
    FaultRules* rules = nullptr;
  };

  static void Must(const Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

  std::unique_ptr<File> Create(std::string_view path, bool dsync = false) {
    return fs_.Open(path, {.write = true, .create = true, .dsync = dsync}, kTag).value();
  }
  std::string Content(std::string_view path) {
    std::string text(64, '\0');
    const auto file = fs_.Open(path, {}, kTag).value();
    text.resize(
        ReadFully(*file, 0, std::as_writable_bytes(std::span(text.data(), text.size()))).value());
    return text;
  }

  void Make(IoOp op, Seen& seen) {
    const auto counted = [&](const Result<size_t>& result) {
      seen.code = result.status().code();
      if (result.ok()) seen.bytes = *result;
    };
    std::byte buffer[7];
    switch (op) {
      case IoOp::kOpen:
        seen.code = fs_.Open("/file", {}, kTag).status().code();
        return;
      case IoOp::kCreate:
        seen.code = fs_.Open("/new", {.write = true, .create = true}, kTag).status().code();
        return;
      case IoOp::kRead:
        return counted(file_->ReadAt(0, buffer));
      case IoOp::kWrite:
        return counted(file_->WriteAt(kBlockBytes, Bytes("written"), kTag));
      case IoOp::kTruncate:
        seen.code = file_->Truncate(2, kTag).code();
        return;
      case IoOp::kSize:
        seen.code = file_->Size().status().code();
        return;
      case IoOp::kSync:
        SyncOfANewWrite(seen);
        return;
      case IoOp::kWriteback:
        seen.code = file_->StartWriteback(0, 0, kTag).code();
        return;
      case IoOp::kAllocate:
        seen.code = file_->Allocate(0, 2 * kBlockBytes, /*keep_size=*/false, kTag).code();
        return;
      case IoOp::kClose:
        seen.code = file_->Close().code();
        return;
      case IoOp::kRemove:
        seen.code = fs_.Remove("/file", kTag).code();
        return;
      case IoOp::kLink:
        seen.code = fs_.Link("/file", "/link", kTag).code();
        return;
      case IoOp::kRename:
        seen.code = fs_.Rename("/file", "/renamed", kTag).code();
        return;
      case IoOp::kCreateDir:
        seen.code = fs_.CreateDir("/made", kTag).code();
        return;
      case IoOp::kRemoveDir:
        seen.code = fs_.RemoveDir("/empty", kTag).code();
        return;
      case IoOp::kList:
        seen.code = fs_.List("/").status().code();
        return;
      case IoOp::kStat:
        seen.code = fs_.Stat("/").status().code();
        return;
      case IoOp::kSyncDir:
        // Made before it, so that it has something to make durable.
        (void)Create("/entry");
        seen.code = fs_.SyncDir("/", kTag).code();
        return;
      case IoOp::kLock:
        seen.code = fs_.Lock("/file", kTag).status().code();
        return;
    }
    ADD_FAILURE() << "no case for " << IoOpName(op);
  }

  void SyncOfANewWrite(Seen& seen) {
    const auto plain = fs_.Open("/file", {.write = true}, kTag).value();
    ASSERT_TRUE(plain->WriteAt(0, Bytes("W"), kTag).ok());
    seen.code = file_->Sync(SyncKind::kFull, kTag).code();
  }

  const PersistenceModel model_;
  FaultRules rules_;
  Failing failing_;
  Volume volume_{Image()};
  SimFileSystem fs_{volume_, &failing_};
  std::unique_ptr<File> victim_;
  std::unique_ptr<File> file_;
};

PersistenceModel Posix() { return FindModel("posix").value(); }

std::string RuleOf(const FaultKind& kind, IoOp op) {
  std::string rule(kind.name);
  if (kind.argument == FaultArgument::kCode) rule += " NO_SPACE";
  if (kind.argument == FaultArgument::kBytes) rule += " 2";
  return rule.append(" ").append(IoOpName(op));
}

/// What a kind must change, seen beside the same call without it; none: no case.
std::optional<bool> HasItsEffect(Action action, const Seen& with, const Seen& without) {
  switch (action) {
    case Action::kProceed:
      return std::nullopt;
    case Action::kFail:
      return with.code == Code::kNoSpace && without.code == Code::kOk;
    case Action::kShort:
      return with.code == Code::kOk && with.bytes == 2 && without.bytes == 7;
    case Action::kIgnore:
      return with.code == Code::kOk && with.pending > without.pending;
    case Action::kLate:
      return with.code == Code::kOk && with.next_sync == Code::kNoSpace &&
             without.next_sync == Code::kOk && with.pending > without.pending;
    case Action::kEvict:
      return with.code == without.code && with.tree != without.tree && with.victim == "durable" &&
             without.victim == "changed";
    case Action::kFull:
      return with.code == Code::kNoSpace && without.code == Code::kOk;
  }
  return std::nullopt;
}

TEST(EveryFaultKind, FiresOnEveryCallThatItCanHappenToAndIsSeen) {
  for (const FaultKind& kind : kFaultKinds) {
    for (int i = 0; i < kIoOpCount; ++i) {
      const IoOp op = static_cast<IoOp>(i);
      if (!FaultableOperations(kind.action).test(static_cast<size_t>(i))) continue;
      const std::string rule = RuleOf(kind, op);
      const Seen without = Scene("", Posix()).Call(op);
      const Seen with = Scene(rule, Posix()).Call(op);
      EXPECT_FALSE(without.fired);
      EXPECT_TRUE(with.fired) << rule;
      const std::optional<bool> seen = HasItsEffect(kind.action, with, without);
      ASSERT_TRUE(seen.has_value()) << rule << " has no case";
      EXPECT_TRUE(*seen) << rule;
    }
  }
}

/// Every action but "proceed" is a kind that rules can name.
TEST(EveryFaultKind, IsARow) {
  std::set<Action> actions;
  for (const FaultKind& kind : kFaultKinds) {
    EXPECT_TRUE(actions.insert(kind.action).second) << kind.name;
    EXPECT_NE(kind.operations, 0u) << kind.name;
  }
  EXPECT_EQ(actions.size(), static_cast<size_t>(Action::kFull));
}

TEST(EveryRotKind, ChangesADiskAndSaysWhere) {
  Volume volume{Image()};
  SimFileSystem fs(volume);
  for (std::string_view path : {"/a", "/b"}) {
    const auto file = fs.Open(path, {.write = true, .create = true}, kTag).value();
    for (std::string_view text : {"first", "later"}) {
      ASSERT_TRUE(file->WriteAt(0, Bytes(text), kTag).ok());
      ASSERT_TRUE(file->Sync(SyncKind::kFull, kTag).ok());
    }
  }
  ASSERT_TRUE(fs.SyncDir("/", kTag).ok());
  const EffectGraph graph = Lower(volume.base(), volume.trace(), Posix());
  PointView view(graph, CrashPoints(volume.trace()).back());
  const CrashState state{.point = view.point(), .lost = {}, .tears = {}, .fill = {}};
  const Image left = view.Materialize(state);
  const std::vector<Rot> rots = RotsOf(view, state, left);
  for (const RotKind kind : AllRotKinds()) {
    size_t fired = 0;
    for (const Rot& rot : rots) {
      if (rot.kind != kind) continue;
      const Result<RottenDisk> disk = ApplyRot(view, state, left, rot);
      if (!disk.ok()) continue;
      EXPECT_FALSE(SameContent(disk->image, left)) << Print(rot);
      EXPECT_FALSE(disk->hurt.empty()) << Print(rot);
      ++fired;
    }
    EXPECT_GT(fired, 0u) << Name(kind);
  }
}

/// Each word of each field that says what a failed sync does gives something else to see.
TEST(EveryPageSemantics, IsSeen) {
  size_t fields = 0;
  for (const std::string_view key : SwitchKeys()) {
    if (!key.starts_with("failed_")) continue;
    ++fields;
    std::set<std::string> seen;
    for (const std::string_view word : SwitchValues(key)) {
      PersistenceModel model = Posix();
      ASSERT_TRUE(SetSwitch(model, key, word).ok());
      EXPECT_TRUE(seen.insert(Scene("", model).OfFailedSync()).second)
          << key << " = " << word << " changes nothing that is seen";
    }
    EXPECT_GE(seen.size(), 2u) << key;
  }
  EXPECT_EQ(fields, 3u);
}

}  // namespace
}  // namespace faultfs
