// The kinds of fault, each in one row: what it is called, what it takes, what it can happen to.
// Only for the parts of this folder.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "faultfs/env/io_hook.h"
#include "faultfs/fault/fault_rule.h"

namespace faultfs::internal {

enum class FaultArgument : uint8_t { kNone, kCode, kBytes };

struct FaultKind {
  IoDecision::Action action;
  std::string_view name;
  FaultArgument argument;
  uint32_t operations;  // bit i: IoOp i
};

constexpr uint32_t OperationBits(std::initializer_list<IoOp> ops) {
  uint32_t bits = 0;
  for (const IoOp op : ops) bits |= uint32_t{1} << static_cast<int>(op);
  return bits;
}

inline constexpr uint32_t kEveryOperation = (uint32_t{1} << kIoOpCount) - 1;

/// A new kind of fault is a row here, an IoDecision::Action, and its case in the file layers.
inline constexpr std::array<FaultKind, 6> kFaultKinds = {{
    {IoDecision::Action::kFail, "fail", FaultArgument::kCode, kEveryOperation},
    {IoDecision::Action::kShort, "short", FaultArgument::kBytes,
     OperationBits({IoOp::kRead, IoOp::kWrite})},
    {IoDecision::Action::kIgnore, "ignore", FaultArgument::kNone,
     OperationBits({IoOp::kWrite, IoOp::kSync, IoOp::kSyncDir})},
    {IoDecision::Action::kLate, "late", FaultArgument::kCode,
     OperationBits({IoOp::kWrite, IoOp::kSync})},
    {IoDecision::Action::kEvict, "evict", FaultArgument::kNone, kEveryOperation},
    {IoDecision::Action::kFull, "full", FaultArgument::kBytes,
     OperationBits({IoOp::kCreate, IoOp::kWrite, IoOp::kAllocate, IoOp::kCreateDir})},
}};

/// Null for kProceed, which is no fault.
constexpr const FaultKind* FindFaultKind(IoDecision::Action action) {
  for (const FaultKind& kind : kFaultKinds) {
    if (kind.action == action) return &kind;
  }
  return nullptr;
}

/// `"KIND" cannot happen to "OPERATION"`.
[[nodiscard]] std::string CannotHappen(const FaultKind& kind, std::string_view operation);
/// Of the option "page" at another kind.
[[nodiscard]] std::string PageIsForEvict();

}  // namespace faultfs::internal
