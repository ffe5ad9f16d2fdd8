// The [clients] table of a scenario.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "harness/client_plan.h"
#include "harness/scenario/internal/scenario_parts.h"

namespace crashlab::internal {
namespace {

constexpr Bounds kClients = {1, kMaxClients};
constexpr Bounds kSchedules = {1, 1'000'000};
constexpr Bounds kDepths = {1, 16};
constexpr Bounds kPreemptions = {0, 8};

/// Complains of those that are there.
void Refuse(TableReader& reader, std::initializer_list<std::string_view> keys,
            const std::string& why) {
  for (const std::string_view key : keys) {
    const TomlEntry* entry = reader.Find(key);
    if (entry != nullptr) reader.Complain(entry->line, Quote(key) + reader.where() + why);
  }
}

bool Has(const ClientPlan& plan, ScheduleKind kind) {
  return std::find(plan.kinds.begin(), plan.kinds.end(), kind) != plan.kinds.end();
}

void ParseKinds(TableReader& reader, ClientPlan& plan) {
  std::vector<std::string_view> names;
  for (int i = 0; i < kScheduleKindCount; ++i) names.push_back(Name(static_cast<ScheduleKind>(i)));
  std::vector<ScheduleKind> all;
  for (const TomlNode* word : reader.Strings("kinds")) {
    const std::optional<ScheduleKind> kind = ScheduleKindFromName(word->string);
    if (!kind) {
      reader.Complain(word->line, "no kind of schedule " + Quote(word->string) + reader.where() +
                                      DidYouMean(word->string, names));
      continue;
    }
    if (std::find(all.begin(), all.end(), *kind) != all.end()) {
      reader.Complain(word->line, Quote(word->string) + " in kinds is there twice");
    }
    all.push_back(*kind);
  }
  if (!all.empty()) plan.kinds = std::move(all);
  if (Has(plan, ScheduleKind::kExhaustive) && plan.kinds.size() > 1) {
    reader.Complain(reader.Find("kinds")->line, "\"exhaustive\" in kinds stands alone");
  }
}

void ParseThreads(TableReader& reader, ClientPlan& plan) {
  constexpr std::string_view kWords[] = {"simulated", "real"};
  std::string word = "simulated";
  reader.Read("threads", word);
  plan.real_threads = word == "real";
  if (word == "simulated" || word == "real") return;
  reader.Complain(reader.Find("threads")->line,
                  "no threads " + Quote(word) + reader.where() + DidYouMean(word, kWords));
}

void ParseSchedule(TableReader& reader, bool is_fixed, ClientPlan& plan) {
  std::string text;
  if (!reader.Read("schedule", text)) return;
  const uint64_t line = reader.Find("schedule")->line;
  const Status valid = CheckSchedule(text);
  if (!valid.ok()) reader.Complain(line, std::string(valid.message()));
  if (!is_fixed) {
    reader.Complain(line, "\"schedule\" in [clients] needs a program, not a [workload]");
  }
  plan.schedule = std::move(text);
}

/// What has no meaning beside the rest.
void RefuseIdle(TableReader& reader, const ClientPlan& plan) {
  if (plan.schedule && !NumberOfSchedule(*plan.schedule)) {
    Refuse(reader, {"schedules", "kinds", "depth", "preemptions", "threads"},
           " has no place beside a schedule that names its picks");
  }
  if (plan.real_threads) {
    Refuse(reader, {"kinds", "depth", "preemptions", "schedule"}, " is of simulated threads");
  }
  if (!Has(plan, ScheduleKind::kPct)) Refuse(reader, {"depth"}, " needs \"pct\" in kinds");
  if (!Has(plan, ScheduleKind::kExhaustive)) {
    Refuse(reader, {"preemptions"}, " needs \"exhaustive\" in kinds");
  }
}

}  // namespace

ClientPlan ParseClients(const TomlNode& table, bool is_fixed, bool on_disk,
                        Complaints& complaints) {
  TableReader reader(table, " in [clients]", complaints);
  ClientPlan plan;
  uint64_t least = plan.least;
  uint64_t most = plan.most;
  if (is_fixed) {
    Refuse(reader, {"count"}, " is of a [workload]; a program itself says whose its lines are");
  } else if (reader.ReadRange("count", kClients, least, most)) {
    plan.least = static_cast<uint32_t>(least);
    plan.most = static_cast<uint32_t>(most);
  }
  reader.Read("schedules", kSchedules, plan.schedules);
  ParseKinds(reader, plan);
  uint64_t number = plan.depth;
  reader.Read("depth", kDepths, number);
  plan.depth = static_cast<uint32_t>(number);
  number = plan.preemptions;
  reader.Read("preemptions", kPreemptions, number);
  plan.preemptions = static_cast<uint32_t>(number);
  ParseThreads(reader, plan);
  ParseSchedule(reader, is_fixed, plan);
  RefuseIdle(reader, plan);
  if (on_disk)
    Refuse(reader, {"schedules"}, " has no place beside [process], whose kills are runs");
  reader.RefuseOthers();
  return plan;
}

}  // namespace crashlab::internal
