#include <algorithm>
#include <filesystem>
#include <utility>

#include "faultfs/fault/fault_rule.h"
#include "harness/scenario/internal/scenario_parts.h"
#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

using internal::Bounds;
using internal::Complaints;
using internal::DidYouMean;
using internal::Quote;
using internal::TableReader;
using internal::TomlEntry;
using internal::TomlNode;

constexpr Bounds kSegmentBytes = {1, uint64_t{1} << 40};
constexpr Bounds kRuns = {1, 1'000'000'000};
constexpr Bounds kOperations = {1, kMaxOperations};
constexpr Bounds kValueBytes = {0, kMaxValueBytes};
constexpr Bounds kKeys = {1, 10'000};
constexpr Bounds kWeights = {0, 1'000'000};
constexpr Bounds kMinimums = {1, 1'000'000'000'000};

std::vector<std::string_view> VerdictNames() {
  std::vector<std::string_view> names;
  for (int i = 0; i < kVerdictCount; ++i) names.push_back(Name(static_cast<Verdict>(i)));
  return names;
}

class ScenarioParser {
 public:
  ScenarioParser(std::string_view text, std::string_view file, const AdapterSet& adapters)
      : text_(text), adapters_(adapters), complaints_(file) {
    scenario_.file = file;
    scenario_.name = std::filesystem::path(file).stem().string();
  }

  Result<Scenario> Parse(const TomlNode& root) {
    TableReader top(root, "", complaints_);
    ParseWhy(top);
    ParseExpect(top);
    const TomlEntry* at_least = top.Find("at_least", TomlNode::Kind::kTable);
    if (at_least != nullptr) ParseAtLeast(*at_least);
    if (const TomlEntry* store = top.Find("store", TomlNode::Kind::kTable)) {
      ParseStore(store->value);
    } else {
      adapter_ = FindAdapter(1);
    }
    ParseWork(top);
    if (const TomlEntry* crash = top.Find("crash", TomlNode::Kind::kTable)) {
      scenario_.crash = internal::ParseCrash(crash->value, complaints_);
      if (!scenario_.crash.chain.empty() && scenario_.workload) {
        top.Complain(crash->line, "[[crash.chain]] needs a program, not a [workload]");
      }
    }
    ParseProcess(top);
    ParseClients(top);
    if (const TomlEntry* faults = top.Find("faults", TomlNode::Kind::kTable)) {
      TableReader reader(faults->value, " in [faults]", complaints_);
      scenario_.faults = internal::ParseRules(reader, "rules");
      ParseSweep(reader);
      reader.RefuseOthers();
    }
    if (const TomlEntry* promises = top.Find("promises", TomlNode::Kind::kTable)) {
      ParsePromises(*promises);
    }
    CheckDisk(top);
    CheckModelNames();
    top.RefuseOthers();
    if (at_least != nullptr) CheckReachable(*at_least);
    FAULTFS_RETURN_IF_ERROR(complaints_.status());
    return std::move(scenario_);
  }

 private:
  void ParseProcess(TableReader& top) {
    const TomlEntry* process = top.Find("process", TomlNode::Kind::kTable);
    if (process == nullptr) return;
    scenario_.process = internal::ParseProcess(process->value, complaints_);
    if (top.Find("crash") != nullptr) {
      top.Complain(process->line, "a scenario has [process] or [crash], not both");
    }
    if (!scenario_.process->kill.empty() && scenario_.workload) {
      top.Complain(process->line, "\"kill\" in [process] needs a program, not a [workload]");
    }
  }

  void CheckDisk(TableReader& top) {
    if (!scenario_.process) return;
    std::vector<std::string> rules = scenario_.faults;
    rules.insert(rules.end(), scenario_.sweep.begin(), scenario_.sweep.end());
    if (scenario_.workload) {
      const std::vector<std::string>& more = scenario_.workload->faults;
      rules.insert(rules.end(), more.begin(), more.end());
    }
    const std::string rule = RuleOfTheSimulator(rules);
    if (rule.empty()) return;
    top.Complain(top.Find("process")->line,
                 Quote(rule) +
                     " needs the simulator; with [process] a small disk is directory = "
                     "\"tmpfs:64k\"");
  }

  void ParseClients(TableReader& top) {
    const TomlEntry* clients = top.Find("clients", TomlNode::Kind::kTable);
    if (clients == nullptr) return CheckOneClient(top);
    const bool is_fixed = top.Find("program") != nullptr;
    scenario_.clients = internal::ParseClients(clients->value, is_fixed,
                                               scenario_.process.has_value(), complaints_);
    const bool real = scenario_.clients->real_threads;
    if (scenario_.process && !real) {
      top.Complain(clients->line, "[clients] with [process] needs threads = \"real\"");
    }
    const CrashPlan& crash = scenario_.crash;
    if (real && !crash.chain.empty()) {
      top.Complain(clients->line,
                   "a run on real threads does not come again: no chain leads to it");
    }
    const bool rots =
        crash.rot > 0 || std::any_of(crash.chain.begin(), crash.chain.end(),
                                     [](const auto& step) { return !step.rot.empty(); });
    if (rots) {
      top.Complain(clients->line, "rot needs one client; a scenario with rot has no [clients]");
    }
    if (adapter_ != nullptr && !adapter_->capabilities().clients) {
      top.Complain(clients->line, "adapter " + Quote(adapter_->name()) + " is for one client");
    }
  }

  void CheckOneClient(TableReader& top) {
    if (!scenario_.program || top.Find("clients") != nullptr) return;
    const Program& program = *scenario_.program;
    for (size_t i = 0; i < program.size(); ++i) {
      if (program[i].client == 0) continue;
      top.Complain(top.Find("program")->value.line,
                   "operation " + std::to_string(i + 1) + " is of client " +
                       std::to_string(program[i].client) +
                       ": a program of several clients needs [clients]");
      return;
    }
  }

  void ParseWhy(TableReader& top) {
    if (top.Read("why", scenario_.why) && scenario_.why.find('\n') != std::string::npos) {
      top.Complain(top.Find("why")->line, "\"why\" is one line");
    }
  }

  // ---- What it must give

  void ParseExpect(TableReader& top) {
    const TomlEntry* entry = top.Find("expect");
    if (entry == nullptr) return;
    const TomlNode& value = entry->value;
    if (value.kind == TomlNode::Kind::kTable) {
      ParseExpectedVerdict(value);
    } else if (VerdictFromName(value.string)) {
      top.Complain(entry->line, "write expect = { verdict = " + Quote(value.string) + " }");
    } else if (value.string != "pass") {
      top.Complain(entry->line, "\"expect\" must be \"pass\" or { verdict = … }");
    }
  }

  void ParseSweep(TableReader& reader) {
    scenario_.sweep = internal::ParseRules(reader, "sweep");
    if (scenario_.sweep.empty()) return;
    const uint64_t line = reader.Find("sweep")->line;
    for (const std::string& rule : scenario_.sweep) {
      // Behind a rule that names a call already there is no place for another.
      if (!faultfs::ParseFaultRule(rule).ok() || faultfs::ParseFaultRule(rule + " nth=1").ok()) {
        continue;
      }
      reader.Complain(line, Quote(rule) + " in sweep names its call; leave nth out");
    }
    if (!scenario_.crash.chain.empty()) {
      reader.Complain(line, "a sweep has no place beside [[crash.chain]], which is one run");
    }
  }

  void ParseExpectedVerdict(const TomlNode& table) {
    TableReader reader(table, " in expect", complaints_);
    Expectation& expect = scenario_.expect;
    if (const TomlEntry* verdict = reader.Find("verdict", TomlNode::Kind::kString)) {
      expect.verdict = ParseVerdict(verdict->value);
    } else if (reader.Find("verdict") == nullptr) {
      reader.Complain(table.line, "\"expect\" without a verdict checks nothing");
    }
    if (reader.Read("signature", expect.signature) && expect.signature.empty()) {
      reader.Complain(reader.Find("signature")->line,
                      "an empty signature in expect checks nothing; leave it out");
    }
    for (const TomlNode* word : reader.Strings("also")) {
      const std::optional<Verdict> also = ParseVerdict(*word);
      if (!also) continue;
      const bool twice = also == expect.verdict || std::find(expect.also.begin(), expect.also.end(),
                                                             *also) != expect.also.end();
      if (twice) reader.Complain(word->line, Quote(word->string) + " in expect is there twice");
      expect.also.push_back(*also);
    }
    expect.on = ParseModelNames(reader, "on");
    expect.clean_on = ParseModelNames(reader, "clean_on");
    reader.RefuseOthers();
  }

  /// Names of models, which are known when [crash] is: CheckModelNames.
  std::vector<std::string> ParseModelNames(TableReader& reader, std::string_view key) {
    std::vector<std::string> names;
    for (const TomlNode* word : reader.Strings(key)) {
      names.push_back(word->string);
      expected_on_.push_back(word);
    }
    return names;
  }

  /// Each is a model of the scenario, and in one of the two lists once.
  void CheckModelNames() {
    std::vector<std::string> known;
    for (const auto& model : scenario_.crash.models) known.push_back(ModelName(model));
    std::vector<std::string_view> seen;
    for (const TomlNode* word : expected_on_) {
      const std::string& name = word->string;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        const std::vector<std::string_view> views(known.begin(), known.end());
        complaints_.Add(word->line, "no model " + Quote(name) + " in [crash], as expect has it" +
                                        DidYouMean(name, views));
      } else if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
        complaints_.Add(word->line, "model " + Quote(name) + " in expect is there twice");
      }
      seen.push_back(name);
    }
    const std::vector<std::string>& clean_on = scenario_.expect.clean_on;
    if (!clean_on.empty() && clean_on.size() >= known.size()) {
      complaints_.Add(expected_on_.front()->line,
                      "expect leaves no model on which the verdict may come");
    }
  }

  std::optional<Verdict> ParseVerdict(const TomlNode& word) {
    const std::optional<Verdict> verdict = VerdictFromName(word.string);
    if (!verdict) {
      complaints_.Add(word.line,
                      "no verdict " + Quote(word.string) + DidYouMean(word.string, VerdictNames()));
    }
    return verdict;
  }

  void ParseAtLeast(const TomlEntry& entry) {
    TableReader reader(entry.value, " in at_least", complaints_);
    AtLeast& at_least = scenario_.at_least;
    reader.Read("recoveries", kMinimums, at_least.recoveries);
    reader.Read("programs", kMinimums, at_least.programs);
    reader.Read("schedules", kMinimums, at_least.schedules);
    reader.Read("inner_recoveries", kMinimums, at_least.inner_recoveries);
    reader.Read("rotten_recoveries", kMinimums, at_least.rotten_recoveries);
    reader.Read("reopened", kMinimums, at_least.reopened);
    reader.Read("inner_reopened", kMinimums, at_least.inner_reopened);
    if (reader.Read("exhausted", at_least.exhausted) && !at_least.exhausted) {
      reader.Complain(reader.Find("exhausted")->line,
                      "\"exhausted\" in at_least checks nothing if it is false; leave it out");
    }
    reader.RefuseOthers();
    if (entry.value.entries.empty())
      reader.Complain(entry.line, "an empty at_least checks nothing");
  }

  void ParsePromises(const TomlEntry& entry) {
    TableReader reader(entry.value, " in [promises]", complaints_);
    for (const TomlNode* cell : reader.Strings("coverage")) {
      const Result<CoveragePromise> promise = ParseCoveragePromise(cell->string);
      if (!promise.ok()) reader.Complain(cell->line, std::string(promise.status().message()));
      scenario_.promised_coverage.push_back(cell->string);
    }
    reader.RefuseOthers();
    if (entry.value.entries.empty()) reader.Complain(entry.line, "empty [promises] check nothing");
  }

  /// What can never be reached is a mistake too, if it does not follow from another one.
  void CheckReachable(const TomlEntry& entry) {
    if (!complaints_.status().ok()) return;
    const uint64_t programs = CaseCount(scenario_);
    if (scenario_.at_least.programs > programs && scenario_.sweep.empty()) {
      complaints_.Add(entry.line, "at_least asks for " +
                                      std::to_string(scenario_.at_least.programs) +
                                      " programs, and there are " + std::to_string(programs));
    }
    if (scenario_.at_least.schedules > 0 && !scenario_.clients) {
      complaints_.Add(entry.line, "\"schedules\" in at_least needs [clients]");
    }
    const bool inner = scenario_.crash.depth > 1 || scenario_.crash.chain.size() > 1;
    const bool on_disk = scenario_.process.has_value();
    if (scenario_.at_least.reopened > 0 && !on_disk) {
      complaints_.Add(entry.line, "\"reopened\" in at_least needs [process]");
    }
    const ProcessPlan& process = scenario_.process.value_or(ProcessPlan());
    if (scenario_.at_least.inner_reopened > 0 && process.depth < 2 && process.kill.size() < 2) {
      complaints_.Add(entry.line, "\"inner_reopened\" in at_least needs depth = 2 in [process]");
    }
    if (scenario_.at_least.recoveries > 0 && on_disk) {
      complaints_.Add(entry.line, "with [process] at_least counts \"reopened\", not recoveries");
    }
    if (scenario_.at_least.rotten_recoveries > 0 && scenario_.crash.rot == 0) {
      complaints_.Add(entry.line, "\"rotten_recoveries\" in at_least needs rot in [crash]");
    }
    if (scenario_.at_least.inner_recoveries > 0 && !inner) {
      complaints_.Add(entry.line, "\"inner_recoveries\" in at_least needs depth = 2 in [crash]");
    }
  }

  // ---- What is driven

  const Adapter* FindAdapter(uint64_t line) {
    const Result<const Adapter*> adapter = adapters_.Find(scenario_.store.adapter);
    if (adapter.ok()) return *adapter;
    complaints_.Add(line, std::string(adapter.status().message()));
    return nullptr;
  }

  void ParseStore(const TomlNode& table) {
    TableReader reader(table, " in [store]", complaints_);
    StoreConfig& store = scenario_.store;
    reader.Read("adapter", store.adapter);
    const TomlEntry* name = reader.Find("adapter");
    adapter_ = FindAdapter(name != nullptr ? name->line : table.line);
    if (const TomlEntry* word = reader.Find("durability", TomlNode::Kind::kString)) {
      const std::optional<Durability> durability = DurabilityFromName(word->value.string);
      if (durability) {
        store.durability = *durability;
      } else {
        constexpr std::string_view kNames[] = {"buffered", "sync", "group"};
        reader.Complain(word->line, "no durability " + Quote(word->value.string) +
                                        DidYouMean(word->value.string, kNames));
      }
    }
    reader.Read("segment_bytes", kSegmentBytes, store.segment_bytes);
    if (adapter_ == nullptr) return;  // its options are not known
    const std::vector<std::string_view> options = adapter_->options();
    for (const std::string_view option : options) ParseOption(reader, option);
    reader.RefuseOthers();
  }

  void ParseOption(TableReader& reader, std::string_view option) {
    const TomlEntry* entry = reader.Find(option);
    if (entry == nullptr) return;
    std::string& text = scenario_.store.options[std::string(option)];
    switch (entry->value.kind) {
      case TomlNode::Kind::kString:
        text = entry->value.string;
        break;
      case TomlNode::Kind::kInteger:
        text = std::to_string(entry->value.integer);
        break;
      case TomlNode::Kind::kBoolean:
        text = entry->value.boolean ? "true" : "false";
        break;
      default:
        reader.Complain(entry->line, Quote(option) +
                                         " in [store] must be a string, a whole number, true or "
                                         "false");
        return;
    }
    const Status valid = adapter_->CheckOption(option, text);
    if (valid.ok()) return;
    reader.Complain(entry->line, Quote(option) + " in [store] " + std::string(valid.message()) +
                                     ", not " + Quote(text));
  }

  // ---- What is run

  void ParseWork(TableReader& top) {
    const TomlEntry* workload = top.Find("workload", TomlNode::Kind::kTable);
    const TomlEntry* program = top.Find("program", TomlNode::Kind::kString);
    const bool seed = top.ReadSeed("seed", scenario_.seed);
    if (workload != nullptr) ParseWorkload(workload->value);
    if (program != nullptr) ParseFixedProgram(program->value);
    if (workload != nullptr && program != nullptr) {
      top.Complain(std::max(workload->line, program->line),
                   "a scenario has a program or a [workload], not both");
    } else if (top.Find("workload") == nullptr && top.Find("program") == nullptr) {
      top.Complain(1, "a scenario needs a program or a [workload]");
    } else if (workload != nullptr && seed) {
      top.Complain(top.Find("seed")->line, "the seed of generated programs belongs to [workload]");
    }
  }

  void ParseWorkload(const TomlNode& table) {
    TableReader reader(table, " in [workload]", complaints_);
    Workload& work = scenario_.workload.emplace();
    reader.ReadSeed("seed", work.seed);
    reader.Read("runs", kRuns, work.runs);
    reader.ReadRange("operations", kOperations, work.operations.low, work.operations.high);
    reader.ReadRange("value_bytes", kValueBytes, work.value_bytes.low, work.value_bytes.high);
    reader.ReadRange("keys", kKeys, work.keys.low, work.keys.high);
    reader.Read("mixed_durability", work.mixed_durability);
    work.faults = internal::ParseRules(reader, "faults");
    if (const TomlEntry* weights = reader.Find("weights", TomlNode::Kind::kTable)) {
      if (adapter_ != nullptr) ParseWeights(*weights, work);
    }
    reader.RefuseOthers();
  }

  void ParseWeights(const TomlEntry& entry, Workload& work) {
    TableReader reader(entry.value, " in weights", complaints_);
    const Capabilities& can = adapter_->capabilities();
    uint64_t weight = 0;
    size_t off = 0;
    for (const Verb verb : can.verbs) {
      if (verb == Verb::kCall) continue;
      const bool given = reader.Read(Name(verb), kWeights, weight);
      if (given) work.weights[verb] = static_cast<uint32_t>(weight);
      // Not every program has those without a weight: they are not to be relied on.
      const bool perhaps = verb == Verb::kBackground || verb == Verb::kClose;
      if (given ? weight == 0 : perhaps) ++off;
    }
    for (const CustomVerb& call : can.calls) {
      if (!reader.Read(call.name, kWeights, weight)) continue;
      work.calls[call.name] = static_cast<uint32_t>(weight);
      if (weight == 0) ++off;
    }
    const auto call_verbs = std::count(can.verbs.begin(), can.verbs.end(), Verb::kCall);
    if (off + static_cast<size_t>(call_verbs) == can.verbs.size() + can.calls.size()) {
      reader.Complain(entry.line, "weights leave no operation to generate");
    }
    for (const TomlEntry& weight_entry : entry.value.entries) {
      const std::optional<Verb> verb = VerbFromName(weight_entry.key);
      if (verb && *verb != Verb::kCall && !can.Has(*verb)) {
        reader.Complain(weight_entry.line, "adapter " + Quote(adapter_->name()) + " has no " +
                                               Quote(weight_entry.key));
      }
    }
    reader.RefuseOthers();
  }

  void ParseFixedProgram(const TomlNode& node) {
    Result<Program> program = ParseProgram(node.string);
    if (!program.ok()) {
      const uint64_t line = program.status().offset().value_or(1);
      const std::string prefix = "line " + std::to_string(line) + ": ";
      complaints_.Add(ProgramLine(node, line),
                      std::string(program.status().message().substr(prefix.size())));
      scenario_.program.emplace();
      return;
    }
    scenario_.program = std::move(program).value();
    if (adapter_ != nullptr) CheckVerbs(node);
  }

  void CheckVerbs(const TomlNode& node) {
    const Capabilities& can = adapter_->capabilities();
    for (size_t i = 0; i < scenario_.program->size(); ++i) {
      const Operation& operation = (*scenario_.program)[i];
      const bool call = operation.verb == Verb::kCall;
      const bool known =
          call ? std::any_of(can.calls.begin(), can.calls.end(),
                             [&](const CustomVerb& verb) { return verb.name == operation.call; })
               : can.Has(operation.verb);
      if (known) continue;
      const std::string_view word = call ? std::string_view(operation.call) : Name(operation.verb);
      complaints_.Add(node.line, "operation " + std::to_string(i + 1) + ": adapter " +
                                     Quote(adapter_->name()) + " has no " + Quote(word));
    }
  }

  /// The line of the file where line `line` of the program is. A newline right after the opening
  /// quotes is no part of a TOML string.
  [[nodiscard]] uint64_t ProgramLine(const TomlNode& node, uint64_t line) const {
    std::string_view rest = text_;
    for (uint64_t skip = 1; skip < node.line; ++skip) rest.remove_prefix(rest.find('\n') + 1);
    const std::string_view first = rest.substr(0, rest.find('\n'));
    const size_t quotes = std::min(first.find("\"\"\""), first.find("'''"));
    if (quotes == std::string_view::npos) return node.line;
    const std::string_view behind = first.substr(quotes + 3);
    const bool begins_below = behind.empty() || behind == "\r";
    return node.line + line - (begins_below ? 0 : 1);
  }

  const std::string_view text_;
  const AdapterSet& adapters_;
  Complaints complaints_;
  Scenario scenario_;
  const Adapter* adapter_ = nullptr;
  std::vector<const TomlNode*> expected_on_;  // names of models in `expect`
};

}  // namespace

bool operator==(const Scenario& a, const Scenario& b) {
  return a.name == b.name && a.why == b.why && a.store == b.store && a.workload == b.workload &&
         a.program == b.program && a.seed == b.seed && a.crash == b.crash && a.faults == b.faults &&
         a.sweep == b.sweep && a.process == b.process && a.clients == b.clients &&
         a.expect == b.expect && a.at_least == b.at_least &&
         a.promised_coverage == b.promised_coverage;
}

Result<Scenario> ParseScenario(std::string_view text, std::string_view file,
                               const AdapterSet& adapters) {
  const Result<TomlNode> root = internal::ParseToml(text);
  if (!root.ok()) {
    Complaints complaints(file);
    complaints.Add(root.status().offset().value_or(1), std::string(root.status().message()));
    return complaints.status();
  }
  return ScenarioParser(text, file, adapters).Parse(*root);
}

}  // namespace crashlab
