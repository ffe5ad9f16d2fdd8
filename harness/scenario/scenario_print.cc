#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "harness/scenario/internal/scenario_parts.h"
#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

using faultfs::PersistenceModel;
using internal::Switch;

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// A basic string of TOML.
std::string Quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (IsControl(c)) {
      const auto byte = static_cast<unsigned char>(c);
      text += "\\u00";
      text += kHexDigits[byte >> 4];
      text += kHexDigits[byte & 15];
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string Key(std::string_view key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : Quoted(key);
}

std::string List(const std::vector<std::string>& printed) {
  std::string text = "[";
  for (const std::string& item : printed) text += (text.size() > 1 ? ", " : "") + item;
  return text + "]";
}

/// An array of strings: on one line while it fits, else one string a line.
std::string Strings(const std::vector<std::string>& values) {
  constexpr size_t kMaxLine = 80;
  std::vector<std::string> printed;
  for (const std::string& value : values) printed.push_back(Quoted(value));
  std::string text = List(printed);
  if (text.size() <= kMaxLine) return text;
  text = "[\n";
  for (const std::string& item : printed) text += "  " + item + ",\n";
  return text + "]";
}

std::string InlineTable(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = "{";
  for (const auto& [key, value] : entries) {
    text += (text.size() > 1 ? ", " : " ") + Key(key) + " = " + value;
  }
  return text + " }";
}

std::string Boolean(bool value) { return value ? "true" : "false"; }

/// Numbers of TOML have 63 bits.
std::string Seed(uint64_t seed) {
  if (seed <= INT64_MAX) return std::to_string(seed);
  std::string digits(16, '0');
  for (size_t at = digits.size(); at-- > 0; seed >>= 4) digits[at] = kHexDigits[seed & 15];
  return "\"0x" + digits + '"';
}

std::string RangeText(const Workload::Range& range) {
  if (range.low == range.high) return std::to_string(range.low);
  return List({std::to_string(range.low), std::to_string(range.high)});
}

/// The bytes that a comment may hold; a line's end would end it.
std::string CommentText(std::string_view note) {
  std::string text;
  for (const char c : note) {
    if (IsControl(c) || static_cast<unsigned char>(c) >= 0x80) {
      const auto byte = static_cast<unsigned char>(c);
      text += "\\x";
      text += kHexDigits[byte >> 4];
      text += kHexDigits[byte & 15];
    } else {
      text += c;
    }
  }
  return text;
}

class ScenarioPrinter {
 public:
  explicit ScenarioPrinter(const Scenario& scenario) : scenario_(scenario) {}

  std::string Print() && {
    PrintTop();
    PrintStore();
    if (scenario_.workload) PrintWorkload(*scenario_.workload);
    if (scenario_.clients) PrintClients(*scenario_.clients);
    if (scenario_.process) {
      PrintProcess(*scenario_.process);
    } else {
      PrintCrash(scenario_.crash);
    }
    if (!scenario_.faults.empty() || !scenario_.sweep.empty()) Table("[faults]");
    if (!scenario_.faults.empty()) Line("rules", Strings(scenario_.faults));
    if (!scenario_.sweep.empty()) Line("sweep", Strings(scenario_.sweep));
    if (!scenario_.promised_coverage.empty()) {
      Table("[promises]");
      Line("coverage", Strings(scenario_.promised_coverage));
    }
    return std::move(text_);
  }

 private:
  void Line(std::string_view key, std::string_view value) {
    text_.append(key).append(" = ").append(value).append("\n");
  }
  void Line(std::string_view key, uint64_t value) { Line(key, std::to_string(value)); }

  void Table(std::string_view header) { text_.append("\n").append(header).append("\n"); }

  void PrintTop() {
    for (const std::string& note : scenario_.notes) {
      const std::string comment = CommentText(note);
      const size_t end = comment.find_last_not_of(' ');
      text_ += end == std::string::npos ? "#\n" : "# " + comment.substr(0, end + 1) + "\n";
    }
    if (!scenario_.notes.empty()) text_ += '\n';
    if (!scenario_.why.empty()) Line("why", Quoted(scenario_.why));
    Line("expect", ExpectText());
    if (scenario_.at_least != AtLeast()) Line("at_least", AtLeastText());
    if (!scenario_.program) return;
    Line("seed", Seed(scenario_.seed));
    const std::string program = crashlab::Print(*scenario_.program);
    // A printed program has no ' and no three " in a row, but perhaps backslashes.
    const bool literal = program.find('\\') != std::string::npos;
    const std::string_view quotes = literal ? "'''" : "\"\"\"";
    text_.append("program = ").append(quotes).append("\n").append(program).append(quotes) += '\n';
  }

  [[nodiscard]] std::string ExpectText() const {
    const Expectation& expect = scenario_.expect;
    if (!expect.verdict) return "\"pass\"";
    std::vector<std::pair<std::string, std::string>> entries;
    entries.emplace_back("verdict", Quoted(Name(*expect.verdict)));
    if (!expect.signature.empty()) entries.emplace_back("signature", Quoted(expect.signature));
    std::vector<std::string> also;
    for (const Verdict verdict : expect.also) also.push_back(Quoted(Name(verdict)));
    if (!also.empty()) entries.emplace_back("also", List(also));
    for (const auto& [key, models] :
         {std::pair("on", &expect.on), std::pair("clean_on", &expect.clean_on)}) {
      if (models->empty()) continue;
      std::vector<std::string> names;
      for (const std::string& model : *models) names.push_back(Quoted(model));
      entries.emplace_back(key, List(names));
    }
    return InlineTable(entries);
  }

  [[nodiscard]] std::string AtLeastText() const {
    const AtLeast& at_least = scenario_.at_least;
    std::vector<std::pair<std::string, std::string>> entries;
    const auto add = [&](std::string key, uint64_t minimum) {
      if (minimum > 0) entries.emplace_back(std::move(key), std::to_string(minimum));
    };
    add("recoveries", at_least.recoveries);
    add("programs", at_least.programs);
    add("schedules", at_least.schedules);
    add("inner_recoveries", at_least.inner_recoveries);
    add("rotten_recoveries", at_least.rotten_recoveries);
    add("reopened", at_least.reopened);
    add("inner_reopened", at_least.inner_reopened);
    if (at_least.exhausted) entries.emplace_back("exhausted", "true");
    return InlineTable(entries);
  }

  void PrintStore() {
    const StoreConfig& store = scenario_.store;
    Table("[store]");
    Line("adapter", Quoted(store.adapter));
    Line("durability", Quoted(Name(store.durability)));
    Line("segment_bytes", store.segment_bytes);
    for (const auto& [key, value] : store.options) Line(Key(key), Quoted(value));
  }

  void PrintWorkload(const Workload& work) {
    Table("[workload]");
    Line("seed", Seed(work.seed));
    Line("runs", work.runs);
    Line("operations", RangeText(work.operations));
    Line("value_bytes", RangeText(work.value_bytes));
    Line("keys", RangeText(work.keys));
    std::vector<std::pair<std::string, std::string>> weights;
    for (const auto& [verb, weight] : work.weights) {
      weights.emplace_back(Name(verb), std::to_string(weight));
    }
    for (const auto& [call, weight] : work.calls) {
      weights.emplace_back(call, std::to_string(weight));
    }
    if (!weights.empty()) Line("weights", InlineTable(weights));
    if (work.mixed_durability) Line("mixed_durability", Boolean(true));
    if (!work.faults.empty()) Line("faults", Strings(work.faults));
  }

  void PrintProcess(const ProcessPlan& plan) {
    const ProcessPlan defaults;
    Table("[process]");
    const bool one_chain = !plan.kill.empty();  // the rest is then of no account
    if (!one_chain || plan.kills != defaults.kills) Line("kills", plan.kills);
    if (!one_chain || plan.when != defaults.when) {
      std::vector<std::string> words;
      for (const KillWhen when : plan.when) words.push_back(Quoted(Name(when)));
      Line("when", List(words));
    }
    Line("directory", Quoted(PrintDirectory(plan)));
    if (plan.file_size_limit_bytes) Line("file_size_limit", *plan.file_size_limit_bytes);
    if (plan.depth != defaults.depth) Line("depth", plan.depth);
    if ((!one_chain && plan.depth > 1) || plan.inner != defaults.inner) Line("inner", plan.inner);
    if (one_chain) Line("kill", Quoted(crashlab::Print(plan.kill)));
  }

  void PrintClients(const ClientPlan& plan) {
    Table("[clients]");
    if (scenario_.workload) Line("count", RangeText({plan.least, plan.most}));
    if (plan.schedule) Line("schedule", Quoted(*plan.schedule));
    if (plan.schedule && !NumberOfSchedule(*plan.schedule)) return;  // the rest has no part
    if (!scenario_.process) Line("schedules", plan.schedules);
    if (plan.real_threads) return Line("threads", Quoted("real"));
    std::vector<std::string> kinds;
    for (const ScheduleKind kind : plan.kinds) kinds.push_back(Quoted(Name(kind)));
    Line("kinds", List(kinds));
    for (const ScheduleKind kind : plan.kinds) {
      if (kind == ScheduleKind::kPct) Line("depth", plan.depth);
      if (kind == ScheduleKind::kExhaustive) Line("preemptions", plan.preemptions);
    }
  }

  // ---- [crash]

  void PrintCrash(const CrashPlan& plan) {
    const CrashPlan defaults;
    const bool one_chain = !plan.chain.empty();  // the rest is then of no account
    Table("[crash]");
    const std::optional<std::vector<Switch>> common = CommonSwitches(plan.models);
    if (common) {
      std::vector<std::string> names;
      for (const PersistenceModel& model : plan.models) names.push_back(Quoted(model.name));
      Line("models", List(names));
      for (const Switch& s : *common) Line(s.key, Quoted(s.value));
    }
    if (!one_chain || plan.kinds != defaults.kinds) {
      std::vector<std::string> kinds;
      for (const CrashKind kind : plan.kinds) kinds.push_back(Quoted(Name(kind)));
      Line("kinds", List(kinds));
    }
    if (!one_chain || plan.budget != defaults.budget) Line("budget", plan.budget);
    if (!one_chain || plan.depth != defaults.depth) Line("depth", plan.depth);
    const bool inner = !one_chain && plan.depth > 1;
    if (inner || plan.inner != defaults.inner) Line("inner", plan.inner);
    if (inner || plan.inner_budget != defaults.inner_budget) {
      Line("inner_budget", plan.inner_budget);
    }
    if (plan.rot != defaults.rot) Line("rot", plan.rot);
    if (plan.rot_kinds != defaults.rot_kinds) {
      std::vector<std::string> kinds;
      for (const faultfs::RotKind kind : plan.rot_kinds) kinds.push_back(Quoted(Name(kind)));
      Line("rot_kinds", List(kinds));
    }
    if (!one_chain || plan.probe != defaults.probe) Line("probe", Boolean(plan.probe));
    if (!common) PrintModelTables(plan.models);
    for (const CrashStep& step : plan.chain) PrintStep(step);
  }

  static PersistenceModel RowOf(const PersistenceModel& model) {
    const Result<PersistenceModel> row = faultfs::FindModel(model.name);
    FAULTFS_CHECK(row.ok(), "a model is a row of the table with switches");
    return *row;
  }

  /// Where the model differs from its row.
  static std::vector<Switch> SwitchesSet(const PersistenceModel& model) {
    const std::vector<Switch> plain = internal::SwitchesOf(RowOf(model));
    std::vector<Switch> set;
    for (const Switch& s : internal::SwitchesOf(model)) {
      if (std::find(plain.begin(), plain.end(), s) == plain.end()) set.push_back(s);
    }
    return set;
  }

  /// The fewest switches that, set in every model's row, give the models; nullopt if none do.
  static std::optional<std::vector<Switch>> CommonSwitches(
      const std::vector<PersistenceModel>& models) {
    std::vector<Switch> common;
    for (const PersistenceModel& model : models) {
      for (const Switch& s : SwitchesSet(model)) {
        if (std::find(common.begin(), common.end(), s) == common.end()) common.push_back(s);
      }
    }
    for (const PersistenceModel& model : models) {
      const std::vector<Switch> all = internal::SwitchesOf(model);
      for (const Switch& s : common) {
        if (std::find(all.begin(), all.end(), s) == all.end()) return std::nullopt;
      }
    }
    return common;
  }

  void PrintModelTables(const std::vector<PersistenceModel>& models) {
    for (const PersistenceModel& model : models) {
      Table("[[crash.model]]");
      Line("name", Quoted(model.name));
      for (const Switch& s : SwitchesSet(model)) Line(s.key, Quoted(s.value));
    }
  }

  void PrintStep(const CrashStep& step) {
    Table("[[crash.chain]]");
    Line("kind", Quoted(Name(step.kind)));
    Line("at", Quoted(step.state.at));
    if (step.kind == CrashKind::kProcessDeath) return;
    if (!step.state.lost.empty()) Line("lost", Strings(step.state.lost));
    if (!step.state.tears.empty()) Line("tears", Strings(step.state.tears));
    Line("fill", Quoted(step.state.fill));
    if (!step.rot.empty()) Line("rot", Strings(step.rot));
  }

  const Scenario& scenario_;
  std::string text_;
};

}  // namespace

std::string PrintScenario(const Scenario& scenario) { return ScenarioPrinter(scenario).Print(); }

}  // namespace crashlab
