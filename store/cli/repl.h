// `kv_store DIR`: commands from a terminal or a pipe, one after the other.
#pragma once

#include <cstdint>
#include <string>

#include "store/cli/console.h"
#include "store/cli/line_source.h"
#include "store/cli/session.h"
#include "store/store.h"

namespace kv::cli {

struct ReplOptions {
  std::string directory;
  Durability durability = Durability::kSync;
  uint64_t segment_bytes = Options().segment_bytes;
  /// See Options::checkpoint_bytes.
  uint64_t checkpoint_bytes = uint64_t{64} << 20;
  enum class Show : uint8_t { kAuto, kRaw, kEscaped };
  Show show = Show::kAuto;  // kAuto: escaped at a terminal, raw elsewhere
  bool quiet = false;       // no recovery summary
};

/// Opens the store and runs standard input to its end, EXIT, or a signal, then closes the store.
/// Returns the exit code; 128 plus the number of a signal that ended it.
[[nodiscard]] int Repl(const ReplOptions& options, const Console& console);

/// The loop alone: runs the lines of `source` until they end, EXIT, a signal, or `out` fails.
/// `interactive`: errors are not counted and carry no line number. A checkpoint that failed in the
/// background is told of, and is no failed command.
[[nodiscard]] int RunLines(LineSource& source, Store& store, Session& session, bool interactive,
                           const Console& console);

}  // namespace kv::cli
