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

constexpr size_t kMostOpenErrors = 6;  // 64 worlds

using Map = std::map<std::string, std::string>;

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

/// What held from a place in the log until the next entry: place p is after the p-th mutation.
template <typename T>
using Timeline = std::vector<std::pair<uint64_t, T>>;

class Judge {
 public:
  Judge(const History& history, const Contract& contract, Durability store_default)
      : history_(history), due_(ObligationsOf(history, contract, store_default)) {}

  WhiteBoxAnswer Check() {
    if (auto violation = TakeLog()) return Illegal(*violation);
    if (auto violation = CheckRealTime()) return Illegal(*violation);
    BuildTimelines();
    if (auto violation = CheckReads()) return Illegal(*violation);
    return CheckRecovered();
  }

 private:
  static WhiteBoxAnswer Illegal(Violation violation) {
    return {Answer::kIllegal, std::move(violation)};
  }
  static Violation Wrong(std::string detail) {
    return {Verdict::kNotLinearizable, std::move(detail)};
  }

  [[nodiscard]] std::string Named(size_t call) const {
    const Call& c = history_.calls[call];
    return fmt::format("operation {} ({}) of client {}", c.number, Print(c.operation), c.client);
  }

  // ---- The log ----

  std::optional<Violation> TakeLog() {
    for (size_t i = 0; i < history_.calls.size(); ++i) {
      const Call& call = history_.calls[i];
      if (!MayHaveHappened(call)) continue;
      if (call.sequence.has_value()) {
        log_.push_back(i);
      } else if (call.returned.has_value() && call.outcome == Outcome::kOk) {
        return Wrong(Named(i) + " was acknowledged and has no sequence");
      }
    }
    const auto sequence = [this](size_t i) { return *history_.calls[i].sequence; };
    std::sort(log_.begin(), log_.end(), [&](size_t a, size_t b) {
      return std::pair(sequence(a), a) < std::pair(sequence(b), b);
    });
    place_.resize(history_.calls.size(), 0);
    for (size_t p = 0; p < log_.size(); ++p) {
      place_[log_[p]] = p + 1;
      if (p > 0 && sequence(log_[p]) == sequence(log_[p - 1])) {
        return Wrong(fmt::format("{} and {} have the same sequence, {}", Named(log_[p - 1]),
                                 Named(log_[p]), sequence(log_[p])));
      }
    }
    return std::nullopt;
  }

  std::optional<Violation> CheckRealTime() const {
    size_t latest = 0;  // of those before it in the log, the one that was invoked last
    for (size_t p = 0; p < log_.size(); ++p) {
      const Call& call = history_.calls[log_[p]];
      if (p > 0 && call.returned.has_value() && *call.returned < history_.calls[latest].invoked) {
        return Wrong(
            fmt::format("{} returned before {} was invoked, and comes behind it in the log",
                        Named(log_[p]), Named(latest)));
      }
      if (p == 0 || call.invoked > history_.calls[latest].invoked) latest = log_[p];
    }
    return std::nullopt;
  }

  // ---- What clients see ----

  void BuildTimelines() {
    Content live(history_.opened);
    const auto note = [&](uint64_t place) {
      sizes_.emplace_back(place, live.map.size());
      contents_.emplace_back(place, live.hash);
    };
    for (const auto& [key, value] : live.map) values_[key] = {{0, value}};
    note(0);
    for (size_t p = 1; p <= log_.size(); ++p) {
      const Call& call = history_.calls[log_[p - 1]];
      if (IsOpenError(call)) continue;  // no live read may see it
      for (const Change& change : ChangesOf(call)) {
        if (change.kind == Kind::kClear) {
          for (const auto& [key, value] : live.map) Become(key, p, std::nullopt);
        } else if (change.kind == Kind::kSet) {
          Become(change.key, p, change.value);
        } else {
          Become(change.key, p, std::nullopt);
        }
        live.Apply(change);
      }
      note(p);
    }
  }

