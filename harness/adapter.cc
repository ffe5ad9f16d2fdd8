#include "harness/adapter.h"

#include <algorithm>

#include "faultfs/env/nearest_name.h"
#include "harness/oracle/oracle.h"

namespace crashlab {

Promise Contract::PromiseOf(const Operation& operation, Durability store_default) const {
  const Durability durability = operation.durability.value_or(store_default);
  for (const ContractRow& row : rows) {
    if (row.verb == operation.verb && row.durability.value_or(durability) == durability) {
      return row.promise;
    }
  }
  return Promise::kNothing;
}

Outcome Contract::OutcomeOf(const Status& status) const {
  if (status.ok()) return Outcome::kOk;
  const bool refused =
      std::find(not_applied.begin(), not_applied.end(), status.code()) != not_applied.end();
  return refused ? Outcome::kFail : Outcome::kInfo;
}

faultfs::Hash128 EntryHash(std::string_view key, std::string_view value) {
  return faultfs::Combine(faultfs::HashBytes(key), faultfs::HashBytes(value));
}

faultfs::Hash128 HashOf(const Dump& dump) {
  faultfs::Hash128 sum;
  for (const auto& [key, value] : dump) sum += EntryHash(key, value);
  return sum;
}

bool Capabilities::Has(Verb verb) const {
  if (verb == Verb::kCall) return !calls.empty();
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

Status Adapter::CheckOption(std::string_view option, std::string_view value) const {
  static_cast<void>(option);
  static_cast<void>(value);
  return {};
}

bool Adapter::WorksInBackground(const StoreConfig& config) const {
  static_cast<void>(config);
  return capabilities().Has(Verb::kBackground);
}

std::unique_ptr<Checker> Adapter::MakeChecker(const Program& program,
                                              const StoreConfig& config) const {
  return std::make_unique<KvOracle>(program, contract(), config.durability);
}

Result<const Adapter*> AdapterSet::Find(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const Adapter* adapter : adapters_) {
    if (adapter->name() == name) return adapter;
    names.push_back(adapter->name());
  }
  return Status::Error(Code::kInvalidArgument,
                       "no adapter \"" + std::string(name) + "\"; did you mean \"" +
                           std::string(faultfs::NearestName(name, names)) + "\"?");
}

}  // namespace crashlab
