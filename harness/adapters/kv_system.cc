#include "harness/adapters/kv_system.h"

#include <utility>

#include "faultfs/env/check.h"
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

class KvSystem final : public System {
 public:
  explicit KvSystem(std::unique_ptr<kv::Store> store) : store_(std::move(store)) {}

  Reply Apply(const Operation& operation, OpNumber number) override {
    uint64_t sequence = 0;
    kv::WriteOptions options{.sequence = &sequence};
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
        reply.status = store_->ClearPersistence(options);
        break;
      case Verb::kClose:
        reply.status = store_->Close();
        break;
      case Verb::kBackground:
      case Verb::kReopen:
      case Verb::kKill:
      case Verb::kCall:
        reply.status = Status::Error(Code::kUnsupported, "not an operation of the store");
        break;
    }
    if (sequence > 0) reply.sequence = sequence;
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

}  // namespace

Result<std::unique_ptr<System>> OpenKv(const OpenContext& context, uint64_t checkpoint_bytes) {
  kv::Options options;
  options.file_system = &context.file_system;
  options.entropy = &context.entropy;
  options.durability = ToStore(context.config.durability);
  options.segment_bytes = context.config.segment_bytes;
  options.executor = &context.executor;
  options.checkpoint_bytes = checkpoint_bytes;
  auto store = kv::Store::Open(options, context.directory);
  if (!store.ok()) return store.status();
  return std::unique_ptr<System>(std::make_unique<KvSystem>(std::move(store).value()));
}

}  // namespace crashlab
