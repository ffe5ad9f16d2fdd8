// The oracle's verdicts. A dump that is a prefix of the run is legal, LOST_ACKED or FUTURE; only
// one that is no prefix is looked at entry by entry, and then the first verdict in the order of
// verdict.h that fits is given.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "faultfs/env/check.h"
#include "harness/oracle/internal/oracle_text.h"
#include "harness/oracle/oracle.h"

namespace crashlab {

using faultfs::Hash128;

std::optional<Violation> KvOracle::Judge(const Question& question) const {
  FAULTFS_CHECK(question.events < bounds_.size(), "a question is about events that were taken");
  const Bounds& bounds = bounds_[question.events];
  if (!question.seen.open.ok()) {
    if (question.witnessed && question.seen.open.Is(Code::kCorruption)) return std::nullopt;
    return Violation{
        question.seen.open.Is(Code::kCorruption) ? Verdict::kFalseCorruption : Verdict::kOpenFailed,
        question.seen.open.ToString()};
  }
  if (question.decided != nullptr) return JudgeDecided(bounds, question);
  if (question.witnessed) return JudgeRotten(question);
  return JudgeBounds(bounds, question.power_lost ? bounds.power : bounds.process,
                     question.seen.dump, question.seen.hash);
}

// What no unhurt write bears witness of cannot be missed, not even what an Open had shown: any map
// from the witness on is right. Everything else that was lost was lost without a word.
std::optional<Violation> KvOracle::JudgeRotten(const Question& question) const {
  const OpNumber frontier = bounds_[*question.witnessed].power;
  auto violation =
      JudgeBounds(bounds_[question.events], frontier, question.seen.dump, question.seen.hash);
  if (!violation.has_value()) return std::nullopt;
  for (size_t events = *question.witnessed; events < question.events; ++events) {
    if (bounds_[events].epoch == bounds_[question.events].epoch) break;
    if (!JudgeBounds(bounds_[events], frontier, question.seen.dump, question.seen.hash)) {
      return std::nullopt;
    }
  }
  if (violation->verdict == Verdict::kLostAcked) {
    violation->verdict = Verdict::kUndetectedCorruption;
  }
  return violation;
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
      // The map stays the same up to the next cut.
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
  if (EndsBeforeOpen(bounds.epoch, hash)) {
    return Violation{Verdict::kLostAcked,
                     "what was recovered ends before what an Open within the run had shown"};
  }
  if (future.has_value()) {
    return Violation{Verdict::kFuture,
                     fmt::format("{} is there before it was invoked", OpText(program_, *future))};
  }
  if (auto foreign = ForeignEntry(seen)) return *foreign;
  const Sources sources = SourcesOf(bounds, seen);
  if (auto torn = TornBatch(bounds, sources)) return *torn;
  if (auto back = Resurrected(bounds, frontier, seen, sources)) return *back;
  return Hole(bounds, sources);
}

// An Open within the chain of crashes showed its map, and that is the only one from then on.
std::optional<Violation> KvOracle::JudgeDecided(const Bounds& bounds,
                                                const Question& question) const {
  const Dump& decided = *question.decided;
  const Hash128 due = HashOf(decided);
  const Hash128 hash = question.seen.hash;
  if (hash == due) return std::nullopt;
  bool shorter = EndsBeforeOpen(bounds.epoch, hash);
  for (size_t w = 0; w < bounds.cuts.size() && !shorter; ++w) {
    const auto& cuts = epochs_[bounds.epoch].worlds[w].cuts;
    size_t end = bounds.cuts[w];  // of what lies before what was decided
    if (bounds.in_flight.empty() || bounds.in_flight[w] != due) {
      while (end > 0 && cuts[--end].hash != due) continue;
    }
    shorter = std::any_of(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(end),
                          [&](const Cut& cut) { return cut.hash == hash; });
  }
  if (shorter) {
    return Violation{Verdict::kLostAcked,
                     fmt::format("an Open had shown {} entries; now the log ends before that, with "
                                 "{} entries",
                                 decided.size(), question.seen.dump.size())};
  }
  if (auto foreign = ForeignEntry(question.seen.dump)) return *foreign;
  if (auto torn = TornBatch(bounds, SourcesOf(bounds, question.seen.dump))) return *torn;
  const std::map<std::string, std::string> shown(decided.begin(), decided.end());
  for (const auto& [key, value] : question.seen.dump) {
    const auto it = shown.find(key);
    if (it != shown.end() && it->second == value) continue;
    return Violation{
        Verdict::kResurrected,
        fmt::format("an Open had shown {} = {}; now {} is there", Quoted(key),
                    it == shown.end() ? std::string("nothing") : Shown(it->second), Shown(value))};
  }
  return Violation{Verdict::kLostAcked,
                   fmt::format("an Open had shown {} entries; now there are {} of them",
                               decided.size(), question.seen.dump.size())};
}

// Whether this is the map of a prefix that ends before what an earlier Open of the run decided.
bool KvOracle::EndsBeforeOpen(size_t epoch, Hash128 hash) const {
  for (size_t e = 0; e < epoch; ++e) {
    const Hash128 shown = epochs_[e + 1].worlds.front().cuts.front().hash;
    for (const World& world : epochs_[e].worlds) {
      bool reached = false;
      for (size_t i = world.cuts.size(); i-- > 0;) {
        reached |= world.cuts[i].hash == shown;
        if (reached && world.cuts[i].hash == hash) return true;
      }
    }
  }
  return false;
}

// PHANTOM anywhere comes before WRONG_VALUE anywhere.
std::optional<Violation> KvOracle::ForeignEntry(const Dump& seen) const {
  std::optional<Violation> wrong;
  for (const auto& [key, value] : seen) {
    if (entry_writers_.contains(EntryHash(key, value))) continue;
    const auto elsewhere = value_writers_.find(faultfs::HashBytes(value));
    if (elsewhere == value_writers_.end()) {
      return Violation{Verdict::kPhantom,
                       fmt::format("{} = {}, which nobody wrote", Quoted(key), Shown(value))};
    }
    if (wrong.has_value()) continue;
    wrong = Violation{Verdict::kWrongValue,
                      fmt::format("{} = {}, which {} wrote, elsewhere", Quoted(key), Shown(value),
                                  OpText(program_, elsewhere->second))};
  }
  return wrong;
}

// Values of a few bytes may have several writers: the newest that had been invoked is meant, one
// that was refused only if there is no other.
KvOracle::Sources KvOracle::SourcesOf(const Bounds& bounds, const Dump& seen) const {
  Sources sources;
  for (const auto& [key, value] : seen) {
    const std::vector<Writer>& writers = entry_writers_.at(EntryHash(key, value));
    Writer source = writers.front();
    for (const Writer& writer : writers) {
      if (writer.op <= bounds.upper && !Refused(writer.op)) source = writer;
    }
    sources[key] = source;
  }
  return sources;
}

std::optional<Violation> KvOracle::TornBatch(const Bounds& bounds, const Sources& sources) const {
  for (OpNumber op = 1; op <= bounds.upper; ++op) {
    if (At(op).verb == Verb::kBatch && Torn(op, sources, bounds.upper)) {
      return Violation{Verdict::kTornBatch, fmt::format("a part of {}", OpText(program_, op))};
    }
  }
  return std::nullopt;
}

// Some of the batch shows, and some that nothing later explains away does not.
bool KvOracle::Torn(OpNumber op, const Sources& sources, OpNumber upper) const {
  bool some = false;
  bool missing = false;
  std::map<std::string_view, const Change*> last;
  for (const Change& change : changes_[op]) last[change.key] = &change;
  for (const auto& [key, change] : last) {
    const auto it = sources.find(std::string(key));
    if (it == sources.end()) {
      if (ErasedWithin(op, upper, key)) continue;
      if (!change->erase) {
        missing = true;
      } else {
        some |= ThereBefore(op, key);
      }
    } else if (it->second.op < op) {
      missing = true;
    } else if (it->second.op == op) {
      if (it->second.edit != change->edit) return true;  // an edit that a later one replaces
      some = true;
    }
  }
  return some && missing;
}

/// By what an Open had shown before `op`, and by what was answered from there on.
bool KvOracle::ThereBefore(OpNumber op, std::string_view key) const {
  size_t epoch = epochs_.size() - 1;
  while (epochs_[epoch].opened > op) --epoch;
  const std::vector<Cut>& cuts = epochs_[epoch].worlds.front().cuts;
  const auto end = std::find_if(cuts.begin(), cuts.end(), [op](Cut cut) { return cut.op >= op; });
  return Replayed(epoch, static_cast<size_t>(end - cuts.begin())).contains(key);
}

/// What the Open of that epoch showed, changed by what was answered up to so many cuts.
KvOracle::Map KvOracle::Replayed(size_t epoch, size_t cuts) const {
  Map map = epochs_[epoch].start;
  Hash128 unused;
  for (const Cut& cut : std::span(epochs_[epoch].worlds.front().cuts).first(cuts)) {
    Apply(changes_[cut.op], cut.op, map, unused);
  }
  return map;
}

/// By an operation after `after`, up to `up_to`, that was not refused.
bool KvOracle::ErasedWithin(OpNumber after, OpNumber up_to, std::string_view key) const {
  for (OpNumber op = after + 1; op <= up_to; ++op) {
    if (Refused(op)) continue;
    for (const Change& change : changes_[op]) {
      if (change.clear || (change.erase && change.key == key)) return true;
    }
  }
  return false;
}

std::optional<Violation> KvOracle::Resurrected(const Bounds& bounds, OpNumber frontier,
                                               const Dump& seen, const Sources& sources) const {
  const Epoch& epoch = epochs_[bounds.epoch];
  OpNumber newest = frontier;
  for (const auto& [key, source] : sources) newest = std::max(newest, source.op);
  newest = std::min(newest, bounds.upper);
  for (const auto& [key, value] : seen) {
    const OpNumber source = sources.at(key).op;
    const auto back = [&, &name = key](const std::string& why) {
      return Violation{Verdict::kResurrected, fmt::format("{} of {} is back, {}", Quoted(name),
                                                          OpText(program_, source), why)};
    };
    if (Refused(source)) return back("which was refused");
    // What the Open showed was there when its own mutations began.
    const auto start = epoch.start.find(key);
    if (source < epoch.opened &&
        (start == epoch.start.end() || start->second.hash != EntryHash(key, value))) {
      return back("which an Open had not shown");
    }
    for (OpNumber op = std::max(epoch.opened, source) + 1; op <= newest; ++op) {
      if (outcomes_[op] == Outcome::kOk && ErasedWithin(op - 1, op, key)) {
        return back("after " + OpText(program_, op));
      }
    }
  }
  return std::nullopt;
}

Violation KvOracle::Hole(const Bounds& bounds, const Sources& sources) const {
  const Map due = Replayed(bounds.epoch, bounds.cuts.front());
  const auto by = [](OpNumber op) {
    return op == 0 ? std::string("what was there at Open") : fmt::format("operation {}'s", op);
  };
  for (const auto& [key, cell] : due) {
    const auto it = sources.find(key);
    const bool same = it != sources.end() && (cell.op == 0 || it->second.op == cell.op);
    if (same) continue;
    return {
        Verdict::kHole,
        fmt::format("{} entries, no prefix of the run; {} is {}, where all that was answered "
                    "would leave {}",
                    sources.size(), Quoted(key),
                    it == sources.end() ? std::string("missing") : by(it->second.op), by(cell.op))};
  }
  return {Verdict::kHole, fmt::format("{} entries, no prefix of the run", sources.size())};
}

std::string KvOracle::Lost(OpNumber after, OpNumber up_to) const {
  std::string text;
  int shown = 0;
  for (OpNumber op = after + 1; op <= up_to; ++op) {
    if (!IsMutation(At(op)) || Refused(op)) continue;
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

}  // namespace crashlab
