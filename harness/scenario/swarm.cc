#include "harness/scenario/internal/swarm.h"

#include <algorithm>
#include <iterator>

#include "faultfs/env/check.h"
#include "faultfs/fault/fault_rule.h"
#include "faultfs/sim/image.h"

namespace crashlab::internal {
namespace {

using faultfs::kSectorBytes;
using faultfs::Random;
using Range = Workload::Range;

uint64_t Draw(Random& random, uint64_t low, uint64_t high) {
  return low + random.Below(high - low + 1);
}

uint64_t Draw(Random random, const Range& range) { return Draw(random, range.low, range.high); }

template <typename Values>
auto OneOf(Random random, const Values& values) {
  return values[random.Below(std::size(values))];
}

// ---- Operations --------------------------------------------------------------------------------

struct VerbRow {
  Verb verb;
  uint32_t weight;
  bool optional;         // a swarm may be without it
  uint32_t most_factor;  // what only reads or opens is worth little without something written
};

constexpr VerbRow kVerbRows[] = {
    {Verb::kSet, 40, false, 8},       {Verb::kDelete, 10, true, 8},
    {Verb::kClear, 3, true, 8},       {Verb::kBatch, 12, true, 8},
    {Verb::kGet, 5, true, 4},         {Verb::kContains, 2, true, 4},
    {Verb::kSize, 1, true, 4},        {Verb::kForEach, 2, true, 4},
    {Verb::kFlush, 5, true, 4},       {Verb::kSnapshot, 4, true, 4},
    {Verb::kCompact, 4, true, 4},     {Verb::kClearPersistence, 2, true, 4},
    {Verb::kBackground, 15, true, 4}, {Verb::kReopen, 5, true, 4},
    {Verb::kKill, 4, true, 4},        {Verb::kClose, 1, true, 1},
};
static_assert(std::size(kVerbRows) == kVerbCount - 1, "every verb but call has a row");

/// Off in a quarter of the swarms; else now rarer, now more frequent.
uint32_t SwarmWeight(Random random, const VerbRow& row) {
  constexpr uint32_t kFactors[] = {1, 2, 4, 8};
  if (row.optional && random.OneIn(4)) return 0;
  return row.weight * std::min(OneOf(random, kFactors), row.most_factor);
}

bool IsRead(Verb verb) {
  return verb == Verb::kGet || verb == Verb::kContains || verb == Verb::kSize ||
         verb == Verb::kForEach;
}

/// With several clients, what stops everybody is rare, or nothing else would happen at once.
VerbRow RowFor(VerbRow row, bool several) {
  if (several && IsEverybodys(row.verb)) row.weight = row.most_factor = 1;
  return row;
}

/// Makes those that look, and whose weight is the swarm's own, so frequent that of all operations
/// at least a quarter look.
void MakeReadsFrequent(const Workload& workload, std::vector<Choice>& choices) {
  uint64_t others = 0;
  uint64_t reads = 0;
  uint64_t own = 0;  // of `reads`
  Choice* get = nullptr;
  for (Choice& choice : choices) {
    (IsRead(choice.verb) ? reads : others) += choice.weight;
    if (!IsRead(choice.verb) || workload.weights.contains(choice.verb)) continue;
    own += choice.weight;
    if (get == nullptr) get = &choice;
  }
  if (3 * reads >= others || get == nullptr) return;
  if (own == 0) {  // the swarm has switched all of them off
    own = get->weight = 1;
    ++reads;
  }
  const uint64_t factor = (others - 3 * (reads - own) + 3 * own - 1) / (3 * own);
  for (Choice& choice : choices) {
    const bool is_own = IsRead(choice.verb) && !workload.weights.contains(choice.verb);
    if (is_own) choice.weight *= static_cast<uint32_t>(factor);
  }
}

std::vector<Choice> DrawChoices(const Workload& workload, bool several, const Capabilities& can,
                                bool works_in_background, const Random& random) {
  std::vector<Choice> choices;
  for (const VerbRow& row : kVerbRows) {
    if (!can.Has(row.verb)) continue;
    const auto fixed = workload.weights.find(row.verb);
    // One client that closes has nothing left to do but be refused.
    const bool idle = (row.verb == Verb::kBackground && !works_in_background) ||
                      (row.verb == Verb::kClose && !several);
    if (idle && fixed == workload.weights.end()) continue;
    choices.push_back({row.verb, "",
                       fixed != workload.weights.end()
                           ? fixed->second
                           : SwarmWeight(random.Fork(Name(row.verb)), RowFor(row, several))});
  }
  for (const CustomVerb& call : can.calls) {
    const auto fixed = workload.calls.find(call.name);
    choices.push_back({Verb::kCall, call.name,
                       fixed != workload.calls.end()
                           ? fixed->second
                           : SwarmWeight(random.Fork(call.name),
                                         {Verb::kCall, call.weight, can.calls.size() > 1, 8})});
  }
  const bool none = std::all_of(choices.begin(), choices.end(),
                                [](const Choice& choice) { return choice.weight == 0; });
  for (Choice& choice : choices) {
    const bool fixed = choice.verb == Verb::kCall ? workload.calls.contains(choice.call)
                                                  : workload.weights.contains(choice.verb);
    if (none && !fixed) choice.weight = 1;
  }
  if (several) MakeReadsFrequent(workload, choices);
  std::erase_if(choices, [](const Choice& choice) { return choice.weight == 0; });
  FAULTFS_CHECK(!choices.empty(), "the parser refuses weights that leave nothing");
  return choices;
}

// ---- Keys --------------------------------------------------------------------------------------

enum class KeyStyle : uint8_t { kShort, kPrefix, kBinary, kLong, kEmpty };

std::string DrawKey(Random random, KeyStyle style, uint64_t index) {
  std::string key =
      index < 26 ? std::string(1, static_cast<char>('a' + index)) : "k" + std::to_string(index);
  switch (style) {
    case KeyStyle::kShort:
      break;
    case KeyStyle::kPrefix:  // a prefix of the next, as far as they go
      key = index < 26 ? std::string(index + 1, 'p') : "p" + key;
      break;
    case KeyStyle::kBinary: {
      constexpr std::string_view kBytes("\0\xff\n\"\\' \x01\x80", 10);
      const uint64_t length = Draw(random, 1, 6);
      for (uint64_t i = 0; i < length; ++i) key += kBytes[random.Below(kBytes.size())];
      break;
    }
    case KeyStyle::kLong: {
      const uint64_t repeats = Draw(random, 200, 1000) / key.size();
      const std::string unit = key;
      for (uint64_t i = 1; i < repeats; ++i) key += unit;
      break;
    }
    case KeyStyle::kEmpty:
      key.clear();
      break;
  }
  return key;
}

std::vector<std::string> DrawKeys(const Range& count, const Random& random) {
  std::vector<KeyStyle> styles = {KeyStyle::kShort};
  if (random.Fork("prefix").OneIn(3)) styles.push_back(KeyStyle::kPrefix);
  if (random.Fork("binary").OneIn(3)) styles.push_back(KeyStyle::kBinary);
  if (random.Fork("long").OneIn(4)) styles.push_back(KeyStyle::kLong);
  if (random.Fork("empty").OneIn(4)) styles.push_back(KeyStyle::kEmpty);
  const uint64_t wanted = Draw(random.Fork("count"), count);
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < wanted; ++i) {
    const Random one = random.Fork(i);
    std::string key = DrawKey(one, OneOf(one.Fork("style"), styles), i);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) key = DrawKey(one, styles[0], i);
    keys.push_back(std::move(key));
  }
  return keys;
}

