#include "store/cli/repl.h"

#include <unistd.h>

#include <memory>

namespace kv::cli {
namespace {

using faultfs::Result;
using faultfs::Status;

class Lines {
 public:
  Lines(const Store& store, Session& session, bool interactive, const Console& console)
      : store_(store), session_(session), interactive_(interactive), console_(console) {}

  /// False: no further line.
  bool Take(const InputLine& line) {
    ++number_;
    switch (line.kind) {
      case InputLine::Kind::kText:
        return RunText(line.text);
      case InputLine::Kind::kTooLong:
        Report("the line is longer than any command");
        return true;
      case InputLine::Kind::kAbandoned:
        return true;
      case InputLine::Kind::kEnd:
        return false;
      case InputLine::Kind::kStopped:
        signal_ = line.signal;
        return false;
    }
    return false;
  }

  void Report(std::string_view message) {
    failed_ = true;
    Write(message);
  }

  void Write(std::string_view message) {
    // What was answered before stands before.
    console_.out.flush();
    console_.err << "kv_store: ";
    if (!interactive_) console_.err << "line " << number_ << ": ";
    console_.err << message << std::endl;
  }

  [[nodiscard]] int ExitCodeSoFar() const {
    if (signal_ != 0) return 128 + signal_;
    return failed_ && !interactive_ ? kExitFailed : kExitDone;
  }

 private:
  /// `tell`: unless the command itself has just said it.
  void TellOfCheckpoints(bool tell) {
    const CheckpointInfo info = store_.checkpoints();
    if (info.failed > failed_checkpoints_ && tell) {
      Write("a checkpoint failed and will be tried again: " + ErrorLine(info.last_status));
    }
    failed_checkpoints_ = info.failed;
  }

  bool RunText(const std::string& text) {
    const Result<std::optional<Command>> command = ParseCommand(text);
    if (!command.ok()) {
      Report(command.status().message());
      return true;
    }
    if (!command->has_value()) return true;
    const Status status = session_.Run(**command);
    if (!status.ok()) Report(ErrorLine(status));
    TellOfCheckpoints(status.ok());
    // An acknowledgement is worth something once it is out.
    console_.out.flush();
    return command.value()->verb != Verb::kExit && console_.out.good();
  }

  const Store& store_;
  Session& session_;
  uint64_t failed_checkpoints_ = 0;  // told of
  const bool interactive_;
  const Console& console_;
  uint64_t number_ = 0;
  int signal_ = 0;
  bool failed_ = false;
};

int RefusedOpen(const Console& console, const Status& status) {
  console.err << "kv_store: " << ErrorLine(status);
  if (status.Is(faultfs::Code::kCorruption)) console.err << "; `kv_store check` says more";
  console.err << std::endl;
  return kExitNoStore;
}

}  // namespace

int RunLines(LineSource& source, Store& store, Session& session, bool interactive,
             const Console& console) {
  Lines lines(store, session, interactive, console);
  while (true) {
    const Result<InputLine> line = source.Next();
    if (!line.ok()) return Fail(console, line.status(), kExitNoStore);
    if (!lines.Take(*line)) break;
  }
  return lines.ExitCodeSoFar();
}

int Repl(const ReplOptions& options, const Console& console) {
  Options store_options;
  store_options.durability = options.durability;
  store_options.segment_bytes = options.segment_bytes;
  store_options.checkpoint_bytes = options.checkpoint_bytes;
  Result<std::unique_ptr<Store>> store = Store::Open(store_options, options.directory);
  if (!store.ok()) return RefusedOpen(console, store.status());

  const bool interactive = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  if (!options.quiet) {
    // A pipe carries answers and nothing else.
    std::ostream& to = interactive ? console.out : console.err;
    to << "kv_store: " << RecoverySummary(**store) << std::endl;
  }
  SignalGate gate;
  using Show = ReplOptions::Show;
  const bool escaped =
      options.show == Show::kEscaped || (options.show == Show::kAuto && interactive);
  Session session(**store,
                  {.directory = options.directory,
                   .durability = options.durability,
                   .answers = escaped ? Answers::kEscaped : Answers::kRaw},
                  console.out);
  int exit_code = kExitDone;
  {
    const std::unique_ptr<LineSource> source =
        interactive ? MakeTerminalLines(gate) : MakePlainLines(STDIN_FILENO, gate);
    exit_code = RunLines(*source, **store, session, interactive, console);
  }
  if (const Status closed = (*store)->Close(); !closed.ok()) {
    return Fail(console, closed, kExitNoStore);
  }
  return exit_code;
}

}  // namespace kv::cli
