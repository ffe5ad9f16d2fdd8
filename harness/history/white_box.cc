#include "harness/history/white_box.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "faultfs/sim/hash.h"

namespace crashlab {
namespace {

using faultfs::Hash128;
using Kind = Change::Kind;
using Map = std::map<std::string, std::string>;

constexpr size_t kMostOpenErrors = 6;  // 64 worlds

/// A map with the hash of its content.
struct Content {
  Map map;
  Hash128 hash = {};

  explicit Content(const Dump& dump) {
    for (const auto& [key, value] : dump) Set(key, value);
  }
  void Set(const std::string& key, const std::string& value) {
    Erase(key);
    hash += EntryHash(key, value);
    map[key] = value;
  }
  void Erase(const std::string& key) {
    const auto it = map.find(key);
    if (it == map.end()) return;
    hash -= EntryHash(key, it->second);
    map.erase(it);
  }
  void Apply(const Change& change) {
    switch (change.kind) {
      case Kind::kSet:
        return Set(change.key, change.value);
      case Kind::kErase:
        return Erase(change.key);
      case Kind::kClear:
        map.clear();
        hash = {};
        return;
    }
  }
};

Violation Wrong(std::string detail) { return {Verdict::kNotLinearizable, std::move(detail)}; }

/// A place in the log that later ones do not vouch for: of an error that proves nothing, or of what
/// was about to be taken back.
bool MayBeLeftOut(const Call& call) {
  return IsOpenError(call) || (!call.returned.has_value() && call.outcome == Outcome::kFail);
}

bool IsOk(const Call& call) { return call.returned.has_value() && call.outcome == Outcome::kOk; }

}  // namespace

WhiteBox::WhiteBox(const History& history) : history_(history) {
  for (size_t i = 0; i < history.calls.size(); ++i) {
    const Call& call = history.calls[i];
    if (MayHaveHappened(call) && call.sequence.has_value()) log_.push_back(i);
  }
  std::sort(log_.begin(), log_.end(), [&history](size_t a, size_t b) {
    return std::pair(*history.calls[a].sequence, a) < std::pair(*history.calls[b].sequence, b);
  });
  place_.resize(history.calls.size(), 0);
  for (size_t p = 0; p < log_.size(); ++p) place_[log_[p]] = p + 1;
}

std::optional<Violation> WhiteBox::CheckClients() const {
  if (auto violation = CheckLog()) return violation;
  std::vector<uint64_t> read_at;
  return PlaceReads(read_at);
}

std::string WhiteBox::Named(size_t call) const {
  const Call& c = history_.calls[call];
  return fmt::format("operation {} ({}) of client {}", c.number, Print(c.operation), c.client);
}

// ---- The log ------------------------------------------------------------------------------------

std::optional<Violation> WhiteBox::CheckLog() const {
  for (size_t i = 0; i < history_.calls.size(); ++i) {
    const Call& call = history_.calls[i];
    if (IsMutation(call.operation) && IsOk(call) && place_[i] == 0) {
      return Wrong(Named(i) + " was acknowledged and has no sequence");
    }
  }
  size_t latest = 0;  // of those before it in the log, the one that was invoked last
  for (size_t p = 0; p < log_.size(); ++p) {
    const Call& call = history_.calls[log_[p]];
    if (p > 0 && call.sequence == history_.calls[log_[p - 1]].sequence) {
      return Wrong(fmt::format("{} and {} have the same sequence, {}", Named(log_[p - 1]),
                               Named(log_[p]), *call.sequence));
    }
    if (p > 0 && call.returned.has_value() && *call.returned < history_.calls[latest].invoked) {
      return Wrong(fmt::format("{} returned before {} was invoked, and comes behind it in the log",
                               Named(log_[p]), Named(latest)));
    }
    if (p == 0 || call.invoked > history_.calls[latest].invoked) latest = log_[p];
  }
  return std::nullopt;
}

// ---- What clients see ---------------------------------------------------------------------------

WhiteBox::Timelines WhiteBox::MakeTimelines() const {
  Timelines lines;
  Content live(history_.opened);
  const auto note = [&](uint64_t place) {
    lines.sizes.emplace_back(place, live.map.size());
    lines.contents.emplace_back(place, live.hash);
  };
  const auto become = [&](const std::string& key, uint64_t place,
                          std::optional<std::string> value) {
    auto [line, first] = lines.values.try_emplace(key);
    if (first) line->second.emplace_back(0, std::nullopt);
    if (line->second.back().first == place) {
      line->second.back().second = std::move(value);  // within one batch only the last one shows
    } else {
      line->second.emplace_back(place, std::move(value));
    }
  };
  for (const auto& [key, value] : live.map) lines.values[key] = {{0, value}};
  note(0);
  for (size_t p = 1; p <= log_.size(); ++p) {
    const Call& call = history_.calls[log_[p - 1]];
    if (MayBeLeftOut(call)) continue;  // no live read may see it
    for (const Change& change : ChangesOf(call)) {
      if (change.kind == Kind::kClear) {
        for (const auto& [key, value] : live.map) become(key, p, std::nullopt);
      } else if (change.kind == Kind::kSet) {
        become(change.key, p, change.value);
      } else {
        become(change.key, p, std::nullopt);
      }
      live.Apply(change);
    }
    note(p);
  }
  return lines;
}

/// The first place from `low` on where the timeline has what `fits`; beyond the log if there is
/// none up to `high`.
template <typename T, typename Fits>
uint64_t WhiteBox::FirstPlace(const Timeline<T>& line, uint64_t low, uint64_t high,
                              const Fits& fits) const {
  auto it = std::upper_bound(line.begin(), line.end(), low,
                             [](uint64_t place, const auto& entry) { return place < entry.first; });
  if (it != line.begin()) --it;
  for (; it != line.end() && it->first <= high; ++it) {
    if (fits(it->second)) return std::max(low, it->first);
  }
  return log_.size() + 1;
}

uint64_t WhiteBox::PlaceOfRead(const Timelines& lines, const Call& read, uint64_t low,
                               uint64_t high) const {
  static const Timeline<std::optional<std::string>> kNeverThere = {{0, std::nullopt}};
  const auto line = lines.values.find(read.operation.key);
  const auto& values = line == lines.values.end() ? kNeverThere : line->second;
  switch (read.operation.verb) {
    case Verb::kGet:
      return FirstPlace(values, low, high,
                        [&](const auto& value) { return value == read.reply.value; });
    case Verb::kContains:
      return FirstPlace(values, low, high, [&](const auto& value) {
        return value.has_value() == (read.reply.number != 0);
      });
    case Verb::kSize:
      return FirstPlace(lines.sizes, low, high,
                        [&](uint64_t size) { return size == read.reply.number; });
    case Verb::kForEach:
      return FirstPlace(lines.contents, low, high,
                        [hash = HashOf(read.reply.dump)](Hash128 at) { return at == hash; });
    default:
      return low;
  }
}

// The earliest place that fits is the best one for every read: bounds of later reads only rise with
// it.
std::optional<Violation> WhiteBox::PlaceReads(std::vector<uint64_t>& read_at) const {
  const Timelines lines = MakeTimelines();
  read_at.assign(history_.calls.size(), 0);
  // Ticks; returns as the complement of the call.
  std::vector<std::pair<uint64_t, size_t>> events;
  for (size_t i = 0; i < history_.calls.size(); ++i) {
    const Call& call = history_.calls[i];
    events.emplace_back(call.invoked, i);
    if (call.returned.has_value()) events.emplace_back(*call.returned, ~i);
  }
  std::sort(events.begin(), events.end());
  const std::map<uint64_t, uint64_t> first_invoked_later = FirstPlacesInvokedFrom();
  uint64_t low = 0;
  for (const auto& [tick, event] : events) {
    const bool returns = event >= history_.calls.size();
    const size_t i = returns ? ~event : event;
    const Call& call = history_.calls[i];
    if (!IsOk(call)) continue;
    const bool read = IsRead(call.operation.verb);
    if (returns) {
      low = std::max(low, read ? read_at[i] : place_[i]);
    } else if (read) {
      const auto later = first_invoked_later.upper_bound(*call.returned);
      const uint64_t high = later == first_invoked_later.end() ? log_.size() : later->second - 1;
      const uint64_t place = PlaceOfRead(lines, call, low, high);
      if (place > high) {
        return Wrong(fmt::format("{} fits nowhere between places {} and {} of the log", Named(i),
                                 low, high));
      }
      read_at[i] = place;
    }
  }
  return std::nullopt;
}

/// By tick of an invocation: the first place in the log of anything invoked then or later.
std::map<uint64_t, uint64_t> WhiteBox::FirstPlacesInvokedFrom() const {
  std::map<uint64_t, uint64_t> places;
  for (const size_t i : log_) places[history_.calls[i].invoked] = place_[i];
  uint64_t first = log_.size() + 1;
  for (auto it = places.rbegin(); it != places.rend(); ++it) {
    first = std::min(first, it->second);
    it->second = first;
  }
  return places;
}

// ---- What the next Open shows -------------------------------------------------------------------

// A barrier holds what its caller could know of: also what was only read before it.
uint64_t WhiteBox::PlaceDue(const Obligations& due) const {
  std::vector<uint64_t> read_at(history_.calls.size(), 0);
  // A read that fits nowhere is what CheckClients is for.
  if (due.read_after > 0) static_cast<void>(PlaceReads(read_at));
  uint64_t lower = 0;
  for (size_t i = 0; i < history_.calls.size(); ++i) {
    const Call& call = history_.calls[i];
    const bool before_barrier = IsOk(call) && *call.returned < due.read_after;
    if (due.survives[i] || before_barrier) lower = std::max(lower, place_[i]);
    if (before_barrier) lower = std::max(lower, read_at[i]);
  }
  return lower;
}

std::optional<std::vector<size_t>> WhiteBox::OpenCalls() const {
  std::vector<size_t> open;
  std::copy_if(log_.begin(), log_.end(), std::back_inserter(open),
               [this](size_t i) { return MayBeLeftOut(history_.calls[i]); });
  if (open.size() > kMostOpenErrors) return std::nullopt;
  return open;
}

template <typename Visit>
void WhiteBox::WalkPrefixes(const std::vector<size_t>& open, uint64_t world,
                            const Visit& visit) const {
  const auto left_out = [&](size_t call) {
    const auto it = std::find(open.begin(), open.end(), call);
    return it != open.end() && (world >> (it - open.begin()) & 1) == 0;
  };
  Content content(history_.opened);
  visit(0, content.hash);
  for (uint64_t p = 1; p <= log_.size(); ++p) {
    if (!left_out(log_[p - 1])) {
      for (const Change& change : ChangesOf(history_.calls[log_[p - 1]])) content.Apply(change);
    }
    visit(p, content.hash);
  }
}

NextStates WhiteBox::StatesAfter(const Obligations& due) const {
  NextStates states;
  const std::optional<std::vector<size_t>> open = OpenCalls();
  if (!open.has_value()) return states;
  states.known = true;
  const uint64_t lower = PlaceDue(due);
  if (lower > 0) states.promised = Named(log_[lower - 1]);
  for (uint64_t world = 0; world < uint64_t{1} << open->size(); ++world) {
    WalkPrefixes(*open, world, [&](uint64_t place, const Hash128& hash) {
      (place >= lower ? states.legal : states.early).insert(hash);
    });
  }
  return states;
}

bool WhiteBox::Passes(Hash128 seen, Hash128 later) const {
  const std::optional<std::vector<size_t>> open = OpenCalls();
  bool both = false;
  for (uint64_t world = 0; open.has_value() && world < uint64_t{1} << open->size(); ++world) {
    bool first = false;
    WalkPrefixes(*open, world, [&](uint64_t, const Hash128& hash) {
      first |= hash == seen;
      both |= first && hash == later;
    });
  }
  return both;
}

Violation WhiteBox::WhatIsWrong(const Dump& seen) const {
  std::set<std::pair<std::string, std::string>> written(history_.opened.begin(),
                                                        history_.opened.end());
  std::map<std::string, size_t> writers;  // by value: a call of the log
  for (const size_t i : log_) {
    for (const Change& change : ChangesOf(history_.calls[i])) {
      if (change.kind != Kind::kSet) continue;
      written.emplace(change.key, change.value);
      writers[change.value] = i;
    }
  }
  std::optional<Violation> wrong;
  for (const auto& entry : seen) {
    if (written.contains(entry)) continue;
    const auto elsewhere = writers.find(entry.second);
    if (elsewhere == writers.end()) {
      return {Verdict::kPhantom,
              fmt::format("the next Open showed a value of {} that no logged mutation wrote",
                          entry.first)};
    }
    if (wrong.has_value()) continue;
    wrong = Violation{Verdict::kWrongValue,
                      fmt::format("the next Open showed for {} what {} wrote elsewhere",
                                  entry.first, Named(elsewhere->second))};
  }
  if (wrong.has_value()) return *wrong;
  const Map entries(seen.begin(), seen.end());
  for (size_t p = 0; p < log_.size(); ++p) {
    if (IsTorn(p, entries)) {
      return {Verdict::kTornBatch,
              fmt::format("the next Open showed a part of {}", Named(log_[p]))};
    }
  }
  return {Verdict::kHole, "the next Open showed what no prefix of the log leaves"};
}

/// Whether some of a batch's values show, and some do not that nothing behind it in the log
/// touches.
bool WhiteBox::IsTorn(size_t place, const Map& seen) const {
  Map last;
  for (const Change& change : ChangesOf(history_.calls[log_[place]])) {
    if (change.kind == Kind::kSet) last[change.key] = change.value;
    if (change.kind == Kind::kErase) last.erase(change.key);
  }
  bool some = false;
  std::set<std::string> missing;
  for (const auto& [key, value] : last) {
    const auto it = seen.find(key);
    if (it != seen.end() && it->second == value) {
      some = true;
    } else {
      missing.insert(key);
    }
  }
  for (size_t p = place + 1; p < log_.size(); ++p) {
    for (const Change& change : ChangesOf(history_.calls[log_[p]])) {
      if (change.kind == Kind::kClear) return false;
      missing.erase(change.key);
    }
  }
  return some && !missing.empty();
}

Violation LostAcked(const NextStates& states) {
  return {Verdict::kLostAcked,
          states.promised + " must have survived, and the next Open showed an earlier state"};
}

WhiteBoxAnswer CheckWhiteBox(const History& history, const Contract& contract,
                             Durability store_default) {
  const WhiteBox box(history);
  if (auto violation = box.CheckClients()) return {Answer::kIllegal, std::move(violation)};
  const NextStates states = box.StatesAfter(ObligationsOf(history, contract, store_default));
  if (!states.known) return {};
  const Hash128 seen = HashOf(history.recovered);
  if (states.legal.contains(seen)) return {Answer::kLegal, std::nullopt};
  if (states.early.contains(seen)) return {Answer::kIllegal, LostAcked(states)};
  return {Answer::kIllegal, box.WhatIsWrong(history.recovered)};
}

}  // namespace crashlab
