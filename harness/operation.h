// Programs: what a driver does to a system under test, one operation a line.
//
//   set k1 350            a value of 350 bytes, which follow from the operation's number
//   set "\x00" 0 buffered  a quoted key with escapes; a durability of its own
//   set "ab"*100 4        a key of 200 bytes
//   delete k1
//   clear
//   batch set a 10; delete b; set c 4096
//   batch sync set a 10
//   get k1 · contains k1 · size · for-each
//   flush
//   snapshot              the whole state in a file of its own, behind which recovery can begin
//   compact               a snapshot, and what it covers goes
//   clear-persistence     clear, always sync, and what held the content goes
//   background            the oldest job that waits in the background runs; nothing if none does
//   close                 the engine is closed; what it is asked until a reopen or kill is refused
//   reopen                close, then open again
//   kill                  the process dies and a new one opens
//   call save 350         a verb of the adapter's own, with a size
//
// A program of several clients says before each operation whose it is: `1: set k1 350`. Clients are
// numbered from 0; a line that names none is client 0's. `reopen` and `kill` are everybody's and
// name none (client_plan.h).
//
// `#` begins a comment. A bare key is letters, digits and _ - . / : + @; quoted, it takes
// the escapes \" \\ \n \t \xHH and any byte but a line's end. Print and Parse are inverse to each
// other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"

namespace crashlab {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

enum class Durability : uint8_t { kBuffered, kSync, kGroupCommit };
[[nodiscard]] std::string_view Name(Durability durability);
[[nodiscard]] std::optional<Durability> DurabilityFromName(std::string_view name);

enum class Verb : uint8_t {
  kSet,
  kDelete,
  kClear,
  kBatch,
  kGet,
  kContains,
  kSize,
  kForEach,
  kFlush,
  kSnapshot,
  kCompact,
  kClearPersistence,
  kBackground,
  kClose,
  kReopen,
  kKill,
  kCall,
};
inline constexpr int kVerbCount = static_cast<int>(Verb::kCall) + 1;
/// The word that begins the line, such as "for-each".
[[nodiscard]] std::string_view Name(Verb verb);
[[nodiscard]] std::optional<Verb> VerbFromName(std::string_view name);

/// One change within a batch.
struct Edit {
  bool erase = false;
  std::string key;
  uint64_t value_bytes = 0;

  friend bool operator==(const Edit&, const Edit&) = default;
};

struct Operation {
  Verb verb = Verb::kGet;
  std::string key;                       // set, delete, get, contains
  uint64_t value_bytes = 0;              // set, call
  std::optional<Durability> durability;  // set, delete, clear, batch; none: the store's own
  std::vector<Edit> batch;               // batch
  std::string call;                      // call: the adapter's verb
  uint32_t client = 0;                   // who does it, where there are several (client_plan.h)

  friend bool operator==(const Operation&, const Operation&) = default;
};

using Program = std::vector<Operation>;

/// Operations are numbered from 1 in the order of the program.
using OpNumber = uint32_t;

// Limits of a program: a value has room for so large a number, and a typing error must not eat the
// memory. They leave room beyond the limits of any store, so that those can be tested.
inline constexpr uint32_t kMaxOperations = 99'999;
inline constexpr size_t kMaxEdits = 1'000;  // of a batch
inline constexpr size_t kMaxKeyBytes = size_t{1} << 20;
inline constexpr uint64_t kMaxValueBytes = uint64_t{256} << 20;

/// set, delete, clear, batch, clear-persistence, and (as far as anybody knows) call.
[[nodiscard]] bool IsMutation(const Operation& operation);
/// Whether the operation may carry a durability of its own.
[[nodiscard]] bool TakesDurability(Verb verb);
/// reopen and kill: all clients take part, and `client` of such an operation is 0.
[[nodiscard]] bool IsEverybodys(Verb verb);
/// One more than the highest client of the program's operations; 1 of an empty program.
[[nodiscard]] uint32_t ClientsOf(const Program& program);

/// The value that edit `edit` (0 except in a batch) of operation `op` writes: readable text that
/// carries the numbers and the position in every 16 bytes ("00012.003@000007": operation 12, edit
/// 3, bytes 112 to 127), so that any value and any piece of one tells its writer. A value of fewer
/// than 9 bytes is a number that follows from `op` and `edit`, in as many digits of base 62: as
/// distinct as so few bytes can be. Aborts beyond the limits above.
[[nodiscard]] std::string ValueOf(OpNumber op, size_t edit, uint64_t value_bytes);

/// With its client, unless that is client 0.
[[nodiscard]] std::string Print(const Operation& operation);
/// An operation a line: all with their clients if one of them is of another than client 0.
[[nodiscard]] std::string Print(const Program& program);
/// kInvalidArgument: `line N: …`, with N in offset() too, and the nearest right word for a wrong
/// one.
[[nodiscard]] Result<Program> ParseProgram(std::string_view text);

}  // namespace crashlab