  void Become(const std::string& key, uint64_t place, std::optional<std::string> value) {
    auto [line, first] = values_.try_emplace(key);
    if (first) line->second.emplace_back(0, std::nullopt);
    if (line->second.back().first == place) {
      line->second.back().second = std::move(value);  // within one batch only the last one shows
    } else {
      line->second.emplace_back(place, std::move(value));
    }
  }

  /// The first place from `low` on where the timeline has what `fits`; beyond the log if there is
  /// none up to `high`.
  template <typename T, typename Fits>
  [[nodiscard]] uint64_t FirstPlace(const Timeline<T>& line, uint64_t low, uint64_t high,
                                    const Fits& fits) const {
    auto it =
        std::upper_bound(line.begin(), line.end(), low,
                         [](uint64_t place, const auto& entry) { return place < entry.first; });
    if (it != line.begin()) --it;
    for (; it != line.end() && it->first <= high; ++it) {
      if (fits(it->second)) return std::max(low, it->first);
    }
    return log_.size() + 1;
  }

  [[nodiscard]] uint64_t PlaceOfRead(const Call& read, uint64_t low, uint64_t high) const {
    static const Timeline<std::optional<std::string>> kNeverThere = {{0, std::nullopt}};
    const auto line = values_.find(read.operation.key);
    const auto& values = line == values_.end() ? kNeverThere : line->second;
    switch (read.operation.verb) {
      case Verb::kGet:
        return FirstPlace(values, low, high,
                          [&](const auto& value) { return value == read.reply.value; });
      case Verb::kContains:
        return FirstPlace(values, low, high, [&](const auto& value) {
          return value.has_value() == (read.reply.number != 0);
        });
      case Verb::kSize:
        return FirstPlace(sizes_, low, high,
                          [&](uint64_t size) { return size == read.reply.number; });
      case Verb::kForEach:
        return FirstPlace(contents_, low, high,
                          [hash = HashOf(read.reply.dump)](Hash128 at) { return at == hash; });
      default:
        return low;
    }
  }

  [[nodiscard]] static bool IsAnsweredRead(const Call& call) {
    const Verb verb = call.operation.verb;
    return (verb == Verb::kGet || verb == Verb::kContains || verb == Verb::kSize ||
            verb == Verb::kForEach) &&
           call.returned.has_value() && call.outcome == Outcome::kOk;
  }

  // The earliest place that fits is the best one for every read: bounds of later reads only rise
  // with it.
  std::optional<Violation> CheckReads() {
    std::vector<std::pair<uint64_t, size_t>>
        events;  // ticks; returns as the complement of the call
    for (size_t i = 0; i < history_.calls.size(); ++i) {
      const Call& call = history_.calls[i];
      events.emplace_back(call.invoked, i);
      if (call.returned.has_value()) events.emplace_back(*call.returned, ~i);
    }
    std::sort(events.begin(), events.end());
    const std::map<uint64_t, uint64_t> first_invoked_later = FirstPlacesInvokedFrom();
    std::vector<uint64_t> read_at(history_.calls.size(), 0);
    uint64_t low = 0;
    for (const auto& [tick, event] : events) {
      const bool returns = event >= history_.calls.size();
      const size_t i = returns ? ~event : event;
      const Call& call = history_.calls[i];
      if (!returns && IsAnsweredRead(call)) {
        const auto later = first_invoked_later.upper_bound(*call.returned);
        const uint64_t high = later == first_invoked_later.end() ? log_.size() : later->second - 1;
        read_at[i] = PlaceOfRead(call, low, high);
        if (read_at[i] > high) {
          return Wrong(fmt::format("{} fits nowhere between places {} and {} of the log", Named(i),
                                   low, high));
        }
      } else if (returns && IsAnsweredRead(call)) {
        low = std::max(low, read_at[i]);
      } else if (returns && call.outcome == Outcome::kOk) {
        low = std::max(low, place_[i]);
      }
    }
    return std::nullopt;
  }

