#include "harness/history/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace crashlab {
namespace {

bool IsOk(const Call& call) { return call.returned.has_value() && call.outcome == Outcome::kOk; }

/// Mutations by the values that they wrote. A value that two of them wrote names neither.
std::map<std::string, std::optional<size_t>> Writers(const History& history) {
  std::map<std::string, std::optional<size_t>> writers;
  for (size_t i = 0; i < history.calls.size(); ++i) {
    if (!MayHaveHappened(history.calls[i])) continue;
    for (const Change& change : ChangesOf(history.calls[i])) {
      if (change.kind != Change::Kind::kSet) continue;
      const auto [writer, first] = writers.try_emplace(change.value, i);
      if (!first && writer->second != i) writer->second.reset();
    }
  }
  // What was there at the beginning was decided then.
  for (const auto& [key, value] : history.opened) {
    const auto writer = writers.find(value);
    if (writer != writers.end()) writer->second.reset();
  }
  return writers;
}

std::vector<std::string> ValuesSeen(const Call& call) {
  std::vector<std::string> values;
  if (call.operation.verb == Verb::kGet && call.reply.value.has_value()) {
    values.push_back(*call.reply.value);
  } else if (call.operation.verb == Verb::kForEach) {
    for (const auto& [key, value] : call.reply.dump) values.push_back(value);
  }
  return values;
}

template <typename Entries>
std::string Given(const Call& call, const Entries& entries) {
  switch (call.operation.verb) {
    case Verb::kGet:
      return ' ' + call.reply.value.value_or("nothing");
    case Verb::kForEach:
      return entries(call.reply.dump);
    default:
      return ' ' + std::to_string(call.reply.number);
  }
}

}  // namespace

std::string Print(const History& history) {
  std::string text;
  const auto entries = [](const Dump& dump) {
    std::string all;
    for (const auto& [key, value] : dump) all += fmt::format(" {}={}", key, value);
    return all.empty() ? std::string(" nothing") : all;
  };
  if (!history.opened.empty()) text += "opened:" + entries(history.opened) + '\n';
  for (const Call& call : history.calls) {
    text += fmt::format("{}. client {}: {} [{}, ", call.number, call.client, Print(call.operation),
                        call.invoked);
    if (!call.returned.has_value()) {
      text += "in flight)";
    } else {
      constexpr std::string_view kEnds[] = {"Ok", "Fail", "Info"};
      text += fmt::format("{}] {}", *call.returned, kEnds[static_cast<size_t>(call.outcome)]);
    }
    if (call.sequence.has_value()) text += fmt::format(" #{}", *call.sequence);
    if (IsOk(call) && IsRead(call.operation.verb)) text += ':' + Given(call, entries);
    text += '\n';
  }
  return text + (history.power_lost ? "power loss:" : "process death:") +
         entries(history.recovered) + '\n';
}

bool IsRead(Verb verb) {
  return verb == Verb::kGet || verb == Verb::kContains || verb == Verb::kSize ||
         verb == Verb::kForEach;
}

std::vector<Change> ChangesOf(const Call& call) {
  using enum Change::Kind;
  const Operation& operation = call.operation;
  switch (operation.verb) {
    case Verb::kSet:
      return {{kSet, operation.key, ValueOf(call.number, 0, operation.value_bytes)}};
    case Verb::kDelete:
      return {{kErase, operation.key, {}}};
    case Verb::kClear:
    case Verb::kClearPersistence:
      return {{kClear, {}, {}}};
    case Verb::kBatch: {
      std::vector<Change> changes;
      for (size_t i = 0; i < operation.batch.size(); ++i) {
        const Edit& edit = operation.batch[i];
        changes.push_back(edit.erase
                              ? Change{kErase, edit.key, {}}
                              : Change{kSet, edit.key, ValueOf(call.number, i, edit.value_bytes)});
      }
      return changes;
    }
    default:
      return {};
  }
}

bool MayHaveHappened(const Call& call) {
  return IsMutation(call.operation) &&
         !(call.returned.has_value() && call.outcome == Outcome::kFail);
}

bool IsOpenError(const Call& call) {
  return call.returned.has_value() && call.outcome == Outcome::kInfo;
}

Obligations ObligationsOf(const History& history, const Contract& contract,
                          Durability store_default) {
  const std::vector<Call>& calls = history.calls;
  // An error that proves nothing: what only the page cache held is not to be relied on any more.
  const bool voided =
      contract.info_voids_process_frontier && std::any_of(calls.begin(), calls.end(), IsOpenError);
  const auto writers = Writers(history);
  Obligations due;
  due.process_holds = !history.power_lost && !history.reverted && !voided;
  due.survives.resize(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    const Call& call = calls[i];
    if (!IsOk(call)) continue;
    if (IsRead(call.operation.verb)) {
      for (const std::string& value : ValuesSeen(call)) {
        const auto writer = writers.find(value);
        if (writer == writers.end() || !writer->second.has_value()) continue;
        const size_t source = *writer->second;
        Operation as_source = call.operation;
        as_source.durability = calls[source].operation.durability.value_or(store_default);
        if (due.Holds(contract.PromiseOf(as_source, store_default))) due.survives[source] = true;
      }
      continue;
    }
    const Promise promise = call.operation.verb == Verb::kReopen
                                ? contract.close
                                : contract.PromiseOf(call.operation, store_default);
    if (promise == Promise::kPowerForAckedBefore) {
      due.read_after = std::max(due.read_after, call.invoked);
    } else if (IsMutation(call.operation) && due.Holds(promise)) {
      due.survives[i] = true;
    }
  }
  return due;
}

}  // namespace crashlab
