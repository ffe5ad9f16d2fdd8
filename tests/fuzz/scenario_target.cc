// Any text as a scenario file: a scenario that survives being printed and read, or one clear line.
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/check.h"
#include "harness/scenario/scenario.h"
#include "tests/fuzz/target.h"

namespace {

using crashlab::Verb;

/// Any engine that a scenario may name: only its words matter here.
class Words final : public crashlab::Adapter {
 public:
  explicit Words(std::string_view name) : name_(name) {
    for (int i = 0; i < crashlab::kVerbCount; ++i) {
      if (static_cast<Verb>(i) != Verb::kCall) all_.verbs.push_back(static_cast<Verb>(i));
    }
    all_.calls = {{"save", 10}, {"sweep", 1}};
  }
  std::string_view name() const override { return name_; }
  std::string_view summary() const override { return "for the fuzzer"; }
  const crashlab::Capabilities& capabilities() const override { return all_; }
  const crashlab::Contract& contract() const override { return contract_; }
  std::vector<std::string_view> options() const override {
    return {"checkpoint_bytes", "buffered"};
  }
  crashlab::Result<std::unique_ptr<crashlab::System>> Open(
      const crashlab::OpenContext&) const override {
    return crashlab::Status::Error(crashlab::Code::kUnsupported, "this engine cannot run");
  }

 private:
  const std::string_view name_;
  crashlab::Capabilities all_;
  const crashlab::Contract contract_;
};

const crashlab::AdapterSet& Engines() {
  static const Words kv("kv");
  static const Words toy("toy");
  static const Words canary("canary");
  static const crashlab::AdapterSet engines({&kv, &toy, &canary});
  return engines;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenario = crashlab::ParseScenario(text, "f.toml", Engines());
  if (!scenario.ok()) {
    const crashlab::Status& wrong = scenario.status();
    FAULTFS_CHECK(wrong.Is(crashlab::Code::kInvalidArgument), "a wrong file is wrong use");
    FAULTFS_CHECK(wrong.message().starts_with("f.toml:"), "and the message names the place");
    FAULTFS_CHECK(wrong.message().find('\n') == std::string_view::npos, "in one line");
    return 0;
  }
  const std::string printed = crashlab::PrintScenario(*scenario);
  const auto again = crashlab::ParseScenario(printed, "f.toml", Engines());
  FAULTFS_CHECK(again.ok() && *again == *scenario, "what is printed reads back equal");
  FAULTFS_CHECK(crashlab::PrintScenario(*again) == printed, "and prints the same");
  return 0;
}
