#include "faultfs/env/executor.h"

#include <utility>

namespace faultfs {

void ManualExecutor::Submit(Job job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
}

bool ManualExecutor::RunNext() {
  Job job;
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty()) return false;
    job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  job();  // without the lock: a job may submit another
  return true;
}

size_t ManualExecutor::pending() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

}  // namespace faultfs
