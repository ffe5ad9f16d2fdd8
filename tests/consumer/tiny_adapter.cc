// TinyStore for Crashlab: what it can do, what it promises, how it is called.

#include <utility>

#include "adapters.h"
#include "tiny_store.h"

namespace {

using namespace crashlab;  // NOLINT: a small program of its own

class TinySystem final : public System {
 public:
  explicit TinySystem(TinyStore store) : store_(std::move(store)) {}

  Reply Apply(const Operation& operation, OpNumber number) override {
    Reply reply;
    if (operation.verb == Verb::kSet) {
      store_.map[operation.key] = ValueOf(number, 0, operation.value_bytes);
      reply.status = store_.Save();
    } else if (operation.verb == Verb::kDelete) {
      store_.map.erase(operation.key);
      reply.status = store_.Save();
    } else {
      const auto it = store_.map.find(operation.key);
      if (it != store_.map.end()) reply.value = it->second;
    }
    return reply;
  }
  Result<Dump> ReadAll() override { return Dump(store_.map.begin(), store_.map.end()); }
  Status Close() override { return Status(); }

 private:
  TinyStore store_;
};

class Tiny final : public Adapter {
 public:
  std::string_view name() const override { return "tiny"; }
  std::string_view summary() const override { return "fifty lines: rewrite, rename"; }
  std::vector<std::string_view> options() const override { return {"sync_directory"}; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }

  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    TinyStore store{
        .fs = context.file_system, .directory = std::string(context.directory), .map = {}};
    const auto option = context.config.options.find("sync_directory");
    store.sync_directory = option == context.config.options.end() || option->second != "false";
    FAULTFS_RETURN_IF_ERROR(store.Load());
    return std::unique_ptr<System>(std::make_unique<TinySystem>(std::move(store)));
  }

 private:
  const Capabilities capabilities_ = {
      .verbs = {Verb::kSet, Verb::kDelete, Verb::kGet, Verb::kReopen, Verb::kKill}, .calls = {}};
  const Contract contract_ = {.rows = {{Verb::kSet, std::nullopt, Promise::kPower},
                                       {Verb::kDelete, std::nullopt, Promise::kPower}},
                              .not_applied = {}};
};

}  // namespace

const Adapter& TinyAdapter() {
  static const Tiny adapter;
  return adapter;
}
