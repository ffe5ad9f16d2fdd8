// The parts of a scenario file that are parsed and printed by themselves. Only for this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "harness/case.h"
#include "harness/scenario/internal/table_reader.h"

namespace crashlab::internal {

/// Reads `[crash]`.
[[nodiscard]] CrashPlan ParseCrash(const TomlNode& table, Complaints& complaints);

/// Reads `[process]`.
[[nodiscard]] ProcessPlan ParseProcess(const TomlNode& table, Complaints& complaints);

/// Reads `[clients]`, of a fixed program or of a workload, in the simulator or on a real disk.
[[nodiscard]] ClientPlan ParseClients(const TomlNode& table, bool is_fixed, bool on_disk,
                                      Complaints& complaints);

/// Reads an array of fault rules as they are written; complains of those that are none.
[[nodiscard]] std::vector<std::string> ParseRules(TableReader& reader, std::string_view key);

/// A switch of a model as a scenario sets it.
struct Switch {
  std::string_view key;
  std::string_view value;

  friend bool operator==(const Switch&, const Switch&) = default;
};
/// All switches of a model, in the order in which they are printed.
[[nodiscard]] std::vector<Switch> SwitchesOf(const faultfs::PersistenceModel& model);

}  // namespace crashlab::internal
