#include "harness/coverage.h"

#include <algorithm>

#include "faultfs/env/check.h"
#include "faultfs/env/nearest_name.h"
#include "faultfs/fault/fault_rule.h"
#include "faultfs/fault/glob.h"

namespace crashlab {
namespace {

using faultfs::Code;
using faultfs::IoDecision;

constexpr int kRotShift = 2 * kInnerShift;
constexpr int kLastCode = static_cast<int>(Code::kInterrupted);
constexpr int kMostActions = 32;
constexpr std::string_view kLateInRecovery = "left-error";

/// The word by which rules call it.
std::string WordOf(IoDecision::Action action) {
  faultfs::FaultRule rule;
  rule.fault.action = action;
  rule.fault.bytes = 1;
  rule.operations = faultfs::FaultableOperations(action);
  const std::string text = faultfs::PrintFaultRule(rule);
  return text.substr(0, text.find(' '));
}

std::string NameOf(const IoDecision& decision) {
  const std::string word = WordOf(decision.action);
  if (decision.action != IoDecision::Action::kFail) return word;
  return word + "-" + std::string(faultfs::CodeName(decision.code));
}

std::vector<std::string> MakeNames() {
  std::vector<std::string> names;
  for (const char* prefix : {"", "inner-"}) {
    for (const char* crash : {"power-loss", "process-death", "lost", "lost-alone", "torn"}) {
      names.push_back(std::string(prefix) + crash);
    }
  }
  for (const faultfs::RotKind kind : faultfs::AllRotKinds()) {
    names.push_back("rot-" + std::string(Name(kind)));
  }
  for (int code = 1; code <= kLastCode; ++code) {
    names.push_back(NameOf({.action = IoDecision::Action::kFail, .code = static_cast<Code>(code)}));
  }
  for (int i = 0; i < kMostActions; ++i) {
    const auto action = static_cast<IoDecision::Action>(i);
    if (action == IoDecision::Action::kFail) continue;
    if (faultfs::FaultableOperations(action).any()) names.push_back(WordOf(action));
  }
  names.emplace_back(kLateInRecovery);
  FAULTFS_CHECK(names.size() <= 64, "a class is a bit");
  return names;
}

/// The next word; `text` begins behind it.
std::string NextWord(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const size_t end = std::min(text.find(' ', begin), text.size());
  std::string word(text.substr(begin, end - begin));
  text.remove_prefix(end);
  return word;
}

}  // namespace

const std::vector<std::string>& FaultClassNames() {
  static const std::vector<std::string> names = MakeNames();
  return names;
}

FaultClasses RotClass(faultfs::RotKind kind) {
  return FaultClasses{1} << (kRotShift + static_cast<int>(kind));
}

FaultClasses LateInRecovery() { return FaultClasses{1} << (FaultClassNames().size() - 1); }

FaultClasses FaultClass(const IoDecision& decision) {
  const std::vector<std::string>& names = FaultClassNames();
  const auto it = std::find(names.begin(), names.end(), NameOf(decision));
  FAULTFS_CHECK(it != names.end(), "every fault of a rule has a class");
  return FaultClasses{1} << (it - names.begin());
}

void Coverage::Note(std::string_view file, std::string_view tag, FaultClasses classes) {
  calls[{std::string(file), std::string(tag)}] |= classes;
}

void Coverage::Add(const Coverage& other) {
  for (const auto& [call, classes] : other.calls) calls[call] |= classes;
}

faultfs::Result<CoveragePromise> ParseCoveragePromise(std::string_view text) {
  const auto wrong = [](const std::string& message) {
    return faultfs::Status::Error(Code::kInvalidArgument, message);
  };
  std::string_view rest = text;
  CoveragePromise promise;
  promise.file = NextWord(rest);
  promise.tag = NextWord(rest);
  promise.fault = NextWord(rest);
  if (promise.fault.empty() || !NextWord(rest).empty()) {
    return wrong("\"" + std::string(text) +
                 "\" is not FILE TAG FAULT, such as \"log wal.append "
                 "torn\"");
  }
  const std::vector<std::string>& names = FaultClassNames();
  const bool known = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return faultfs::GlobMatches(promise.fault, name);
  });
  if (known) return promise;
  const std::vector<std::string_view> views(names.begin(), names.end());
  return wrong("no fault class \"" + promise.fault + "\"; did you mean \"" +
               std::string(faultfs::NearestName(promise.fault, views)) + "\"?");
}

std::string EmptyCell(const CoveragePromise& promise, const Coverage& coverage) {
  const std::vector<std::string>& names = FaultClassNames();
  bool any = false;
  for (const auto& [call, classes] : coverage.calls) {
    if (!faultfs::GlobMatches(promise.file, call.file)) continue;
    if (!faultfs::GlobMatches(promise.tag, call.tag)) continue;
    any = true;
    for (size_t i = 0; i < names.size(); ++i) {
      const bool hit = (classes >> i & 1) != 0;
      if (hit || !faultfs::GlobMatches(promise.fault, names[i])) continue;
      return call.file + " " + call.tag + " " + names[i];
    }
  }
  return any ? "" : "no call";
}

}  // namespace crashlab
