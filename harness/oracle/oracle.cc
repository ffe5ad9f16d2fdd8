// The oracle's record of a run: worlds, frontiers and live answers. Judging is in oracle_judge.cc.
#include "harness/oracle/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "harness/oracle/internal/oracle_text.h"

namespace crashlab {
namespace {

using faultfs::Hash128;

bool IsRead(Verb verb) {
  return verb == Verb::kGet || verb == Verb::kContains || verb == Verb::kSize ||
         verb == Verb::kForEach;
}

}  // namespace

KvOracle::KvOracle(const Program& program, const Contract& contract, Durability store_default)
    : program_(program), contract_(contract), store_default_(store_default) {
  changes_.resize(program.size() + 1);
  outcomes_.resize(changes_.size());
  for (OpNumber op = 1; op <= program.size(); ++op) {
    const Operation& operation = At(op);
    const auto erase = [&](size_t edit, const std::string& key) {
      changes_[op].push_back({.erase = true, .edit = edit, .key = key, .hash = {}});
    };
    switch (operation.verb) {
      case Verb::kSet:
        AddSet(op, 0, operation.key, operation.value_bytes);
        break;
      case Verb::kDelete:
        erase(0, operation.key);
        break;
      case Verb::kClear:
      case Verb::kClearPersistence:
        changes_[op].push_back({.clear = true, .key = {}, .hash = {}});
        break;
      case Verb::kBatch:
        for (size_t i = 0; i < operation.batch.size(); ++i) {
          const Edit& edit = operation.batch[i];
          if (edit.erase) {
            erase(i, edit.key);
          } else {
            AddSet(op, i, edit.key, edit.value_bytes);
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

void KvOracle::AddSet(OpNumber op, size_t edit, const std::string& key, uint64_t value_bytes) {
  const std::string value = ValueOf(op, edit, value_bytes);
  const Hash128 hash = EntryHash(key, value);
  changes_[op].push_back({.edit = edit, .key = key, .hash = hash});
  entry_writers_[hash].push_back({op, edit});
  value_writers_[faultfs::HashBytes(value)] = op;
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
      if (event.outcome == Outcome::kInfo) Void();
      break;
    case Event::Kind::kKilled:
      break;
    case Event::Kind::kRotted:
      break;
    case Event::Kind::kReverted:
      reverted_ = true;
      now_.process = now_.power;
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
  now_.upper = op;
  if (!IsMutation(At(op))) return;
  now_.in_flight.clear();
  for (const World& world : epochs_.back().worlds) {
    now_.in_flight.push_back(HashAfter(changes_[op], world.map, world.hash));
  }
}

std::optional<Violation> KvOracle::Return(const Event& event, const Reply& reply) {
  const OpNumber op = event.op;
  outcomes_[op] = event.outcome;
  if (!IsMutation(At(op))) {
    if (IsRead(At(op).verb)) {
      if (event.outcome != Outcome::kOk) return std::nullopt;
      if (const auto violation = CheckRead(op, reply)) return violation;
      CountRead(op);
      return std::nullopt;
    }
    if (event.outcome == Outcome::kInfo) Void();
    if (event.outcome == Outcome::kOk) Raise(contract_.PromiseOf(At(op), store_default_), op);
    return std::nullopt;
  }
  now_.in_flight.clear();
  switch (event.outcome) {
    case Outcome::kFail:
      return std::nullopt;
    case Outcome::kInfo:
      Void();
      Branch(op);
      break;
    case Outcome::kOk:
      for (World& world : epochs_.back().worlds) {
        Apply(changes_[op], op, world.map, world.hash);
        world.cuts.push_back({op, world.hash});
      }
      newest_acked_ = op;
      Vouch(op);
      break;
  }
  now_.cuts.clear();
  for (const World& world : epochs_.back().worlds) now_.cuts.push_back(world.cuts.size());
  return std::nullopt;
}

// Every world twice: without the mutation, which comes first, and with it.
void KvOracle::Branch(OpNumber op) {
  std::vector<World>& worlds = epochs_.back().worlds;
  const size_t without = worlds.size();
  if (without * 2 > kMaxWorlds) {
    now_.undecided = true;
    return;
  }
  worlds.reserve(without * 2);
  for (size_t i = 0; i < without; ++i) worlds.push_back(World(worlds[i]));
  for (size_t i = without; i < worlds.size(); ++i) {
    Apply(changes_[op], op, worlds[i].map, worlds[i].hash);
    worlds[i].cuts.push_back({op, worlds[i].hash});
  }
}

// A live read sees every answered mutation and none of the unanswered ones: those stay open until
// the next Open.
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
  const auto it = live.map.find(operation.key);
  const bool there = it != live.map.end();
  if (operation.verb == Verb::kContains) {
    if ((reply.number != 0) == there) return std::nullopt;
    return wrong(there ? "1" : "0", std::to_string(reply.number));
  }
  const bool equal = reply.value.has_value() == there &&
                     (!there || EntryHash(operation.key, *reply.value) == it->second.hash);
  if (equal) return std::nullopt;
  if (!there) return wrong("nothing", Shown(reply.value));
  return wrong(it->second.op == 0 ? std::string("what the last Open had shown")
                                  : fmt::format("the value of operation {}", it->second.op),
               Shown(reply.value));
}

// The log is one: an engine that promises anything of this mutation promises it of all before, and
// none of them is in doubt any more.
void KvOracle::Vouch(OpNumber op) {
  const Promise promise = contract_.PromiseOf(At(op), store_default_);
  if (promise != Promise::kNothing) voided_ = false;
  Raise(promise, op);
}

// What a read saw has happened, and from then on survives as the contract says for a source of that
// durability.
void KvOracle::CountRead(OpNumber op) {
  const OpNumber source = SourceOf(At(op));
  if (source == 0) return;  // the last Open decided it
  Operation as_source = At(op);
  as_source.durability = At(source).verb == Verb::kClearPersistence
                             ? Durability::kSync
                             : At(source).durability.value_or(store_default_);
  Raise(contract_.PromiseOf(as_source, store_default_), source);
}

OpNumber KvOracle::SourceOf(const Operation& read) const {
  const World& live = epochs_.back().worlds.front();
  for (size_t i = live.cuts.size(); i-- > 1;) {
    const OpNumber op = live.cuts[i].op;
    if (read.verb == Verb::kSize || read.verb == Verb::kForEach) return op;
    for (const Change& change : changes_[op]) {
      if (change.clear || change.key == read.key) return op;
    }
  }
  return 0;
}

std::optional<Violation> KvOracle::Opened(const Event& event, const Reply& reply) {
  std::optional<Violation> violation;
  if (!now_.undecided) {
    const Observation seen{.open = {}, .dump = reply.dump, .hash = HashOf(reply.dump)};
    violation = Judge({.seen = seen,
                       .events = bounds_.size() - 1,
                       .witnessed = event.witnessed,
                       .power_lost = false,
                       .decided = nullptr});
  }
  StartEpoch(event.op, reply.dump);
  return violation;
}

// An Open is a barrier: what it shows is decided for good.
void KvOracle::StartEpoch(OpNumber op, const Dump& dump) {
  World world;
  for (const auto& [key, value] : dump) {
    const Hash128 hash = EntryHash(key, value);
    world.map[key] = {0, hash};
    world.hash += hash;
  }
  world.cuts = {{op, world.hash}};
  Map start = world.map;
  epochs_.push_back({.opened = op, .start = std::move(start), .worlds = {std::move(world)}});
  now_ = {.epoch = epochs_.size() - 1,
          .cuts = {1},
          .in_flight = {},
          .upper = op,
          .process = op,
          .power = op,
          .undecided = false};
  newest_acked_ = op;
  voided_ = false;
  reverted_ = false;
}

void KvOracle::Raise(Promise promise, OpNumber op) {
  if (promise == Promise::kPowerForAckedBefore) op = acked_at_invoke_;
  if (promise != Promise::kNothing) now_.process = std::max(now_.process, op);
  if (promise == Promise::kPower || promise == Promise::kPowerForAckedBefore) {
    now_.power = std::max(now_.power, op);
  }
  if (voided_ || reverted_) now_.process = now_.power;
}

// An error that proves nothing: what only the page cache held is not to be relied on any more.
void KvOracle::Void() {
  if (!contract_.info_voids_process_frontier) return;
  voided_ = true;
  now_.process = now_.power;
}

void KvOracle::Apply(const std::vector<Change>& changes, OpNumber op, Map& map, Hash128& hash) {
  for (const Change& change : changes) {
    if (change.clear) {
      map.clear();
      hash = {};
      continue;
    }
    const auto it = map.find(change.key);
    if (it != map.end()) hash -= it->second.hash;
    if (change.erase) {
      if (it != map.end()) map.erase(it);
      continue;
    }
    hash += change.hash;
    map[change.key] = {op, change.hash};
  }
}

// Apply without a copy of the map: a mutation in flight is looked at in every world. One that
// clears does nothing else.
Hash128 KvOracle::HashAfter(const std::vector<Change>& changes, const Map& map, Hash128 hash) {
  std::map<std::string_view, std::optional<Hash128>> edited;
  for (const Change& change : changes) {
    if (change.clear) return {};
    const auto [slot, first] = edited.try_emplace(change.key);
    if (first) {
      if (const auto it = map.find(change.key); it != map.end()) slot->second = it->second.hash;
    }
    if (slot->second.has_value()) hash -= *slot->second;
    slot->second.reset();
    if (change.erase) continue;
    hash += change.hash;
    slot->second = change.hash;
  }
  return hash;
}

bool KvOracle::Undecided(size_t events) const { return bounds_[events].undecided; }

}  // namespace crashlab
