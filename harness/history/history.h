// What several clients of one engine saw between an Open and the next one, and what that next Open
// showed: the question of the two checkers for concurrent clients (docs/oracle.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "harness/operation.h"

namespace crashlab {

struct Call {
  OpNumber number = 0;  // in the history: names the values that it writes (ValueOf)
  uint32_t client = 0;
  Operation operation;
  // Ticks of one clock, no two of a history alike: only their order counts.
  uint64_t invoked = 0;
  std::optional<uint64_t> returned = {};  // none: in flight when the crash came
  Outcome outcome = Outcome::kInfo;  // of one in flight: how it ended after the crash came, if so
  Reply reply = {};                  // of a read
  std::optional<uint64_t> sequence = {};  // what the engine says of a mutation's place in its log
};

struct History {
  Dump opened = {};         // what the Open at its beginning showed
  std::vector<Call> calls;  // by invocation
  bool power_lost = false;  // at its end; otherwise only the process died
  // Pages of files went back to what the disk holds while it ran: what only the page cache held is
  // not to be relied on.
  bool reverted = false;
  Dump recovered = {};  // what the next Open showed
};

/// For people: a line a call, with its ticks and what it gave, then what the next Open showed.
[[nodiscard]] std::string Print(const History& history);

/// One change of a mutation.
struct Change {
  enum class Kind : uint8_t { kSet, kErase, kClear };
  Kind kind;
  std::string key = {};
  std::string value = {};
};
/// In the order in which they apply; none for what changes nothing.
[[nodiscard]] std::vector<Change> ChangesOf(const Call& call);

/// get, contains, size, for-each
[[nodiscard]] bool IsRead(Verb verb);
/// Whether the call may have changed something: not if it is no mutation or provably failed.
[[nodiscard]] bool MayHaveHappened(const Call& call);
/// An error of a live engine that proves nothing. It stays open until the next Open, and no live
/// read may see it.
[[nodiscard]] bool IsOpenError(const Call& call);

/// What the acknowledgements of a history promise of the state that the next Open reads, by the
/// engine's contract. A read vouches for the writers of the values that it gave; one that gave none
/// (an absent key, a count) may have seen several things, and vouches for nothing.
struct Obligations {
  bool process_holds = false;  // what is promised to survive the death of the process does
  std::vector<bool> survives;  // by index of the call: this mutation is in that state
  // That state is read after everything that returned before this tick: the invocation of the last
  // barrier that was Ok. 0: there was none.
  uint64_t read_after = 0;

  /// Whether what has this promise must be in that state.
  [[nodiscard]] bool Holds(Promise promise) const {
    return promise == Promise::kPower || (promise == Promise::kProcess && process_holds);
  }
};
[[nodiscard]] Obligations ObligationsOf(const History& history, const Contract& contract,
                                        Durability store_default);

/// What a checker says. A question that it gave up is never a pass.
enum class Answer : uint8_t { kLegal, kIllegal, kUnknown };

}  // namespace crashlab
