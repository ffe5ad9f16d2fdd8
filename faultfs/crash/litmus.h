// Litmus tests: small programs, a property of each, and which models have a crash state in which it
// does not hold. The properties are those of ALICE (Pillai et al., OSDI 2014, table 1): what
// programs rely on without a sync.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/crash_state.h"
#include "faultfs/crash/persistence_model.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"

namespace faultfs {

struct LitmusProgram {
  std::string name;
  Image base;
  Trace trace;
  std::function<bool(const Image&)> holds;  // of what a crash has left
};

struct LitmusProperty {
  std::string name;
  // It holds if it holds for every program.
  std::vector<LitmusProgram> programs;
  // The rows of kModels whose file system was seen without it.
  std::vector<std::string_view> seen;
  // The assumption by which a model that was not seen without it lacks it all the same.
  std::string_view assumption;
  struct Exception {
    std::string_view model;
    std::string_view assumption;
  };
  std::vector<Exception> exceptions = {};  // from `assumption`
};

[[nodiscard]] std::vector<LitmusProperty> LitmusProperties();

/// A crash state in which a property does not hold.
struct LitmusWitness {
  size_t program = 0;  // of LitmusProperty::programs
  CrashState state;
  CrashStateText text;
};
/// Looks at every state at every crash point of every program, until there is one.
[[nodiscard]] std::optional<LitmusWitness> FindWitness(const LitmusProperty& property,
                                                       const PersistenceModel& model);

struct LitmusCell {
  std::optional<LitmusWitness> witness;
  bool seen = false;
  std::string_view assumption;  // where there is a witness and it was not seen

  /// "✗": seen, and the model has it. "○": not seen, and the model has it because a rule allows it.
  /// "": the model excludes it. "!": seen, and the model excludes it: it is too kind.
  [[nodiscard]] std::string_view mark() const {
    if (!witness.has_value()) return seen ? "!" : "";
    return seen ? "✗" : "○";
  }
};
[[nodiscard]] LitmusCell ComputeCell(const LitmusProperty& property, const PersistenceModel& model);

/// The table of all properties and models, and under it the state behind each mark.
[[nodiscard]] std::string DescribeLitmus(std::span<const PersistenceModel> models);

}  // namespace faultfs
