#include "faultfs/sim/scheduler.h"

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"

namespace faultfs {

struct Scheduler::Task {
  uint32_t number = 0;
  bool is_program = false;
  bool has_ended = false;
  const void* blocked_for = nullptr;  // null: it can go on
  SchedulePoint at = {.op = ScheduleOp::kBegin, .name = ""};
  std::unique_ptr<Fiber> fiber;
};

std::string Hang::Waiter::ToString() const {
  std::string text = "client " + std::to_string(client);
  if (!blocked) {
    text.append(" could go on at: ").append(ScheduleOpName(at.op));
    return at.name.empty() ? text : text.append(" ").append(at.name);
  }
  switch (at.op) {
    case ScheduleOp::kLock:
      text.append(" waits for the lock \"").append(at.name).append("\"");
      break;
    case ScheduleOp::kLockShared:
      text.append(" waits for the shared lock \"").append(at.name).append("\"");
      break;
    case ScheduleOp::kJoin:
      text.append(" waits for the end of a thread");
      break;
    default:
      text.append(" waits for \"").append(at.name).append("\"");
  }
  if (at.holder.has_value()) text.append(", held by client ").append(std::to_string(*at.holder));
  return text;
}

std::string Hang::ToString() const {
  std::string text = kind == Kind::kDeadlock ? "nobody can go on\n" : "too many steps\n";
  for (const Waiter& waiter : waiters) text.append("  ").append(waiter.ToString()).append("\n");
  return text;
}

std::string Describe(const std::vector<ScheduleStep>& steps) {
  std::string text;
  for (const ScheduleStep& step : steps) {
    text.append(std::to_string(step.client)).append(" ").append(ScheduleOpName(step.op));
    if (!step.name.empty()) text.append(" ").append(step.name);
    text.append("\n");
  }
  return text;
}

Scheduler::Scheduler(uint64_t max_points) : max_points_(max_points) {}

Scheduler::~Scheduler() = default;

ScheduledRun Scheduler::Run(const std::vector<ClientProgram>& programs, Schedule& schedule) {
  FAULTFS_CHECK(ScheduleSeam::Current() == nullptr && !hung_,
                "one run at a time, and none after one that hangs");
  // Threads of an earlier run go to the end; who joins one that has ended asks for it by address.
  std::vector<std::unique_ptr<Task>> left = std::exchange(tasks_, {});
  schedule_ = &schedule;
  run_ = {};
  text_ = {};
  programs_left_ = programs.size();
  for (const ClientProgram& program : programs) {
    const auto number = static_cast<uint32_t>(tasks_.size());
    Add(
        [this, &program, number] {
          Client client(*this, number);
          program(client);
        },
        /*is_program=*/true);
  }
  for (std::unique_ptr<Task>& task : left) {
    if (task->is_program) continue;
    task->number = static_cast<uint32_t>(tasks_.size());
    tasks_.push_back(std::move(task));
  }
  if (programs_left_ > 0) {
    ScheduleSeam* const before = Install(this);
    running_ = Pick();
    outside_.SwitchTo(*running_->fiber);
    running_ = nullptr;
    Install(before);
  }
  run_.schedule = text_.text();
  schedule_ = nullptr;
  return std::move(run_);
}

Scheduler::Task& Scheduler::Add(std::function<void()> body, bool is_program) {
  tasks_.push_back(std::make_unique<Task>());
  Task& task = *tasks_.back();
  task.number = static_cast<uint32_t>(tasks_.size() - 1);
  task.is_program = is_program;
  task.fiber = std::make_unique<Fiber>(stacks_, [this, &task, body = std::move(body)]() mutable {
    body();
    body = nullptr;
    task.at = {.op = ScheduleOp::kEnd, .name = ""};
    task.has_ended = true;
    Wake(&task);
    if (task.is_program) --programs_left_;
    Reschedule();
  });
  return task;
}

void Scheduler::Point(const SchedulePoint& point) {
  running_->at = point;
  Reschedule();
}

void Scheduler::Block(const SchedulePoint& point, const void* object) {
  running_->at = point;
  running_->blocked_for = object;
  Reschedule();
}

size_t Scheduler::Wake(const void* object) {
  size_t woken = 0;
  for (const std::unique_ptr<Task>& task : tasks_) {
    if (task->blocked_for != object) continue;
    task->blocked_for = nullptr;
    ++woken;
  }
  return woken;
}

const void* Scheduler::Spawn(std::function<void()> body) {
  return &Add(std::move(body), /*is_program=*/false);
}

bool Scheduler::HasEnded(const void* client) const {
  return static_cast<const Task*>(client)->has_ended;
}

uint32_t Scheduler::current() const { return running_->number; }

void Scheduler::Reschedule() {
  if (programs_left_ == 0) return StopRun(std::nullopt);
  if (run_.points == max_points_) return StopRun(Hang::Kind::kLimit);
  ++run_.points;
  Task* const next = Pick();
  if (next == nullptr) return StopRun(Hang::Kind::kDeadlock);
  if (next == running_) return;
  Task& self = *running_;
  running_ = next;
  if (self.has_ended) self.fiber->LeaveTo(*next->fiber);
  self.fiber->SwitchTo(*next->fiber);
}

Scheduler::Task* Scheduler::Pick() {
  runnable_.clear();
  for (const std::unique_ptr<Task>& task : tasks_) {
    if (!task->has_ended && task->blocked_for == nullptr) runnable_.push_back(task->number);
  }
  if (runnable_.empty()) return nullptr;
  std::optional<uint32_t> current;
  if (running_ != nullptr && !running_->has_ended && running_->blocked_for == nullptr) {
    current = running_->number;
  }
  const uint32_t picked = schedule_->Pick(runnable_, current);
  FAULTFS_CHECK(std::binary_search(runnable_.begin(), runnable_.end(), picked),
                "a schedule picks who can go on");
  if (current.has_value() && picked != *current) ++run_.preemptions;
  text_.Add(picked);
  Task* const task = tasks_[picked].get();
  run_.steps.push_back({.client = picked, .op = task->at.op, .name = task->at.name});
  return task;
}

void Scheduler::StopRun(std::optional<Hang::Kind> hang) {
  if (hang.has_value()) {
    hung_ = true;
    run_.hang = HangOf(*hang);
  }
  Task& self = *running_;
  if (self.has_ended) self.fiber->LeaveTo(outside_);
  self.fiber->SwitchTo(outside_);
}

Hang Scheduler::HangOf(Hang::Kind kind) const {
  Hang hang{.kind = kind, .waiters = {}};
  for (const std::unique_ptr<Task>& task : tasks_) {
    if (task->has_ended) continue;
    hang.waiters.push_back(
        {.client = task->number, .at = task->at, .blocked = task->blocked_for != nullptr});
  }
  return hang;
}

}  // namespace faultfs
