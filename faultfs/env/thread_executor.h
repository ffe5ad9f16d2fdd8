// The executor with a thread of its own, real or simulated (thread.h).
#pragma once

#include <memory>

#include "faultfs/env/executor.h"
#include "faultfs/env/thread.h"

namespace faultfs {
inline namespace FAULTFS_THREADS {

/// One thread, started by the first Submit. The destructor runs what is queued, then joins.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor();
  ~ThreadExecutor() override;
  void Submit(Job job) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace FAULTFS_THREADS
}  // namespace faultfs
