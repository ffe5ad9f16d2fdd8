#include "harness/explore/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <span>
#include <utility>

namespace crashlab {
namespace {

using faultfs::EffectId;
using faultfs::Fill;

std::string TagsOf(const std::vector<std::string>& names) {
  std::set<std::string> tags;
  for (const std::string& name : names) tags.insert(name.substr(0, name.find('#')));
  std::string text;
  for (const std::string& tag : tags) text += (text.empty() ? "" : ",") + tag;
  return text;
}

std::string_view OutcomeText(const Event& event) {
  switch (event.outcome) {
    case Outcome::kOk:
      return "Ok";
    case Outcome::kFail:
      return "refused, not applied";
    case Outcome::kInfo:
      return "an error that proves nothing";
  }
  return "";
}

/// Whether the chain still gives the verdict.
bool Gives(const Laboratory& lab, const std::vector<CrashStep>& chain, Verdict verdict) {
  const Result<Chain> resolved = ResolveChain(lab, chain);
  if (!resolved.ok()) return false;
  const std::optional<Violation> violation = JudgeChain(lab, *resolved);
  return violation.has_value() && violation->verdict == verdict;
}

/// `lost` without `effect` and what must persist before it.
std::vector<EffectId> Keeping(const faultfs::EffectGraph& graph, const std::vector<EffectId>& lost,
                              EffectId effect) {
  std::set<EffectId> kept;
  std::vector<EffectId> work = {effect};
  while (!work.empty()) {
    const EffectId id = work.back();
    work.pop_back();
    if (!kept.insert(id).second) continue;
    const faultfs::Effect& e = graph.effects[id];
    if (e.write.previous != faultfs::kNone) work.push_back(e.write.previous);
    if (e.has_second() && e.second.previous != faultfs::kNone) work.push_back(e.second.previous);
    for (uint32_t i = 0; i < e.edge_count; ++i) work.push_back(graph.edges[e.first_edge + i]);
  }
  std::vector<EffectId> rest;
  for (EffectId id : lost) {
    if (!kept.contains(id)) rest.push_back(id);
  }
  return rest;
}

/// Makes one crash of the chain lose less. Whether it could.
bool ShrinkStep(const Laboratory& lab, std::vector<CrashStep>& chain, size_t index,
                Verdict verdict) {
  if (chain[index].kind == CrashKind::kProcessDeath) return false;
  const Result<Chain> resolved = ResolveChain(lab, chain);
  if (!resolved.ok() || resolved->links.size() <= index) return false;
  const faultfs::EffectGraph& graph = resolved->links[index].graph;
  faultfs::CrashState state = resolved->links[index].state;
  bool shrunk = false;
  const auto take = [&](const faultfs::CrashState& smaller) {
    if (smaller == state) return;
    std::vector<CrashStep> candidate = chain;
    candidate[index].state = faultfs::ToText(graph, smaller);
    if (!Gives(lab, candidate, verdict)) return;
    state = smaller;
    chain = std::move(candidate);
    shrunk = true;
  };
  faultfs::CrashState plain = state;
  plain.tears.clear();
  take(plain);
  plain = state;
  plain.fill = Fill::kZeros;
  take(plain);
  // From the newest on: its predecessors may be needed when it is not.
  for (size_t i = state.lost.size(); i-- > 0;) {
    if (i >= state.lost.size()) continue;
    faultfs::CrashState smaller = state;
    smaller.lost = Keeping(graph, state.lost, state.lost[i]);
    std::erase_if(smaller.tears, [&](const faultfs::Tear& tear) {
      return !std::binary_search(smaller.lost.begin(), smaller.lost.end(), tear.effect);
    });
    take(smaller);
  }
  return shrunk;
}

/// Of the run, at the first crash or its end.
size_t EventsOf(const Chain& chain) {
  return chain.links.empty() ? chain.run->events.size() : chain.links.front().situation.events;
}

void TellCrash(const ChainLink& link, bool in_recovery, std::vector<std::string>& story) {
  const std::string at = faultfs::CrashPointName(*link.trace, link.state.point);
  story.push_back(
      fmt::format("{}{} {}", link.kind == CrashKind::kPowerLoss ? "power loss" : "process death",
                  in_recovery ? ", in the recovery from that," : "",
                  at == "end" ? std::string("at the end") : fmt::format("just before {}", at)));
  for (EffectId id : link.state.lost) {
    story.push_back(fmt::format("  lost: {}: {}", faultfs::EffectName(link.graph, id),
                                faultfs::EffectLabel(link.graph, id)));
  }
  for (const faultfs::Tear& tear : link.state.tears) {
    story.push_back(fmt::format(
        "  torn: {}: only its {} {} bytes are new", faultfs::EffectName(link.graph, tear.effect),
        tear.front ? "first" : "last",
        tear.front ? tear.split_bytes : link.graph.model.unit_bytes() - tear.split_bytes));
  }
  if (link.state.fill != Fill::kZeros) {
    story.push_back(fmt::format("  what was not persisted inside a size shows {}",
                                faultfs::Name(link.state.fill)));
  }
  for (const std::string& rot : link.rot) {
    story.push_back(
        fmt::format("  rotten: {}{}", rot, link.situation.witnessed ? "" : " (of no account)"));
  }
  for (const LeftError& left : link.errors) {
    story.push_back("  left to the next process to report: " + Describe(left));
  }
}

}  // namespace

std::string SignatureOf(Verdict verdict, const std::vector<CrashStep>& chain) {
  std::string text(Name(verdict));
  for (size_t i = 0; i < chain.size(); ++i) {
    const CrashStep& step = chain[i];
    text += fmt::format("{}{}", i == 0 ? " " : ", then ", Name(step.kind));
    if (step.kind == CrashKind::kProcessDeath) continue;
    if (!step.state.lost.empty()) text += " lost=" + TagsOf(step.state.lost);
    if (!step.state.tears.empty()) text += " torn=" + TagsOf(step.state.tears);
    if (!step.state.fill.empty() && step.state.fill != Name(Fill::kZeros)) {
      text += " fill=" + step.state.fill;
    }
    for (const std::string& rot : step.rot) text += " rot=" + rot.substr(0, rot.find(' '));
  }
  return text;
}

std::string LiveSignature(Verdict verdict, const Case& c, const Run& run) {
  const OpNumber op = run.events.empty() ? 0 : run.events.back().op;
  return fmt::format("{} live {}", Name(verdict),
                     op == 0 ? std::string_view("open") : Name(c.program[op - 1].verb));
}

std::vector<CrashStep> ShrinkChain(const Laboratory& lab, std::vector<CrashStep> chain,
                                   Verdict verdict) {
  if (!Gives(lab, chain, verdict)) return chain;
  if (chain.size() > 1) {
    std::vector<CrashStep> shorter(chain.begin(), chain.end() - 1);
    if (Gives(lab, shorter, verdict)) return ShrinkChain(lab, std::move(shorter), verdict);
  }
  // From the last crash on: the recovery that it cut depends on the ones before it. Until nothing
  // more can be spared anywhere.
  for (bool again = true; again;) {
    again = false;
    for (size_t i = chain.size(); i-- > 0;) again |= ShrinkStep(lab, chain, i, verdict);
  }
  return chain;
}

void TellEvents(const Case& c, const std::vector<Event>& all, size_t events,
                std::vector<std::string>& story) {
  for (size_t i = 0; i < events; ++i) {
    const Event& event = all[i];
    if (event.op == 0) continue;
    const std::string operation = (c.clients && c.program[event.op - 1].client == 0 ? "0: " : "") +
                                  Print(c.program[event.op - 1]);
    const bool returned =
        std::any_of(all.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                    all.begin() + static_cast<std::ptrdiff_t>(events), [&](const Event& later) {
                      return later.op == event.op && (later.kind == Event::Kind::kReturn ||
                                                      later.kind == Event::Kind::kOpened);
                    });
    switch (event.kind) {
      case Event::Kind::kInvoke:
        if (!returned) story.push_back(fmt::format("{}. {}: in flight", event.op, operation));
        break;
      case Event::Kind::kReturn:
        story.push_back(fmt::format("{}. {}: {}{}", event.op, operation, OutcomeText(event),
                                    event.code == Code::kOk
                                        ? std::string()
                                        : fmt::format(" ({})", faultfs::CodeName(event.code))));
        break;
      case Event::Kind::kOpened:
        story.push_back(fmt::format("{}. {}: open again", event.op, operation));
        break;
      case Event::Kind::kReverted:
        story.push_back(fmt::format(
            "{}. {}: pages that a failed write-back left go back to what the disk holds", event.op,
            operation));
        break;
      case Event::Kind::kRotted:
        story.push_back(
            fmt::format("{}. {}: pages that a sync had said Ok of go back to what the "
                        "disk holds; a journal alone has them still",
                        event.op, operation));
        break;
      case Event::Kind::kClosed:
      case Event::Kind::kKilled:
        break;
    }
  }
}

std::vector<std::string> Story(const Laboratory& lab, const Chain& chain,
                               const Violation& violation) {
  std::vector<std::string> story;
  for (const std::string& fault : lab.subject.faults) story.push_back("fault: " + fault);
  if (OnRealThreads(lab.subject)) {
    story.emplace_back("on real threads: what was recorded is told here, and does not come again");
  } else if (lab.subject.clients) {
    story.push_back("schedule: " + chain.run->schedule);
  }
  TellEvents(lab.subject, chain.run->events, EventsOf(chain), story);
  for (size_t i = 0; i < chain.links.size(); ++i) TellCrash(chain.links[i], i > 0, story);
  story.push_back(fmt::format("{}: {}", Name(violation.verdict), violation.detail));
  return story;
}

void TellRecord(const Chain& chain, std::vector<std::string>& story) {
  story.emplace_back("what the clients saw since the last Open before the crash, with ticks:");
  TellLines(chain.run->checker->Tell(EventsOf(chain)), story);
  story.emplace_back("the trace of the run up to the crash:");
  faultfs::Trace trace = chain.run->volume->trace();
  if (!chain.links.empty()) trace.ops.resize(chain.links.front().state.point.steps);
  TellLines(faultfs::Describe(trace), story);
}

void TellLines(std::string_view text, std::vector<std::string>& story) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    story.push_back("  " + std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Dump FilesOf(const faultfs::Image& image) {
  Dump files;
  uint64_t bytes = 0;
  const std::function<void(faultfs::InodeNumber, const std::string&)> walk =
      [&](faultfs::InodeNumber directory, const std::string& path) {
        for (const auto& [name, number] : image.Find(directory)->entries) {
          const faultfs::Inode& inode = *image.Find(number);
          if (inode.type == faultfs::FileType::kDirectory) {
            walk(number, path + name + "/");
            continue;
          }
          bytes += inode.size_bytes;
          if (bytes > kMostKeptBytes) continue;
          std::string content(inode.size_bytes, '\0');
          image.Read(number, 0, std::as_writable_bytes(std::span(content)));
          files.emplace_back(path + name, std::move(content));
        }
      };
  walk(faultfs::kRootInode, "");
  if (bytes > kMostKeptBytes) return {};
  std::sort(files.begin(), files.end());
  return files;
}

bool LosesPower(const std::vector<CrashStep>& chain) {
  return std::any_of(chain.begin(), chain.end(),
                     [](const CrashStep& step) { return step.kind == CrashKind::kPowerLoss; });
}

}  // namespace crashlab
