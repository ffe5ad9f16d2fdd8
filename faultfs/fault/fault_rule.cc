#include "faultfs/fault/fault_rule.h"

#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/fault/fault_kinds.h"
#include "faultfs/fault/glob.h"
#include "faultfs/fault/nearest_word.h"

namespace faultfs {
namespace {

using internal::FaultArgument;
using internal::FaultKind;
using internal::FindFaultKind;

Status Invalid(std::string message) {
  return Status::Error(Code::kInvalidArgument, std::move(message));
}

/// The argument that this kind takes has a sound value and the other one its default, so that
/// equal text means equal rules.
Status CheckArgument(const FaultKind& kind, const IoDecision& fault) {
  if ((kind.argument == FaultArgument::kCode) != (fault.code != Code::kOk)) {
    return Invalid("a rule carries a code that is no OK if and only if it is \"fail\" or \"late\"");
  }
  if ((kind.argument == FaultArgument::kBytes) != (fault.bytes != 0)) {
    return Invalid("a rule carries a number of bytes above 0 if and only if its fault takes one");
  }
  if (fault.page != 0 && fault.action != IoDecision::Action::kEvict) {
    return Invalid(internal::PageIsForEvict());
  }
  return {};
}

std::string PrintOperations(const FaultRule& rule) {
  if (rule.operations == FaultableOperations(rule.fault.action)) return "any";
  std::string text;
  for (int i = 0; i < kIoOpCount; ++i) {
    if (!rule.operations.test(i)) continue;
    if (!text.empty()) text += ',';
    text += IoOpName(static_cast<IoOp>(i));
  }
  return text;
}

bool NeedsQuotes(std::string_view glob) {
  if (glob.empty()) return true;
  for (const char c : glob) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') return true;
  }
  return false;
}

std::string PrintGlob(std::string_view glob) {
  if (!NeedsQuotes(glob)) return std::string(glob);
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : glob) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c < ' ' || c > '~') {
      const auto byte = static_cast<unsigned char>(c);
      text += "\\x";
      text += kHexDigits[byte >> 4];
      text += kHexDigits[byte & 15];
    } else {
      text += c;
    }
  }
  return text + '"';
}

/// Whether the call needs more room than a disk of so many bytes has left.
bool Exceeds(const IoCall& call, uint64_t disk_bytes) {
  return call.grows_bytes > 0 && call.used_bytes + call.grows_bytes > disk_bytes;
}

}  // namespace

std::string internal::CannotHappen(const FaultKind& kind, std::string_view operation) {
  std::string text = Quote(kind.name);
  return text.append(" cannot happen to ").append(Quote(operation));
}

std::string internal::PageIsForEvict() { return "\"page\" is an option of \"evict\" alone"; }

bool FaultRule::Matches(const IoCall& call) const {
  if (!operations.test(static_cast<size_t>(call.op))) return false;
  if (fault.action == IoDecision::Action::kFull && !Exceeds(call, fault.bytes)) return false;
  if (!GlobMatches(tag, call.tag.name())) return false;
  if (GlobMatches(path, call.path)) return true;
  const bool has_second_path = call.op == IoOp::kLink || call.op == IoOp::kRename;
  return has_second_path && GlobMatches(path, call.path2);
}

bool operator==(const FaultRule& a, const FaultRule& b) {
  return a.fault.action == b.fault.action && a.fault.code == b.fault.code &&
         a.fault.bytes == b.fault.bytes && a.fault.page == b.fault.page &&
         a.operations == b.operations && a.path == b.path && a.tag == b.tag && a.nth == b.nth &&
         a.always == b.always && a.times == b.times;
}

std::vector<FaultForm> FaultForms() {
  std::vector<FaultForm> forms;
  for (const FaultKind& kind : internal::kFaultKinds) {
    FaultForm form{std::string(kind.name), IoOpSet(kind.operations)};
    if (kind.argument == FaultArgument::kCode) form.text += " CODE";
    if (kind.argument == FaultArgument::kBytes) form.text += " BYTES";
    forms.push_back(std::move(form));
  }
  return forms;
}

IoOpSet FaultableOperations(IoDecision::Action action) {
  const FaultKind* kind = FindFaultKind(action);
  return kind == nullptr ? IoOpSet() : IoOpSet(kind->operations);
}

Status CheckFaultRule(const FaultRule& rule) {
  const FaultKind* kind = FindFaultKind(rule.fault.action);
  if (kind == nullptr) return Invalid("a rule needs a fault");
  FAULTFS_RETURN_IF_ERROR(CheckArgument(*kind, rule.fault));
  if (rule.operations.none()) return Invalid("a rule needs an operation");
  for (int i = 0; i < kIoOpCount; ++i) {
    if (rule.operations.test(i) && (kind->operations >> i & 1) == 0) {
      return Invalid(internal::CannotHappen(*kind, IoOpName(static_cast<IoOp>(i))));
    }
  }
  if (rule.times == 0 || (rule.always && rule.times != 1)) {
    return Invalid("a rule acts at least once, and a number of times or always");
  }
  if (rule.nth == 0) return Invalid("calls are counted from 1, so nth=0 is none");
  return {};
}

std::string PrintFaultRule(const FaultRule& rule) {
  const FaultKind* kind = FindFaultKind(rule.fault.action);
  FAULTFS_CHECK(kind != nullptr, "a rule that is printed must have a fault");
  std::string text(kind->name);
  if (kind->argument == FaultArgument::kCode) {
    text.append(" ").append(CodeName(rule.fault.code));
  } else if (kind->argument == FaultArgument::kBytes) {
    text.append(" ").append(std::to_string(rule.fault.bytes));
  }
  text.append(" ").append(PrintOperations(rule));
  if (rule.path != "*") text.append(" path=").append(PrintGlob(rule.path));
  if (rule.tag != "*") text.append(" tag=").append(PrintGlob(rule.tag));
  if (rule.fault.page != 0) text.append(" page=").append(std::to_string(rule.fault.page));
  if (rule.nth == 1 && rule.always) return text;
  text.append(" nth=").append(std::to_string(rule.nth));
  if (rule.always) text.append(" always");
  if (rule.times > 1) text.append(" times=").append(std::to_string(rule.times));
  return text;
}

}  // namespace faultfs
