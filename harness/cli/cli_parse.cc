// The only file that knows CLI11.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <limits>
#include <ostream>

#include "faultfs/env/nearest_name.h"
#include "faultfs/fault/fault_rule.h"
#include "harness/cli/internal/cli.h"
#include "harness/cli/internal/cli_values.h"

namespace crashlab {
namespace {

constexpr uint64_t kAnyNumber = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMaxJobs = 1024;
constexpr uint64_t kMaxRuns = 1'000'000'000;
constexpr uint64_t kMaxTimes = 1'000'000;
constexpr std::array<std::string_view, 7> kLists = {"scenarios", "adapters", "models", "litmus",
                                                    "verdicts",  "verbs",    "faults"};

constexpr const char* kFooter = R"(Exit codes of every verb:
  0  as expected            2  wrong use; one line says what
  1  findings               3  not decided: cut short, or nothing could be judged

Examples:
  crashlab run scenarios/ci
  crashlab run scenarios/ci --budget 5m --shard 1/4 --junit report.xml
  crashlab replay findings/roll-LOST_ACKED-1c0ffee5.toml
  crashlab list models)";

constexpr const char* kRunFooter = R"(Examples:
  crashlab run scenarios/ci                     what CI runs
  crashlab run scenarios/nightly --runs 100000 --seed 7 --budget 1h
  crashlab run my.toml --fail-fast --out /tmp/findings
  crashlab run FINDING.toml --models all        on which file systems does it show?)";

constexpr const char* kReplayFooter =
    R"(Exit codes: 1 the finding shows (or another one does), 0 nothing shows, 3 the crash
cannot be made any more (the engine takes other steps now), 2 wrong use. So a bisection is
  git bisect run sh -c 'make || exit 125; crashlab replay FILE'

Examples:
  crashlab replay findings/roll-LOST_ACKED-1c0ffee5.toml
  crashlab replay scenarios/ci/roll.toml:1234   the program that this seed makes, whole
  gdb --args crashlab replay FILE --in-process
  crashlab replay FILE --on-disk /tmp/disk      judged through the real file layer)";

constexpr const char* kExplainFooter = R"(Examples:
  crashlab explain FILE                         what was pending, what was lost
  crashlab explain FILE --observed /tmp/disk    could this crash have left that tree?
                                                exit 0: yes, 1: no)";

/// Option values as typed, until they are checked one by one.
struct Typed {
  RunCommand run;
  std::string seed, runs, times, models, budget, jobs, shard, program_runs, out;
  std::string progress = "auto";
  bool has_out = false;
  ReplayCommand replay;
  MinimizeCommand minimize;
  ExportCommand exporting;
  ExplainCommand explain;
  ListCommand list;
};

struct Grammar {
  CLI::App app{"Crashes a storage engine at every file-system step and judges each recovery.",
               "crashlab"};
  CLI::App* run = nullptr;
  CLI::App* replay = nullptr;
  CLI::App* minimize = nullptr;
  CLI::App* exporting = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* list = nullptr;
};

void AddRun(Grammar& grammar, Typed& typed) {
  CLI::App& run = *(grammar.run = grammar.app.add_subcommand("run", "Run scenarios"));
  run.footer(kRunFooter);
  run.add_option("PATHS", typed.run.paths, "Scenario files, and folders of them")->required();
  run.add_option("--seed", typed.seed, "Instead of the scenarios' own")->type_name("N");
  run.add_option("--runs", typed.runs, "Programs of each generated scenario")->type_name("N");
  run.add_option("--times", typed.times, "So many times as many of them")->type_name("N");
  run.add_option("--fault", typed.run.options.faults,
                 "A fault rule for every program: what if? (crashlab list faults)")
      ->type_name("RULE")
      ->expected(1);
  run.add_option("--models", typed.models,
                 "all, or NAME,...: instead of the scenarios' own models, without their switches. "
                 "Exit 1: something shows on one of them. Of a finding not its chain: all states")
      ->type_name("NAMES");
  run.add_option("--budget", typed.budget, "Cut short after this time: 30s, 5m, 1h")
      ->type_name("TIME");
  run.add_option("--jobs", typed.jobs, "Worker processes (default: one for each core)")
      ->type_name("N");
  run.add_option("--shard", typed.shard, "Only every n-th program, from the i-th on")
      ->type_name("i/n");
  run.add_option("--minimize", typed.program_runs,
                 "Program runs to make each finding small (default: 1000; with --models: 0, not at "
                 "all)")
      ->type_name("N");
  run.add_option("--out", typed.out, "Folder for findings (default: findings)")->type_name("DIR");
  run.add_option("--junit", typed.run.junit, "Write a JUnit report")->type_name("FILE");
  run.add_option("--json", typed.run.json, "Write a report as JSON Lines")->type_name("FILE");
  run.add_flag("--coverage", typed.run.coverage, "Print which call met with which fault");
  run.add_flag("--fail-fast", typed.run.options.fail_fast, "Stop at the first failing program");
  run.add_option("--progress", typed.progress, "auto: a line on a terminal; never: none")
      ->type_name("WHEN");
}

