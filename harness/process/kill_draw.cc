#include "harness/process/internal/kill_draw.h"

#include <algorithm>

#include "faultfs/env/random.h"

namespace crashlab {
namespace {

using faultfs::Random;

DrawnKills AllCalls(uint64_t calls) {
  DrawnKills all{.points = {KillPoint()}, .exhausted = true};
  for (uint64_t call = 1; call <= calls; ++call) all.points.push_back({KillWhen::kCall, call});
  return all;
}

KillPoint DrawOne(const Case& c, KillWhen when, uint64_t calls, const std::vector<uint64_t>& wide,
                  Random& stream) {
  const uint64_t operations = c.program.size();
  switch (when) {
    case KillWhen::kOperation:
      if (operations > 0) return {when, 1 + stream.Below(operations)};
      break;
    case KillWhen::kMoment:
      return {when, stream.Below(1000)};
    case KillWhen::kWithin:
      if (!wide.empty()) return {when, wide[stream.Below(wide.size())]};
      break;
    case KillWhen::kCall:
    case KillWhen::kEnd:
      break;
  }
  return {KillWhen::kCall, 1 + stream.Below(calls)};
}

}  // namespace

DrawnKills DrawKills(const Case& c, uint64_t calls, const std::vector<uint64_t>& wide) {
  const ProcessPlan& plan = *c.process;
  DrawnKills drawn{.points = {KillPoint()}, .exhausted = false};
  if (calls == 0) return drawn;
  const bool calls_alone = plan.when == std::vector(1, KillWhen::kCall);
  if (calls_alone && plan.kills > calls) return AllCalls(calls);
  const Random random = Random(c.seed).Fork("kills");
  for (uint64_t i = 0; i + 1 < plan.kills; ++i) {
    Random stream = random.Fork(i);
    drawn.points.push_back(DrawOne(c, plan.when[i % plan.when.size()], calls, wide, stream));
  }
  return drawn;
}

std::vector<uint64_t> ShareInner(const Case& c, const std::vector<KillPoint>& points) {
  std::vector<uint64_t> shares(points.size(), 0);
  if (c.process->depth < 2) return shares;
  std::vector<size_t> places;
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].when != KillWhen::kMoment) places.push_back(i);
  }
  if (places.empty()) return shares;
  for (const size_t place : places) shares[place] = c.process->inner / places.size();
  const uint64_t rest = c.process->inner % places.size();
  const Random random = Random(c.seed).Fork("recoveries");
  for (uint64_t i = 0; i < rest; ++i) {  // one from each of so many stretches
    const uint64_t begin = i * places.size() / rest;
    const uint64_t end = (i + 1) * places.size() / rest;
    ++shares[places[begin + random.Fork(i).Below(end - begin)]];
  }
  return shares;
}

DrawnKills DrawInnerKills(const Case& c, size_t index, uint64_t kills, uint64_t calls,
                          const std::vector<uint64_t>& wide) {
  std::vector<KillWhen> kinds;
  for (const KillWhen when : c.process->when) {
    if (when == KillWhen::kCall || when == KillWhen::kWithin) kinds.push_back(when);
  }
  if (kinds.empty()) kinds.push_back(KillWhen::kCall);
  if (kinds == std::vector(1, KillWhen::kCall) && kills > calls) return AllCalls(calls);
  constexpr uint64_t kMostDraws = 16;
  const Random random = Random(c.seed).Fork("inner").Fork(index);
  DrawnKills drawn;
  for (uint64_t i = 0; i < kills; ++i) {
    Random stream = random.Fork(i);
    for (uint64_t draw = 0; draw < kMostDraws; ++draw) {
      // Where all calls that write into several pages are taken, any other.
      const bool as_asked = draw < kMostDraws / 2;
      const KillWhen when = as_asked ? kinds[i % kinds.size()] : KillWhen::kCall;
      KillPoint point = DrawOne(c, when, calls + 1, wide, stream);
      if (point.number > calls) point = KillPoint();
      if (std::find(drawn.points.begin(), drawn.points.end(), point) != drawn.points.end())
        continue;
      drawn.points.push_back(point);
      break;
    }
  }
  return drawn;
}

}  // namespace crashlab
