#include "harness/adapters/kv_adapter.h"

#include <charconv>
#include <utility>

#include "faultfs/sim/image.h"
#include "harness/adapters/kv_dead_bytes.h"
#include "harness/adapters/kv_system.h"
#include "store/format.h"
#include "store/mutation.h"

namespace crashlab {
namespace {

constexpr std::string_view kCheckpointBytes = "checkpoint_bytes";
constexpr uint64_t kMaxCheckpointBytes = uint64_t{1} << 40;

/// nullopt if it is no number, or too large.
std::optional<uint64_t> ParseCheckpointBytes(std::string_view text) {
  uint64_t bytes = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool whole = error == std::errc() && stop == text.data() + text.size();
  return whole && bytes <= kMaxCheckpointBytes ? std::optional(bytes) : std::nullopt;
}

/// 0, which is off, if the configuration says nothing; nullopt if what it says is wrong.
std::optional<uint64_t> CheckpointBytes(const StoreConfig& config) {
  const auto option = config.options.find(std::string(kCheckpointBytes));
  return option == config.options.end() ? 0 : ParseCheckpointBytes(option->second);
}

/// What a set of a value that fills sectors takes in the log beyond the value.
uint64_t SetOverheadBytes() {
  const std::string value(faultfs::kSectorBytes, '\0');
  return kv::EncodedMutation::Of({.kind = kv::OperationKind::kSet, .key = "k", .value = value})
             .record_bytes() -
         value.size();
}

class KvStoreAdapter final : public Adapter {
 public:
  std::string_view name() const override { return "kv"; }
  std::string_view summary() const override {
    return "the key-value store of this project: segmented log, snapshots, Buffered, Sync, "
           "GroupCommit";
  }

  const Capabilities& capabilities() const override {
    static const Capabilities capabilities = {
        .verbs = {Verb::kSet, Verb::kDelete, Verb::kClear, Verb::kBatch, Verb::kGet,
                  Verb::kContains, Verb::kSize, Verb::kForEach, Verb::kFlush, Verb::kSnapshot,
                  Verb::kCompact, Verb::kClearPersistence, Verb::kBackground, Verb::kClose,
                  Verb::kReopen, Verb::kKill},
        .calls = {},
        .overheads_bytes = {kv::kSegmentHeaderBytes + SetOverheadBytes(), SetOverheadBytes()},
        .clients = true};
    return capabilities;
  }

  const Contract& contract() const override {
    static const Contract contract = {
        .rows = {{Verb::kSet, Durability::kSync, Promise::kPower},
                 {Verb::kDelete, Durability::kSync, Promise::kPower},
                 {Verb::kClear, Durability::kSync, Promise::kPower},
                 {Verb::kBatch, Durability::kSync, Promise::kPower},
                 {Verb::kSet, Durability::kBuffered, Promise::kProcess},
                 {Verb::kDelete, Durability::kBuffered, Promise::kProcess},
                 {Verb::kClear, Durability::kBuffered, Promise::kProcess},
                 {Verb::kBatch, Durability::kBuffered, Promise::kProcess},
                 {Verb::kGet, Durability::kSync, Promise::kPower},
                 {Verb::kContains, Durability::kSync, Promise::kPower},
                 {Verb::kSize, Durability::kSync, Promise::kPower},
                 {Verb::kForEach, Durability::kSync, Promise::kPower},
                 {Verb::kGet, Durability::kBuffered, Promise::kProcess},
                 {Verb::kContains, Durability::kBuffered, Promise::kProcess},
                 {Verb::kSize, Durability::kBuffered, Promise::kProcess},
                 {Verb::kForEach, Durability::kBuffered, Promise::kProcess},
                 {Verb::kSet, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kDelete, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kClear, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kBatch, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kGet, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kContains, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kSize, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kForEach, Durability::kGroupCommit, Promise::kPower},
                 {Verb::kFlush, std::nullopt, Promise::kPowerForAckedBefore},
                 {Verb::kSnapshot, std::nullopt, Promise::kPowerForAckedBefore},
                 {Verb::kCompact, std::nullopt, Promise::kPowerForAckedBefore},
                 {Verb::kClearPersistence, std::nullopt, Promise::kPower},
                 {Verb::kClose, std::nullopt, Promise::kPowerForAckedBefore},
                 {Verb::kBackground, std::nullopt, Promise::kNothing}},
        .not_applied = {Code::kInvalidArgument, Code::kTooLarge, Code::kNoSpace, Code::kPoisoned,
                        Code::kClosed},
        .close = Promise::kPowerForAckedBefore,
        .info_voids_process_frontier = true,
        // Before a snapshot has its name nothing rests on it; what it covers goes when it can.
        .harmless_tags = {"snapshot.create", "snapshot.write", "snapshot.pace", "snapshot.sync",
                          "snapshot.publish", "snapshot.discard", "snapshot.remove-old",
                          "wal.remove-covered"},
        .survives_full_disk = true};
    return contract;
  }

  std::vector<std::string_view> options() const override { return {kCheckpointBytes}; }

  Status CheckOption(std::string_view, std::string_view value) const override {
    if (ParseCheckpointBytes(value).has_value()) return Status();
    return Status::Error(Code::kInvalidArgument,
                         "must be a whole number from 0 to " + std::to_string(kMaxCheckpointBytes));
  }

  bool WorksInBackground(const StoreConfig& config) const override {
    return CheckpointBytes(config).value_or(0) > 0;
  }

  std::string_view FileKind(std::string_view name) const override {
    if (name.ends_with(kv::kSegmentSuffix)) return "log";
    if (name.ends_with(kv::kSnapshotSuffix)) return "snapshot";
    if (name.ends_with(kv::kTemporarySuffix)) return "temporary";
    return name == kv::kLockName ? "lock" : "other";
  }

  Result<std::vector<FileRange>> DeadBytes(faultfs::FileSystem& file_system,
                                           std::string_view directory) const override {
    return KvDeadBytes(file_system, directory);
  }

  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    const std::optional<uint64_t> checkpoint_bytes = CheckpointBytes(context.config);
    if (!checkpoint_bytes.has_value()) {
      return Status::Error(Code::kInvalidArgument, "checkpoint_bytes is no whole number");
    }
    return context.scheduled ? OpenScheduledKv(context, *checkpoint_bytes)
                             : OpenKv(context, *checkpoint_bytes);
  }
};

}  // namespace

const Adapter& KvAdapter() {
  static const KvStoreAdapter adapter;
  return adapter;
}

}  // namespace crashlab