// ---- Values ------------------------------------------------------------------------------------

/// Adds what lies within `all`.
void AddWithin(const Range& all, uint64_t low, uint64_t high, std::vector<Range>& ranges) {
  low = std::max(low, all.low);
  high = std::min(high, all.high);
  if (low <= high) ranges.push_back({low, high});
}

/// Sizes about a few multiples of a unit: just below, where a record with its header, key and
/// lengths fills the unit, and just above.
void AddAboutUnits(const Range& all, uint64_t unit, Random random, std::vector<Range>& ranges) {
  constexpr uint64_t kOverhead = 160;
  const uint64_t units = all.high / unit + 1;
  for (int i = 0; i < 3; ++i) {
    const uint64_t size = unit * Draw(random, 1, std::min<uint64_t>(units, 8));
    AddWithin(all, size - std::min(size, kOverhead), size + 1, ranges);
  }
}

/// Exactly the sizes that fill one or two sectors to their ends.
void AddFilledSectors(const Range& all, const std::vector<uint64_t>& overheads_bytes,
                      std::vector<Range>& ranges) {
  for (const uint64_t overhead : overheads_bytes) {
    for (const uint64_t filled : {1 * kSectorBytes, 2 * kSectorBytes}) {
      if (overhead <= filled) AddWithin(all, filled - overhead, filled - overhead, ranges);
    }
  }
}

