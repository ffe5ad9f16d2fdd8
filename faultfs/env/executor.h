// Where background work runs: a queue of jobs. The harness supplies a manual one, so that "a
// checkpoint happens here" is a line of a program and not an accident of timing.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

namespace faultfs {

class Executor {
 public:
  using Job = std::function<void()>;
  virtual ~Executor() = default;
  /// Queues a job; jobs run in the order they were submitted, one at a time. Thread-safe.
  virtual void Submit(Job job) = 0;
};

/// Runs jobs only when told to, on the thread that tells. For tests and simulation.
class ManualExecutor final : public Executor {
 public:
  void Submit(Job job) override;
  /// Runs the oldest job. False if there was none.
  bool RunNext();
  [[nodiscard]] size_t pending() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Job> jobs_;
};

}  // namespace faultfs
