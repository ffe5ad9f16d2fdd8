// StateWalk: the crash states of one run under one model, all of them or a sample.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/env/random.h"

namespace crashlab {

class StateWalk {
 public:
  /// Told of each state with its view; returns false to stop.
  using Visitor = std::function<bool(faultfs::PointView&, const faultfs::CrashState&)>;

  /// Crash points from `first_step` on. `graph` must outlive it.
  StateWalk(const faultfs::EffectGraph& graph, uint32_t first_step, uint64_t budget,
            faultfs::Random random);

  /// Visits every state if there are no more than the budget, else that many at most, all distinct:
  ///  - a point that has no more states than its share: all of them;
  ///  - any other: nothing lost, everything lost, each single effect lost, kept and torn, evenly
  ///    thinned where the share is smaller than that;
  ///  - and what is left of the budget after all points: draws, spread over the points.
  /// If there are fewer than two states for each point, points are left out at even distances.
  /// Returns whether all states were visited.
  bool ForEach(const Visitor& visit);

  /// Of crash points, in the order of the run.
  [[nodiscard]] size_t size() const { return points_.size(); }
  [[nodiscard]] faultfs::CrashPoint point(size_t index) const { return points_[index]; }
  /// Made when it is first asked for, and kept: of a long run most are never needed.
  [[nodiscard]] faultfs::PointView& view(size_t index);

 private:
  struct Point;

  [[nodiscard]] bool AllWithinBudget();
  bool Exhaust(const Visitor& visit);
  void Sample(const Visitor& visit);
  [[nodiscard]] std::vector<Point> ChoosePoints();
  /// Of one point, before any draw. False to stop.
  bool VisitFirst(Point& point, uint64_t share, const Visitor& visit, uint64_t& used);
  bool VisitDrawn(Point& point, uint64_t share, const Visitor& visit, uint64_t& used);

  const faultfs::EffectGraph& graph_;
  const faultfs::Random random_;
  const uint64_t budget_;
  std::vector<faultfs::CrashPoint> points_;
  std::vector<std::unique_ptr<faultfs::PointView>> views_;  // by point; null: not needed yet
};

}  // namespace crashlab
