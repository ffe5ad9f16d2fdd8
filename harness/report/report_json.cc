#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "harness/internal/count_fields.h"
#include "harness/report/report.h"
#include "harness/runner/internal/decision.h"

namespace crashlab {
namespace {

using Json = nlohmann::ordered_json;

std::string_view StatusName(ScenarioStatus status) {
  switch (status) {
    case ScenarioStatus::kAsExpected:
      return "as-expected";
    case ScenarioStatus::kUnexpected:
      return "unexpected";
    case ScenarioStatus::kNotDecided:
      return "not-decided";
    case ScenarioStatus::kLeftOut:
      return "left-out";
  }
  return "";
}

/// Names and details may hold any bytes; what is no UTF-8 is replaced, so that each line parses.
std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void AddCounts(const Counts& counts, Json& json) {
  for (const CountField& row : kCountFields) json[std::string(row.name)] = counts.*row.field;
}

void AddTimings(const Counts& counts, double seconds, Json& json) {
  json["seconds"] = seconds;
  const double recoveries =
      static_cast<double>(counts.recoveries + counts.inner_recoveries + counts.rotten_recoveries +
                          counts.reopened + counts.inner_reopened);
  json["recoveries_per_second"] = seconds > 0 ? recoveries / seconds : 0.0;
}

Json ModelsJson(const ScenarioOutcome& outcome) {
  Json models = Json::array();
  for (const ModelOutcome& model : outcome.models) {
    Json json;
    json["name"] = model.name;
    json["verdicts"] = Json::array();
    for (const Verdict verdict : outcome.VerdictsOn(model.name)) {
      json["verdicts"].push_back(Name(verdict));
    }
    json["clean"] = json["verdicts"].empty() && model.counts.judged();
    json["programs"] = model.counts.programs;
    json["exhausted_programs"] = model.counts.exhausted_programs;
    json["states"] = model.counts.states;
    json["recoveries"] = model.counts.recoveries;
    json["judgements"] = model.counts.judgements;
    json["process_deaths"] = model.counts.process_deaths;
    models.push_back(std::move(json));
  }
  return models;
}

Json CoverageJson(const Coverage& coverage) {
  const std::vector<std::string>& names = FaultClassNames();
  Json rows = Json::array();
  for (const auto& [call, classes] : coverage.calls) {
    Json row;
    row["file"] = call.file;
    row["tag"] = call.tag;
    row["faults"] = Json::array();
    for (size_t i = 0; i < names.size(); ++i) {
      if ((classes >> i & 1) != 0) row["faults"].push_back(names[i]);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json ScenarioJson(const ScenarioOutcome& outcome, bool timings) {
  Json json;
  json["type"] = "scenario";
  json["name"] = outcome.scenario->name;
  json["file"] = outcome.scenario->file;
  json["status"] = StatusName(outcome.status);
  json["reason"] = outcome.reason;
  json["seed"] = outcome.seed;
  json["exhausted"] = outcome.exhausted;
  json["cases"] = outcome.cases;
  json["cases_done"] = outcome.cases_done;
  AddCounts(outcome.counts, json);
  json["models"] = ModelsJson(outcome);
  json["coverage"] = CoverageJson(outcome.coverage);
  json["findings"] = outcome.finding_count;
  json["signatures"] = outcome.findings.size();
  json["digest"] = fmt::format("{:016x}{:016x}", outcome.digest.high, outcome.digest.low);
  if (timings) AddTimings(outcome.counts, outcome.seconds, json);
  return json;
}

Json FindingJson(const ScenarioOutcome& outcome, size_t index) {
  const Finding& finding = outcome.findings[index];
  const Finding& smallest = outcome.Smallest(index);
  Json json;
  json["type"] = "finding";
  json["scenario"] = outcome.scenario->name;
  json["verdict"] = Name(finding.verdict);
  json["signature"] = finding.signature;
  json["expected"] = IsExpected(outcome.scenario->expect, finding);
  json["operations"] = smallest.reproducer.program.size();
  json["operations_found"] = finding.reproducer.program.size();
  json["case_seed"] = outcome.finding_seeds[index];
  json["model"] = smallest.model;
  json["detail"] = smallest.detail;
  json["story"] = smallest.story;
  json["reproducer"] = PrintScenario(ScenarioOf(smallest, outcome.scenario->name));
  if (index < outcome.minimized.size() && outcome.minimized[index].has_value()) {
    const Minimized& minimized = *outcome.minimized[index];
    json["minimized"] = {{"signature", smallest.signature},
                         {"one_minimal", minimized.one_minimal},
                         {"program_runs", minimized.program_runs},
                         {"recoveries", minimized.recoveries}};
  }
  return json;
}

}  // namespace

std::string JsonLines(const std::vector<ScenarioOutcome>& outcomes, bool timings) {
  std::string text;
  Counts total;
  double seconds = 0;
  Coverage coverage;
  size_t by_status[4] = {};
  for (const ScenarioOutcome& outcome : outcomes) {
    text += Line(ScenarioJson(outcome, timings));
    for (size_t i = 0; i < outcome.findings.size(); ++i) text += Line(FindingJson(outcome, i));
    total += outcome.counts;
    coverage.Add(outcome.coverage);
    seconds += outcome.seconds;
    ++by_status[static_cast<size_t>(outcome.status)];
  }
  Json json;
  json["type"] = "summary";
  json["scenarios"] = outcomes.size();
  json["as_expected"] = by_status[static_cast<size_t>(ScenarioStatus::kAsExpected)];
  json["unexpected"] = by_status[static_cast<size_t>(ScenarioStatus::kUnexpected)];
  json["not_decided"] = by_status[static_cast<size_t>(ScenarioStatus::kNotDecided)];
  json["scenarios_left_out"] = by_status[static_cast<size_t>(ScenarioStatus::kLeftOut)];
  AddCounts(total, json);
  json["coverage"] = CoverageJson(coverage);
  json["exit"] = ExitCode(outcomes);
  if (timings) AddTimings(total, seconds, json);
  return text + Line(json);
}

}  // namespace crashlab
