#include "harness/explore/provocation.h"

#include <fmt/format.h>

#include <algorithm>

namespace crashlab {

using faultfs::IoCall;
using faultfs::IoDecision;
using faultfs::IoOp;

namespace {

bool IsFullDisk(const IoDecision& decision, const IoCall& call) {
  if (decision.action == IoDecision::Action::kFull) return true;
  return decision.action == IoDecision::Action::kFail && decision.code == Code::kNoSpace &&
         (call.op == IoOp::kWrite || call.op == IoOp::kCreate || call.op == IoOp::kAllocate);
}

}  // namespace

void Provocation::Note(const Contract& contract, const IoDecision& decision, const IoCall& call) {
  any = true;
  ++faults;
  const auto& harmless = contract.harmless_tags;
  const bool tag = std::find(harmless.begin(), harmless.end(), call.tag.name()) != harmless.end();
  harmful |= !tag && !(contract.survives_full_disk && IsFullDisk(decision, call));
}

std::optional<Violation> JudgeFailedOpen(const Status& status, const Provocation& provocation) {
  const bool corruption = status.Is(Code::kCorruption);
  if (provocation.any && !corruption) return std::nullopt;
  return Violation{corruption ? Verdict::kFalseCorruption : Verdict::kOpenFailed,
                   status.ToString()};
}

bool Explains(const Provocation& provocation, const Status& status, bool is_snapshot) {
  return provocation.harmful || (provocation.any && !status.Is(Code::kPoisoned) && is_snapshot);
}

std::optional<Violation> JudgeUnprovoked(const Case& c, OpNumber op, const Status& status,
                                         bool is_snapshot, const Contract& contract,
                                         const Provocation& provocation) {
  const bool refused = status.Is(Code::kPoisoned);
  if (!refused && contract.OutcomeOf(status) != Outcome::kInfo) return std::nullopt;
  if (Explains(provocation, status, is_snapshot)) return std::nullopt;
  return Violation{
      status.Is(Code::kCorruption) ? Verdict::kFalseCorruption : Verdict::kNotWritable,
      fmt::format("operation {} ({}) failed, and nothing {}: {}", op, Print(c.program[op - 1]),
                  provocation.any ? "that matters to it had gone wrong" : "had gone wrong",
                  status.ToString())};
}

std::optional<Violation> JudgeNoSpace(const Case& c, OpNumber op, const Status& status,
                                      bool is_snapshot, const Contract& contract,
                                      const Provocation& provocation, uint64_t faults_before) {
  if (!status.Is(Code::kNoSpace) || !contract.survives_full_disk) return std::nullopt;
  if (is_snapshot || provocation.harmful || provocation.faults > faults_before) return std::nullopt;
  return Violation{Verdict::kNotWritable,
                   fmt::format("operation {} ({}) was refused for want of room, and none of the "
                               "calls made since it began had found too little: {}",
                               op, Print(c.program[op - 1]), status.ToString())};
}

}  // namespace crashlab
