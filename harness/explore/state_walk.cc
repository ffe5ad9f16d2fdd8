#include "harness/explore/internal/state_walk.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "faultfs/sim/hash.h"

namespace crashlab {

using faultfs::CrashPoint;
using faultfs::CrashState;
using faultfs::Hash128;
using faultfs::PointView;

namespace {

Hash128 HashOfState(const CrashState& state) {
  const auto bytes_of = [](const auto& items) {
    return std::string_view(reinterpret_cast<const char*>(items.data()),
                            items.size() * sizeof(items[0]));
  };
  Hash128 hash = faultfs::HashBytes(bytes_of(state.lost));
  for (const faultfs::Tear& tear : state.tears) {
    hash = faultfs::Combine(hash, {tear.effect, tear.split_bytes * 2 + (tear.front ? 1u : 0u)});
  }
  return faultfs::Combine(hash, {static_cast<uint64_t>(state.fill), state.tears.size()});
}

}  // namespace

struct StateWalk::Point {
  PointView* view;
  size_t index;  // among all points of the run
  bool exhausted = false;
  std::set<Hash128> visited = {};
};

StateWalk::StateWalk(const faultfs::EffectGraph& graph, uint32_t first_step, uint64_t budget,
                     faultfs::Random random)
    : graph_(graph), random_(random), budget_(budget) {
  for (CrashPoint point : faultfs::CrashPoints(*graph.trace)) {
    if (point.steps >= first_step) points_.push_back(point);
  }
  views_.resize(points_.size());
}

PointView& StateWalk::view(size_t index) {
  if (views_[index] == nullptr) {
    views_[index] = std::make_unique<PointView>(graph_, points_[index]);
  }
  return *views_[index];
}

bool StateWalk::ForEach(const Visitor& visit) {
  if (AllWithinBudget()) return Exhaust(visit);
  Sample(visit);
  return false;
}

bool StateWalk::AllWithinBudget() {
  uint64_t total = 0;
  for (size_t i = 0; i < size(); ++i) {
    total += view(i).Count(budget_ + 1 - total);
    if (total > budget_) return false;
  }
  return true;
}

bool StateWalk::Exhaust(const Visitor& visit) {
  for (size_t i = 0; i < size(); ++i) {
    faultfs::ExhaustiveChooser chooser;
    do {
      if (!visit(view(i), view(i).Make(chooser))) return false;
    } while (chooser.Advance());
  }
  return true;
}

// Points with little to lose come first: what they do not need goes to the others.
void StateWalk::Sample(const Visitor& visit) {
  std::vector<Point> points = ChoosePoints();
  std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return a.view->pending().size() < b.view->pending().size();
  });
  uint64_t left = budget_;
  for (size_t i = 0; i < points.size() && left > 0; ++i) {
    uint64_t used = 0;
    if (!VisitFirst(points[i], left / (points.size() - i), visit, used)) return;
    left -= std::min(left, used);
  }
  std::erase_if(points, [](const Point& point) { return point.exhausted; });
  for (size_t i = 0; i < points.size() && left > 0; ++i) {
    uint64_t used = 0;
    if (!VisitDrawn(points[i], left / (points.size() - i), visit, used)) return;
    left -= std::min(left, used);
  }
}

std::vector<StateWalk::Point> StateWalk::ChoosePoints() {
  const size_t wanted = std::min<uint64_t>(size(), std::max<uint64_t>(budget_ / 2, uint64_t{1}));
  std::vector<Point> points;
  for (size_t i = 0; i < wanted; ++i) {
    const size_t begin = i * size() / wanted;
    const size_t end = (i + 1) * size() / wanted;
    const size_t index = begin + random_.Fork("point").Fork(i).Below(end - begin);
    points.push_back({.view = &view(index), .index = index});
  }
  return points;
}

bool StateWalk::VisitFirst(Point& point, uint64_t share, const Visitor& visit, uint64_t& used) {
  PointView& view = *point.view;
  if (view.Count(share + 1) <= share) {
    point.exhausted = true;
    faultfs::ExhaustiveChooser chooser;
    do {
      if (!visit(view, view.Make(chooser))) return false;
      ++used;
    } while (chooser.Advance());
    return true;
  }
  const size_t effects = view.pending().size();
  const size_t effect_stride = std::max<size_t>(1, effects / std::max<uint64_t>(share, 1));
  const std::vector<CrashState> states = view.Systematic(effect_stride);
  // Nothing lost and everything lost come first and are never left out.
  const uint64_t singles = share > 2 ? share - 2 : 0;
  const uint64_t rest = states.size() - std::min<size_t>(states.size(), 2);
  const uint64_t taken = std::min(singles, rest);
  const auto visit_one = [&](const CrashState& state) {
    if (used >= share || !point.visited.insert(HashOfState(state)).second) return true;
    ++used;
    return visit(view, state);
  };
  for (size_t i = 0; i < std::min<size_t>(states.size(), 2); ++i) {
    if (!visit_one(states[i])) return false;
  }
  for (uint64_t i = 0; i < taken; ++i) {
    const uint64_t begin = i * rest / taken;
    const uint64_t span = (i + 1) * rest / taken - begin;
    const uint64_t offset = random_.Fork("thin").Fork(point.index).Fork(i).Below(span);
    if (!visit_one(states[2 + begin + offset])) return false;
  }
  return true;
}

bool StateWalk::VisitDrawn(Point& point, uint64_t share, const Visitor& visit, uint64_t& used) {
  faultfs::RandomChooser chooser(random_.Fork("draw").Fork(point.index));
  // Where few states are new, most draws are in vain: the next point has better use for the budget.
  const uint64_t most_draws = 2 * share + 8;
  for (uint64_t draws = 0; used < share && draws < most_draws; ++draws) {
    chooser.NewState();
    const CrashState state = point.view->Make(chooser);
    if (!point.visited.insert(HashOfState(state)).second) continue;
    ++used;
    if (!visit(*point.view, state)) return false;
  }
  return true;
}

}  // namespace crashlab