  /// By tick of an invocation: the first place in the log of anything invoked then or later.
  [[nodiscard]] std::map<uint64_t, uint64_t> FirstPlacesInvokedFrom() const {
    std::map<uint64_t, uint64_t> places;
    for (const size_t i : log_) places[history_.calls[i].invoked] = place_[i];
    uint64_t first = log_.size() + 1;
    for (auto it = places.rbegin(); it != places.rend(); ++it) {
      first = std::min(first, it->second);
      it->second = first;
    }
    return places;
  }

  // ---- What the next Open showed ----

  /// The place up to which everything was promised.
  [[nodiscard]] uint64_t Lower() const {
    uint64_t lower = 0;
    for (size_t i = 0; i < history_.calls.size(); ++i) {
      const Call& call = history_.calls[i];
      const bool behind_barrier = call.returned.has_value() && call.outcome == Outcome::kOk &&
                                  *call.returned < due_.read_after;
      if (due_.survives[i] || behind_barrier) lower = std::max(lower, place_[i]);
    }
    return lower;
  }

  WhiteBoxAnswer CheckRecovered() const {
    std::vector<size_t> open;
    std::copy_if(log_.begin(), log_.end(), std::back_inserter(open),
                 [this](size_t i) { return IsOpenError(history_.calls[i]); });
    if (open.size() > kMostOpenErrors) return {Answer::kUnknown, std::nullopt};
    const Hash128 seen = HashOf(history_.recovered);
    const uint64_t lower = Lower();
    bool too_early = false;
    for (uint64_t world = 0; world < uint64_t{1} << open.size(); ++world) {
      Content content(history_.opened);
      for (uint64_t p = 0; p <= log_.size(); ++p) {
        if (p > 0 && !LeftOut(open, world, log_[p - 1])) {
          for (const Change& change : ChangesOf(history_.calls[log_[p - 1]])) content.Apply(change);
        }
        if (content.hash != seen) continue;
        if (p >= lower) return {Answer::kLegal, std::nullopt};
        too_early = true;
      }
    }
    if (too_early) {
      return Illegal(
          {Verdict::kLostAcked,
           fmt::format("{} must have survived, and the next Open showed an earlier state",
                       Named(log_[lower - 1]))});
    }
    return Illegal(WhatIsWrong());
  }

  static bool LeftOut(const std::vector<size_t>& open, uint64_t world, size_t call) {
    const auto it = std::find(open.begin(), open.end(), call);
    return it != open.end() && (world >> (it - open.begin()) & 1) == 0;
  }

  [[nodiscard]] Violation WhatIsWrong() const {
    std::set<std::pair<std::string, std::string>> written(history_.opened.begin(),
                                                          history_.opened.end());
    for (const size_t i : log_) {
      for (const Change& change : ChangesOf(history_.calls[i])) {
        if (change.kind == Kind::kSet) written.emplace(change.key, change.value);
      }
    }
    for (const auto& entry : history_.recovered) {
      if (!written.contains(entry)) {
        return {Verdict::kPhantom,
                fmt::format("the next Open showed a value of {} that no logged mutation wrote",
                            entry.first)};
      }
    }
    return {Verdict::kHole, "the next Open showed what no prefix of the log leaves"};
  }

  const History& history_;
  const Obligations due_;
  std::vector<size_t> log_;      // calls by sequence
  std::vector<uint64_t> place_;  // by call: in the log, from 1; 0: not in it
  std::map<std::string, Timeline<std::optional<std::string>>> values_;  // by key
  Timeline<uint64_t> sizes_;
  Timeline<Hash128> contents_;
};

}  // namespace

WhiteBoxAnswer CheckWhiteBox(const History& history, const Contract& contract,
                             Durability store_default) {
  return Judge(history, contract, store_default).Check();
}

}  // namespace crashlab
