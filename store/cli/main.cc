#include <unistd.h>

#include <csignal>

#include "faultfs/env/posix_file_system.h"
#include "store/cli/arguments.h"
#include "store/cli/fd_output.h"
#include "store/cli/inspect.h"

namespace kv::cli {
namespace {

struct Perform {
  const Console& console;
  faultfs::PosixFileSystem file_system;

  int operator()(const ReplOptions& options) { return Repl(options, console); }
  int operator()(const InspectOptions& options) {
    return Inspect(file_system, options.directory, console);
  }
  int operator()(const CheckOptions& options) {
    return Check(file_system, options.directory, console);
  }
  int operator()(const ExportOptions& options) { return Export(file_system, options, console); }
  int operator()(const ImportOptions& options) { return Import(options, console); }
};

int Main(int argc, const char* const* argv) {
  // A reader who leaves must not end the process before the store is closed.
  std::signal(SIGPIPE, SIG_IGN);
  FdOutput out(STDOUT_FILENO);
  FdOutput err(STDERR_FILENO);
  err.setf(std::ios::unitbuf);
  const Console console{out, err};
  const auto parsed = ParseArguments(argc, argv, console);
  const int exit_code = std::holds_alternative<int>(parsed)
                            ? std::get<int>(parsed)
                            : std::visit(Perform{console, {}}, std::get<Task>(parsed));
  out.flush();
  if (const faultfs::Status status = out.status(); !status.ok()) {
    return Fail(console, status, kExitNoStore);
  }
  return out.reader_left() && exit_code == kExitDone ? kExitFailed : exit_code;
}

}  // namespace
}  // namespace kv::cli

int main(int argc, char** argv) { return kv::cli::Main(argc, argv); }
