// Any text as a crash state of some run: refused in one line, or a state that a crash may leave,
// which survives being printed and read.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/env/check.h"
#include "tests/fuzz/crash_runs.h"
#include "tests/fuzz/target.h"

namespace {

using faultfs::Code;
using faultfs::CrashState;
using faultfs::CrashStateText;
using faultfs::EffectGraph;
using faultfs::EffectId;
using faultfs::Fill;
using faultfs::FillPolicy;
using faultfs::Result;
using faultfs::Unknown;

void CheckLegal(const EffectGraph& graph, const CrashState& state) {
  faultfs::PointView view(graph, state.point);
  for (const EffectId id : state.lost) {
    FAULTFS_CHECK(view.Pending(id), "what is lost was pending");
  }
  std::vector<EffectId> closed = state.lost;
  view.CloseUpward(closed);
  FAULTFS_CHECK(closed == state.lost, "nothing is kept that needs what is lost; ascending, once");
  FAULTFS_CHECK(state.fill == Fill::kZeros || graph.model.fill == FillPolicy::kStale,
                "a fill is one that the model has");
  FAULTFS_CHECK(state.tears.size() <= 1, "one tear a state");
  for (const faultfs::Tear& tear : state.tears) {
    FAULTFS_CHECK(std::binary_search(state.lost.begin(), state.lost.end(), tear.effect),
                  "what is torn is lost");
  }
  const faultfs::Image left = view.Materialize(state);
  // Where everything has one order Explain tries the states that Make makes, and those come apart
  // where a write differs from zeros: a tear over another fill may be none of them.
  const bool over_fill = state.fill != Fill::kZeros && !state.tears.empty();
  if (over_fill && graph.model.order == faultfs::EffectOrder::kTotal) return;
  FAULTFS_CHECK(faultfs::Explain(graph, state.point, left).has_value(),
                "what a state leaves is what a crash may leave");
}

/// Nothing if it was refused.
std::optional<CrashState> Check(const EffectGraph& graph, const CrashStateText& text,
                                Unknown unknown) {
  const Result<CrashState> state = faultfs::FromText(graph, text, unknown);
  if (!state.ok()) {
    FAULTFS_CHECK(state.status().Is(Code::kNotFound) || state.status().Is(Code::kInvalidArgument),
                  "text is unknown or wrong");
    FAULTFS_CHECK(!state.status().message().empty(), "and somebody is told how");
    return std::nullopt;
  }
  CheckLegal(graph, *state);
  const CrashStateText printed = faultfs::ToText(graph, *state);
  const Result<CrashState> again = faultfs::FromText(graph, printed);
  FAULTFS_CHECK(again.ok() && *again == *state, "a printed state reads back equal");
  FAULTFS_CHECK(faultfs::ToText(graph, *again) == printed, "and prints the same");
  return *state;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const EffectGraph& graph = faultfs::fuzz::GraphOf(data[0] % faultfs::fuzz::GraphCount());
  const std::string_view lines(reinterpret_cast<const char*>(data + 1), size - 1);
  const CrashStateText text = faultfs::fuzz::TextFrom(lines);
  const std::optional<CrashState> strict = Check(graph, text, Unknown::kRefuse);
  const std::optional<CrashState> lenient = Check(graph, text, Unknown::kIgnore);
  FAULTFS_CHECK(!strict.has_value() || strict == lenient,
                "leaving out what is unknown changes nothing where all is known");
  return 0;
}
