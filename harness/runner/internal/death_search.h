// A search for failures that end the process: each case is tried in a process of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/adapter.h"
#include "harness/case.h"
#include "harness/explore/explorer.h"
#include "harness/explore/minimizer.h"
#include "harness/runner/internal/worker_pool.h"

namespace crashlab {

/// Whether a failure with this verdict takes its process with it.
[[nodiscard]] bool EndsTheProcess(Verdict verdict);

class DeathSearch final : public FailureSearch {
 public:
  /// References must outlive it. `monitor` gets a sign of life for each case. The calling process
  /// must have one thread only.
  DeathSearch(Verdict verdict, const Adapter& adapter, const ExploreOptions& explore,
              uint64_t budget, const PoolOptions& pool, Monitor& monitor)
      : verdict_(verdict),
        adapter_(adapter),
        explore_(explore),
        budget_(budget),
        pool_(pool),
        monitor_(monitor) {}

  [[nodiscard]] Answer Find(const Case& c, bool as_scheduled) override;
  /// The chain stays as it was found: each trial of a smaller one would cost a process.
  void Finish(Case c, Finding& finding) override;

 private:
  const Verdict verdict_;
  const Adapter& adapter_;
  const ExploreOptions& explore_;
  const uint64_t budget_;
  const PoolOptions& pool_;
  Monitor& monitor_;
  // Of the last case that had the failure: the death; or it was none, but clients that wait for
  // each other for ever.
  std::optional<Death> last_;
  bool lives_ = false;
};

}  // namespace crashlab
