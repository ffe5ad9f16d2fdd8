#include "harness/client_plan.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "faultfs/env/check.h"
#include "faultfs/sim/schedule.h"

namespace crashlab {
namespace {

using faultfs::Code;
using faultfs::Status;

constexpr std::string_view kScheduleKinds[] = {"random", "pct", "exhaustive"};
static_assert(std::size(kScheduleKinds) == kScheduleKindCount);

template <typename Number>
std::optional<Number> WholeNumber(std::string_view digits) {
  Number number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::string_view Name(ScheduleKind kind) { return kScheduleKinds[static_cast<size_t>(kind)]; }

std::optional<ScheduleKind> ScheduleKindFromName(std::string_view name) {
  const auto* const at = std::find(std::begin(kScheduleKinds), std::end(kScheduleKinds), name);
  if (at == std::end(kScheduleKinds)) return std::nullopt;
  return static_cast<ScheduleKind>(at - std::begin(kScheduleKinds));
}

Status CheckSchedule(std::string_view schedule) {
  if (!schedule.starts_with('#')) return faultfs::ReplaySchedule::Parse(schedule).status();
  if (NumberOfSchedule(schedule)) return Status();
  return Status::Error(Code::kInvalidArgument, "no schedule \"" + std::string(schedule) +
                                                   "\"; the N-th of the plan is \"#N\"");
}

std::optional<uint64_t> NumberOfSchedule(std::string_view schedule) {
  if (!schedule.starts_with('#')) return std::nullopt;
  const auto number = WholeNumber<uint64_t>(schedule.substr(1));
  return number == uint64_t{0} ? std::nullopt : number;
}

std::vector<ScheduleRun> RunsOf(std::string_view picks) {
  std::vector<ScheduleRun> runs;
  while (!picks.empty()) {
    const std::string_view run = picks.substr(0, picks.find(' '));
    const size_t star = std::min(run.find('*'), run.size());
    const auto client = WholeNumber<uint32_t>(run.substr(0, star));
    const auto count = star == run.size() ? 1 : WholeNumber<uint64_t>(run.substr(star + 1));
    FAULTFS_CHECK(client && count, "the caller has checked the text");
    runs.push_back({*client, *count});
    picks.remove_prefix(std::min(run.size() + 1, picks.size()));
  }
  return runs;
}

std::string PrintSchedule(const std::vector<ScheduleRun>& runs) {
  std::string text;
  for (size_t i = 0; i < runs.size();) {
    const uint32_t client = runs[i].client;
    uint64_t picks = 0;
    for (; i < runs.size() && runs[i].client == client; ++i) {
      picks += std::min(runs[i].picks, UINT64_MAX - picks);
    }
    if (!text.empty()) text += ' ';
    text += std::to_string(client);
    if (picks > 1) text += '*' + std::to_string(picks);
  }
  return text;
}

}  // namespace crashlab
