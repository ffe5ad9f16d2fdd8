// The child's side: a process that runs a program, or a recovery, on a real directory and tells its
// parent each step before it goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"

namespace crashlab {

/// One life of a process within the run of a program.
struct ProgramLife {
  std::string root;           // the folder that the program takes for the disk
  KillPoint kill;             // for the run as a whole
  OpNumber opened_by = 0;     // the operation that this life begins in (a kill); 0: the run's first
  uint64_t open_ordinal = 0;  // Opens before this life
  uint64_t calls = 0;         // file-system calls before this life
};

/// Runs what is left of the program of `c`, tells every event, and dies: by SIGKILL, its own unless
/// the parent's comes before. Never returns. Must be called in a process of its own.
[[noreturn]] void LiveProgram(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                              const ProgramLife& life, int result_fd);

/// Opens what is there, reads it, probes it, tells the Life, and ends with exit code 0. With a
/// `kill` (of a recovery, see KillChain) it tells each stage that it reaches and dies there by its
/// own SIGKILL, at the latest at the end; only a Life that went wrong before is told.
void LiveRecovery(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                  const std::string& root, uint64_t open_ordinal,
                  const std::optional<KillPoint>& kill, int result_fd);

}  // namespace crashlab
