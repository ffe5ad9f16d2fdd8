// KilledRun: the run of a program by real processes, from its first Open to the kill that ends it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"
#include "harness/explore/recovery.h"

namespace crashlab {

struct KilledRun {
  std::unique_ptr<Checker> checker;
  std::vector<Event> events;
  std::optional<Violation> live;  // an answer or an Open was wrong, or the process died by itself
  std::string killed;             // where it died, for people; empty: nowhere yet
  uint64_t opens = 0;
  uint64_t calls = 0;               // file-system calls, if it came to its end
  std::vector<uint64_t> wide;       // those that write into several pages
  uint64_t duration_ns = 0;         // a timing: only moments are counted from it
  std::vector<std::string> output;  // of a process that died by itself: its last words
};

/// `moment_ns`: of a kill of that kind, how long after the beginning it comes. The error: no
/// process could be started.
[[nodiscard]] Result<KilledRun> RunAndKill(const Laboratory& lab, const std::string& root,
                                           const KillPoint& kill, uint64_t moment_ns);

struct KilledRecovery {
  Life life;                           // of a killed one: what it had shown, from kOpened on
  std::optional<Violation> violation;  // it died by itself or hung: there is no life to judge
  std::vector<std::string> output;
  std::string killed;             // where it was, for people; empty: it came to its end
  Stage stage = Stage::kOpening;  // that it had reached then
  uint64_t calls = 0;             // file-system calls, if it came to its end
  std::vector<uint64_t> wide;     // those that write into several pages
};
/// Opens what is there in a process of its own, with the probe. With `kill` that one is killed, at
/// the latest at its end, unless it went wrong before.
[[nodiscard]] Result<KilledRecovery> RecoverApart(const Laboratory& lab, const std::string& root,
                                                  uint64_t open_ordinal,
                                                  const std::optional<KillPoint>& kill);

}  // namespace crashlab
