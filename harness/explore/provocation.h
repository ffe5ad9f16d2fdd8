// Which errors of a running engine are its own: one that a fault rule or a small disk made is the
// engine's to report, one that nobody made is a finding.
#pragma once

#include <cstdint>
#include <optional>

#include "faultfs/env/io_hook.h"
#include "harness/adapter.h"
#include "harness/case.h"

namespace crashlab {

/// What had gone wrong around an engine, as far as that excuses it.
struct Provocation {
  bool any = false;
  bool harmful = false;  // beyond the operation that it happened in, by the engine's contract
  uint64_t faults = 0;   // how many decisions were noted

  /// A decision of the fault rules that is not to proceed.
  void Note(const Contract& contract, const faultfs::IoDecision& decision,
            const faultfs::IoCall& call);
};

/// Of an Open within a run, or of a recovery, that failed.
[[nodiscard]] std::optional<Violation> JudgeFailedOpen(const Status& status,
                                                       const Provocation& provocation);

/// Whether what had gone wrong explains that a call could not do its work. `is_snapshot`: as below.
[[nodiscard]] bool Explains(const Provocation& provocation, const Status& status, bool is_snapshot);

/// Of operation `op`, which ended so. `is_snapshot`: of a snapshot that it makes beside its own
/// work; that may fail for more.
[[nodiscard]] std::optional<Violation> JudgeUnprovoked(const Case& c, OpNumber op,
                                                       const Status& status, bool is_snapshot,
                                                       const Contract& contract,
                                                       const Provocation& provocation);

/// Likewise, of one that says NO_SPACE, when `faults_before` had been noted as it began, or, of
/// several clients, when nobody was in a call before: an engine that survives a full disk tries
/// again.
[[nodiscard]] std::optional<Violation> JudgeNoSpace(const Case& c, OpNumber op,
                                                    const Status& status, bool is_snapshot,
                                                    const Contract& contract,
                                                    const Provocation& provocation,
                                                    uint64_t faults_before);

}  // namespace crashlab
