#include "faultfs/crash/litmus.h"

#include <fmt/format.h>

#include <algorithm>

#include "faultfs/crash/states.h"

namespace faultfs {
namespace {

std::optional<CrashState> FindViolation(const EffectGraph& graph, const LitmusProgram& program) {
  for (CrashPoint point : CrashPoints(program.trace)) {
    PointView view(graph, point);
    ExhaustiveChooser chooser;
    do {
      CrashState state = view.Make(chooser);
      if (!program.holds(view.Materialize(state))) return state;
    } while (chooser.Advance());
  }
  return std::nullopt;
}

/// `mark` is one column wide, or empty.
std::string Padded(std::string_view mark, size_t width) {
  return std::string(mark) + std::string(width - (mark.empty() ? 0 : 1), ' ');
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string Story(const LitmusProperty& property, const PersistenceModel& model,
                  const LitmusCell& cell) {
  const CrashStateText& text = cell.witness->text;
  std::string story =
      fmt::format("{}, {}: {}: {}; crash at {}", cell.mark(), model.name, property.name,
                  property.programs[cell.witness->program].name, text.at);
  if (!text.lost.empty()) story += ", lost " + Join(text.lost);
  if (!text.tears.empty()) story += ", torn " + Join(text.tears);
  if (text.fill != "zeros") story += ", fill " + text.fill;
  if (!cell.assumption.empty()) story += fmt::format(" ({})", cell.assumption);
  return story;
}

}  // namespace

std::optional<LitmusWitness> FindWitness(const LitmusProperty& property,
                                         const PersistenceModel& model) {
  for (size_t i = 0; i < property.programs.size(); ++i) {
    const LitmusProgram& program = property.programs[i];
    const EffectGraph graph = Lower(program.base, program.trace, model);
    if (const auto state = FindViolation(graph, program)) {
      return LitmusWitness{i, *state, ToText(graph, *state)};
    }
  }
  return std::nullopt;
}

LitmusCell ComputeCell(const LitmusProperty& property, const PersistenceModel& model) {
  LitmusCell cell;
  cell.witness = FindWitness(property, model);
  cell.seen =
      std::find(property.seen.begin(), property.seen.end(), model.name) != property.seen.end();
  if (!cell.witness.has_value() || cell.seen) return cell;
  cell.assumption = property.assumption;
  for (const auto& [name, assumption] : property.exceptions) {
    if (name == model.name) cell.assumption = assumption;
  }
  return cell;
}

std::string DescribeLitmus(std::span<const PersistenceModel> models) {
  const std::vector<LitmusProperty> properties = LitmusProperties();
  size_t width = 0;
  for (const LitmusProperty& property : properties) width = std::max(width, property.name.size());
  std::string table = std::string(width, ' ');
  for (const PersistenceModel& model : models) table += fmt::format("  {}", model.name);
  table += "\n";
  std::string stories;
  for (const LitmusProperty& property : properties) {
    std::string line = fmt::format("{:<{}}", property.name, width);
    for (const PersistenceModel& model : models) {
      const LitmusCell cell = ComputeCell(property, model);
      line += "  " + Padded(cell.mark(), model.name.size());
      if (cell.witness.has_value()) stories += Story(property, model, cell) + "\n";
    }
    table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return table +
         "\n✗ seen on this file system; ○ not seen, but a rule allows it; blank: in no crash "
         "state\n\n" +
         stories;
}

}  // namespace faultfs
