// One piece of work in a worker process, so that its abort, hang or hunger is an answer and not the
// end of the program.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "faultfs/env/status.h"
#include "harness/runner/internal/worker_pool.h"

namespace crashlab {

/// What came of it: a text that the work made, or how it died.
struct JobAnswer {
  Status status;  // the work's own error
  std::string text;
  std::optional<Death> death;
};

/// Runs `work` once in a forked process. The error of the outer Result: none could be started.
[[nodiscard]] Result<JobAnswer> RunOneJob(
    const std::function<Result<std::string>(Monitor& monitor)>& work, const PoolOptions& options);

}  // namespace crashlab