std::vector<Range> DrawValueBytes(const Range& all, bool several, const Capabilities& can,
                                  const Random& random) {
  std::vector<Range> ranges;
  if (random.Fork("empty").OneIn(3)) AddWithin(all, 0, 0, ranges);
  if (!random.Fork("small").OneIn(4)) AddWithin(all, 1, all.low + 40, ranges);
  if (random.Fork("any").OneIn(2)) AddWithin(all, all.low, all.high, ranges);
  if (random.Fork("sectors").OneIn(2))
    AddAboutUnits(all, kSectorBytes, random.Fork("sector"), ranges);
  if (random.Fork("pages").OneIn(2) && !several)
    AddAboutUnits(all, 4096, random.Fork("page"), ranges);
  if (random.Fork("filled").OneIn(3)) AddFilledSectors(all, can.overheads_bytes, ranges);
  if (random.Fork("largest").OneIn(4)) AddWithin(all, all.high, all.high, ranges);
  if (ranges.empty()) ranges.push_back(all);
  return ranges;
}

// ---- Faults ------------------------------------------------------------------------------------

/// A template without `nth` gets one, early calls more often than late ones; but a disk is as large
/// as it is from the beginning.
std::string FaultOf(const std::string& fault, uint64_t operations, Random random) {
  const faultfs::Result<faultfs::FaultRule> rule = faultfs::ParseFaultRule(fault);
  if (rule.ok() && rule->fault.action == faultfs::IoDecision::Action::kFull) return fault;
  const uint64_t farthest = Draw(random, 1, 4 + 2 * operations);
  const std::string with_nth = fault + " nth=" + std::to_string(Draw(random, 1, farthest));
  return faultfs::ParseFaultRule(with_nth).ok() ? with_nth : fault;
}

std::vector<std::string> DrawFaults(const Workload& workload, uint64_t operations,
                                    const Random& random) {
  if (workload.faults.empty() || random.Fork("none").OneIn(4)) return {};
  const std::string chosen = OneOf(random.Fork("which"), workload.faults);
  return {FaultOf(chosen, operations, random.Fork("nth"))};
}

}  // namespace

Swarm DrawSwarm(const Workload& workload, const std::optional<ClientPlan>& clients,
                const Capabilities& can, bool works_in_background, const Random& random) {
  constexpr uint32_t kHot[] = {0, 0, 50, 80};
  constexpr uint32_t kHotOfSeveral[] = {30, 50, 70, 90};
  constexpr uint32_t kRepeat[] = {0, 10, 30};
  constexpr uint32_t kOwn[] = {0, 20, 60, 100};
  constexpr uint32_t kSync[] = {10, 50, 90};
  Swarm swarm;
  swarm.operations = Draw(random.Fork("operations"), workload.operations);
  const bool several = clients.has_value();
  if (several) {
    const Range count = {clients->least, clients->most};
    swarm.clients = static_cast<uint32_t>(Draw(random.Fork("clients"), count));
  }
  swarm.choices = DrawChoices(workload, several, can, works_in_background, random.Fork("verbs"));
  swarm.keys = DrawKeys(workload.keys, random.Fork("keys"));
  swarm.value_bytes = DrawValueBytes(workload.value_bytes, several, can, random.Fork("values"));
  swarm.hot_key =
      several ? OneOf(random.Fork("hot"), kHotOfSeveral) : OneOf(random.Fork("hot"), kHot);
  swarm.repeat_verb = OneOf(random.Fork("repeat"), kRepeat);
  if (workload.mixed_durability) swarm.own_durability = OneOf(random.Fork("durability"), kOwn);
  swarm.own_sync = OneOf(random.Fork("sync"), kSync);
  swarm.faults = DrawFaults(workload, swarm.operations, random.Fork("faults"));
  return swarm;
}

}  // namespace crashlab::internal
