// What can be done with one known chain of crashes: replay, judging on another file system, and
// explanations for people.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/crash/states.h"
#include "harness/explore/chain.h"
#include "harness/explore/explorer.h"
#include "harness/explore/finding.h"
#include "harness/explore/recovery.h"
#include "harness/explore/run.h"

namespace crashlab {
namespace {

using faultfs::CrashState;
using faultfs::Image;
using faultfs::PointView;

/// Nobody watches: a hang is the caller's to interrupt.
class NoMonitor final : public Monitor {
 public:
  void Recovering(const std::function<std::vector<CrashStep>()>&) override {}
  void Counted(const Counts&) override {}
  void Hung(bool) override {}
};

/// Whether the checker had nothing to say of what the last Open showed.
bool IsUnknown(const Chain& chain) {
  const Situation& situation = chain.links.back().situation;
  return situation.stage == Stage::kOpening && chain.run->checker->Undecided(situation.events);
}

}  // namespace

Result<ReplayResult> Replay(const Case& c, const Adapter& adapter, const ExploreOptions& options,
                            Monitor& monitor) {
  const Laboratory lab{c, adapter, options, monitor};
  FAULTFS_ASSIGN_OR_RETURN(Chain chain, ResolveChain(lab, c.crash.chain));
  ReplayResult result;
  result.recovered = !chain.links.empty();
  result.unknown = result.recovered && IsUnknown(chain);
  result.image = chain.links.empty() ? chain.run->volume->live() : chain.links.back().image;
  const std::optional<Violation> violation = JudgeChain(lab, chain);
  if (!violation.has_value()) return result;
  Finding finding;
  finding.verdict = violation->verdict;
  finding.signature = chain.links.empty() ? LiveSignature(violation->verdict, c, *chain.run)
                                          : SignatureOf(violation->verdict, c.crash.chain);
  finding.detail = violation->detail;
  if (LosesPower(chain.steps)) finding.model = ModelName(c.crash.models.front());
  finding.reproducer = c;
  finding.story = result.story = Story(lab, chain, *violation);
  result.finding = std::move(finding);
  return result;
}

Result<std::optional<Violation>> JudgeOn(const Case& c, const Adapter& adapter,
                                         faultfs::FileSystem& file_system,
                                         std::string_view directory) {
  NoMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, adapter, options, monitor};
  FAULTFS_ASSIGN_OR_RETURN(const Chain chain, ResolveChain(lab, c.crash.chain));
  if (chain.links.empty()) {
    return Status::Error(Code::kInvalidArgument, "there is no crash to judge: a live finding");
  }
  const ChainLink& last = chain.links.back();
  return JudgeLife(lab, *chain.run->checker, last.situation,
                   RecoverOn(lab, file_system, directory, last.opens));
}

Result<Image> ImageOf(const Case& c, const Adapter& adapter) {
  NoMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, adapter, options, monitor};
  FAULTFS_ASSIGN_OR_RETURN(const Chain chain, ResolveChain(lab, c.crash.chain));
  if (chain.links.empty()) {
    return Status::Error(Code::kInvalidArgument, "there is no crash to export: a live finding");
  }
  return chain.links.back().image;
}

Result<std::string> ExplainCase(const Case& c, const Adapter& adapter, bool recover) {
  NoMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, adapter, options, monitor};
  FAULTFS_ASSIGN_OR_RETURN(const Chain chain, ResolveChain(lab, c.crash.chain));
  std::string text;
  for (size_t i = 0; i < chain.links.size(); ++i) {
    const ChainLink& link = chain.links[i];
    text += "crash " + std::to_string(i + 1) + ": " + std::string(Name(link.kind)) + " before " +
            faultfs::CrashPointName(*link.trace, link.state.point) + "\n";
    PointView view(link.graph, link.state.point);
    for (faultfs::EffectId id : view.pending()) {
      const bool lost = std::binary_search(link.state.lost.begin(), link.state.lost.end(), id);
      text += std::string(lost ? "  lost  " : "  kept  ") + faultfs::EffectName(link.graph, id) +
              ": " + faultfs::EffectLabel(link.graph, id) + "\n";
    }
    if (view.pending().empty()) text += "  nothing was pending\n";
    text += "what it left:\n" + link.image.Describe();
    for (const LeftError& left : link.errors) {
      text += "an error that no sync has reported: " + Describe(left) + "\n";
    }
  }
  if (!recover) return text;
  const std::optional<Violation> violation = JudgeChain(lab, chain);
  if (!violation.has_value()) return text + "the recovery is as it should be\n";
  for (const std::string& line : Story(lab, chain, *violation)) text += line + "\n";
  return text;
}

Result<ObservedAnswer> ExplainObserved(const Case& c, const Adapter& adapter,
                                       const Image& observed) {
  NoMonitor monitor;
  const ExploreOptions options;
  const Laboratory lab{c, adapter, options, monitor};
  FAULTFS_ASSIGN_OR_RETURN(const Chain chain, ResolveChain(lab, c.crash.chain));
  if (chain.links.empty()) {
    return Status::Error(Code::kInvalidArgument, "there is no crash to explain: a live finding");
  }
  const ChainLink& link = chain.links.back();
  const std::string at = faultfs::CrashPointName(*link.trace, link.state.point);
  if (link.kind == CrashKind::kProcessDeath) {
    if (!faultfs::SameContent(link.image, observed)) {
      return ObservedAnswer{false, "no: the death of the process at " + at +
                                       " leaves everything that was written, and this is not it\n"};
    }
    return ObservedAnswer{true, "yes: it is what the death of the process at " + at + " leaves\n"};
  }
  const std::optional<CrashState> state = faultfs::Explain(link.graph, link.state.point, observed);
  if (!state.has_value()) {
    return ObservedAnswer{false, "no: a crash at " + at + " cannot leave this tree under " +
                                     ModelName(link.graph.model) + "\n"};
  }
  const faultfs::CrashStateText names = faultfs::ToText(link.graph, *state);
  std::string text = "yes: a crash at " + at + " may leave this tree\n";
  for (const std::string& name : names.lost) text += "  lost: " + name + "\n";
  for (const std::string& tear : names.tears) text += "  torn: " + tear + "\n";
  if (!names.lost.empty()) text += "  fill: " + names.fill + "\n";
  return ObservedAnswer{true, std::move(text)};
}

}  // namespace crashlab
