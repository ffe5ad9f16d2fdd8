// StateSearch: in another program, the crash that fails like a known one.
//
// A chain of crashes names effects of one program; in a smaller program the same trouble has other
// names. The search goes by IoTags: it crashes before operations with the tag of the known crash,
// the latest first, and loses what carries the tags of what was lost; only then does it try the
// systematic states of every crash point. It ends with the first state of the same verdict, or with
// its budget of recoveries.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "faultfs/crash/states.h"
#include "harness/case.h"
#include "harness/explore/aftermath.h"
#include "harness/explore/recovery.h"

namespace crashlab {

class StateSearch {
 public:
  /// `like` must outlive the search; empty: a live violation is looked for. Without a verdict any
  /// violation will do.
  StateSearch(const Laboratory& lab, const std::vector<CrashStep>& like,
              std::optional<Verdict> verdict, uint64_t budget);

  /// Runs the program once and looks. The chain that gives the verdict (empty for a live one).
  [[nodiscard]] std::optional<std::vector<CrashStep>> Find();

  /// That the program ran under (several clients).
  [[nodiscard]] const std::string& schedule() const { return schedule_; }

  /// Made by Find, those of recorded recoveries among them.
  [[nodiscard]] uint64_t recoveries() const { return recoveries_; }

 private:
  struct Level;
  [[nodiscard]] bool Descend(const Level& level);
  [[nodiscard]] bool TryPoint(const Level& level, faultfs::PointView& view, bool systematic);
  [[nodiscard]] bool TryState(const Level& level, faultfs::PointView& view,
                              const faultfs::CrashState& state);
  [[nodiscard]] bool TryRotten(const Level& level, faultfs::PointView& view,
                               const faultfs::CrashState& state, const Situation& situation,
                               const faultfs::Image& left, uint64_t opens);
  [[nodiscard]] bool TryLast(const Situation& situation, const Aftermath& left, uint64_t opens,
                             const std::function<std::vector<CrashStep>()>& chain);
  [[nodiscard]] bool IsWanted(const std::optional<Violation>& violation) const {
    return violation.has_value() && violation->verdict == verdict_.value_or(violation->verdict);
  }
  [[nodiscard]] bool Spent() const { return recoveries_ >= budget_; }

  const Laboratory& lab_;
  const std::vector<CrashStep>& like_;
  const std::optional<Verdict> verdict_;
  const uint64_t budget_;
  uint64_t recoveries_ = 0;
  std::string schedule_;
  const Checker* checker_ = nullptr;
  std::vector<CrashStep> found_;
  std::vector<faultfs::Hash128> tried_;  // sorted
};

struct CaseSearch {
  std::optional<Case> found;  // with the schedule and the chain that give the verdict
  uint64_t program_runs = 0;
  uint64_t recoveries = 0;
};
/// The same in a case that may have several clients: under the schedule that it names, then, unless
/// `as_named`, under a few others.
[[nodiscard]] CaseSearch SearchCase(const Case& c, const Adapter& adapter,
                                    const ExploreOptions& options, Monitor& monitor,
                                    const std::vector<CrashStep>& like,
                                    std::optional<Verdict> verdict, uint64_t budget,
                                    bool as_named = false);

}  // namespace crashlab
