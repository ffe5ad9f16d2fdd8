#include "harness/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "faultfs/env/check.h"

namespace crashlab {
namespace {

using faultfs::Hash128;

void Add(Hash128& sum, Hash128 term) {
  sum.low += term.low;
  sum.high += term.high;
}
void Subtract(Hash128& sum, Hash128 term) {
  sum.low -= term.low;
  sum.high -= term.high;
}

std::string Quoted(std::string_view bytes) {
  std::string text = "\"";
  for (char c : bytes.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  return text + (bytes.size() > 40 ? "\"…" : "\"");
}

std::string Shown(const std::optional<std::string>& value) {
  return value.has_value() ? fmt::format("{} ({} bytes)", Quoted(*value), value->size())
                           : std::string("nothing");
}

std::string OpText(const Program& program, OpNumber op) {
  return fmt::format("operation {} ({})", op, Print(program[op - 1]));
}

}  // namespace

KvOracle::KvOracle(const Program& program, const Contract& contract, Durability store_default)
    : program_(program), contract_(contract), store_default_(store_default) {
  changes_.resize(program.size() + 1);
  const auto set = [&](OpNumber op, size_t edit, const std::string& key, uint64_t value_bytes) {
    const std::string value = ValueOf(op, edit, value_bytes);
    const Hash128 hash = EntryHash(key, value);
    changes_[op].push_back({.clear = false, .erase = false, .key = key, .hash = hash});
    entry_writers_[hash] = op;
    value_writers_[faultfs::HashBytes(value)] = op;
  };
  for (OpNumber op = 1; op <= program.size(); ++op) {
    const Operation& operation = At(op);
    switch (operation.verb) {
      case Verb::kSet:
        set(op, 0, operation.key, operation.value_bytes);
        break;
      case Verb::kDelete:
        changes_[op].push_back({.clear = false, .erase = true, .key = operation.key, .hash = {}});
        break;
      case Verb::kClear:
        changes_[op].push_back({.clear = true, .erase = false, .key = {}, .hash = {}});
        break;
      case Verb::kBatch:
        for (size_t i = 0; i < operation.batch.size(); ++i) {
          const Edit& edit = operation.batch[i];
          if (edit.erase) {
            changes_[op].push_back({.clear = false, .erase = true, .key = edit.key, .hash = {}});
          } else {
            set(op, i, edit.key, edit.value_bytes);
          }
        }
        break;
      default:
        break;
    }
  }
  StartEpoch(0, {});
  bounds_.push_back(now_);
}

std::optional<Violation> KvOracle::Take(const Event& event, const Reply& reply) {
  std::optional<Violation> violation;
  switch (event.kind) {
    case Event::Kind::kInvoke:
      Invoke(event.op);
      break;
    case Event::Kind::kReturn:
      violation = Return(event, reply);
      break;
    case Event::Kind::kClosed:
      if (event.outcome == Outcome::kOk) Raise(contract_.close, event.op);
      if (event.outcome == Outcome::kInfo) voided_ = contract_.info_voids_process_frontier;
      break;
    case Event::Kind::kKilled:
      break;
    case Event::Kind::kOpened:
      violation = Opened(event, reply);
      break;
  }
  bounds_.push_back(now_);
  return violation;
}

void KvOracle::Invoke(OpNumber op) {
  acked_at_invoke_ = newest_acked_;
  if (!IsMutation(At(op))) return;
  now_.in_flight_op = op;
  now_.in_flight.clear();
  for (const World& world : epochs_.back().worlds) {
    Map map = world.map;
    Hash128 hash = world.hash;
    Apply(changes_[op], op, map, hash);
    now_.in_flight.push_back(hash);
  }
}

std::optional<Violation> KvOracle::Return(const Event& event, const Reply& reply) {
  const OpNumber op = event.op;
  if (!IsMutation(At(op))) {
    if (event.outcome == Outcome::kInfo) voided_ = contract_.info_voids_process_frontier;
    if (event.outcome != Outcome::kOk) return std::nullopt;
    if (const auto violation = CheckRead(op, reply)) return violation;
    Raise(contract_.PromiseOf(At(op), store_default_), op);
    return std::nullopt;
  }
  now_.in_flight_op = 0;
  now_.in_flight.clear();
  if (event.outcome == Outcome::kFail) return std::nullopt;

  Epoch& epoch = epochs_.back();
  if (event.outcome == Outcome::kInfo) {
    voided_ = contract_.info_voids_process_frontier;
    if (epoch.worlds.size() * 2 > kMaxWorlds) {
      epoch.overflow = now_.undecided = true;
      return std::nullopt;
    }
    const size_t without = epoch.worlds.size();
    for (size_t i = 0; i < without; ++i) epoch.worlds.push_back(World(epoch.worlds[i]));
    for (size_t i = without; i < epoch.worlds.size(); ++i) {
      World& world = epoch.worlds[i];
      Apply(changes_[op], op, world.map, world.hash);
      world.cuts.push_back({op, world.hash});
    }
  } else {
    for (World& world : epoch.worlds) {
      Apply(changes_[op], op, world.map, world.hash);
      world.cuts.push_back({op, world.hash});
    }
    newest_acked_ = op;
  }
  now_.cuts.clear();
  for (const World& world : epoch.worlds) now_.cuts.push_back(world.cuts.size());
  if (event.outcome == Outcome::kOk) Raise(contract_.PromiseOf(At(op), store_default_), op);
  return std::nullopt;
}

// A live read sees every answered mutation and none of the unanswered ones: those stay open until
// the next Open. What it saw has happened, and survives as much as its writer promised.
std::optional<Violation> KvOracle::CheckRead(OpNumber op, const Reply& reply) {
  const Operation& operation = At(op);
  const World& live = epochs_.back().worlds.front();
  const auto wrong = [&](const std::string& due, const std::string& seen) {
    return Violation{Verdict::kWrongValue,
                     fmt::format("{} gave {} where {} was due", OpText(program_, op), seen, due)};
  };
  if (operation.verb == Verb::kSize) {
    if (reply.number == live.map.size()) return std::nullopt;
    return wrong(std::to_string(live.map.size()), std::to_string(reply.number));
  }
  if (operation.verb == Verb::kForEach) {
    if (HashOf(reply.dump) == live.hash) return std::nullopt;
    return wrong(fmt::format("another content of {} entries", live.map.size()),
                 fmt::format("{} entries", reply.dump.size()));
  }
  if (operation.verb != Verb::kGet && operation.verb != Verb::kContains) return std::nullopt;
  const auto it = live.map.find(operation.key);
  const bool there = it != live.map.end();
  if (operation.verb == Verb::kContains) {
    if ((reply.number != 0) == there) return std::nullopt;
    return wrong(there ? "1" : "0", std::to_string(reply.number));
  }
  const bool equal = reply.value.has_value() == there &&
                     (!there || EntryHash(operation.key, *reply.value) == it->second.hash);
  if (!equal) {
    return wrong(there ? fmt::format("the value of operation {}", it->second.op) : "nothing",
                 Shown(reply.value));
  }
  if (there && it->second.op > 0) {
    Raise(contract_.PromiseOf(At(it->second.op), store_default_), it->second.op);
  }
  return std::nullopt;
}

std::optional<Violation> KvOracle::Opened(const Event& event, const Reply& reply) {
  const OpNumber frontier = voided_ ? now_.power : now_.process;
  auto violation = JudgeBounds(now_, frontier, reply.dump, HashOf(reply.dump));
  StartEpoch(event.op, reply.dump);
  return violation;
}

// An Open is a barrier: what it shows is decided for good.
void KvOracle::StartEpoch(OpNumber op, const Dump& dump) {
  World world;
  for (const auto& [key, value] : dump) {
    const Hash128 hash = EntryHash(key, value);
    const auto writer = entry_writers_.find(hash);
    world.map[key] = {writer == entry_writers_.end() ? 0 : writer->second, hash};
    Add(world.hash, hash);
  }
  world.cuts = {{op, world.hash}};
  epochs_.push_back({.worlds = {std::move(world)}, .overflow = false});
  now_ = {.epoch = epochs_.size() - 1,
          .cuts = {1},
          .in_flight = {},
          .in_flight_op = 0,
          .process = op,
          .power = op,
          .undecided = false};
  newest_acked_ = op;
  voided_ = false;
}

void KvOracle::Raise(Promise promise, OpNumber op) {
  switch (promise) {
    case Promise::kNothing:
      break;
    case Promise::kProcess:
      now_.process = std::max(now_.process, op);
      break;
    case Promise::kPower:
      now_.process = std::max(now_.process, op);
      now_.power = std::max(now_.power, op);
      break;
    case Promise::kPowerForAckedBefore:
      now_.process = std::max(now_.process, acked_at_invoke_);
      now_.power = std::max(now_.power, acked_at_invoke_);
      break;
  }
  if (voided_) now_.process = now_.power;
}

void KvOracle::Apply(const std::vector<Change>& changes, OpNumber op, Map& map, Hash128& hash) {
  for (const Change& change : changes) {
    if (change.clear) {
      map.clear();
      hash = {};
      continue;
    }
    const auto it = map.find(change.key);
    if (it != map.end()) Subtract(hash, it->second.hash);
    if (change.erase) {
      if (it != map.end()) map.erase(it);
      continue;
    }
    Add(hash, change.hash);
    map[change.key] = {op, change.hash};
  }
}

bool KvOracle::Undecided(size_t events) const { return bounds_[events].undecided; }

std::optional<Violation> KvOracle::Judge(const Question& question) const {
  FAULTFS_CHECK(question.events < bounds_.size(), "a question is about events that were taken");
  const Bounds& bounds = bounds_[question.events];
  if (!question.seen.open.ok()) {
    return Violation{
        question.seen.open.Is(Code::kCorruption) ? Verdict::kFalseCorruption : Verdict::kOpenFailed,
        question.seen.open.ToString()};
  }
  if (question.decided != nullptr) return JudgeDecided(question);
  return JudgeBounds(bounds, question.power_lost ? bounds.power : bounds.process,
                     question.seen.dump, question.seen.hash);
}

std::optional<Violation> KvOracle::JudgeBounds(const Bounds& bounds, OpNumber frontier,
                                               const Dump& seen, Hash128 hash) const {
  const Epoch& epoch = epochs_[bounds.epoch];
  std::optional<OpNumber> lost_after;
  std::optional<OpNumber> future;
  for (size_t w = 0; w < bounds.cuts.size(); ++w) {
    const std::vector<Cut>& cuts = epoch.worlds[w].cuts;
    const size_t known = bounds.cuts[w];
    for (size_t i = known; i-- > 0;) {
      if (cuts[i].hash != hash) continue;
      if (i + 1 == known || cuts[i + 1].op > frontier) return std::nullopt;
      if (!lost_after.has_value()) lost_after = cuts[i].op;
    }
    for (size_t i = known; i < cuts.size() && !future.has_value(); ++i) {
      if (cuts[i].hash == hash) future = cuts[i].op;
    }
  }
  if (std::find(bounds.in_flight.begin(), bounds.in_flight.end(), hash) != bounds.in_flight.end()) {
    return std::nullopt;
  }
  if (lost_after.has_value()) {
    return Violation{Verdict::kLostAcked, Lost(*lost_after, frontier)};
  }
  if (future.has_value()) {
    return Violation{Verdict::kFuture,
                     fmt::format("{} is there before it was invoked", OpText(program_, *future))};
  }
  return Classify(bounds, frontier, seen);
}

std::optional<Violation> KvOracle::JudgeDecided(const Question& question) const {
  const Dump& decided = *question.decided;
  if (question.seen.hash == HashOf(decided)) return std::nullopt;
  std::map<std::string, std::string> due(decided.begin(), decided.end());
  std::map<std::string, std::string> seen(question.seen.dump.begin(), question.seen.dump.end());
  std::string gone;
  std::string back;
  for (const auto& [key, value] : due) {
    const auto it = seen.find(key);
    if (it == seen.end()) {
      gone = key;
    } else if (it->second != value) {
      return Violation{Verdict::kWrongValue,
                       fmt::format("an Open had shown {} = {}; now it is {}", Quoted(key),
                                   Shown(value), Shown(it->second))};
    }
  }
  for (const auto& [key, value] : seen) {
    if (!due.contains(key)) back = key;
  }
  if (seen.size() > due.size() || gone.empty()) {
    return Violation{Verdict::kResurrected,
                     fmt::format("an Open had shown no {}; now it is there", Quoted(back))};
  }
  return Violation{Verdict::kLostAcked,
                   fmt::format("an Open had shown {}; now it is gone", Quoted(gone))};
}

std::string KvOracle::Lost(OpNumber after, OpNumber up_to) const {
  std::string text;
  int shown = 0;
  for (OpNumber op = after + 1; op <= up_to; ++op) {
    if (!IsMutation(At(op))) continue;
    if (++shown > 3) {
      text += ", …";
      break;
    }
    text += (shown > 1 ? ", " : "") + OpText(program_, op);
  }
  return fmt::format("what was recovered ends {}; acknowledged as surviving, and gone: {}",
                     after == 0 ? std::string("before the first operation")
                                : fmt::format("after operation {}", after),
                     text);
}

bool KvOracle::Touches(const std::vector<Change>& changes, std::string_view key) {
  return std::any_of(changes.begin(), changes.end(),
                     [&](const Change& change) { return change.clear || change.key == key; });
}

// Some of the batch shows, and some that nothing later explains away does not.
bool KvOracle::Torn(OpNumber op, const std::map<std::string, OpNumber>& sources) const {
  bool some = false;
  bool missing = false;
  std::set<std::string> keys;
  for (const Change& change : changes_[op]) keys.insert(change.key);
  for (const std::string& key : keys) {
    const auto last = std::find_if(changes_[op].rbegin(), changes_[op].rend(),
                                   [&](const Change& change) { return change.key == key; });
    const auto it = sources.find(key);
    const OpNumber source = it == sources.end() ? 0 : it->second;
    if (last->erase) {
      missing |= source != 0 && source < op;
    } else if (source == op) {
      some = true;
    } else if (source < op) {
      bool later = false;
      for (OpNumber next = op + 1; next < changes_.size(); ++next) {
        later |= Touches(changes_[next], key);
      }
      missing |= !later;
    }
  }
  return some && missing;
}

Violation KvOracle::Classify(const Bounds& bounds, OpNumber frontier, const Dump& seen) const {
  std::map<std::string, OpNumber> sources;
  OpNumber newest = frontier;
  for (const auto& [key, value] : seen) {
    const auto writer = entry_writers_.find(EntryHash(key, value));
    if (writer == entry_writers_.end()) {
      const auto elsewhere = value_writers_.find(faultfs::HashBytes(value));
      if (elsewhere == value_writers_.end()) {
        return {Verdict::kPhantom,
                fmt::format("{} = {}, which nobody wrote", Quoted(key), Shown(value))};
      }
      return {Verdict::kWrongValue, fmt::format("{} = {}, which {} wrote, elsewhere", Quoted(key),
                                                Shown(value), OpText(program_, elsewhere->second))};
    }
    sources[key] = writer->second;
    newest = std::max(newest, writer->second);
  }
  for (OpNumber op = 1; op <= program_.size(); ++op) {
    if (At(op).verb == Verb::kBatch && Torn(op, sources)) {
      return {Verdict::kTornBatch, fmt::format("a part of {}", OpText(program_, op))};
    }
  }
  for (const auto& [key, source] : sources) {
    for (OpNumber op = source + 1; op <= newest; ++op) {
      const bool erased =
          std::any_of(changes_[op].begin(), changes_[op].end(),
                      [&](const Change& c) { return c.clear || (c.erase && c.key == key); });
      if (erased) {
        return {Verdict::kResurrected, fmt::format("{} of operation {} is back after {}",
                                                   Quoted(key), source, OpText(program_, op))};
      }
    }
  }
  const World& world = epochs_[bounds.epoch].worlds.front();
  std::string difference = fmt::format("{} entries, no prefix of the run", seen.size());
  for (const auto& [key, cell] : world.map) {
    const auto it = sources.find(key);
    if (it == sources.end() || it->second != cell.op) {
      difference += fmt::format(
          "; {} is {}, the run's end has operation {}'s", Quoted(key),
          it == sources.end() ? std::string("missing") : fmt::format("operation {}'s", it->second),
          cell.op);
      break;
    }
  }
  return {Verdict::kHole, difference};
}

}  // namespace crashlab