void AddOthers(Grammar& grammar, Typed& typed) {
  CLI::App& replay = *(grammar.replay = grammar.app.add_subcommand(
                           "replay", "Run one finding, or one program of a scenario, again"));
  replay.footer(kReplayFooter);
  replay.add_option("FILE", typed.replay.target, "A finding, or SCENARIO:SEED")->required();
  auto* in_process = replay.add_flag("--in-process", typed.replay.in_process,
                                     "In this process, for a debugger: a hang aborts");
  replay.add_option("--on-disk", typed.replay.on_disk, "Make the crashed disk here and open it")
      ->type_name("DIR")
      ->excludes(in_process);

  grammar.minimize = grammar.app.add_subcommand("minimize", "Make a finding as small as it can be");
  grammar.minimize->add_option("FILE", typed.minimize.file, "A finding")->required();
  grammar.minimize
      ->add_option("--out", typed.minimize.out, "The smaller finding (default: FILE-min.toml)")
      ->type_name("FILE");

  grammar.exporting =
      grammar.app.add_subcommand("export", "Write the disk that a finding's crash left");
  grammar.exporting->add_option("FILE", typed.exporting.file, "A finding")->required();
  grammar.exporting->add_option("--out", typed.exporting.out, "An empty or a new folder")
      ->type_name("DIR")
      ->required();

  grammar.explain = grammar.app.add_subcommand("explain", "Say what a finding's crash lost");
  grammar.explain->footer(kExplainFooter);
  grammar.explain->add_option("FILE", typed.explain.file, "A finding")->required();
  grammar.explain->add_option("--observed", typed.explain.observed, "A tree, as export writes it")
      ->type_name("DIR");

  grammar.list = grammar.app.add_subcommand(
      "list", "List scenarios, adapters, models, litmus, verdicts, verbs or faults");
  grammar.list->add_option("WHAT", typed.list.what, "What to list")->required();
  grammar.list->add_option("PATHS", typed.list.paths, "Of scenarios (default: scenarios)");
}

CLI::App* Chosen(Grammar& grammar) {
  const auto chosen = grammar.app.get_subcommands();
  return chosen.empty() ? &grammar.app : chosen.front();
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return fmt::format("\"{}\"; did you mean \"{}\"?", word, faultfs::NearestName(word, views));
}

/// One line about what CLI11 refused.
std::string Complaint(Grammar& grammar, const CLI::ParseError& error) {
  CLI::App& app = *Chosen(grammar);
  const std::string verb = &app == &grammar.app ? "" : app.get_name() + ": ";
  const std::vector<std::string> rest = app.remaining(true);
  const auto kind = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (kind == CLI::ExitCodes::ExtrasError && !rest.empty()) {
    const std::string& word = rest.front();
    if (!word.starts_with("-")) return fmt::format("{}unexpected \"{}\"", verb, word);
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return verb + "unknown option " + DidYouMean(word.substr(0, word.find('=')), names);
  }
  if (kind == CLI::ExitCodes::ArgumentMismatch) {
    const std::string_view what = error.what();
    const bool missing = what.find("missing") != what.npos;
    return fmt::format("{}{} {}", verb, what.substr(0, what.find(':')),
                       missing ? "needs a value" : "is given more than once");
  }
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return verb + text;
}

/// An option's value or nothing if it was not given; sets `error` (once) if it is wrong.
template <typename Parse>
auto Value(const char* option, const std::string& text, Parse parse, std::string& error)
    -> std::optional<std::decay_t<decltype(parse(text).value())>> {
  if (text.empty() || !error.empty()) return std::nullopt;
  auto value = parse(text);
  if (value.ok()) return *value;
  error = fmt::format("run: {} {}: {}", option, text, value.status().message());
  return std::nullopt;
}

