// What the verbs of kv_store share: where they write, and how they end.
#pragma once

#include <ostream>
#include <string>

#include "faultfs/env/status.h"

namespace kv::cli {

/// Exit codes; scripts depend on them: do not change.
enum ExitCode : int {
  kExitDone = 0,      // everything was done; `check`: the store is sound
  kExitFailed = 1,    // a command failed, input was refused, or `check` found corruption
  kExitWrongUse = 2,  // the command line makes no sense
  kExitNoStore = 3,   // the store or a file could not be opened, read, written or closed
};

struct Console {
  std::ostream& out;
  std::ostream& err;
};

/// An error on one line, as Status::ToString, whatever bytes a name in it holds.
[[nodiscard]] std::string ErrorLine(const faultfs::Status& status);

/// Writes "kv_store: " and the error; returns `exit_code`.
int Fail(const Console& console, const faultfs::Status& status, int exit_code);

}  // namespace kv::cli
