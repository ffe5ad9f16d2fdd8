#include "tests/fuzz/crash_runs.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "faultfs/env/check.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::fuzz {
namespace {

struct Subjects {
  std::vector<test::RecordedRun> runs = test::SmallRuns();
  std::vector<PersistenceModel> models;
  std::vector<std::unique_ptr<EffectGraph>> graphs;  // null until asked for
};

/// The runs one after the other, each under one of the models in turn, as many as a byte can name:
/// in every round each run meets with another model.
Subjects& TheSubjects() {
  static Subjects* const subjects = [] {
    auto made = std::make_unique<Subjects>();
    made->models.assign(std::begin(kModels), std::end(kModels));
    made->models.push_back(test::Posix("byte-linear", "stale", "two-edits"));
    for (const std::string_view name : {"ext4-ordered", "ext4-journal", "btrfs"}) {
      PersistenceModel model = FindModel(name).value();
      FAULTFS_CHECK(SetSwitch(model, "tear", "byte-linear").ok(), "every model has tears");
      FAULTFS_CHECK(SetSwitch(model, "fill", "stale").ok(), "and a fill");
      made->models.push_back(model);
    }
    made->graphs.resize(std::min<size_t>(256, made->runs.size() * made->models.size()));
    return made.release();
  }();
  return *subjects;
}

}  // namespace

size_t GraphCount() { return TheSubjects().graphs.size(); }

const EffectGraph& GraphOf(size_t index) {
  Subjects& subjects = TheSubjects();
  std::unique_ptr<EffectGraph>& graph = subjects.graphs.at(index);
  if (graph == nullptr) {
    const size_t round = index / subjects.runs.size();
    const size_t run = index % subjects.runs.size();
    const PersistenceModel& model = subjects.models[(run + round) % subjects.models.size()];
    graph = std::make_unique<EffectGraph>(
        Lower(subjects.runs[run].base, subjects.runs[run].trace, model));
  }
  return *graph;
}

CrashStateText TextFrom(std::string_view lines) {
  CrashStateText text;
  text.fill = Name(Fill::kZeros);
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const std::string_view word = line.substr(0, blank);
    const std::string rest(line.substr(blank + 1));
    if (word == "at") text.at = rest;
    if (word == "fill") text.fill = rest;
    if (word == "lost") text.lost.push_back(rest);
    if (word == "tear") text.tears.push_back(rest);
  }
  return text;
}

std::string LinesOf(const CrashStateText& text) {
  std::string lines = "at " + text.at + "\nfill " + text.fill + "\n";
  for (const std::string& effect : text.lost) lines += "lost " + effect + "\n";
  for (const std::string& tear : text.tears) lines += "tear " + tear + "\n";
  return lines;
}

}  // namespace faultfs::fuzz
