#include "harness/process_plan.h"

#include <charconv>

#include "faultfs/env/check.h"
#include "faultfs/env/nearest_name.h"
#include "faultfs/fault/fault_rule.h"

namespace crashlab {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

constexpr std::string_view kTmpfs = "tmpfs:";
constexpr std::string_view kThen = ", then ";
// A tmpfs needs some pages to hold a directory at all, and it is memory.
constexpr uint64_t kLeastTmpfsBytes = 16 << 10;
constexpr uint64_t kMostTmpfsBytes = uint64_t{1} << 30;

constexpr struct {
  KillWhen when;
  std::string_view name;
} kNames[] = {
    {KillWhen::kEnd, "end"},       {KillWhen::kCall, "call"},
    {KillWhen::kWithin, "within"}, {KillWhen::kOperation, "operation"},
    {KillWhen::kMoment, "moment"},
};
static_assert(std::size(kNames) == kKillWhenCount);

std::optional<uint64_t> NumberIn(std::string_view text) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && stop == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string_view Name(KillWhen when) {
  for (const auto& row : kNames) {
    if (row.when == when) return row.name;
  }
  FAULTFS_CHECK(false, "every kind of kill has a name");
  return {};
}

std::optional<KillWhen> KillWhenFromName(std::string_view name) {
  for (const auto& row : kNames) {
    if (row.name == name) return row.when;
  }
  return std::nullopt;
}

std::string Print(const KillPoint& point) {
  std::string text(Name(point.when));
  if (point.when != KillWhen::kEnd) text += " " + std::to_string(point.number);
  return text;
}

Result<KillPoint> ParseKillPoint(std::string_view text) {
  const auto wrong = [&] {
    return Status::Error(Code::kInvalidArgument,
                         "no kill \"" + std::string(text) +
                             "\"; it is end, call N, within N, operation N (all from 1) or "
                             "moment N (below 1000)");
  };
  const size_t blank = text.find(' ');
  const std::optional<KillWhen> when = KillWhenFromName(text.substr(0, blank));
  if (!when || (*when == KillWhen::kEnd) != (blank == text.npos)) return wrong();
  if (*when == KillWhen::kEnd) return KillPoint{};
  const std::optional<uint64_t> number = NumberIn(text.substr(blank + 1));
  if (!number) return wrong();
  const bool fits = *when == KillWhen::kMoment ? *number < 1000 : *number > 0;
  if (!fits) return wrong();
  return KillPoint{*when, *number};
}

std::string Print(const KillChain& chain) {
  std::string text;
  for (const KillPoint& point : chain) {
    if (!text.empty()) text += kThen;
    text += Print(point);
  }
  return text;
}

Result<KillChain> ParseKillChain(std::string_view text) {
  KillChain chain;
  for (bool more = true; more;) {
    const size_t then = text.find(kThen);
    more = then != text.npos;
    FAULTFS_ASSIGN_OR_RETURN(const KillPoint point, ParseKillPoint(text.substr(0, then)));
    if (!chain.empty() && (point.when == KillWhen::kOperation || point.when == KillWhen::kMoment)) {
      return Status::Error(
          Code::kInvalidArgument,
          "no kill \"" + Print(point) + "\" of a recovery; it is end, call N or within N");
    }
    chain.push_back(point);
    if (more) text.remove_prefix(then + kThen.size());
  }
  return chain;
}

std::string PrintDirectory(const ProcessPlan& plan) {
  if (!plan.tmpfs_bytes) return "temporary";
  const uint64_t bytes = *plan.tmpfs_bytes;
  std::string text(kTmpfs);
  if (bytes % (1 << 20) == 0) return text + std::to_string(bytes >> 20) + "m";
  if (bytes % (1 << 10) == 0) return text + std::to_string(bytes >> 10) + "k";
  return text + std::to_string(bytes);
}

Result<std::optional<uint64_t>> ParseDirectory(std::string_view text) {
  if (text == "temporary") return std::optional<uint64_t>();
  if (text.starts_with(kTmpfs)) {
    std::string_view size = text.substr(kTmpfs.size());
    uint64_t unit = 1;
    if (size.ends_with('k')) unit = 1 << 10;
    if (size.ends_with('m')) unit = 1 << 20;
    if (unit > 1) size.remove_suffix(1);
    const std::optional<uint64_t> number = NumberIn(size);
    if (number && *number <= kMostTmpfsBytes / unit && *number * unit >= kLeastTmpfsBytes) {
      return std::optional<uint64_t>(*number * unit);
    }
  }
  return Status::Error(Code::kInvalidArgument,
                       "no directory \"" + std::string(text) +
                           "\"; it is \"temporary\" or \"tmpfs:SIZE\", from 16k to 1024m");
}

std::string RuleOfTheSimulator(const std::vector<std::string>& rules) {
  for (const std::string& rule : rules) {
    const Result<faultfs::FaultRule> parsed = faultfs::ParseFaultRule(rule);
    if (parsed.ok() && parsed->fault.action == faultfs::IoDecision::Action::kFull) return rule;
  }
  return {};
}

}  // namespace crashlab
