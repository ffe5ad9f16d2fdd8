#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "harness/report/report.h"
#include "harness/runner/internal/decision.h"

namespace crashlab {
namespace {

/// XML 1.0 has no way to write most control characters; whatever is not plain ASCII is spelled out,
/// so that a report is well-formed whatever an engine printed.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n') {
      out += "&#10;";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

size_t CountOf(const std::vector<ScenarioOutcome>& outcomes, ScenarioStatus status) {
  return static_cast<size_t>(
      std::count_if(outcomes.begin(), outcomes.end(),
                    [&](const ScenarioOutcome& outcome) { return outcome.status == status; }));
}

std::string Body(const ScenarioOutcome& outcome) {
  std::string text = outcome.reason + "\n";
  for (size_t i = 0; i < outcome.findings.size(); ++i) {
    if (IsExpected(outcome.scenario->expect, outcome.findings[i])) continue;
    text += FindingText(outcome.Smallest(i), "", "");
  }
  return text;
}

std::string TestCase(const ScenarioOutcome& outcome) {
  const std::string name = Escaped(outcome.scenario->name);
  std::string text = fmt::format(
      "    <testcase classname=\"crashlab\" name=\"{}\" time=\"{:.3f}\">\n", name, outcome.seconds);
  if (outcome.status == ScenarioStatus::kLeftOut) {
    text += fmt::format("      <skipped message=\"{}\"/>\n", Escaped(outcome.reason));
  } else if (outcome.status != ScenarioStatus::kAsExpected) {
    const std::string_view element =
        outcome.status == ScenarioStatus::kUnexpected ? "failure" : "error";
    text += fmt::format("      <{0} message=\"{1}\">{2}</{0}>\n", element, Escaped(outcome.reason),
                        Escaped(Body(outcome)));
  }
  text += fmt::format("      <system-out>{}</system-out>\n", Escaped(OutcomeLine(outcome)));
  return text + "    </testcase>\n";
}

}  // namespace

std::string JUnitXml(const std::vector<ScenarioOutcome>& outcomes) {
  double seconds = 0;
  for (const ScenarioOutcome& outcome : outcomes) seconds += outcome.seconds;
  const std::string totals =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"",
                  outcomes.size(), CountOf(outcomes, ScenarioStatus::kUnexpected),
                  CountOf(outcomes, ScenarioStatus::kNotDecided),
                  CountOf(outcomes, ScenarioStatus::kLeftOut), seconds);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites name=\"crashlab\" {}>\n", totals);
  text += fmt::format("  <testsuite name=\"crashlab\" {}>\n", totals);
  for (const ScenarioOutcome& outcome : outcomes) text += TestCase(outcome);
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace crashlab
