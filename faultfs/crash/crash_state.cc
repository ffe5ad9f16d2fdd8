#include "faultfs/crash/crash_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "faultfs/crash/states.h"

namespace faultfs {
namespace {

constexpr std::pair<Fill, std::string_view> kFillNames[] = {{Fill::kZeros, "zeros"},
                                                            {Fill::kGarbage, "garbage"},
                                                            {Fill::kEarlier, "earlier"},
                                                            {Fill::kFreed, "freed"}};

/// "NAME front 17".
Result<Tear> ParseTear(const EffectGraph& graph, std::string_view text) {
  const Status bad = Status::Error(
      Code::kInvalidArgument,
      fmt::format("\"{}\" is no tear; it reads \"EFFECT front BYTES\" or \"EFFECT back BYTES\"",
                  text));
  const size_t second = text.rfind(' ');
  if (second == std::string_view::npos || second == 0) return bad;
  const size_t first = text.rfind(' ', second - 1);
  if (first == std::string_view::npos) return bad;
  const std::string_view end = text.substr(first + 1, second - first - 1);
  const std::string_view number = text.substr(second + 1);
  Tear tear;
  const auto [last, error] =
      std::from_chars(number.data(), number.data() + number.size(), tear.split_bytes);
  if (error != std::errc() || last != number.data() + number.size()) return bad;
  if (end != "front" && end != "back") return bad;
  if (tear.split_bytes == 0 || tear.split_bytes >= graph.model.unit_bytes()) return bad;
  tear.front = end == "front";
  FAULTFS_ASSIGN_OR_RETURN(tear.effect, FindEffect(graph, text.substr(0, first)));
  if (graph.RegisterOf(graph.effects[tear.effect].write).kind != RegisterKind::kSector) return bad;
  return tear;
}

/// `view` has taken up what the state has lost.
Status AddTear(const PointView& view, std::string_view text, CrashState& state) {
  const EffectGraph& graph = view.graph();
  FAULTFS_ASSIGN_OR_RETURN(const Tear tear, ParseTear(graph, text));
  std::string_view why;
  if (graph.model.tear != TearSize::kByteLinear) {
    why = "the model has no tears within a sector";
  } else if (!std::binary_search(state.lost.begin(), state.lost.end(), tear.effect)) {
    why = "only a lost effect can be torn";
  } else if (!view.MayTear(tear.effect)) {
    why = "it waits for something that is lost, or was cut off again";
  } else if (!state.tears.empty()) {
    why = "one tear a state";
  }
  if (!why.empty()) {
    return Status::Error(Code::kInvalidArgument, fmt::format("tear \"{}\": {}", text, why));
  }
  state.tears.push_back(tear);
  return Status();
}

}  // namespace

std::string_view Name(Fill value) {
  for (const auto& [fill, name] : kFillNames) {
    if (fill == value) return name;
  }
  FAULTFS_CHECK(false, "every fill has a name");
  return {};
}

std::optional<Fill> FillFromName(std::string_view text) {
  for (const auto& [fill, name] : kFillNames) {
    if (name == text) return fill;
  }
  return std::nullopt;
}

CrashStateText ToText(const EffectGraph& graph, const CrashState& state) {
  CrashStateText text;
  text.at = CrashPointName(*graph.trace, state.point);
  for (EffectId id : state.lost) text.lost.push_back(EffectName(graph, id));
  for (const Tear& tear : state.tears) {
    text.tears.push_back(fmt::format("{} {} {}", EffectName(graph, tear.effect),
                                     tear.front ? "front" : "back", tear.split_bytes));
  }
  text.fill = Name(state.fill);
  return text;
}

Result<CrashState> FromText(const EffectGraph& graph, const CrashStateText& text, Unknown unknown) {
  CrashState state;
  FAULTFS_ASSIGN_OR_RETURN(state.point, FindCrashPoint(*graph.trace, text.at));
  const std::optional<Fill> fill = FillFromName(text.fill);
  if (!fill.has_value()) {
    return Status::Error(
        Code::kInvalidArgument,
        fmt::format("no fill \"{}\": zeros, garbage, earlier or freed", text.fill));
  }
  state.fill = *fill;
  if (graph.model.fill == FillPolicy::kZeros && state.fill != Fill::kZeros) {
    if (unknown == Unknown::kRefuse) {
      return Status::Error(Code::kInvalidArgument,
                           fmt::format("fill \"{}\" under a model with zeros only", text.fill));
    }
    state.fill = Fill::kZeros;
  }
  PointView view(graph, state.point);
  const auto pending = [&](EffectId id) {
    return std::binary_search(view.pending().begin(), view.pending().end(), id);
  };
  for (const std::string& name : text.lost) {
    const Result<EffectId> id = FindEffect(graph, name);
    if (id.ok() && pending(*id)) {
      state.lost.push_back(*id);
    } else if (unknown == Unknown::kRefuse) {
      if (!id.ok()) return id.status();
      return Status::Error(Code::kInvalidArgument,
                           fmt::format("effect \"{}\" cannot be lost at \"{}\"", name, text.at));
    }
  }
  std::sort(state.lost.begin(), state.lost.end());
  state.lost.erase(std::unique(state.lost.begin(), state.lost.end()), state.lost.end());
  std::vector<EffectId> closed = state.lost;
  view.CloseUpward(closed);
  if (unknown == Unknown::kRefuse && closed != state.lost) {
    return Status::Error(Code::kInvalidArgument,
                         "the lost effects leave one that needs a lost one: not a crash state");
  }
  state.lost = std::move(closed);
  for (const std::string& tear_text : text.tears) {
    const Status added = AddTear(view, tear_text, state);
    if (!added.ok() && unknown == Unknown::kRefuse) return added;
  }
  return state;
}

}  // namespace faultfs
