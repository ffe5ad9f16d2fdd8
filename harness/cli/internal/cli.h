// The command line taken apart, and what carries it out.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"
#include "harness/runner/runner.h"
#include "harness/scenario/scenario.h"

namespace crashlab {

// Exit codes, of every verb.
inline constexpr int kExitAsExpected = 0;
inline constexpr int kExitFindings = 1;
inline constexpr int kExitWrongUse = 2;
inline constexpr int kExitNotDecided = 3;

[[nodiscard]] std::string_view Version();
inline constexpr std::string_view kDefaultOut = "findings";

struct RunCommand {
  std::vector<std::string> paths;
  RunOptions options;
  std::vector<faultfs::PersistenceModel> models;  // instead of the scenarios'; none: those
  std::optional<std::string> out;                 // none: kDefaultOut
  std::string junit;
  std::string json;
  bool progress = true;   // on a terminal
  bool coverage = false;  // print the table
};

struct ReplayCommand {
  std::string target;  // FILE or SCENARIO:SEED
  bool in_process = false;
  std::string on_disk;
};

struct ExportCommand {
  std::string file;
  std::string out;
};

struct ExplainCommand {
  std::string file;
  std::string observed;
};

struct MinimizeCommand {
  std::string file;
  std::string out;
};

struct ListCommand {
  std::string what;
  std::vector<std::string> paths;
};

using Command = std::variant<RunCommand, ReplayCommand, MinimizeCommand, ExportCommand,
                             ExplainCommand, ListCommand>;

/// Where a command prints, and what it works with.
struct Console {
  std::ostream& out;
  std::ostream& err;
  std::string program_name;  // as it was called, for commands that can be pasted
  const AdapterSet& adapters;

  /// One line on `err`; returns kExitWrongUse.
  int WrongUse(std::string_view line) const;
  int WrongUse(const Status& status) const;
};

/// The command; or the exit code when there is nothing left to do: help and version were asked for
/// and printed, or the line is wrong and one line says so.
[[nodiscard]] std::variant<Command, int> ParseCommandLine(int argc, const char* const* argv,
                                                          const Console& console);

[[nodiscard]] int Execute(const RunCommand& command, const Console& console);
[[nodiscard]] int Execute(const ReplayCommand& command, const Console& console);
[[nodiscard]] int Execute(const MinimizeCommand& command, const Console& console);
[[nodiscard]] int Execute(const ExportCommand& command, const Console& console);
[[nodiscard]] int Execute(const ExplainCommand& command, const Console& console);
[[nodiscard]] int Execute(const ListCommand& command, const Console& console);

// ---- shared by the commands

/// A status as one line: its message, with the file and line in front unless it names them.
[[nodiscard]] std::string OneLine(const Status& status);

/// A case as the command line names it.
struct Target {
  Scenario scenario;
  Case c;
  const Adapter* adapter = nullptr;
};
/// FILE with one program, or FILE:SEED.
[[nodiscard]] Result<Target> FindTarget(const std::string& text, const AdapterSet& adapters);

/// Explores the case in a process of its own; its death is a finding like any other.
[[nodiscard]] Result<CaseResult> ExploreApart(const Target& target);

}  // namespace crashlab
