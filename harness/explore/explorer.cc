#include "harness/explore/explorer.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/crash/states.h"
#include "harness/explore/aftermath.h"
#include "harness/explore/chain.h"
#include "harness/explore/finding.h"
#include "harness/explore/internal/state_walk.h"
#include "harness/explore/recovery.h"
#include "harness/explore/rotten.h"
#include "harness/explore/run.h"
#include "harness/explore/state_search.h"
#include "harness/explore/step_coverage.h"
#include "harness/explore/variants.h"

namespace crashlab {
namespace {

using faultfs::CrashState;
using faultfs::EffectGraph;
using faultfs::Hash128;
using faultfs::Image;
using faultfs::PersistenceModel;
using faultfs::PointView;
using faultfs::Random;
using faultfs::Trace;
using faultfs::Volume;

/// The key is a hash already.
struct TakeLow {
  size_t operator()(const Hash128& hash) const { return hash.low; }
};

class Exploration {
 public:
  Exploration(const Case& c, const Adapter& adapter, const ExploreOptions& options,
              Monitor& monitor)
      : case_(c), lab_{c, adapter, options, monitor}, random_(Random(c.seed).Fork("states")) {}

  CaseResult Run() && {
    run_ = std::make_shared<const crashlab::Run>(
        RunProgram(case_, lab_.adapter, lab_.options, lab_.monitor));
    result_.counts.programs = 1;
    if (case_.clients) result_.counts.schedules = 1;
    result_.digest = run_->digest;
    result_.coverage = run_->faults;
    if (lab_.options.double_run && !OnRealThreads(case_)) CompareWithSecondRun();
    if (run_->live.has_value()) {
      AddFinding({}, *run_->live, case_.crash.models.front());
      lab_.monitor.Counted(result_.counts);
      return std::move(result_);
    }
    const std::vector<PersistenceModel>& models = case_.crash.models;
    result_.models.resize(models.size());
    calls_.emplace(lab_.adapter, base(), trace(), 0, /*inner=*/false, result_.coverage);
    bool exhausted = true;
    for (model_ = 0; model_ < models.size(); ++model_) {
      found_in_model_ = 0;
      shrunk_.clear();
      const bool all = !Enough() && ExploreModel(models[model_]);
      exhausted &= all;
      OfModel().programs = 1;
      OfModel().exhausted_programs = all ? 1 : 0;
      if (!Wants(CrashKind::kPowerLoss)) OfModel().process_deaths = result_.counts.recoveries;
    }
    if (exhausted) result_.counts.exhausted_programs = 1;
    calls_.reset();
    if (OnRealThreads(case_)) result_.digest = run_->digest;  // what was judged does not come again
    lab_.monitor.Counted(result_.counts);
    return std::move(result_);
  }

 private:
  static constexpr uint32_t kNowhere = UINT32_MAX;
  /// An image that was recovered: how that went.
  struct Recovered {
    Status open;
    Hash128 seen;
    uint32_t met_in = kNowhere;     // the last model under which power loss left it
    uint32_t bad_probe = kNowhere;  // of bad_probes_
  };
  /// A question that was asked.
  struct Asked {
    uint32_t met_in = kNowhere;     // likewise
    uint32_t violation = kNowhere;  // of violations_
  };
  /// A probe that went wrong.
  struct BadProbe {
    Violation violation;
    uint32_t told_in;  // model
  };
  /// A first crash, for crashes inside the recovery from it.
  struct Site {
    CrashState state;
    CrashKind kind;
  };

  const Trace& trace() const { return run_->volume->trace(); }
  const Image& base() const { return run_->volume->base(); }
  /// What one model has to report takes nothing from the next.
  bool Enough() const { return found_in_any_ + found_in_model_ >= lab_.options.max_findings; }
  ModelCounts& OfModel() { return result_.models[model_]; }

  void CompareWithSecondRun() {
    const crashlab::Run again = RunProgram(case_, lab_.adapter, lab_.options, lab_.monitor);
    if (again.digest == run_->digest) {
      result_.counts.double_runs = 1;
      return;
    }
    AddFinding({}, {Verdict::kNondeterministic, "two runs of the program differ in their traces"},
               case_.crash.models.front());
  }

