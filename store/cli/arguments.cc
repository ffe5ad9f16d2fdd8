// The only file that knows CLI11.
#include "store/cli/arguments.h"

#include <CLI/CLI.hpp>

#include "store/cli/text.h"

namespace kv::cli {
namespace {

constexpr const char* kFooter = R"(Exit codes:
  0  done; check: the store is sound
  1  a command failed, input was refused, nobody reads the output; check: the store is corrupt
  2  wrong use
  3  the store or a file could not be opened, read, written or closed
  128 + N  ended by signal N; the store was closed

A directory with the name of a verb is written ./inspect.)";

struct Grammar {
  CLI::App app{
      "A key-value store. Without a verb: opens the store in DIR and takes commands, from "
      "a terminal or a pipe; HELP lists them.",
      "kv_store"};
  CLI::App* inspect = nullptr;
  CLI::App* check = nullptr;
  CLI::App* exporting = nullptr;
  CLI::App* importing = nullptr;

  std::string directory;
  std::string durability = "sync";
  std::string show = "auto";
  ReplOptions repl;
  InspectOptions inspect_options;
  CheckOptions check_options;
  ExportOptions export_options;
  ImportOptions import_options;

  Grammar() {
    app.footer(kFooter);
    app.set_version_flag("--version", VersionLine());
    app.require_subcommand(0, 1);
    AddRepl();
    AddVerbs();
  }

  void AddRepl() {
    app.add_option("DIR", directory, "The store's directory; made if it is missing");
    app.add_option("--durability", durability,
                   "buffered: an answer survives the process; sync (default): power loss too;\n"
                   "group: as sync, and clients who wait together share a sync")
        ->check(CLI::IsMember({"buffered", "sync", "group"}))
        ->type_name("MODE");
    app.add_option("--segment-bytes", repl.segment_bytes,
                   "The log begins a new file when one grows beyond this (default: 64 MiB)")
        ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 62))
        ->type_name("N");
    app.add_option("--checkpoint-bytes", repl.checkpoint_bytes,
                   "Compact whenever the log has grown by so much; 0: never (default: 64 MiB)")
        ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 62))
        ->type_name("N");
    app.add_option(
           "--show", show,
           "Keys and values: raw bytes, escaped (a line each), auto (escaped at a terminal)")
        ->check(CLI::IsMember({"auto", "raw", "escaped"}))
        ->type_name("HOW");
    app.add_flag("--quiet", repl.quiet, "No recovery summary at the start");
  }

  void AddVerbs() {
    inspect = app.add_subcommand("inspect", "List segments and records; changes nothing");
    inspect->add_option("DIR", inspect_options.directory, "The store's directory")->required();
    check = app.add_subcommand("check", "Is the store sound? Changes nothing");
    check->add_option("DIR", check_options.directory, "The store's directory")->required();
    exporting = app.add_subcommand("export", "Write all entries as JSON Lines; changes nothing");
    exporting->add_option("DIR", export_options.directory, "The store's directory")->required();
    exporting->add_option("FILE", export_options.file, "Replaced as a whole (default: output)");
    importing = app.add_subcommand("import", "Set every entry of a file of JSON Lines");
    importing->add_option("DIR", import_options.directory, "The store's directory")->required();
    importing->add_option("FILE", import_options.file, "As export writes it (default: input)");
  }

  /// What is wrong with arguments that parse one by one; empty: nothing.
  [[nodiscard]] std::string Contradiction() const {
    const auto verbs = app.get_subcommands();
    if (verbs.empty()) return directory.empty() ? "no DIR; see --help" : "";
    for (const CLI::Option* option : app.get_options()) {
      if (option->count() > 0) {
        return verbs.front()->get_name() + " takes no " + option->get_name() + " before it";
      }
    }
    return "";
  }

  [[nodiscard]] Task Chosen() {
    if (*inspect) return inspect_options;
    if (*check) return check_options;
    if (*exporting) return export_options;
    if (*importing) return import_options;
    repl.directory = directory;
    repl.durability = durability == "sync"    ? Durability::kSync
                      : durability == "group" ? Durability::kGroupCommit
                                              : Durability::kBuffered;
    repl.show = show == "raw"       ? ReplOptions::Show::kRaw
                : show == "escaped" ? ReplOptions::Show::kEscaped
                                    : ReplOptions::Show::kAuto;
    return repl;
  }
};

int WrongUse(const Console& console, std::string_view text) {
  console.err << "kv_store: " << Escaped(text) << std::endl;
  return kExitWrongUse;
}

}  // namespace

std::variant<int, Task> ParseArguments(int argc, const char* const* argv, const Console& console) {
  Grammar grammar;
  try {
    grammar.app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return grammar.app.exit(success, console.out, console.err);
  } catch (const CLI::ParseError& error) {
    return WrongUse(console, error.what());
  }
  const std::string wrong = grammar.Contradiction();
  if (!wrong.empty()) return WrongUse(console, wrong);
  return grammar.Chosen();
}

}  // namespace kv::cli
