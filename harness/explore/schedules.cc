#include "harness/explore/schedules.h"

#include "faultfs/env/check.h"
#include "faultfs/env/random.h"

namespace crashlab {
namespace {

// What a mutation of a few hundred bytes takes, synced and with a queue to wait in. PCT places its
// changes of priority within so many points; a run may have more or fewer.
constexpr uint64_t kPointsOfOperation = 16;

bool IsExhaustive(const ClientPlan& plan) {
  return plan.kinds.front() == ScheduleKind::kExhaustive;
}

}  // namespace

Schedules::Schedules(const Case& c) : case_(c), plan_(*c.clients) {
  if (IsExhaustive(plan_)) all_.emplace(plan_.preemptions);
}

faultfs::Schedule* Schedules::Next() {
  if (number_ == plan_.schedules || exhausted_) return nullptr;
  if (all_.has_value()) {
    if (number_ > 0 && !all_->Next()) {
      exhausted_ = true;
      return nullptr;
    }
    ++number_;
    return &*all_;
  }
  drawn_ = DrawSchedule(case_, ++number_);
  return drawn_.get();
}

std::unique_ptr<faultfs::Schedule> DrawSchedule(const Case& c, uint64_t number) {
  FAULTFS_CHECK(number > 0, "schedules are numbered from 1");
  const ClientPlan& plan = *c.clients;
  const uint64_t seed = faultfs::Random(c.seed).Fork("schedule").Fork(number).Next();
  const uint64_t draw = number - 1;
  if (plan.kinds[draw % plan.kinds.size()] == ScheduleKind::kRandom) {
    return std::make_unique<faultfs::RandomWalk>(seed);
  }
  const uint64_t turn = draw / plan.kinds.size();
  const auto depth = static_cast<uint32_t>(plan.depth - turn % plan.depth);
  return std::make_unique<faultfs::PctSchedule>(seed, depth,
                                                kPointsOfOperation * (c.program.size() + 1));
}

}  // namespace crashlab
