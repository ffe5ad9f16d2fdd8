#include "faultfs/env/thread_executor.h"

#include <deque>
#include <utility>

#include "faultfs/env/check.h"

namespace faultfs {
inline namespace FAULTFS_THREADS {

struct ThreadExecutor::State {
  Mutex mutex{"executor"};
  std::deque<Job> jobs;
  bool stopping = false;
  Event wake{"executor's jobs"};  // set, under the mutex, whenever there is something to look at
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

}  // namespace FAULTFS_THREADS
}  // namespace faultfs
