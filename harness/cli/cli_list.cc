// `crashlab list`.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/crash/litmus.h"
#include "faultfs/crash/persistence_model.h"
#include "faultfs/fault/fault_rule.h"
#include "harness/cli/internal/cli.h"

namespace crashlab {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

void Print(const Rows& rows, std::ostream& out) {
  size_t width = 0;
  for (const auto& [name, text] : rows) width = std::max(width, name.size());
  for (const auto& [name, text] : rows) {
    out << (text.empty() ? name + "\n" : fmt::format("{:<{}}  {}\n", name, width, text));
  }
}

std::string Expected(const Scenario& scenario) {
  return scenario.expect.verdict ? std::string(Name(*scenario.expect.verdict)) : "pass";
}

Rows Scenarios(const std::vector<Scenario>& scenarios) {
  Rows rows;
  for (const Scenario& scenario : scenarios) {
    const uint64_t cases = CaseCount(scenario);
    rows.emplace_back(
        scenario.file,
        fmt::format("{} {}, expects {}{}{}", cases, cases == 1 ? "program" : "programs",
                    Expected(scenario), scenario.why.empty() ? "" : ": ", scenario.why));
  }
  return rows;
}

Rows Adapters(const AdapterSet& adapters) {
  Rows rows;
  for (const Adapter* adapter : adapters.all()) {
    rows.emplace_back(adapter->name(), adapter->summary());
  }
  return rows;
}

Rows Models() {
  Rows rows;
  for (const faultfs::PersistenceModel& model : faultfs::kModels) {
    rows.emplace_back(model.name, "");
    for (const faultfs::ModelField& field : faultfs::FieldsOf(model)) {
      rows.emplace_back(fmt::format("  {}={}", field.key, field.word),
                        fmt::format("{} ({})", field.meaning, field.assumption));
    }
  }
  return rows;
}

Rows Verdicts() {
  Rows rows;
  for (int i = 0; i < kVerdictCount; ++i) rows.emplace_back(Name(static_cast<Verdict>(i)), "");
  return rows;
}

/// Of programs, with the adapters that have them.
Rows Verbs(const AdapterSet& adapters) {
  Rows rows;
  for (int i = 0; i < kVerbCount; ++i) {
    const auto verb = static_cast<Verb>(i);
    std::string having;
    for (const Adapter* adapter : adapters.all()) {
      const Capabilities& can = adapter->capabilities();
      if (!can.Has(verb)) continue;
      having += fmt::format("{}{}", having.empty() ? "" : ", ", adapter->name());
      if (verb != Verb::kCall) continue;
      std::string calls;
      for (const CustomVerb& call : can.calls) calls += (calls.empty() ? "" : ", ") + call.name;
      having += fmt::format(" ({})", calls);
    }
    rows.emplace_back(Name(verb), having);
  }
  return rows;
}

/// What can happen, and to which operations.
Rows Faults() {
  Rows rows;
  for (const auto& [name, operations] : faultfs::FaultForms()) {
    std::string names;
    for (int i = 0; i < faultfs::kIoOpCount; ++i) {
      if (!operations.test(static_cast<size_t>(i))) continue;
      names += fmt::format("{}{}", names.empty() ? "" : ", ",
                           faultfs::IoOpName(static_cast<faultfs::IoOp>(i)));
    }
    rows.emplace_back(name, names);
  }
  return rows;
}

}  // namespace

int Execute(const ListCommand& command, const Console& console) {
  Rows rows;
  if (command.what == "scenarios") {
    const std::vector<std::string> paths =
        command.paths.empty() ? std::vector<std::string>{"scenarios"} : command.paths;
    const auto scenarios = LoadScenarios(paths, console.adapters);
    if (!scenarios.ok()) return console.WrongUse(scenarios.status());
    rows = Scenarios(*scenarios);
  } else if (command.what == "adapters") {
    rows = Adapters(console.adapters);
  } else if (command.what == "models") {
    rows = Models();
  } else if (command.what == "litmus") {
    console.out << faultfs::DescribeLitmus(faultfs::kModels);
  } else if (command.what == "verdicts") {
    rows = Verdicts();
  } else if (command.what == "verbs") {
    rows = Verbs(console.adapters);
  } else {
    rows = Faults();
  }
  Print(rows, console.out);
  return kExitAsExpected;
}

}  // namespace crashlab
