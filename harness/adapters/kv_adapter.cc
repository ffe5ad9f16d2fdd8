#include "harness/adapters/kv_adapter.h"

#include <charconv>
#include <utility>

#include "faultfs/sim/image.h"
#include "harness/adapters/kv_dead_bytes.h"
#include "store/format.h"
#include "store/mutation.h"
#include "store/store.h"

namespace crashlab {
namespace {

kv::Durability ToStore(Durability durability) {
  switch (durability) {
    case Durability::kBuffered:
      return kv::Durability::kBuffered;
    case Durability::kSync:
      return kv::Durability::kSync;
    case Durability::kGroupCommit:
      return kv::Durability::kGroupCommit;
  }
  FAULTFS_CHECK(false, "every durability is one of the store");
  return {};
}

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

class KvSystem final : public System {
 public:
  explicit KvSystem(std::unique_ptr<kv::Store> store) : store_(std::move(store)) {}

  Reply Apply(const Operation& operation, OpNumber number) override {
    kv::WriteOptions options;
    if (operation.durability.has_value()) options.durability = ToStore(*operation.durability);
    Reply reply;
    switch (operation.verb) {
      case Verb::kSet:
        reply.status =
            store_->Set(operation.key, ValueOf(number, 0, operation.value_bytes), options);
        break;
      case Verb::kDelete:
        reply.status = store_->Delete(operation.key, options);
        break;
      case Verb::kClear:
        reply.status = store_->Clear(options);
        break;
      case Verb::kBatch:
        reply.status = WriteBatch(operation, number, options);
        break;
      case Verb::kGet:
        Take(store_->Get(operation.key), reply.status, reply.value);
        break;
      case Verb::kContains:
        Take(store_->Contains(operation.key), reply.status, reply.number);
        break;
      case Verb::kSize:
        Take(store_->Size(), reply.status, reply.number);
        break;
      case Verb::kForEach:
        Take(ReadAll(), reply.status, reply.dump);
        break;
      case Verb::kFlush:
        reply.status = store_->Flush();
        break;
      case Verb::kSnapshot:
        reply.status = store_->Snapshot();
        break;
      case Verb::kCompact:
        reply.status = store_->Compact();
        break;
      case Verb::kClearPersistence:
        reply.status = store_->ClearPersistence();
        break;
      case Verb::kBackground:
      case Verb::kClose:
      case Verb::kReopen:
      case Verb::kKill:
      case Verb::kCall:
        reply.status = Status::Error(Code::kUnsupported, "not an operation of the store");
        break;
    }
    return reply;
  }

  Result<Dump> ReadAll() override {
    Dump dump;
    const Status status = store_->ForEach([&dump](std::string_view key, std::string_view value) {
      dump.emplace_back(std::string(key), std::string(value));
    });
    if (!status.ok()) return status;
    return dump;
  }

  Status Close() override { return store_->Close(); }
  Status BackgroundStatus() const override { return store_->checkpoints().last_status; }

 private:
  Status WriteBatch(const Operation& operation, OpNumber number, const kv::WriteOptions& options) {
    kv::WriteBatch batch;
    for (size_t i = 0; i < operation.batch.size(); ++i) {
      const Edit& edit = operation.batch[i];
      if (edit.erase) {
        batch.Delete(edit.key);
      } else {
        batch.Set(edit.key, ValueOf(number, i, edit.value_bytes));
      }
    }
    return store_->Write(batch, options);
  }

  template <typename From, typename To>
  static void Take(Result<From> result, Status& status, To& to) {
    status = result.status();
    if (result.ok()) to = std::move(result).value();
  }

  std::unique_ptr<kv::Store> store_;
};

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
                  Verb::kCompact, Verb::kClearPersistence, Verb::kBackground, Verb::kReopen,
                  Verb::kKill},
        .calls = {},
        .overheads_bytes = {kv::kSegmentHeaderBytes + SetOverheadBytes(), SetOverheadBytes()}};
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
    kv::Options options;
    options.file_system = &context.file_system;
    options.entropy = &context.entropy;
    options.durability = ToStore(context.config.durability);
    options.segment_bytes = context.config.segment_bytes;
    options.executor = &context.executor;
    const std::optional<uint64_t> checkpoint_bytes = CheckpointBytes(context.config);
    if (!checkpoint_bytes.has_value()) {
      return Status::Error(Code::kInvalidArgument, "checkpoint_bytes is no whole number");
    }
    options.checkpoint_bytes = *checkpoint_bytes;
    auto store = kv::Store::Open(options, context.directory);
    if (!store.ok()) return store.status();
    return std::unique_ptr<System>(std::make_unique<KvSystem>(std::move(store).value()));
  }
};

}  // namespace

const Adapter& KvAdapter() {
  static const KvStoreAdapter adapter;
  return adapter;
}

}  // namespace crashlab
