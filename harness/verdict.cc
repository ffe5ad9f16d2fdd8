#include "harness/verdict.h"

#include <utility>

#include "faultfs/env/check.h"

namespace crashlab {
namespace {

constexpr std::pair<Verdict, std::string_view> kNames[] = {
    {Verdict::kCrash, "CRASH"},
    {Verdict::kHang, "HANG"},
    {Verdict::kOpenHung, "OPEN_HUNG"},
    {Verdict::kOpenFailed, "OPEN_FAILED"},
    {Verdict::kFalseCorruption, "FALSE_CORRUPTION"},
    {Verdict::kPhantom, "PHANTOM"},
    {Verdict::kWrongValue, "WRONG_VALUE"},
    {Verdict::kTornBatch, "TORN_BATCH"},
    {Verdict::kResurrected, "RESURRECTED"},
    {Verdict::kHole, "HOLE"},
    {Verdict::kLostAcked, "LOST_ACKED"},
    {Verdict::kFuture, "FUTURE"},
    {Verdict::kUndetectedCorruption, "UNDETECTED_CORRUPTION"},
    {Verdict::kNotWritable, "NOT_WRITABLE"},
    {Verdict::kNotLinearizable, "NOT_LINEARIZABLE"},
    {Verdict::kNondeterministic, "NONDETERMINISTIC"},
};
static_assert(std::size(kNames) == kVerdictCount, "every verdict has a name");

}  // namespace

std::string_view Name(Verdict verdict) {
  for (const auto& [value, name] : kNames) {
    if (value == verdict) return name;
  }
  FAULTFS_CHECK(false, "every verdict has a name");
  return {};
}

std::optional<Verdict> VerdictFromName(std::string_view name) {
  for (const auto& [value, text] : kNames) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace crashlab
