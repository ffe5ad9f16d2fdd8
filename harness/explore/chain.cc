#include "harness/explore/chain.h"

#include <utility>

#include "harness/explore/rotten.h"

namespace crashlab {
namespace {

using faultfs::CrashState;
using faultfs::Image;
using faultfs::Trace;
using faultfs::Unknown;
using faultfs::Volume;

Status Resolve(const Laboratory& lab, const CrashStep& step, const Image& base, Unknown unknown,
               ChainLink& link) {
  link.kind = step.kind;
  link.graph = faultfs::Lower(base, *link.trace, lab.subject.crash.models.front());
  if (step.kind == CrashKind::kProcessDeath) {
    FAULTFS_ASSIGN_OR_RETURN(link.state.point, faultfs::FindCrashPoint(*link.trace, step.state.at));
  } else {
    FAULTFS_ASSIGN_OR_RETURN(link.state, faultfs::FromText(link.graph, step.state, unknown));
  }
  if (link.state.point.steps < link.begin_step) {
    return Status::Error(Code::kInvalidArgument,
                         "crash point \"" + step.state.at + "\" lies before the crash before it");
  }
  link.image = faultfs::Materialize(link.graph, link.state);
  return Status();
}

/// Rot of what the first crash left.
Status SpoilLink(const Laboratory& lab, const CrashStep& step, ChainLink& link) {
  link.rot = step.rot;
  for (const std::string& text : step.rot) {
    FAULTFS_ASSIGN_OR_RETURN(const faultfs::Rot rot, faultfs::ParseRot(text));
    faultfs::PointView view(link.graph, link.state.point);
    FAULTFS_ASSIGN_OR_RETURN(SpoiledDisk disk,
                             Spoil(lab.adapter, view, link.state, link.image, rot));
    link.image = std::move(disk.image);
    link.situation.AddRot(disk.witnessed);
  }
  return Status();
}

}  // namespace

CrashStep StepOf(const faultfs::EffectGraph& graph, const CrashState& state, CrashKind kind) {
  CrashStep step{.kind = kind, .state = faultfs::ToText(graph, state)};
  if (kind == CrashKind::kProcessDeath) {
    step.state = {.at = std::move(step.state.at), .lost = {}, .tears = {}, .fill = {}};
  }
  return step;
}

Aftermath AfterLast(const Chain& chain) {
  const ChainLink& last = chain.links.back();
  const Volume& crashed = last.volume == nullptr ? *chain.run->volume : *last.volume;
  return Aftermath(crashed, last.state, last.kind, last.image, last.graph.model.failure_rules());
}

Result<Chain> ResolveChain(const Laboratory& lab, const std::vector<CrashStep>& steps,
                           Unknown unknown) {
  Chain chain;
  lab.monitor.Recovering([] { return std::vector<CrashStep>(); });
  chain.run = lab.recorded;
  if (chain.run == nullptr) {
    chain.run =
        std::make_shared<const Run>(RunProgram(lab.subject, lab.adapter, lab.options, lab.monitor));
  }
  if (chain.run->diverged && unknown == Unknown::kRefuse) {
    return Status::Error(Code::kNotFound, "the schedule is not one of this program's any more");
  }
  if (chain.run->live.has_value()) return chain;
  for (const CrashStep& step : steps) {
    ChainLink link;
    if (chain.links.empty()) {
      link.trace = &chain.run->volume->trace();
      FAULTFS_RETURN_IF_ERROR(Resolve(lab, step, chain.run->volume->base(), unknown, link));
      link.situation = After(*chain.run, step.kind, link.state.point.steps);
      link.opens = chain.run->opens[link.situation.events];
      faultfs::PointView view(link.graph, link.state.point);
      if (step.rot.empty()) {
        NoteLateLoss(lab.adapter, view, link.state, link.image, 0, link.situation);
      }
      FAULTFS_RETURN_IF_ERROR(SpoilLink(lab, step, link));
    } else {
      const ChainLink& before = chain.links.back();
      link.volume = AfterLast(chain).ToCrash(link.begin_step);
      lab.monitor.Recovering([&] { return chain.steps; });
      const Life life = Recover(lab, *link.volume, before.opens);
      if (!life.seen.open.ok()) return life.seen.open;
      link.trace = &link.volume->trace();
      FAULTFS_RETURN_IF_ERROR(Resolve(lab, step, link.volume->base(), unknown, link));
      link.situation = After(before.situation, step.kind, *link.trace, link.begin_step,
                             link.state.point.steps, life.seen.dump);
      faultfs::PointView view(link.graph, link.state.point);
      NoteLateLoss(lab.adapter, view, link.state, link.image, link.begin_step, link.situation);
      link.opens = before.opens + life.opens;
    }
    chain.links.push_back(std::move(link));
    chain.links.back().errors = AfterLast(chain).errors();
    chain.steps.push_back(step);
  }
  return chain;
}

std::optional<Violation> JudgeChain(const Laboratory& lab, const Chain& chain) {
  if (chain.links.empty() || chain.run->live.has_value()) return chain.run->live;
  const ChainLink& last = chain.links.back();
  const auto volume = AfterLast(chain).ToRecover();
  lab.monitor.Recovering([&] { return chain.steps; });
  const Life life = Recover(lab, *volume, last.opens);
  return JudgeLife(lab, *chain.run->checker, last.situation, life);
}

}  // namespace crashlab