  bool ExploreModel(const PersistenceModel& model) {
    lab_.monitor.Exploring(model);
    const EffectGraph graph = faultfs::Lower(base(), trace(), model);
    sites_.clear();
    StateWalk walk(graph, 0, case_.crash.budget, random_.Fork(ModelName(model)));
    result_.counts.crash_points += walk.size();
    bool exhausted = true;
    if (Wants(CrashKind::kProcessDeath) && !VisitProcessDeaths(walk)) return false;
    if (Wants(CrashKind::kPowerLoss)) {
      exhausted = walk.ForEach([&](PointView& view, const CrashState& state) {
        return Visit(view, state, CrashKind::kPowerLoss);
      });
    }
    if (Wants(CrashKind::kPowerLoss) && !Enough()) ExploreRot(walk);
    if (case_.crash.depth > 1 && !Enough()) exhausted &= ExploreRecoveries(graph);
    return exhausted && !Enough();
  }

  // What a dead process leaves is the same in all models; what is pending then is not.
  bool VisitProcessDeaths(StateWalk& walk) {
    const bool visited = model_ > 0;
    for (size_t i = 0; i < walk.size(); ++i) {
      const CrashState live = NothingLost(walk.point(i));
      if (visited) {
        if (case_.crash.depth > 1) sites_.push_back({live, CrashKind::kProcessDeath});
      } else if (!Visit(walk.view(i), live, CrashKind::kProcessDeath)) {
        return false;
      }
    }
    return true;
  }

  static CrashState NothingLost(faultfs::CrashPoint point) {
    return {.point = point, .lost = {}, .tears = {}, .fill = {}};
  }

  bool Wants(CrashKind kind) const {
    const auto& kinds = case_.crash.kinds;
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }

  /// One state of the program's run. False when there is enough to report.
  bool Visit(PointView& view, const CrashState& state, CrashKind kind) {
    calls_->Visit(view.graph(), state, kind);
    Situation situation = After(*run_, kind, view.point().steps);
    const Image image = view.Materialize(state);
    NoteLateLoss(lab_.adapter, view, state, image, 0, situation);
    const Aftermath left(*run_->volume, state, kind, image, view.graph().model.failure_rules());
    const auto chain = [&] { return ChainOf(view.graph(), state, kind); };
    const bool news = Explore(left, situation, run_->opens[situation.events], !state.lost.empty(),
                              view.graph().model, chain, result_.counts.recoveries);
    ++result_.counts.states;
    if (kind == CrashKind::kPowerLoss) ++OfModel().states;
    // A crash inside the recovery is judged by the bounds of the first crash, so that an image
    // already known is another site under new bounds. And what a dead process leaves pending
    // differs from point to point, even where neither image nor bounds do.
    if (case_.crash.depth > 1 && (news || kind == CrashKind::kProcessDeath)) {
      sites_.push_back({state, kind});
    }
    return !Enough();
  }

  static std::vector<CrashStep> ChainOf(const EffectGraph& graph, const CrashState& state,
                                        CrashKind kind) {
    return {StepOf(graph, state, kind)};
  }

  /// Recovers from what is new, judges what is new. What another model has left already is
  /// neither recovered nor judged again, but what was wrong with it is wrong here too. Returns
  /// whether the question was new: under this model, if power was lost.
  template <typename ChainFn>
  bool Explore(const Aftermath& left, const Situation& situation, uint64_t opens, bool lossy,
               const PersistenceModel& model, const ChainFn& chain, uint64_t& recoveries) {
    // Also where no image is new for a million states: who watches must see that it goes on.
    if (++since_counted_ % 256 == 0) lab_.monitor.Counted(result_.counts);
    std::optional<Violation> violation;
    const Hash128 hash = left.hash();
    const auto [it, fresh] = recovered_.try_emplace(hash);
    Observation seen;
    if (fresh) {
      lab_.monitor.Recovering(chain);
      ++recoveries;
      const auto volume = left.ToRecover();
      Life life = Recover(lab_, *volume, opens);
      if (life.seen.open.ok() && case_.crash.probe) ++result_.counts.probes;
      result_.coverage.Add(life.reported);
      it->second = {.open = life.seen.open, .seen = life.seen.hash};
      violation = JudgeProbe(lab_, *run_->checker, situation, life);
      if (violation.has_value()) {
        it->second.bad_probe = static_cast<uint32_t>(bad_probes_.size());
        bad_probes_.push_back({*violation, model_});
      }
      seen = std::move(life.seen);
    } else {
      seen.open = it->second.open;
      seen.hash = it->second.seen;
    }
    if (MetFirst(it->second.met_in, situation)) {
      ++OfModel().recoveries;
      if (!violation.has_value()) violation = BadProbeOf(it->second);
    }
    const auto [question, news] = judged_.try_emplace(QuestionHash(hash, situation));
    Asked& asked = question->second;
    const bool new_here = MetFirst(asked.met_in, situation);
    if (new_here) ++OfModel().judgements;
    if (news) {
      ++result_.counts.judgements;
      if (lossy) ++result_.counts.judgements_with_loss;
      const auto look_again = [&] {
        if (fresh) return;
        lab_.monitor.Recovering(chain);
        const auto volume = left.ToRecover();
        seen = RecoverAndLook(lab_, *volume, opens).seen;
      };
      if (auto judged = JudgeSeen(situation, seen, look_again)) violation = std::move(judged);
      if (violation.has_value()) {
        asked.violation = static_cast<uint32_t>(violations_.size());
        violations_.push_back(*violation);
      }
    } else if (new_here && asked.violation != kNowhere) {
      violation = violations_[asked.violation];
    }
    if (violation.has_value()) Report(chain(), *violation, model);
    return situation.power_lost ? new_here : news;
  }

