// The language of the prompt: one command a line.
//
//   line = word (blank+ word)*      blanks: space, tab, carriage return
//   word = bare | quoted
//
// A bare word stands for its bytes, backslashes and inner quotes included. A quoted word begins and
// ends with `"` and knows `\"`, `\\`, `\n`, `\r`, `\t`, `\0` and `\xHH`. Names of commands may be
// written in any case; that of one, CLEAR PERSISTENCE, is two words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"

namespace kv::cli {

enum class Verb : uint8_t {
  kSet,
  kGet,
  kDelete,
  kExists,
  kKeys,
  kSize,
  kClear,
  kFlush,
  kSnapshot,
  kCompact,
  kClearPersistence,
  kInfo,
  kVersion,
  kHelp,
  kExit,
};

struct Command {
  Verb verb = Verb::kHelp;
  std::vector<std::string> arguments;  // as many as the verb takes
};

/// What there is to say about a verb.
struct VerbRow {
  Verb verb;
  std::string_view name;
  std::string_view other_names;  // separated by blanks
  std::string_view arguments;    // for people: "KEY VALUE"
  size_t min_arguments;
  size_t max_arguments;
  std::string_view help;
};
[[nodiscard]] std::span<const VerbRow> Verbs();

/// The command of a line; nothing for a line without a word. kInvalidArgument with one line that
/// says what is wrong.
[[nodiscard]] faultfs::Result<std::optional<Command>> ParseCommand(std::string_view line);

}  // namespace kv::cli
