#include "harness/explore/state_search.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "faultfs/crash/states.h"
#include "harness/explore/chain.h"
#include "harness/explore/rotten.h"
#include "harness/explore/run.h"

namespace crashlab {
namespace {

using faultfs::CrashPoint;
using faultfs::CrashState;
using faultfs::EffectId;
using faultfs::PointView;
using faultfs::Trace;
using faultfs::TraceKind;
using faultfs::Volume;

std::string_view TagOfName(std::string_view name) { return name.substr(0, name.find('#')); }

/// Whether the step is of the same kind as the one a crash point's name was made of.
bool IsLike(const Trace& trace, CrashPoint point, std::string_view at) {
  if (point.steps >= trace.ops.size()) return at == "end";
  const faultfs::TraceOp& op = trace.ops[point.steps];
  if (at.ends_with(".begin") != (op.kind == TraceKind::kSyncBegin)) return false;
  if (at.ends_with(".end") != (op.kind == TraceKind::kSyncEnd)) return false;
  return op.tag.name() == TagOfName(at);
}

}  // namespace

/// One crash of the chain: a life that is to be cut.
struct StateSearch::Level {
  size_t index;          // of the step in the known chain
  const Volume& volume;  // that it is lived on
  const Trace& trace;    // of that
  uint32_t begin_step;
  const faultfs::EffectGraph& graph;
  const Run* run;    // of the first level
  Situation before;  // of later ones
  Dump shown;
  uint64_t opens;                // begun before its crash, but for those of `run`
  std::vector<CrashStep> chain;  // of the crashes before this one
};

StateSearch::StateSearch(const Laboratory& lab, const std::vector<CrashStep>& like,
                         std::optional<Verdict> verdict, uint64_t budget)
    : lab_(lab), like_(like), verdict_(verdict), budget_(budget) {}

std::optional<std::vector<CrashStep>> StateSearch::Find() {
  const Run run = RunProgram(lab_.subject, lab_.adapter, lab_.options, lab_.monitor);
  schedule_ = run.schedule;
  if (like_.empty()) {
    if (IsWanted(run.live)) return std::vector<CrashStep>();
    return std::nullopt;
  }
  if (run.live.has_value()) return std::nullopt;
  checker_ = run.checker.get();
  const faultfs::EffectGraph graph =
      faultfs::Lower(run.volume->base(), run.volume->trace(), lab_.subject.crash.models.front());
  const Level level{.index = 0,
                    .volume = *run.volume,
                    .trace = run.volume->trace(),
                    .begin_step = 0,
                    .graph = graph,
                    .run = &run,
                    .before = {},
                    .shown = {},
                    .opens = 0,
                    .chain = {}};
  if (Descend(level)) return found_;
  return std::nullopt;
}

bool StateSearch::Descend(const Level& level) {
  std::vector<CrashPoint> points = faultfs::CrashPoints(level.trace);
  std::erase_if(points, [&](CrashPoint point) { return point.steps < level.begin_step; });
  std::reverse(points.begin(), points.end());
  const std::string_view at = like_[level.index].state.at;
  std::stable_partition(points.begin(), points.end(),
                        [&](CrashPoint point) { return IsLike(level.trace, point, at); });
  for (bool systematic : {false, true}) {
    for (CrashPoint point : points) {
      if (Spent()) return false;
      PointView view(level.graph, point);
      if (TryPoint(level, view, systematic)) return true;
    }
  }
  return false;
}

bool StateSearch::TryPoint(const Level& level, PointView& view, bool systematic) {
  const CrashStep& like = like_[level.index];
  CrashState state{.point = view.point(), .lost = {}, .tears = {}, .fill = {}};
  if (like.kind == CrashKind::kProcessDeath) {
    return !systematic && TryState(level, view, state);
  }
  if (systematic) {
    for (const CrashState& each : view.Systematic()) {
      if (Spent()) return false;
      if (TryState(level, view, each)) return true;
    }
    return false;
  }
  std::set<std::string_view> tags;
  for (const std::string& name : like.state.lost) tags.insert(TagOfName(name));
  state.fill = faultfs::FillFromName(like.state.fill).value_or(faultfs::Fill::kZeros);
  std::vector<EffectId> tagged;
  for (EffectId id : view.pending()) {
    if (tags.contains(level.trace.ops[level.graph.effects[id].step].tag.name())) {
      tagged.push_back(id);
    }
  }
  state.lost = tagged;
  view.CloseUpward(state.lost);
  if (TryState(level, view, state)) return true;
  for (size_t i = tagged.size(); i-- > 0 && tagged.size() > 1 && !Spent();) {
    state.lost = {tagged[i]};
    view.CloseUpward(state.lost);
    if (TryState(level, view, state)) return true;
  }
  return false;
}

bool StateSearch::TryState(const Level& level, PointView& view, const CrashState& state) {
  const CrashStep& like = like_[level.index];
  const uint32_t steps = view.point().steps;
  Situation situation;
  uint64_t opens = 0;
  if (level.run != nullptr) {
    situation = After(*level.run, like.kind, steps);
    opens = level.run->opens[situation.events];
  } else {
    situation = After(level.before, like.kind, level.trace, level.begin_step, steps, level.shown);
    opens = level.opens;
  }
  const faultfs::Image image = view.Materialize(state);
  if (like.rot.empty()) {
    NoteLateLoss(lab_.adapter, view, state, image, level.begin_step, situation);
  }
  const auto chain = [&] {
    std::vector<CrashStep> crashes = level.chain;
    crashes.push_back(StepOf(level.graph, state, like.kind));
    return crashes;
  };
  bool found = false;
  const Aftermath left(level.volume, state, like.kind, image, level.graph.model.failure_rules());
  if (!like.rot.empty()) return TryRotten(level, view, state, situation, image, opens);
  if (level.index + 1 == like_.size()) {
    found = TryLast(situation, left, opens, chain);
  } else {
    uint32_t begin_step = 0;
    const auto volume = left.ToCrash(begin_step);
    ++recoveries_;
    lab_.monitor.Recovering(chain);
    const Life life = Recover(lab_, *volume, opens);
    if (!life.seen.open.ok()) return false;
    const faultfs::EffectGraph graph =
        faultfs::Lower(volume->base(), volume->trace(), level.graph.model);
    found = Descend({.index = level.index + 1,
                     .volume = *volume,
                     .trace = volume->trace(),
                     .begin_step = begin_step,
                     .graph = graph,
                     .run = nullptr,
                     .before = situation,
                     .shown = life.seen.dump,
                     .opens = opens + life.opens,
                     .chain = chain()});
  }
  if (!found) return false;
  found_.insert(found_.begin(), StepOf(level.graph, state, like.kind));
  return true;
}

/// Rot of the same kind anywhere on this disk.
bool StateSearch::TryRotten(const Level& level, PointView& view, const CrashState& state,
                            const Situation& situation, const faultfs::Image& left,
                            uint64_t opens) {
  const Result<faultfs::Rot> known = faultfs::ParseRot(like_[level.index].rot.front());
  if (!known.ok()) return false;
  for (const faultfs::Rot& rot : faultfs::RotsOf(view, state, left)) {
    if (rot.kind != known->kind) continue;
    if (Spent()) return false;
    const Result<SpoiledDisk> disk = Spoil(lab_.adapter, view, state, left, rot);
    if (!disk.ok()) continue;
    Situation rotten_situation = situation;
    rotten_situation.AddRot(disk->witnessed);
    CrashStep step = StepOf(level.graph, state, CrashKind::kPowerLoss);
    step.rot = {Print(rot)};
    const Aftermath rotten(disk->image);
    if (!TryLast(rotten_situation, rotten, opens, [&] { return std::vector<CrashStep>{step}; }))
      continue;
    found_.insert(found_.begin(), std::move(step));
    return true;
  }
  return false;
}

bool StateSearch::TryLast(const Situation& situation, const Aftermath& left, uint64_t opens,
                          const std::function<std::vector<CrashStep>()>& chain) {
  const faultfs::Hash128 key = QuestionHash(left.hash(), situation);
  const auto at = std::lower_bound(tried_.begin(), tried_.end(), key);
  if (at != tried_.end() && *at == key) return false;
  tried_.insert(at, key);
  ++recoveries_;
  lab_.monitor.Recovering(chain);
  const auto volume = left.ToRecover();
  const Life life = Recover(lab_, *volume, opens);
  return IsWanted(JudgeLife(lab_, *checker_, situation, life));
}

CaseSearch SearchCase(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                      Monitor& monitor, const std::vector<CrashStep>& like,
                      std::optional<Verdict> verdict, uint64_t budget, bool as_named) {
  // A smaller program goes other ways under the same picks. So many others are worth their time:
  // each costs a run and a share of the budget. Where little is left, what is left is cheap, and
  // one operation less is much.
  const uint64_t others = c.program.size() <= 6 ? 30 : 12;
  CaseSearch result;
  const auto find = [&](const Case& tried, uint64_t recoveries) {
    if (tried.clients) {
      // So that a death in this run is known to be under this schedule.
      monitor.Scheduling(tried.clients->schedule.value_or("#1"));
      monitor.Recovering([] { return std::vector<CrashStep>(); });
    }
    const Laboratory lab{tried, adapter, options, monitor};
    StateSearch search(lab, like, verdict, recoveries);
    auto chain = search.Find();
    ++result.program_runs;
    result.recoveries += search.recoveries();
    if (!chain.has_value()) return false;
    result.found = tried;
    result.found->crash.chain = *std::move(chain);
    if (tried.clients) result.found->clients->schedule = search.schedule();
    return true;
  };
  if (find(c, budget) || !c.clients || as_named) return result;
  Case other = c;
  for (uint64_t n = 1; n <= others; ++n) {
    other.clients->schedule = "#" + std::to_string(n);
    if (find(other, budget / 4)) break;
  }
  return result;
}

}  // namespace crashlab
