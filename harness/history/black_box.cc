#include "harness/history/black_box.h"

#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "faultfs/env/random.h"
#include "faultfs/sim/hash.h"

namespace crashlab {
namespace {

using faultfs::Hash128;

constexpr size_t kMostCalls = 64;  // bits of a mask
constexpr uint64_t kNever = UINT64_MAX;

/// The hash is one already.
struct TakeLow {
  size_t operator()(const Hash128& hash) const { return static_cast<size_t>(hash.low); }
};

/// Values and keys as small numbers. Value 0: there is none.
class Names {
 public:
  uint32_t operator()(const std::string& name) {
    return names_.try_emplace(name, static_cast<uint32_t>(names_.size() + 1)).first->second;
  }
  [[nodiscard]] size_t size() const { return names_.size(); }

 private:
  std::map<std::string, uint32_t> names_;
};

/// A value for each key.
using State = std::vector<uint32_t>;

struct Step {
  bool clear = false;
  uint32_t key = 0;
  uint32_t value = 0;
};

/// A call as the search sees it.
struct Item {
  OpNumber number = 0;
  Verb verb = Verb::kSet;
  uint64_t invoked = 0;
  uint64_t returned = kNever;  // kNever: takes effect at any time later, or never
  bool open_error = false;     // shows at the next Open at most
  bool survives = false;
  std::vector<Step> steps;   // of a mutation
  uint32_t key = 0;          // of get and contains
  uint32_t value = 0;        // get: what it gave
  uint64_t number_seen = 0;  // contains, size
  State all;                 // for-each

  [[nodiscard]] bool IsMutation() const { return !steps.empty(); }
};

struct Puzzle {
  std::vector<Item> items;  // by invocation
  State opened;
  State recovered;
  uint64_t read_after = 0;
};

class Search {
 public:
  Search(const Puzzle& puzzle, uint64_t limit) : puzzle_(puzzle), limit_(limit) {}

  BlackBoxAnswer Run() {
    BlackBoxAnswer answer;
    const bool found =
        Extend({.done = 0, .cut = false, .live = puzzle_.opened, .durable = puzzle_.opened});
    answer.answer = found ? Answer::kLegal : gave_up_ ? Answer::kUnknown : Answer::kIllegal;
    answer.steps = steps_;
    answer.order = found ? order_ : longest_;
    return answer;
  }

 private:
  struct Place {
    uint64_t done;  // a bit for each item
    bool cut;       // the next Open has read
    State live;     // what clients see
    State durable;  // the same with what only the next Open may show
  };

  bool Extend(Place place) {
    const size_t length = order_.size();
    TakeWhatOnlyLooks(place);
    if (order_.size() > longest_.size()) longest_ = order_;
    if (place.cut && AllAnsweredDone(place.done)) return true;
    if (seen_.insert(HashOf(place)).second) {
      for (size_t i = 0; i < puzzle_.items.size() && !gave_up_; ++i) {
        if (!puzzle_.items[i].IsMutation() || !MayComeNext(place, i)) continue;
        if (++steps_ > limit_) {
          gave_up_ = true;
          break;
        }
        const Item& item = puzzle_.items[i];
        Place next = place;
        next.done |= uint64_t{1} << i;
        Apply(item, next.durable);
        if (!item.open_error) Apply(item, next.live);
        order_.push_back(item.number);
        if (Extend(std::move(next))) return true;
        order_.pop_back();
      }
    }
    order_.resize(length);
    return false;
  }

  // What changes nothing and fits here need not be tried anywhere else: whatever may come later may
  // come later still.
  void TakeWhatOnlyLooks(Place& place) {
    for (bool again = true; again;) {
      again = false;
      if (!place.cut && MayCut(place)) {
        place.cut = true;
        order_.push_back(0);
      }
      for (size_t i = 0; i < puzzle_.items.size(); ++i) {
        const Item& item = puzzle_.items[i];
        if (item.IsMutation() || IsDone(place.done, i) || !MayComeNext(place, i)) continue;
        if (!Fits(item, place.live)) continue;
        place.done |= uint64_t{1} << i;
        order_.push_back(item.number);
        again = true;
      }
    }
  }

  [[nodiscard]] static bool IsDone(uint64_t done, size_t item) { return (done >> item & 1) != 0; }

  [[nodiscard]] bool AllAnsweredDone(uint64_t done) const {
    for (size_t i = 0; i < puzzle_.items.size(); ++i) {
      if (puzzle_.items[i].returned != kNever && !IsDone(done, i)) return false;
    }
    return true;
  }

  /// Whether no call that must come before it is still to come. Of a read, not whether it fits.
  [[nodiscard]] bool MayComeNext(const Place& place, size_t candidate) const {
    const Item& item = puzzle_.items[candidate];
    if (IsDone(place.done, candidate)) return false;
    if (item.IsMutation() && place.cut && (item.survives || item.open_error)) return false;
    return AllBefore(item.invoked, place.done);
  }

