// Where the schedules of a case with several clients come from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "faultfs/sim/schedule.h"
#include "harness/case.h"
#include "harness/client_plan.h"

namespace crashlab {

/// The schedules of a plan, in order: of each of its kinds in turn. Draws of PCT take the depths
/// from the plan's down to 1, in turn.
class Schedules {
 public:
  /// `c` must have clients, and outlive this.
  explicit Schedules(const Case& c);

  /// To be run to its end before Next is called again. Null: there are no more.
  [[nodiscard]] faultfs::Schedule* Next();
  /// The number of the last one, from 1 on.
  [[nodiscard]] uint64_t number() const { return number_; }
  /// Whether all that there are have been given (kExhaustive).
  [[nodiscard]] bool exhausted() const { return exhausted_; }

 private:
  const Case& case_;
  const ClientPlan& plan_;
  uint64_t number_ = 0;
  bool exhausted_ = false;
  std::optional<faultfs::ExhaustiveSchedule> all_;
  std::unique_ptr<faultfs::Schedule> drawn_;
};

/// The schedule that is drawn as number `number`, from 1 on: for all kinds but kExhaustive.
[[nodiscard]] std::unique_ptr<faultfs::Schedule> DrawSchedule(const Case& c, uint64_t number);

}  // namespace crashlab
