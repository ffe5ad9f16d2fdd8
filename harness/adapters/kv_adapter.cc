#include "harness/adapters/kv_adapter.h"

#include <utility>

#include "store/store.h"

namespace crashlab {
namespace {

kv::Durability ToStore(Durability durability) {
  return durability == Durability::kSync ? kv::Durability::kSync : kv::Durability::kBuffered;
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

class KvStoreAdapter final : public Adapter {
 public:
  std::string_view name() const override { return "kv"; }
  std::string_view summary() const override {
    return "the key-value store of this project: segmented log, Buffered and Sync";
  }

  const Capabilities& capabilities() const override {
    static const Capabilities capabilities = {
        .verbs = {Verb::kSet, Verb::kDelete, Verb::kClear, Verb::kBatch, Verb::kGet,
                  Verb::kContains, Verb::kSize, Verb::kForEach, Verb::kFlush, Verb::kReopen,
                  Verb::kKill},
        .calls = {}};
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
                 {Verb::kFlush, std::nullopt, Promise::kPowerForAckedBefore}},
        .not_applied = {Code::kInvalidArgument, Code::kTooLarge, Code::kNoSpace, Code::kPoisoned,
                        Code::kClosed},
        .close = Promise::kPowerForAckedBefore,
        .info_voids_process_frontier = true};
    return contract;
  }

  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    kv::Options options;
    options.file_system = &context.file_system;
    options.entropy = &context.entropy;
    options.durability = ToStore(context.config.durability);
    options.segment_bytes = context.config.segment_bytes;
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
