#include "harness/history/history_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "harness/history/in_flight.h"

namespace crashlab {
namespace {

constexpr size_t kMostPlacings = 5000;
constexpr uint64_t kAtTheEnd = uint64_t{1} << 63;  // a sequence behind all others

}  // namespace

HistoryChecker::HistoryChecker(const Program& program, const Contract& contract,
                               Durability store_default)
    : program_(program),
      contract_(contract),
      store_default_(store_default),
      epochs_(1),
      epoch_at_(1, 0) {}

std::optional<Violation> HistoryChecker::Take(const Event& event, const Reply& reply) {
  const size_t tick = epoch_at_.size();
  std::optional<Violation> violation;
  switch (event.kind) {
    case Event::Kind::kInvoke: {
      const Operation& operation = program_[event.op - 1];
      if (operation.verb == Verb::kKill) break;
      std::vector<Call>& calls = epochs_.back().calls;
      call_of_op_[event.op] = calls.size();
      calls.push_back({.number = event.op,
                       .client = operation.client,
                       .operation = operation,
                       .invoked = tick});
      break;
    }
    case Event::Kind::kReturn:
    case Event::Kind::kClosed: {
      Call& call = epochs_.back().calls[call_of_op_.at(event.op)];
      call.returned = tick;
      call.outcome = event.outcome;
      call.reply = reply;
      call.sequence = reply.sequence;
      break;
    }
    case Event::Kind::kReverted:
      if (!epochs_.back().reverted) epochs_.back().reverted = tick;
      break;
    case Event::Kind::kKilled:
    case Event::Kind::kRotted:
      break;
    case Event::Kind::kOpened:
      violation = JudgeOpened(event, reply.dump);
      epochs_.push_back({.begin = tick, .opened = reply.dump, .calls = {}, .reverted = {}});
      call_of_op_.clear();
      break;
  }
  epoch_at_.push_back(epochs_.size() - 1);
  return violation;
}

std::optional<Violation> HistoryChecker::Finish() {
  const History history = HistoryAt(epoch_at_.size() - 1, false);
  return WhiteBox(history).CheckClients();
}

/// An Open of the run itself, after a close or the death of the process: what the clients saw up to
/// it, and what it shows.
std::optional<Violation> HistoryChecker::JudgeOpened(const Event& event, const Dump& dump) const {
  History history = HistoryAt(epoch_at_.size() - 1, false);
  if (event.witnessed.has_value()) {
    if (auto violation = WhiteBox(history).CheckClients()) return violation;
    if (Undecided(epoch_at_.size() - 1)) return std::nullopt;
    const Observation seen{.open = {}, .dump = dump, .hash = HashOf(dump)};
    return Judge({.seen = seen,
                  .events = epoch_at_.size() - 1,
                  .witnessed = event.witnessed,
                  .power_lost = false,
                  .decided = nullptr});
  }
  history.recovered = dump;
  return CheckWhiteBox(history, contract_, store_default_).violation;
}

History HistoryChecker::HistoryAt(size_t events, bool power_lost) const {
  const Epoch& epoch = EpochAt(events);
  History history;
  history.opened = epoch.opened;
  history.power_lost = power_lost;
  history.reverted = epoch.reverted.has_value() && *epoch.reverted <= events;
  for (const Call& call : epoch.calls) {
    if (call.invoked > events) break;
    history.calls.push_back(call);
    if (call.returned > events) history.calls.back().returned.reset();
  }
  return history;
}

const NextStates& HistoryChecker::StatesAt(const StatesKey& key) const {
  const auto [it, fresh] = states_.try_emplace(key);
  if (!fresh) return it->second;
  const auto& [events, power_lost, witnessed] = key;
  const History history = HistoryAt(events, power_lost);
  Obligations due = ObligationsOf(history, contract_, store_default_);
  if (witnessed.has_value()) {
    // Only what was due then still binds; of an epoch before this one, nothing.
    Obligations then;
    if (epoch_at_[*witnessed] == epoch_at_[events]) {
      then = ObligationsOf(HistoryAt(*witnessed, true), contract_, store_default_);
    }
    then.survives.resize(history.calls.size());
    due = std::move(then);
  }
  it->second = StatesOf(history, CutAt(events), due);
  return it->second;
}

std::vector<size_t> HistoryChecker::CutAt(size_t events) const {
  std::vector<size_t> cut;
  if (!cut_ || epoch_at_[events] + 1 != epochs_.size()) return cut;
  const std::vector<Call>& calls = EpochAt(events).calls;
  for (size_t i = 0; i < calls.size() && calls[i].invoked <= events; ++i) {
    if (!calls[i].returned.has_value() && IsMutation(calls[i].operation)) cut.push_back(i);
  }
  return cut;
}

NextStates HistoryChecker::StatesOf(const History& history, const std::vector<size_t>& cut,
                                    const Obligations& due) const {
  if (cut.empty()) return WhiteBox(history).StatesAfter(due);
  NextStates all;
  bool known = true;
  const bool every = ForEachPlacing(history, cut, kMostPlacings, [&](const History& world) {
    const WhiteBox box(world);
    if (box.CheckClients().has_value()) return;  // somebody saw that it was otherwise
    NextStates states = box.StatesAfter(due);
    known &= states.known;
    all.legal.merge(states.legal);
    all.early.merge(states.early);
    all.promised = std::move(states.promised);
  });
  all.known = every && known;
  return all;
}

std::string HistoryChecker::Tell(size_t events) const {
  std::string text = Print(HistoryAt(events, /*power_lost=*/false));
  text.pop_back();
  text.erase(text.rfind('\n') + 1);  // what the next Open showed: there was none
  return text;
}

bool HistoryChecker::Undecided(size_t events) const {
  return !StatesAt({events, false, std::nullopt}).known;
}

std::optional<Violation> HistoryChecker::Judge(const Question& question) const {
  FAULTFS_CHECK(question.events < epoch_at_.size(), "a question is about events that were taken");
  const Status& open = question.seen.open;
  if (!open.ok()) {
    if (question.witnessed && open.Is(Code::kCorruption)) return std::nullopt;
    return Violation{open.Is(Code::kCorruption) ? Verdict::kFalseCorruption : Verdict::kOpenFailed,
                     open.ToString()};
  }
  if (question.decided != nullptr) return JudgeDecided(question);
  const StatesKey key = {question.events, question.power_lost, question.witnessed};
  if (StatesAt(key).legal.contains(question.seen.hash)) return std::nullopt;
  if (question.witnessed) {
    // What no unhurt write bears witness of may go without a word, also what an Open had shown.
    for (size_t events = *question.witnessed; epoch_at_[events] < epoch_at_[question.events];
         ++events) {
      if (StatesAt({events, true, question.witnessed}).legal.contains(question.seen.hash)) {
        return std::nullopt;
      }
    }
  }
  const bool early = StatesAt(key).early.contains(question.seen.hash);
  Violation wrong = early ? LostAcked(StatesAt(key)) : NameOfNoPrefix(question);
  if (question.witnessed && wrong.verdict == Verdict::kLostAcked) {
    wrong.verdict = Verdict::kUndetectedCorruption;
  }
  return wrong;
}

// An Open within the chain of crashes showed its map, and that is the only one from then on.
std::optional<Violation> HistoryChecker::JudgeDecided(const Question& question) const {
  if (question.seen.hash == HashOf(*question.decided)) return std::nullopt;
  const NextStates& states = StatesAt({question.events, question.power_lost, std::nullopt});
  const bool prefix =
      states.legal.contains(question.seen.hash) || states.early.contains(question.seen.hash);
  if (!prefix) return NameOfNoPrefix(question);
  const bool fewer = question.seen.dump.size() < question.decided->size();
  return Violation{fewer ? Verdict::kLostAcked : Verdict::kResurrected,
                   fmt::format("an Open had shown {} entries; now another state of the log is "
                               "there, with {} entries",
                               question.decided->size(), question.seen.dump.size())};
}

/// For a content that is no prefix of this epoch's log; it may be one of an epoch before.
Violation HistoryChecker::NameOfNoPrefix(const Question& question) const {
  const NextStates& states = StatesAt({question.events, question.power_lost, question.witnessed});
  if (states.legal.empty()) {
    return {Verdict::kNotLinearizable,
            "no place in the log of what was in flight explains what the clients saw"};
  }
  if (!EndsBeforeOpen(question)) return NameOf(question);
  return {Verdict::kLostAcked,
          "the next Open showed a state before the one that an Open within the run had shown"};
}

bool HistoryChecker::EndsBeforeOpen(const Question& question) const {
  size_t end = 0;  // of the epoch's events
  for (size_t e = 0; e < epoch_at_[question.events]; ++e) {
    while (epoch_at_[end + 1] == e) ++end;
    const History history = HistoryAt(end, /*power_lost=*/false);
    if (WhiteBox(history).Passes(question.seen.hash, HashOf(epochs_[e + 1].opened))) return true;
    ++end;
  }
  return false;
}

/// For a content that is no prefix of this epoch's log.
Violation HistoryChecker::NameOf(const Question& question) const {
  History history = HistoryAt(question.events, question.power_lost);
  const std::vector<size_t> cut = CutAt(question.events);
  for (size_t i = 0; i < cut.size(); ++i) history.calls[cut[i]].sequence = kAtTheEnd + i;
  Violation violation = WhiteBox(history).WhatIsWrong(question.seen.dump);
  if (violation.verdict != Verdict::kPhantom) return violation;
  // No place of this log wrote it; a call without one, or of another epoch, may have.
  std::optional<Violation> named;
  const Dump& opened = history.opened;
  for (const auto& entry : question.seen.dump) {
    if (std::find(opened.begin(), opened.end(), entry) != opened.end()) continue;
    const Call* const writer = WriterOf(entry, epoch_at_[question.events]);
    if (writer == nullptr) return violation;  // nobody at all
    const bool invoked = writer->invoked <= question.events;
    const bool here = writer->invoked >= epochs_[epoch_at_[question.events]].begin;
    if (named.has_value() || (here && invoked && MayHaveHappened(*writer) && writer->sequence)) {
      continue;
    }
    named = Violation{invoked ? Verdict::kResurrected : Verdict::kFuture,
                      fmt::format("{} of operation {} ({}) is there {}", entry.first,
                                  writer->number, Print(writer->operation),
                                  !invoked ? "before it was invoked"
                                  : here   ? "and has no place in the log"
                                           : "again, which an Open had not shown")};
  }
  return named.value_or(std::move(violation));
}

/// Who would have written this, the last one up to an epoch. Null: nobody.
const Call* HistoryChecker::WriterOf(const std::pair<std::string, std::string>& entry,
                                     size_t last_epoch) const {
  for (size_t e = last_epoch + 1; e-- > 0;) {
    for (const Call& call : epochs_[e].calls) {
      for (const Change& change : ChangesOf(call)) {
        if (change.kind == Change::Kind::kSet && change.key == entry.first &&
            change.value == entry.second) {
          return &call;
        }
      }
    }
  }
  return nullptr;
}

}  // namespace crashlab
