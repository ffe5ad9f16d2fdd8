#include "harness/main.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <limits>
#include <utility>

#include "harness/cli/internal/cli.h"
#include "harness/cli/internal/cli_values.h"

namespace crashlab {

int Main(int argc, const char* const* argv, std::vector<const Adapter*> adapters) {
  const AdapterSet set(std::move(adapters));
  const Console console{std::cout, std::cerr, argc > 0 ? argv[0] : "crashlab", set};
  const auto parsed = ParseCommandLine(argc, argv, console);
  const int exit_code =
      std::holds_alternative<int>(parsed)
          ? std::get<int>(parsed)
          : std::visit([&](const auto& command) { return Execute(command, console); },
                       std::get<Command>(parsed));
  std::cout.flush();
  return exit_code;
}

std::string_view Version() { return CRASHLAB_VERSION; }

int Console::WrongUse(std::string_view line) const {
  err << "crashlab: " << line << "\n";
  return kExitWrongUse;
}

int Console::WrongUse(const Status& status) const { return WrongUse(OneLine(status)); }

std::string OneLine(const Status& status) {
  std::string line(status.message());
  if (!status.file().empty() && line.find(status.file()) == line.npos) {
    line = fmt::format("{}: {}", status.file(), line);
  }
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

namespace {

/// The error: nothing leads to this case again.
Status CheckComesAgain(const Target& target) {
  if (!OnRealThreads(target.c)) return Status();
  return Status::Error(Code::kUnsupported,
                       "a run on real threads does not come again: what was recorded is told in "
                       "the file of the finding, and `crashlab run` tries anew")
      .File(target.scenario.file);
}

}  // namespace

Result<Target> FindTarget(const std::string& text, const AdapterSet& adapters) {
  std::string file = text;
  std::optional<uint64_t> seed;
  if (const size_t colon = text.rfind(':'); colon != text.npos && !std::filesystem::exists(text)) {
    const auto number =
        ParseNumber(text.substr(colon + 1), 0, std::numeric_limits<uint64_t>::max());
    if (number.ok()) {
      seed = *number;
      file = text.substr(0, colon);
    }
  }
  FAULTFS_ASSIGN_OR_RETURN(std::vector<Scenario> scenarios, LoadScenarios({file}, adapters));
  if (scenarios.size() != 1) {
    return Status::Error(Code::kInvalidArgument,
                         fmt::format("{}: {} scenarios; say which", file, scenarios.size()));
  }
  Target target{.scenario = std::move(scenarios.front()), .c = {}, .adapter = nullptr};
  if (!seed && target.scenario.workload) {
    return Status::Error(
        Code::kInvalidArgument,
        fmt::format("{}: it makes {} programs; say which by {}:SEED, with a seed that run printed",
                    file, CaseCount(target.scenario), file));
  }
  target.c = MakeCase(target.scenario, seed ? *seed : CaseSeed(target.scenario, 0), adapters);
  FAULTFS_RETURN_IF_ERROR(CheckComesAgain(target));
  FAULTFS_ASSIGN_OR_RETURN(target.adapter, adapters.Find(target.scenario.store.adapter));
  return target;
}

}  // namespace crashlab
