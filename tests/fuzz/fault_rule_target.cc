// Any text as fault rules: rules that survive being printed and read, or an error.
#include <string>
#include <string_view>

#include "faultfs/env/check.h"
#include "faultfs/fault/fault_rule.h"
#include "faultfs/fault/fault_rules.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = faultfs::ParseFaultRule(text);
  if (rule.ok()) {
    FAULTFS_CHECK(faultfs::CheckFaultRule(*rule).ok(), "a rule that was read can act");
    const auto again = faultfs::ParseFaultRule(faultfs::PrintFaultRule(*rule));
    FAULTFS_CHECK(again.ok() && *again == *rule, "what is printed reads back equal");
  }
  const auto rules = faultfs::ParseFaultRules(text);
  if (rules.ok()) {
    const auto again = faultfs::ParseFaultRules(faultfs::PrintFaultRules(*rules));
    FAULTFS_CHECK(again.ok() && *again == *rules, "what is printed reads back equal");
  }
  return 0;
}