  /// Whether everything that returned before the tick is done.
  [[nodiscard]] bool AllBefore(uint64_t tick, uint64_t done) const {
    for (size_t i = 0; i < puzzle_.items.size(); ++i) {
      if (puzzle_.items[i].invoked > tick) break;
      if (puzzle_.items[i].returned < tick && !IsDone(done, i)) return false;
    }
    return true;
  }

  [[nodiscard]] bool MayCut(const Place& place) const {
    if (place.durable != puzzle_.recovered) return false;
    for (size_t i = 0; i < puzzle_.items.size(); ++i) {
      if (puzzle_.items[i].survives && !IsDone(place.done, i)) return false;
    }
    return AllBefore(puzzle_.read_after, place.done);
  }

  static bool Fits(const Item& item, const State& live) {
    switch (item.verb) {
      case Verb::kGet:
        return live[item.key] == item.value;
      case Verb::kContains:
        return (live[item.key] != 0) == (item.number_seen != 0);
      case Verb::kSize:
        return static_cast<uint64_t>(std::count_if(live.begin(), live.end(), [](uint32_t value) {
                 return value != 0;
               })) == item.number_seen;
      case Verb::kForEach:
        return live == item.all;
      default:
        return true;
    }
  }

  static void Apply(const Item& item, State& state) {
    for (const Step& step : item.steps) {
      if (step.clear) {
        std::fill(state.begin(), state.end(), 0);
      } else {
        state[step.key] = step.value;
      }
    }
  }

  [[nodiscard]] static Hash128 HashOf(const Place& place) {
    Hash128 hash = {faultfs::Mix64(place.done, place.cut), faultfs::Mix64(~place.done, place.cut)};
    const auto mix = [&hash](uint32_t value) {
      hash.low = faultfs::Mix64(hash.low, value);
      hash.high = faultfs::Mix64(hash.high, ~uint64_t{value});
    };
    for (const uint32_t value : place.live) mix(value);
    for (const uint32_t value : place.durable) mix(value);
    return hash;
  }

  const Puzzle& puzzle_;
  const uint64_t limit_;
  uint64_t steps_ = 0;
  bool gave_up_ = false;
  std::vector<OpNumber> order_;
  std::vector<OpNumber> longest_;
  absl::flat_hash_set<Hash128, TakeLow> seen_;  // order never escapes: only asked for membership
};

// ---- From a history to puzzles -----------------------------------------------------------------

bool TouchesAllKeys(const Call& call) {
  const Verb verb = call.operation.verb;
  return verb == Verb::kClear || verb == Verb::kClearPersistence || verb == Verb::kSize ||
         verb == Verb::kForEach;
}

/// Whether the search has to place it.
bool Counts(const Call& call) {
  if (MayHaveHappened(call)) return !ChangesOf(call).empty();
  return IsRead(call.operation.verb) && call.returned.has_value() && call.outcome == Outcome::kOk;
}

/// Groups of keys that no batch joins, each as the set of its keys.
class Groups {
 public:
  void Join(const std::string& a, const std::string& b) {
    const std::string root_a = Root(a);
    const std::string root_b = Root(b);
    if (root_a != root_b) parent_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }
  void Add(const std::string& key) { Root(key); }
  std::string Root(const std::string& key) {
    std::string at = key;
    while (true) {
      const auto [parent, first] = parent_.try_emplace(at, at);
      if (parent->second == at) return at;
      at = parent->second;
    }
  }
  std::vector<std::string> Roots() {
    std::vector<std::string> roots;
    for (const auto& [key, parent] : parent_) {
      if (key == parent) roots.push_back(key);
    }
    return roots;
  }

 private:
  std::map<std::string, std::string> parent_;
};

std::vector<std::string> KeysOf(const Call& call) {
  std::vector<std::string> keys;
  for (const Change& change : ChangesOf(call)) {
    if (change.kind != Change::Kind::kClear) keys.push_back(change.key);
  }
  const Verb verb = call.operation.verb;
  if (verb == Verb::kGet || verb == Verb::kContains) keys.push_back(call.operation.key);
  return keys;
}

class Solver {
 public:
  Solver(const History& history, const Contract& contract, Durability store_default,
         const BlackBoxLimits& limits)
      : history_(history), due_(ObligationsOf(history, contract, store_default)), limits_(limits) {}

