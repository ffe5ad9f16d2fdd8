// Where commands come from: a pipe or a file, or a person at a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "faultfs/env/status.h"
#include "store/cli/signal_gate.h"

namespace kv::cli {

struct InputLine {
  enum class Kind : uint8_t {
    kText,       // a line, without its newline; the last one may have had none
    kTooLong,    // a line over kMaxLineBytes, skipped to its end
    kAbandoned,  // a person pressed the interrupt key: what was typed is dropped
    kEnd,        // there is no more
    kStopped,    // a signal asks for the end
  };
  Kind kind = Kind::kEnd;
  std::string text;
  int signal = 0;  // of kStopped
};

/// Room for the longest key and value with every byte written `\xHH`.
inline constexpr size_t kMaxLineBytes = size_t{260} << 20;

class LineSource {
 public:
  virtual ~LineSource() = default;
  /// Errors are those of reading. Signals are taken here: see SignalGate.
  [[nodiscard]] virtual faultfs::Result<InputLine> Next() = 0;
};

/// Lines of a descriptor, which it does not own. SIGINT ends them.
[[nodiscard]] std::unique_ptr<LineSource> MakePlainLines(int fd, SignalGate& gate);

/// Lines of the terminal at standard input and output, with a prompt, editing and a history of this
/// run. SIGINT abandons a line.
[[nodiscard]] std::unique_ptr<LineSource> MakeTerminalLines(SignalGate& gate);

}  // namespace kv::cli