  /// Whether it is the first time under this model that power loss leads there.
  bool MetFirst(uint32_t& met_in, const Situation& situation) const {
    if (!situation.power_lost || met_in == model_) return false;
    met_in = model_;
    return true;
  }

  /// What is wrong with the probe after this recovery, if this model has not told it yet.
  std::optional<Violation> BadProbeOf(const Recovered& recovered) {
    if (recovered.bad_probe == kNowhere) return std::nullopt;
    BadProbe& bad = bad_probes_[recovered.bad_probe];
    if (std::exchange(bad.told_in, model_) == model_) return std::nullopt;
    return bad.violation;
  }

  /// `look_again` brings the dump, if only its hash is at hand.
  template <typename LookAgain>
  std::optional<Violation> JudgeSeen(const Situation& situation, Observation& seen,
                                     const LookAgain& look_again) {
    if (!CanJudge(*run_->checker, situation, seen)) {
      ++result_.counts.unknown;
      return std::nullopt;
    }
    const bool by_hash = run_->checker->JudgesByHash();
    if (!by_hash) look_again();
    auto violation = Judge(lab_, *run_->checker, situation, seen);
    if (violation.has_value() && by_hash) {
      look_again();  // for the words of the finding
      violation = Judge(lab_, *run_->checker, situation, seen);
    }
    result_.digest = faultfs::Combine(
        result_.digest,
        {seen.hash.low, violation.has_value() ? static_cast<uint64_t>(violation->verdict) + 1 : 0});
    return violation;
  }

  // ---- rot ----

  /// A disk that may rot, and in which ways.
  struct RotSite {
    CrashState state;
    Image left;
    std::vector<faultfs::Rot> rots;
  };

  /// Half of them at the end of the run, where the most is durable, the others anywhere; with
  /// nothing lost or all that was pending.
  void ExploreRot(StateWalk& walk) {
    std::map<std::pair<size_t, bool>, RotSite> sites;
    for (uint64_t i = 0; i < case_.crash.rot && !Enough(); ++i) {
      Random random = random_.Fork("rot").Fork(i);
      const size_t at = i % 2 == 0 ? walk.size() - 1 : random.Below(walk.size());
      const bool lossy = random.Below(2) == 1;
      PointView& view = walk.view(at);
      const auto [it, fresh] = sites.try_emplace({at, lossy});
      RotSite& site = it->second;
      if (fresh) site = RotSiteOf(view, lossy);
      if (site.rots.empty()) continue;
      VisitRotten(view, site, site.rots[random.Below(site.rots.size())]);
    }
  }

  RotSite RotSiteOf(PointView& view, bool lossy) const {
    RotSite site;
    site.state = NothingLost(view.point());
    if (lossy) site.state.lost = view.pending();
    site.left = view.Materialize(site.state);
    site.rots = faultfs::RotsOf(view, site.state, site.left);
    const auto& kinds = case_.crash.rot_kinds;
    std::erase_if(site.rots, [&](const faultfs::Rot& rot) {
      return std::find(kinds.begin(), kinds.end(), rot.kind) == kinds.end();
    });
    return site;
  }

