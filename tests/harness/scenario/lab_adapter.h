// An engine for tests of what is around engines: it has options and calls of its own and cannot
// run.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "harness/adapter.h"

namespace crashlab::test {

class LabAdapter final : public Adapter {
 public:
  std::string_view name() const override { return "lab"; }
  std::string_view summary() const override { return "for tests"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  std::vector<std::string_view> options() const override { return {"mode", "pages", "fast"}; }
  Result<std::unique_ptr<System>> Open(const OpenContext&) const override {
    return Status::Error(Code::kUnsupported, "this engine cannot run");
  }

 private:
  const Capabilities capabilities_ = {
      .verbs = {Verb::kSet, Verb::kGet, Verb::kReopen, Verb::kClose},
      .calls = {{"save", 10}, {"sweep", 1}},
      .overheads_bytes = {},
      .clients = true};
  const Contract contract_;
};

/// The builtin engines and the one above.
inline AdapterSet LabAdapters() {
  static const LabAdapter lab;
  std::vector<const Adapter*> adapters = BuiltinAdapters();
  adapters.push_back(&lab);
  return AdapterSet(adapters);
}

}  // namespace crashlab::test
