#include "faultfs/env/executor.h"

#include <utility>

#include "faultfs/env/check.h"

namespace faultfs {

void ManualExecutor::Submit(Job job) {
  const MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
}

bool ManualExecutor::RunNext() {
  Job job;
  {
    const MutexLock lock(mutex_);
    if (jobs_.empty()) return false;
    job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  job();  // without the lock: a job may submit another
  return true;
}

size_t ManualExecutor::pending() const {
  const MutexLock lock(mutex_);
  return jobs_.size();
}

struct ThreadExecutor::State {
  Mutex mutex;
  std::deque<Job> jobs;
  bool stopping = false;
  Event wake;  // set, under the mutex, whenever there is something to look at
  Thread thread;

  void Run() {
    while (true) {
      wake.Wait();
      Job job;
      {
        const MutexLock lock(mutex);
        if (jobs.empty()) {
          if (stopping) return;
          wake.Reset();
          continue;
        }
        job = std::move(jobs.front());
        jobs.pop_front();
      }
      job();
    }
  }
};

ThreadExecutor::ThreadExecutor() : state_(std::make_unique<State>()) {}

ThreadExecutor::~ThreadExecutor() {
  {
    const MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->wake.Set();
  }
  if (state_->thread.joinable()) state_->thread.join();
}

void ThreadExecutor::Submit(Job job) {
  FAULTFS_CHECK(job != nullptr, "a job must be callable");
  const MutexLock lock(state_->mutex);
  state_->jobs.push_back(std::move(job));
  state_->wake.Set();
  if (!state_->thread.joinable()) {
    state_->thread = Thread([state = state_.get()] { state->Run(); });
  }
}

}  // namespace faultfs
