// The [process] table of a scenario.
#include <algorithm>
#include <utility>

#include "harness/process_plan.h"
#include "harness/scenario/internal/scenario_parts.h"

namespace crashlab::internal {
namespace {

using faultfs::Result;

constexpr Bounds kKills = {1, 1'000'000};
constexpr Bounds kDepths = {1, 2};
constexpr Bounds kFileSizes = {1, uint64_t{1} << 40};

void ParseWhen(TableReader& reader, ProcessPlan& plan) {
  constexpr std::string_view kWords[] = {"call", "within", "operation", "moment"};
  std::vector<KillWhen> all;
  for (const TomlNode* word : reader.Strings("when")) {
    const std::optional<KillWhen> when = KillWhenFromName(word->string);
    if (!when || when == KillWhen::kEnd) {
      reader.Complain(word->line, "no time of a kill " + Quote(word->string) + reader.where() +
                                      DidYouMean(word->string, kWords));
      continue;
    }
    if (std::find(all.begin(), all.end(), *when) != all.end()) {
      reader.Complain(word->line, Quote(word->string) + " in when is there twice");
    }
    all.push_back(*when);
  }
  if (!all.empty()) plan.when = std::move(all);
}

}  // namespace

ProcessPlan ParseProcess(const TomlNode& table, Complaints& complaints) {
  TableReader reader(table, " in [process]", complaints);
  ProcessPlan plan;
  reader.Read("kills", kKills, plan.kills);
  ParseWhen(reader, plan);
  uint64_t depth = plan.depth;
  reader.Read("depth", kDepths, depth);
  plan.depth = static_cast<uint32_t>(depth);
  reader.Read("inner", kKills, plan.inner);
  std::string text;
  if (reader.Read("directory", text)) {
    const Result<std::optional<uint64_t>> tmpfs = ParseDirectory(text);
    if (tmpfs.ok()) {
      plan.tmpfs_bytes = *tmpfs;
    } else {
      reader.Complain(reader.Find("directory")->line, std::string(tmpfs.status().message()));
    }
  }
  uint64_t limit = 0;
  if (reader.Read("file_size_limit", kFileSizes, limit)) plan.file_size_limit_bytes = limit;
  if (reader.Read("kill", text)) {
    const Result<KillChain> kill = ParseKillChain(text);
    if (kill.ok()) {
      plan.kill = *kill;
    } else {
      reader.Complain(reader.Find("kill")->line, std::string(kill.status().message()));
    }
  }
  reader.RefuseOthers();
  return plan;
}

}  // namespace crashlab::internal
