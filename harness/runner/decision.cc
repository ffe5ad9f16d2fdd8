#include "harness/runner/internal/decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "faultfs/env/check.h"

namespace crashlab {
namespace {

bool Matches(const Expectation& expect, const Finding& finding) {
  return finding.verdict == expect.verdict &&
         (expect.signature.empty() || finding.signature == expect.signature);
}

std::string Expected(const Expectation& expect) {
  return expect.signature.empty() ? std::string(Name(*expect.verdict))
                                  : "\"" + expect.signature + "\"";
}

/// A finding without a model is one on every model.
bool IsOn(const Finding& finding, std::string_view model) {
  return finding.model.empty() || finding.model == model;
}

/// The first model of `on` where the verdict did not come; empty if it came on all.
std::string MissedOn(const Expectation& expect, const ScenarioOutcome& outcome) {
  for (const std::string& model : expect.on) {
    const auto fits = [&](const Finding& finding) {
      return IsOn(finding, model) && Matches(expect, finding);
    };
    if (std::any_of(outcome.findings.begin(), outcome.findings.end(), fits)) continue;
    const std::vector<Verdict> others = outcome.VerdictsOn(model);
    return fmt::format("expected {} on {}, found {}", Expected(expect), model,
                       others.empty() ? "nothing there" : std::string(Name(others.front())));
  }
  return {};
}

/// The first model that is promised clean and was not looked at to the end; empty if all were.
std::string NotSeenClean(const Expectation& expect, const ScenarioOutcome& outcome) {
  for (const std::string& name : expect.clean_on) {
    const auto model =
        std::find_if(outcome.models.begin(), outcome.models.end(),
                     [&](const ModelOutcome& candidate) { return candidate.name == name; });
    if (model == outcome.models.end() || !model->counts.judged()) {
      return fmt::format("nothing was judged on {}, which is to be clean", name);
    }
    if (model->counts.programs < outcome.cases_done) {
      return fmt::format("{} of {} programs ended before {}, which is to be clean, was judged",
                         outcome.cases_done - model->counts.programs, outcome.cases_done, name);
    }
  }
  return {};
}

/// What the scenario promises and did not do; empty if it did all.
std::string Missed(const AtLeast& at_least, const ScenarioOutcome& outcome, bool whole) {
  const struct {
    std::string_view name;
    uint64_t least;
    uint64_t done;
  } rows[] = {
      {"recoveries", at_least.recoveries, outcome.counts.recoveries},
      {"programs", at_least.programs, outcome.counts.programs},
      {"schedules", at_least.schedules, outcome.counts.schedules},
      {"rotten recoveries", at_least.rotten_recoveries, outcome.counts.rotten_recoveries},
      {"stores reopened", at_least.reopened, outcome.counts.reopened},
      {"stores reopened after a kill of a recovery", at_least.inner_reopened,
       outcome.counts.inner_reopened},
      {"inner recoveries", at_least.inner_recoveries, outcome.counts.inner_recoveries},
  };
  for (const auto& row : rows) {
    if (whole && row.done < row.least) {
      return fmt::format("{} {}, but at_least asks for {}", row.done, row.name, row.least);
    }
  }
  if (whole) {
    for (const std::string& text : outcome.scenario->promised_coverage) {
      const Result<CoveragePromise> promise = ParseCoveragePromise(text);
      FAULTFS_CHECK(promise.ok(), "scenarios check their promises when they are read");
      const std::string empty = EmptyCell(*promise, outcome.coverage);
      if (empty.empty()) continue;
      return fmt::format("coverage \"{}\" is promised, and there was {}", text,
                         empty == "no call" ? empty : fmt::format("no \"{}\"", empty));
    }
  }
  if (at_least.exhausted && !outcome.exhausted) {
    return fmt::format("{} of {} programs exhausted, but at_least asks for all",
                       outcome.counts.exhausted_programs, outcome.counts.programs);
  }
  return {};
}

void Set(ScenarioOutcome& outcome, ScenarioStatus status, std::string reason) {
  outcome.status = status;
  outcome.reason = std::move(reason);
}

}  // namespace

bool IsExpected(const Expectation& expect, const Finding& finding) {
  if (!expect.verdict) return false;
  const bool unclean = std::any_of(expect.clean_on.begin(), expect.clean_on.end(),
                                   [&](const std::string& model) { return IsOn(finding, model); });
  if (unclean) return false;
  return finding.verdict == *expect.verdict ||
         std::find(expect.also.begin(), expect.also.end(), finding.verdict) != expect.also.end();
}

void Decide(const DecisionInput& input, ScenarioOutcome& outcome) {
  const Expectation& expect = outcome.scenario->expect;
  const auto& findings = outcome.findings;
  const auto stray = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
    return !IsExpected(expect, finding);
  });
  if (stray != findings.end()) {
    const auto clean = std::find_if(expect.clean_on.begin(), expect.clean_on.end(),
                                    [&](const std::string& model) { return IsOn(*stray, model); });
    if (clean != expect.clean_on.end()) {
      return Set(outcome, ScenarioStatus::kUnexpected,
                 fmt::format("expected clean on {}, found {}", *clean, stray->signature));
    }
    return Set(outcome, ScenarioStatus::kUnexpected,
               fmt::format("expected {}, found {}", expect.verdict ? Expected(expect) : "pass",
                           stray->signature));
  }
  const bool came = !expect.verdict ||
                    std::any_of(findings.begin(), findings.end(),
                                [&](const Finding& finding) { return Matches(expect, finding); });
  if (outcome.cases == 0) {
    return Set(outcome, ScenarioStatus::kAsExpected, "no cases in this shard");
  }
  if (!input.cut_short.empty()) {
    return Set(outcome, ScenarioStatus::kNotDecided, input.cut_short);
  }
  if (outcome.counts.left_out > 0 && findings.empty()) {
    return Set(outcome, ScenarioStatus::kLeftOut, std::string(kLeftOutWhy));
  }
  if (!came) {
    if (!input.whole) {
      return Set(outcome, ScenarioStatus::kNotDecided,
                 fmt::format("{} did not come in this part of the cases", Expected(expect)));
    }
    return Set(outcome, ScenarioStatus::kUnexpected,
               findings.empty() ? fmt::format("expected {}, found nothing", Expected(expect))
                                : fmt::format("expected {}, found only {}", Expected(expect),
                                              findings.front().signature));
  }
  if (std::string missed = MissedOn(expect, outcome); !missed.empty()) {
    if (input.whole) return Set(outcome, ScenarioStatus::kUnexpected, std::move(missed));
    return Set(outcome, ScenarioStatus::kNotDecided, missed + " in this part of the cases");
  }
  if (std::string unseen = NotSeenClean(expect, outcome); !unseen.empty()) {
    return Set(outcome, ScenarioStatus::kNotDecided, std::move(unseen));
  }
  // A finding of a live answer or a death needs no recovery; silence without one proves nothing.
  const uint64_t opened = outcome.counts.recoveries + outcome.counts.reopened;
  if (opened == 0 && findings.empty()) {
    return Set(outcome, ScenarioStatus::kNotDecided,
               "nothing was recovered, so nothing was judged");
  }
  if (outcome.counts.unknown > 0 && findings.empty()) {
    return Set(outcome, ScenarioStatus::kNotDecided,
               fmt::format("{} judgements the checker could not decide", outcome.counts.unknown));
  }
  std::string missed;
  if (input.minimums) missed = Missed(outcome.scenario->at_least, outcome, input.whole);
  if (!missed.empty()) {
    return Set(outcome, ScenarioStatus::kUnexpected, std::move(missed));
  }
  Set(outcome, ScenarioStatus::kAsExpected, "");
}

}  // namespace crashlab