  BlackBoxAnswer Check() {
    for (const auto* dump : {&history_.opened, &history_.recovered}) {
      for (const auto& [key, value] : *dump) groups_.Add(key);
    }
    for (const Call& call : history_.calls) {
      const std::vector<std::string> keys = KeysOf(call);
      for (const std::string& key : keys) groups_.Join(keys.front(), key);
    }
    if (!MaySplit()) return Solve(nullptr);
    BlackBoxAnswer sum = {.answer = Answer::kLegal, .steps = 0, .order = {}, .detail = {}};
    for (const std::string& root : groups_.Roots()) {
      BlackBoxAnswer one = Solve(&root);
      one.steps += sum.steps;
      if (one.answer == Answer::kIllegal) return one;
      if (one.answer == Answer::kUnknown) sum.answer = Answer::kUnknown, sum.detail = one.detail;
      sum.steps = one.steps;
      sum.order.insert(sum.order.end(), one.order.begin(), one.order.end());
    }
    return sum;
  }

 private:
  // Strict linearizability is local (Herlihy and Wing, 1990): it holds of all keys if it holds of
  // each. A state that only lacks what the crash left open is strict; one that lacks the end of the
  // log is not, and is read at one moment for all keys.
  [[nodiscard]] bool MaySplit() const {
    for (size_t i = 0; i < history_.calls.size(); ++i) {
      const Call& call = history_.calls[i];
      if (!Counts(call)) continue;
      if (TouchesAllKeys(call) || IsOpenError(call)) return false;
      if (IsMutation(call.operation) && call.returned.has_value() && !due_.survives[i]) {
        return false;
      }
    }
    return true;
  }

  BlackBoxAnswer Solve(const std::string* root) {
    Names keys;
    Names values;
    const auto inside = [&](const std::string& key) {
      return root == nullptr || groups_.Root(key) == *root;
    };
    Puzzle puzzle;
    puzzle.read_after = due_.read_after;
    std::vector<size_t> taken;
    for (size_t i = 0; i < history_.calls.size(); ++i) {
      const Call& call = history_.calls[i];
      if (!Counts(call)) continue;
      const std::vector<std::string> named = KeysOf(call);
      if (!named.empty() && !inside(named.front())) continue;
      for (const std::string& key : named) keys(key);
      taken.push_back(i);
    }
    for (const auto* dump : {&history_.opened, &history_.recovered}) {
      for (const auto& [key, value] : *dump) {
        if (inside(key)) keys(key);
      }
    }
    for (const size_t i : taken) {
      for (const auto& [key, value] : history_.calls[i].reply.dump) keys(key);
    }
    const auto state_of = [&](const Dump& dump) {
      State state(keys.size() + 1, 0);
      for (const auto& [key, value] : dump) {
        if (inside(key)) state[keys(key)] = values(value);
      }
      return state;
    };
    puzzle.opened = state_of(history_.opened);
    puzzle.recovered = state_of(history_.recovered);
    for (const size_t i : taken) {
      puzzle.items.push_back(ItemOf(history_.calls[i], due_.survives[i], keys, values));
      if (history_.calls[i].operation.verb == Verb::kForEach) {
        puzzle.items.back().all = state_of(history_.calls[i].reply.dump);
      }
    }
    if (puzzle.items.size() > kMostCalls) {
      return {.answer = Answer::kUnknown,
              .steps = 0,
              .order = {},
              .detail = fmt::format("{} calls are more than the {} that can be put in order",
                                    puzzle.items.size(), kMostCalls)};
    }
    BlackBoxAnswer answer = Search(puzzle, limits_.steps).Run();
    if (answer.answer == Answer::kUnknown) {
      answer.detail = fmt::format("given up after {} steps", answer.steps);
    } else if (answer.answer == Answer::kIllegal) {
      answer.detail = fmt::format(
          "no order of {} calls explains them and what the next Open showed", puzzle.items.size());
    }
    return answer;
  }

  static Item ItemOf(const Call& call, bool survives, Names& keys, Names& values) {
    Item item;
    item.number = call.number;
    item.verb = call.operation.verb;
    item.invoked = call.invoked;
    item.open_error = IsOpenError(call);
    if (call.returned.has_value() && !item.open_error) item.returned = *call.returned;
    item.survives = survives;
    for (const Change& change : ChangesOf(call)) {
      Step step;
      step.clear = change.kind == Change::Kind::kClear;
      if (!step.clear) step.key = keys(change.key);
      if (change.kind == Change::Kind::kSet) step.value = values(change.value);
      item.steps.push_back(step);
    }
    if (item.verb == Verb::kGet || item.verb == Verb::kContains) {
      item.key = keys(call.operation.key);
    }
    if (call.reply.value.has_value()) item.value = values(*call.reply.value);
    item.number_seen = call.reply.number;
    return item;
  }

  const History& history_;
  const Obligations due_;
  const BlackBoxLimits limits_;
  Groups groups_;
};

}  // namespace

BlackBoxAnswer CheckBlackBox(const History& history, const Contract& contract,
                             Durability store_default, const BlackBoxLimits& limits) {
  return Solver(history, contract, store_default, limits).Check();
}

}  // namespace crashlab
