// The [crash] table of a scenario.
#include <algorithm>
#include <utility>

#include "faultfs/crash/crash_state.h"
#include "faultfs/fault/fault_rule.h"
#include "harness/scenario/internal/scenario_parts.h"

namespace crashlab::internal {
namespace {

using faultfs::PersistenceModel;
using faultfs::Result;
using faultfs::Status;

constexpr std::string_view kKindNames[] = {"power-loss", "process-death"};

constexpr Bounds kBudgets = {1, 1'000'000'000};
constexpr Bounds kDepths = {1, 2};
constexpr Bounds kRots = {1, 1'000'000'000};

std::optional<CrashKind> KindOf(const TomlNode& word, const TableReader& reader) {
  const std::optional<CrashKind> kind = CrashKindFromName(word.string);
  if (!kind) {
    reader.Complain(word.line, "no kind of crash " + Quote(word.string) + reader.where() +
                                   DidYouMean(word.string, kKindNames));
  }
  return kind;
}

// ---- Models ------------------------------------------------------------------------------------

/// Sets what the table says. False if it names no switch.
bool ApplySwitches(TableReader& reader, PersistenceModel& model) {
  bool any = false;
  for (const std::string_view key : faultfs::SwitchKeys()) {
    const TomlEntry* entry = reader.Find(key);
    if (entry == nullptr) continue;
    any = true;
    std::string word = entry->value.string;
    if (entry->value.kind == TomlNode::Kind::kInteger) word = std::to_string(entry->value.integer);
    const Status status = faultfs::SetSwitch(model, key, word);
    if (!status.ok()) reader.Complain(entry->line, std::string(status.message()));
  }
  return any;
}

void AddModel(std::string_view name, const TomlNode& node, TableReader& switches,
              std::vector<PersistenceModel>& models) {
  Result<PersistenceModel> model = faultfs::FindModel(name);
  if (!model.ok()) {
    switches.Complain(node.line, std::string(model.status().message()));
    return;
  }
  ApplySwitches(switches, *model);
  if (std::find(models.begin(), models.end(), *model) != models.end()) {
    switches.Complain(node.line, "model " + Quote(name) + " with these switches is there twice");
    return;
  }
  models.push_back(*model);
}

std::vector<PersistenceModel> ParseModelTables(const TomlEntry& entry, Complaints& complaints) {
  std::vector<PersistenceModel> models;
  for (const TomlNode& item : entry.value.items) {
    TableReader reader(item, " in [[crash.model]]", complaints);
    if (item.kind != TomlNode::Kind::kTable) {
      reader.Complain(item.line, "\"model\" must hold tables: write [[crash.model]]");
      continue;
    }
    std::string name;
    if (reader.Read("name", name)) {
      AddModel(name, item, reader, models);
    } else {
      reader.Complain(item.line, "a model needs a name");
    }
    reader.RefuseOthers();
  }
  return models;
}

void ParseModels(TableReader& reader, CrashPlan& plan) {
  const TomlEntry* names = reader.Find("models");
  const TomlEntry* tables = reader.Find("model", TomlNode::Kind::kArray);
  std::vector<PersistenceModel> models;
  if (tables != nullptr) {
    PersistenceModel ignored;
    if (names != nullptr || ApplySwitches(reader, ignored)) {
      reader.Complain(tables->line,
                      "each [[crash.model]] has its own name and switches; [crash] then has none");
    }
    models = ParseModelTables(*tables, reader.complaints());
  } else {
    const std::vector<const TomlNode*> items = reader.Strings("models");
    for (const TomlNode* item : items) AddModel(item->string, *item, reader, models);
    if (names == nullptr) AddModel(faultfs::kModels[0].name, reader.table(), reader, models);
  }
  if (!models.empty()) plan.models = std::move(models);
}

// ---- Chain -------------------------------------------------------------------------------------

bool IsTear(std::string_view text) {
  const size_t number = text.rfind(' ');
  if (number == std::string_view::npos) return false;
  const std::string_view digits = text.substr(number + 1);
  const std::string_view rest = text.substr(0, number);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
         (rest.ends_with(" front") || rest.ends_with(" back"));
}

void ParseLostState(TableReader& reader, faultfs::CrashStateText& state) {
  for (const TomlNode* name : reader.Strings("lost")) state.lost.push_back(name->string);
  for (const TomlNode* tear : reader.Strings("tears")) {
    state.tears.push_back(tear->string);
    if (!IsTear(tear->string)) {
      reader.Complain(tear->line, "no tear " + Quote(tear->string) +
                                      "; it reads \"EFFECT front BYTES\" or \"EFFECT back BYTES\"");
    }
  }
  state.fill = faultfs::Name(faultfs::Fill::kZeros);
  reader.Read("fill", state.fill);
  if (!faultfs::FillFromName(state.fill)) {
    constexpr std::string_view kFills[] = {"zeros", "garbage", "earlier", "freed"};
    reader.Complain(reader.Find("fill")->line, "no fill " + Quote(state.fill) + reader.where() +
                                                   DidYouMean(state.fill, kFills));
  }
}

CrashStep ParseStep(const TomlNode& table, Complaints& complaints) {
  TableReader reader(table, " in [[crash.chain]]", complaints);
  CrashStep step;
  const TomlEntry* kind = reader.Find("kind", TomlNode::Kind::kString);
  if (kind != nullptr) step.kind = KindOf(kind->value, reader).value_or(step.kind);
  if (!reader.Read("at", step.state.at) || reader.Find("kind") == nullptr) {
    reader.Complain(table.line, "a crash needs \"kind\" and \"at\"");
  }
  if (step.kind == CrashKind::kPowerLoss) {
    ParseLostState(reader, step.state);
    for (const TomlNode* text : reader.Strings("rot")) {
      const Result<faultfs::Rot> rot = faultfs::ParseRot(text->string);
      if (!rot.ok()) reader.Complain(text->line, std::string(rot.status().message()));
      step.rot.push_back(text->string);
    }
  } else {
    for (const std::string_view key : {"lost", "tears", "fill", "rot"}) {
      const TomlEntry* entry = reader.Find(key);
      if (entry == nullptr) continue;
      reader.Complain(entry->line, Quote(key) + reader.where() + ": a process death loses nothing");
    }
  }
  reader.RefuseOthers();
  return step;
}

void ParseChain(TableReader& reader, CrashPlan& plan) {
  const TomlEntry* chain = reader.Find("chain", TomlNode::Kind::kArray);
  if (chain == nullptr) return;
  for (const TomlNode& item : chain->value.items) {
    if (item.kind == TomlNode::Kind::kTable) {
      plan.chain.push_back(ParseStep(item, reader.complaints()));
    } else {
      reader.Complain(item.line, "\"chain\" must hold tables: write [[crash.chain]]");
    }
  }
  if (plan.chain.empty()) reader.Complain(chain->line, "\"chain\" in [crash] must not be empty");
  for (size_t i = 0; i < plan.chain.size(); ++i) {
    if (plan.chain[i].rot.empty()) continue;
    if (i > 0 || plan.chain.size() > 1) {
      reader.Complain(chain->line, "only a chain of one crash has rot");
    }
  }
  if (plan.models.size() > 1) reader.Complain(chain->line, "a chain is of one model");
}

void ParseKinds(TableReader& reader, CrashPlan& plan) {
  std::vector<CrashKind> kinds;
  for (const TomlNode* word : reader.Strings("kinds")) {
    const std::optional<CrashKind> kind = KindOf(*word, reader);
    if (!kind) continue;
    if (std::find(kinds.begin(), kinds.end(), *kind) != kinds.end()) {
      reader.Complain(word->line, Quote(word->string) + " in kinds is there twice");
    }
    kinds.push_back(*kind);
  }
  if (!kinds.empty()) plan.kinds = std::move(kinds);
}

void ParseRotKinds(TableReader& reader, CrashPlan& plan) {
  std::vector<faultfs::RotKind> kinds;
  for (const TomlNode* word : reader.Strings("rot_kinds")) {
    const std::optional<faultfs::RotKind> kind = faultfs::RotKindFromName(word->string);
    if (kind) {
      if (std::find(kinds.begin(), kinds.end(), *kind) != kinds.end()) {
        reader.Complain(word->line, Quote(word->string) + " in rot_kinds is there twice");
      }
      kinds.push_back(*kind);
      continue;
    }
    std::vector<std::string_view> names;
    for (const faultfs::RotKind known : faultfs::AllRotKinds()) names.push_back(Name(known));
    reader.Complain(word->line, "no rot " + Quote(word->string) + reader.where() +
                                    DidYouMean(word->string, names));
  }
  if (kinds.empty()) return;
  if (plan.rot == 0) {
    reader.Complain(reader.Find("rot_kinds")->line, "\"rot_kinds\" needs \"rot\": how many disks");
  }
  plan.rot_kinds = std::move(kinds);
}

}  // namespace

std::vector<Switch> SwitchesOf(const PersistenceModel& model) {
  std::vector<Switch> switches;
  for (const faultfs::ModelField& field : faultfs::FieldsOf(model)) {
    switches.push_back({field.key, field.word});
  }
  return switches;
}

CrashPlan ParseCrash(const TomlNode& table, Complaints& complaints) {
  TableReader reader(table, " in [crash]", complaints);
  CrashPlan plan;
  uint64_t depth = plan.depth;
  reader.Read("budget", kBudgets, plan.budget);
  reader.Read("depth", kDepths, depth);
  reader.Read("inner", kBudgets, plan.inner);
  reader.Read("inner_budget", kBudgets, plan.inner_budget);
  reader.Read("rot", kRots, plan.rot);
  ParseRotKinds(reader, plan);
  reader.Read("probe", plan.probe);
  plan.depth = static_cast<uint32_t>(depth);
  ParseKinds(reader, plan);
  ParseModels(reader, plan);
  ParseChain(reader, plan);
  reader.RefuseOthers();
  return plan;
}

std::vector<std::string> ParseRules(TableReader& reader, std::string_view key) {
  std::vector<std::string> rules;
  for (const TomlNode* item : reader.Strings(key)) {
    const Result<faultfs::FaultRule> rule = faultfs::ParseFaultRule(item->string);
    if (!rule.ok()) reader.Complain(item->line, std::string(rule.status().message()));
    rules.push_back(item->string);
  }
  return rules;
}

}  // namespace crashlab::internal