  void VisitRotten(PointView& view, const RotSite& site, const faultfs::Rot& rot) {
    const Result<SpoiledDisk> disk = Spoil(lab_.adapter, view, site.state, site.left, rot);
    if (!disk.ok()) return;  // nothing would change
    calls_->Rotten(view.point().steps, rot.kind, disk->hurt);
    Situation situation = After(*run_, CrashKind::kPowerLoss, view.point().steps);
    situation.AddRot(disk->witnessed);
    const auto chain = [&] {
      std::vector<CrashStep> steps = ChainOf(view.graph(), site.state, CrashKind::kPowerLoss);
      steps.back().rot = {Print(rot)};
      return steps;
    };
    Explore(Aftermath(disk->image), situation, run_->opens[situation.events],
            !site.state.lost.empty(), view.graph().model, chain, result_.counts.rotten_recoveries);
    ++result_.counts.states;
    ++OfModel().states;
  }

  // ---- crashes inside recovery ----

  bool ExploreRecoveries(const EffectGraph& graph) {
    const uint64_t wanted = std::min<uint64_t>(case_.crash.inner, sites_.size());
    bool exhausted = wanted == sites_.size();
    for (uint64_t i = 0; i < wanted; ++i) {
      // Spread over the run, another offset for each case.
      const uint64_t span_begin = i * sites_.size() / wanted;
      const uint64_t span = (i + 1) * sites_.size() / wanted - span_begin;
      const Site site = sites_[span_begin + random_.Fork("site").Fork(i).Below(span)];
      exhausted &= ExploreRecovery(graph, site, random_.Fork("inner").Fork(i));
      if (Enough()) return false;
    }
    return exhausted;
  }

  bool ExploreRecovery(const EffectGraph& graph, const Site& site, Random random) {
    Situation first = After(*run_, site.kind, site.state.point.steps);
    const uint64_t opens = run_->opens[first.events];
    uint32_t begin_step = 0;
    PointView first_view(graph, site.state.point);
    const Image left = first_view.Materialize(site.state);
    NoteLateLoss(lab_.adapter, first_view, site.state, left, 0, first);
    const auto rules = graph.model.failure_rules();
    const auto volume =
        Aftermath(*run_->volume, site.state, site.kind, left, rules).ToCrash(begin_step);
    lab_.monitor.Recovering([&] { return ChainOf(graph, site.state, site.kind); });
    const Life life = Recover(lab_, *volume, opens);
    if (!life.seen.open.ok()) return true;  // a finding already

    const Trace& inner_trace = volume->trace();
    const EffectGraph inner = faultfs::Lower(volume->base(), inner_trace, graph.model);
    StateWalk walk(inner, begin_step, case_.crash.inner_budget, random);
    StepCoverage calls(lab_.adapter, volume->base(), inner_trace, begin_step, /*inner=*/true,
                       result_.coverage);
    const auto visit = [&](PointView& view, const CrashState& state, CrashKind kind) {
      Situation situation =
          After(first, kind, inner_trace, begin_step, view.point().steps, life.seen.dump);
      const Image image = view.Materialize(state);
      NoteLateLoss(lab_.adapter, view, state, image, begin_step, situation);
      const auto chain = [&] {
        std::vector<CrashStep> steps = ChainOf(graph, site.state, site.kind);
        steps.push_back(StepOf(inner, state, kind));
        return steps;
      };
      if (situation.power_lost) ++OfModel().states;
      calls.Visit(inner, state, kind);
      Explore(Aftermath(*volume, state, kind, image, rules), situation, opens + life.opens,
              !state.lost.empty(), graph.model, chain, result_.counts.inner_recoveries);
      return !Enough();
    };
    if (Wants(CrashKind::kProcessDeath)) {
      for (size_t i = 0; i < walk.size(); ++i) {
        if (!visit(walk.view(i), NothingLost(walk.point(i)), CrashKind::kProcessDeath))
          return false;
      }
    }
    if (!Wants(CrashKind::kPowerLoss)) return true;
    return walk.ForEach([&](PointView& view, const CrashState& state) {
      return visit(view, state, CrashKind::kPowerLoss);
    });
  }

  // ---- findings ----

  /// Shrinks and adds, unless it is like one that is there.
  void Report(std::vector<CrashStep> chain, const Violation& violation,
              const PersistenceModel& model) {
    if (!shrunk_.insert({violation.verdict, SignatureOf(violation.verdict, chain)}).second) return;
    Case alone = Alone(model);
    const Laboratory lab{alone, lab_.adapter, lab_.options, lab_.monitor, run_};
    alone.crash.chain = ShrinkChain(lab, std::move(chain), violation.verdict);
    AddFinding(alone.crash.chain, violation, model);
  }

  Case Alone(const PersistenceModel& model) const {
    Case alone = case_;
    alone.crash.models = {model};
    if (alone.clients && !OnRealThreads(alone)) alone.clients->schedule = run_->schedule;
    return alone;
  }

