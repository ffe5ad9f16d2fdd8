// WorkerPage: the memory that a parent shares with its worker processes.
//
// Everything in it is written with one relaxed store, so that a worker can note each of its 20,000
// recoveries a second: not what it recovers from, only the ordinal within the job. That suffices.
// Exploration is deterministic, so when a worker has died its parent has a new one explore the same
// job up to that ordinal and tell the place (see worker_pool.h).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "faultfs/env/status.h"
#include "harness/case.h"
#include "harness/internal/count_fields.h"

namespace crashlab {

inline constexpr uint64_t kNoJob = UINT64_MAX;

enum class HungIn : uint32_t { kNowhere, kCall, kOpen };

/// Of one worker: written by it, read by the parent, while it runs and after it died.
struct alignas(64) WorkerNote {
  std::atomic<uint64_t> job{kNoJob};  // at hand
  std::atomic<uint64_t> recovery{0};  // ordinal within the job; 0: none begun
  std::atomic<uint64_t> heartbeat{0};
  std::atomic<HungIn> hung{HungIn::kNowhere};
  std::atomic<uint64_t> counts[std::size(kCountFields)] = {};  // of the job so far

  void BeginJob(uint64_t number);
  void SetCounts(const Counts& value);
  [[nodiscard]] Counts GetCounts() const;
};

class WorkerPage {
 public:
  /// kResourceExhausted.
  [[nodiscard]] static faultfs::Result<WorkerPage> Make(size_t workers);
  WorkerPage(WorkerPage&& other) noexcept;
  WorkerPage& operator=(WorkerPage&&) = delete;
  ~WorkerPage();

  [[nodiscard]] WorkerNote& note(size_t worker);
  /// The next job that nobody has taken; kNoJob from the limit on.
  [[nodiscard]] uint64_t Take();
  /// Jobs from `limit` on shall not be begun. It only falls.
  void SetLimit(uint64_t limit);

 private:
  struct Head {
    std::atomic<uint64_t> next{0};
    std::atomic<uint64_t> limit{0};
  };
  WorkerPage(void* memory, size_t bytes, size_t workers);

  void* memory_;
  size_t bytes_;
  size_t workers_;
  Head* head_;
  WorkerNote* notes_;
};

}  // namespace crashlab