/// The first thing that is wrong with the values of `run`; empty if nothing is.
std::string CheckRun(const Grammar& grammar, Typed& typed) {
  RunOptions& options = typed.run.options;
  for (const CLI::Option* option : grammar.run->get_options()) {
    if (option->count() > 0 && option->get_type_size() > 0 && option->results().front().empty()) {
      return fmt::format("run: {}: no value", option->get_name());
    }
  }
  std::string error;
  const auto number = [](uint64_t low, uint64_t high) {
    return [=](const std::string& text) { return ParseNumber(text, low, high); };
  };
  options.seed = Value("--seed", typed.seed, number(0, kAnyNumber), error);
  options.runs = Value("--runs", typed.runs, number(1, kMaxRuns), error);
  for (const std::string& rule : options.faults) {
    if (!error.empty()) break;
    const auto parsed = faultfs::ParseFaultRule(rule);
    if (!parsed.ok()) error = fmt::format("run: --fault {}: {}", rule, parsed.status().message());
  }
  options.times = Value("--times", typed.times, number(1, kMaxTimes), error).value_or(1);
  typed.run.models = Value("--models", typed.models, ParseModels, error)
                         .value_or(std::vector<faultfs::PersistenceModel>());
  options.models_apart = !typed.run.models.empty();
  if (options.models_apart) options.minimize.max_program_runs = 0;
  options.minimize.max_program_runs =
      Value("--minimize", typed.program_runs, number(0, kMaxRuns), error)
          .value_or(options.minimize.max_program_runs);
  options.budget_ms = Value("--budget", typed.budget, ParseDuration, error);
  options.jobs =
      static_cast<uint32_t>(Value("--jobs", typed.jobs, number(1, kMaxJobs), error).value_or(0));
  const Shard shard = Value("--shard", typed.shard, ParseShard, error).value_or(Shard());
  options.shard = shard.index;
  options.shards = shard.count;
  if (error.empty() && typed.progress != "auto" && typed.progress != "never") {
    error = fmt::format("run: --progress {}: neither auto nor never", typed.progress);
  }
  typed.run.progress = typed.progress == "auto";
  if (grammar.run->count("--out") > 0) typed.run.out = typed.out;
  return error;
}

std::string CheckList(const Typed& typed) {
  const std::string& what = typed.list.what;
  if (std::find(kLists.begin(), kLists.end(), what) == kLists.end()) {
    return "list: there is no list of " + DidYouMean(what, {kLists.begin(), kLists.end()});
  }
  if (what != "scenarios" && !typed.list.paths.empty()) {
    return fmt::format("list: {} takes no path", what);
  }
  return {};
}

}  // namespace

std::variant<Command, int> ParseCommandLine(int argc, const char* const* argv,
                                            const Console& console) {
  Typed typed;
  Grammar grammar;
  grammar.app.footer(kFooter);
  grammar.app.set_version_flag("--version", "crashlab " + std::string(Version()));
  grammar.app.require_subcommand(1);
  AddRun(grammar, typed);
  AddOthers(grammar, typed);

  // CLI11 would call an unknown verb an unexpected argument.
  if (argc < 2)
    return console.WrongUse("no verb; one of run, replay, minimize, export, explain, list");
  const std::string_view verb = argv[1];
  if (verb.starts_with("-")) {
    const std::vector<std::string> known = {"--help", "-h", "--version"};
    if (std::find(known.begin(), known.end(), verb) == known.end()) {
      return console.WrongUse("unknown option " + DidYouMean(verb, {"--help", "--version"}));
    }
  } else {
    std::vector<std::string> verbs;
    for (const CLI::App* app : grammar.app.get_subcommands({})) verbs.push_back(app->get_name());
    if (std::find(verbs.begin(), verbs.end(), verb) == verbs.end()) {
      return console.WrongUse("unknown verb " + DidYouMean(verb, verbs));
    }
  }
  try {
    grammar.app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return grammar.app.exit(success, console.out, console.err);
  } catch (const CLI::ParseError& error) {
    return console.WrongUse(Complaint(grammar, error));
  }

  std::string error;
  if (*grammar.run) error = CheckRun(grammar, typed);
  if (*grammar.list) error = CheckList(typed);
  if (!error.empty()) return console.WrongUse(error);
  if (*grammar.run) return Command(typed.run);
  if (*grammar.replay) return Command(typed.replay);
  if (*grammar.minimize) return Command(typed.minimize);
  if (*grammar.exporting) return Command(typed.exporting);
  if (*grammar.explain) return Command(typed.explain);
  return Command(typed.list);
}

}  // namespace crashlab