  void AddFinding(const std::vector<CrashStep>& chain, const Violation& violation,
                  const PersistenceModel& model) {
    Finding finding;
    finding.verdict = violation.verdict;
    finding.signature = chain.empty() ? LiveSignature(violation.verdict, case_, *run_)
                                      : SignatureOf(violation.verdict, chain);
    if (LosesPower(chain)) finding.model = ModelName(model);
    for (const Finding& other : result_.findings) {
      if (other.signature == finding.signature && other.model == finding.model) return;
    }
    finding.reproducer = Alone(model);
    finding.reproducer.crash.chain = chain;
    finding.detail = violation.detail;
    const Laboratory lab{finding.reproducer, lab_.adapter, lab_.options, lab_.monitor, run_};
    const Result<Chain> resolved = ResolveChain(lab, chain);
    if (resolved.ok()) {
      const auto again = JudgeChain(lab, *resolved);
      if (again.has_value()) finding.detail = again->detail;
      finding.story = Story(lab, *resolved, again.value_or(violation));
      if (OnRealThreads(case_)) KeepRecord(*resolved, finding);
    }
    // Nothing leads to this chain again: the program is to be tried as often as its plan says.
    if (OnRealThreads(case_)) finding.reproducer.crash.chain.clear();
    ++(finding.model.empty() ? found_in_any_ : found_in_model_);
    result_.findings.push_back(std::move(finding));
    lab_.monitor.Found(result_.findings.back());
  }

  static void KeepRecord(const Chain& chain, Finding& finding) {
    TellRecord(chain, finding.story);
    finding.disk =
        FilesOf(chain.links.empty() ? chain.run->volume->live() : chain.links.back().image);
  }

  const Case& case_;
  const Laboratory lab_;
  const Random random_;
  std::shared_ptr<const crashlab::Run> run_;
  CaseResult result_;
  std::optional<StepCoverage> calls_;  // of the run
  std::vector<Site> sites_;
  uint32_t model_ = 0;  // the one at hand, of the plan's
  uint64_t found_in_any_ = 0;
  uint64_t found_in_model_ = 0;
  uint64_t since_counted_ = 0;
  std::vector<Violation> violations_;
  std::vector<BadProbe> bad_probes_;
  std::set<std::pair<Verdict, std::string>> shrunk_;
  // order never escapes: looked up by hash, never walked.
  absl::flat_hash_map<Hash128, Recovered, TakeLow> recovered_;
  // order never escapes: looked up by hash, never walked.
  absl::flat_hash_map<Hash128, Asked, TakeLow> judged_;
};

}  // namespace

namespace {

// A scenario with a chain of its own: that one, and nothing else. Where the run no longer has what
// the chain names (the engine was mended, say), crashes like it are looked for instead: a scenario
// kept for a bug goes on guarding against it.
CaseResult ExploreChain(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                        Monitor& monitor) {
  CaseResult result;
  result.counts.programs = 1;
  const auto count = [&result](uint64_t recoveries) {
    result.counts.states = result.counts.recoveries = result.counts.judgements = recoveries;
    result.models = {{.programs = 1,
                      .exhausted_programs = 0,
                      .states = recoveries,
                      .recoveries = recoveries,
                      .judgements = recoveries}};
  };
  monitor.Exploring(c.crash.models.front());
  Result<ReplayResult> replayed = Replay(c, adapter, options, monitor);
  if (replayed.ok()) {
    // The program's own answers may be wrong already: then nothing was recovered.
    count(replayed->recovered ? 1 : 0);
  } else {
    const CaseSearch search =
        SearchCase(c, adapter, options, monitor, c.crash.chain, std::nullopt, c.crash.budget);
    count(search.recoveries);
    if (!search.found.has_value()) return result;
    replayed = Replay(*search.found, adapter, options, monitor);
    FAULTFS_CHECK(replayed.ok(), "a chain that was just found is there");
  }
  if (replayed->unknown) ++result.counts.unknown;
  result.digest = replayed->image.ContentHash();
  if (replayed->finding.has_value()) result.findings.push_back(*std::move(replayed->finding));
  return result;
}

}  // namespace

CaseResult Explore(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                   Monitor& monitor) {
  if (!c.crash.chain.empty()) return ExploreChain(c, adapter, options, monitor);
  return ExploreVariants(c, adapter, options, monitor, [&](const Case& run) {
    return Exploration(run, adapter, options, monitor).Run();
  });
}

}  // namespace crashlab
