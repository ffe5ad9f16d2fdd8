// WorkerPool: numbered jobs over forked workers that may abort, hang or eat memory.
//
// A worker that dies costs its job and nothing else. The shared page says which job it was and how
// many recoveries it had begun; a new worker then explores the same job up to that recovery and
// tells what it recovers from. So the place of a death is exact, and noting it costs one store for
// each recovery instead of a text.
//
// What ends a worker: a signal or an exit of its own; the limit of file-system calls, which it
// notices itself (deterministic); no sign of life for `hang_ms` (a backstop by wall time); more
// resident memory than `memory_bytes`. Memory may have come together over many jobs, so that job is
// done again in a new worker, and only what happens there counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faultfs/env/status.h"
#include "harness/case.h"
#include "harness/runner/internal/wire.h"
#include "harness/runner/internal/worker.h"

namespace crashlab {

struct PoolOptions {
  uint32_t workers = 1;
  uint64_t hang_ms = 30'000;
  uint64_t memory_bytes = uint64_t{2} << 30;
};

/// What is known of a job whose worker died.
struct Death {
  Verdict verdict = Verdict::kCrash;  // kCrash, kHang or kOpenHung
  std::string how;                    // "the worker process died of signal SIGSEGV"
  std::vector<std::string> last_words;
  Counts counts;               // the last that the monitor was told
  uint64_t recovery = 0;       // ordinal within the job; 0: the first had not begun
  std::optional<Place> place;  // none: no recovery had begun, or the place was not found again
  std::vector<Finding> found;  // before it died
};

/// Whom the pool tells; on the caller's thread.
class PoolClient {
 public:
  virtual ~PoolClient() = default;
  /// Each job ends with exactly one of these two, in any order of jobs. False if the bytes are no
  /// result: the worker is killed, and Died follows.
  [[nodiscard]] virtual bool Done(uint64_t job, std::string_view result, uint64_t duration_ns) = 0;
  virtual void Died(uint64_t job, Death death) = 0;
  /// A finding of a job that is still going on. Comes again with the result (or in Death::found).
  virtual void Found(uint64_t job, const Finding& finding) = 0;
  /// Jobs from this number on are no longer wanted; those running are given up without a word.
  [[nodiscard]] virtual uint64_t Limit() const = 0;
  /// Some twenty times a second, with what the running jobs have counted. False: give up all.
  [[nodiscard]] virtual bool Tick(const Counts& running) = 0;
};

/// Does the jobs 0 … `jobs` - 1. The calling process must have one thread only. An error if no
/// worker could be started.
[[nodiscard]] faultfs::Status RunPool(uint64_t jobs, const WorkFunction& work,
                                      const PoolOptions& options, PoolClient& client);

}  // namespace crashlab
