// The child's side of a worker: what runs in a forked process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "harness/explore/explorer.h"
#include "harness/runner/internal/worker_page.h"

namespace crashlab {

/// One job, from its number to its encoded result. Must be a pure function of the number: it is
/// called in forked processes, and called again to find the place where a process died.
using WorkFunction = std::function<std::string(uint64_t job, Monitor& monitor)>;

/// Does `first_job` (unless kNoJob), then takes jobs from the page until none is left. Each result
/// is sent to `result_fd`, and so is each finding as soon as it is made.
void Work(WorkerPage& page, size_t worker, uint64_t first_job, const WorkFunction& work,
          int result_fd);

/// What a worker prints before each job, so that its parent can tell whose last words are whose:
/// the pipe of the results and that of the output have no order between them.
[[nodiscard]] std::string OutputMark(uint64_t job);

/// Does `job` up to its recovery number `recovery`, sends the place, and ends the process. Returns
/// only if the job does not come so far.
void Locate(WorkerNote& note, uint64_t job, uint64_t recovery, const WorkFunction& work,
            int result_fd);

}  // namespace crashlab
