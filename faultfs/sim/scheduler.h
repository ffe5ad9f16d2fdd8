// Scheduler: runs client programs one step at a time, under a schedule that decides who goes on.
//
// What may stand between two steps of a client: every lock, every unlock that others wait for,
// every wait and notification of simulated threads (env/simulated_thread.h), and every call of a
// SimFileSystem, of a sync its begin and its end. Code between two such points is never
// interrupted; so this finds what goes wrong between critical sections, and data races are for
// ThreadSanitizer. Same programs, same schedule: same run.
//
//   Scheduler scheduler;
//   PctSchedule schedule(seed, 3, 200);
//   const ScheduledRun run = scheduler.Run({writer, reader}, schedule);
//   if (run.hang) … run.hang->ToString(), and run.schedule is what to replay.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/schedule.h"
#include "faultfs/sim/fiber.h"
#include "faultfs/sim/schedule.h"

namespace faultfs {

/// What a client program may ask its scheduler for.
class Client {
 public:
  Client(ScheduleSeam& seam, uint32_t number) : seam_(seam), number_(number) {}

  [[nodiscard]] uint32_t number() const { return number_; }
  /// A point of the program's own; `name` must outlive the run.
  void Yield(std::string_view name = "") { seam_.Point({.op = ScheduleOp::kYield, .name = name}); }

 private:
  ScheduleSeam& seam_;
  const uint32_t number_;
};

/// Must not let an exception out.
using ClientProgram = std::function<void(Client&)>;

/// A run that does not come to an end.
struct Hang {
  enum class Kind : uint8_t {
    kDeadlock,  // nobody can go on: a deadlock, or a wake-up that was lost
    kLimit,     // somebody can, but has for too long
  };
  struct Waiter {
    uint32_t client = 0;
    SchedulePoint at;      // what it waits for, or where it is
    bool blocked = false;  // false: it could go on

    [[nodiscard]] std::string ToString() const;
  };

  Kind kind = Kind::kDeadlock;
  std::vector<Waiter> waiters;  // every client that has not ended

  /// A line for each client.
  [[nodiscard]] std::string ToString() const;
};

/// One step of a run: `client` came to `point` and was let on.
struct ScheduleStep {
  uint32_t client = 0;
  ScheduleOp op = ScheduleOp::kBegin;
  std::string_view name;  // as in SchedulePoint

  friend bool operator==(const ScheduleStep&, const ScheduleStep&) = default;
};
/// One line a step: "1 lock commit queue".
[[nodiscard]] std::string Describe(const std::vector<ScheduleStep>& steps);

struct ScheduledRun {
  std::string schedule;  // of this run, as ReplaySchedule takes it
  uint64_t points = 0;
  uint64_t preemptions = 0;  // picks of another client than one that could have gone on
  std::vector<ScheduleStep> steps;
  std::optional<Hang> hang;
};

/// For one thread. Not reentrant: a client does not run a scheduler.
class Scheduler final : private ScheduleSeam {
 public:
  /// `max_points`: of one run; a run of more hangs.
  explicit Scheduler(uint64_t max_points = 1'000'000);
  ~Scheduler() override;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Runs the programs until each has ended, or until it hangs. They are clients 0, 1, …; threads
  /// that they start are clients with the numbers behind, for which nobody waits: one that has not
  /// ended goes on in the next Run, with a number behind that run's programs.
  ///
  /// After a hang nothing goes on: what stood on the stacks of those who had not ended is never
  /// destroyed, and the objects that they share are as they left them. Only the scheduler itself
  /// may be destroyed then.
  [[nodiscard]] ScheduledRun Run(const std::vector<ClientProgram>& programs, Schedule& schedule);

 private:
  struct Task;

  void Point(const SchedulePoint& point) override;
  void Block(const SchedulePoint& point, const void* object) override;
  size_t Wake(const void* object) override;
  const void* Spawn(std::function<void()> body) override;
  bool HasEnded(const void* client) const override;
  uint32_t current() const override;

  Task& Add(std::function<void()> body, bool is_program);
  /// Picks who goes on and lets it. Returns when the caller is picked; never if it has ended.
  void Reschedule();
  /// Null if nobody can go on.
  Task* Pick();
  void StopRun(std::optional<Hang::Kind> hang);
  [[nodiscard]] Hang HangOf(Hang::Kind kind) const;

  const uint64_t max_points_;
  StackPool stacks_;
  Fiber outside_;
  std::vector<std::unique_ptr<Task>> tasks_;  // by number
  Task* running_ = nullptr;
  bool hung_ = false;

  // Of this run.
  Schedule* schedule_ = nullptr;
  ScheduledRun run_;
  ScheduleText text_;
  size_t programs_left_ = 0;
  std::vector<uint32_t> runnable_;
};

}  // namespace faultfs
