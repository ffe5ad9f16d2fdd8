// The command line of kv_store.
#pragma once

#include <string>
#include <variant>

#include "store/cli/console.h"
#include "store/cli/repl.h"
#include "store/cli/transfer.h"

namespace kv::cli {

struct InspectOptions {
  std::string directory;
};
struct CheckOptions {
  std::string directory;
};
struct ExportOptions : TransferOptions {};
struct ImportOptions : TransferOptions {};

using Task = std::variant<ReplOptions, InspectOptions, CheckOptions, ExportOptions, ImportOptions>;

/// What is to be done; or the exit code, once help, version or a complaint of one line is written.
[[nodiscard]] std::variant<int, Task> ParseArguments(int argc, const char* const* argv,
                                                     const Console& console);

}  // namespace kv::cli
