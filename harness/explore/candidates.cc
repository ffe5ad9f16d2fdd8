#include "harness/explore/candidates.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "faultfs/env/check.h"
#include "harness/client_plan.h"

namespace crashlab {
namespace {

using Kind = Reduction::Kind;

/// Ranges of 0..size, each size half of the one before, to single elements; the whole is not one.
void AddRanges(Kind kind, size_t operation, size_t size, std::vector<Reduction>& out) {
  for (size_t length = (size + 1) / 2; length > 0; length /= 2) {
    for (size_t begin = 0; begin < size; begin += length) {
      const size_t count = std::min(length, size - begin);
      if (count < size || size == 1) out.push_back({kind, operation, begin, count});
    }
  }
}

/// Whether it is known which client goes on where.
bool HasPicks(const Case& c) {
  return c.clients && c.clients->schedule && !NumberOfSchedule(*c.clients->schedule);
}

/// Which clients have operations of their own.
std::vector<bool> ClientsAtWork(const Program& program) {
  std::vector<bool> at_work(ClientsOf(program), false);
  for (const Operation& operation : program) {
    if (!IsEverybodys(operation.verb)) at_work[operation.client] = true;
  }
  return at_work;
}

/// Every pair of clients at work. One that is not only goes: the next one takes its number.
void AddMerges(const Case& c, std::vector<Reduction>& out) {
  const std::vector<bool> at_work = ClientsAtWork(c.program);
  for (size_t client = 1; client < at_work.size(); ++client) {
    for (size_t into = 0; into < client; ++into) {
      const bool both = at_work[client] && at_work[into];
      const bool closes_gap = into + 1 == client && !at_work[into];
      if (both || closes_gap) out.push_back({Kind::kMergeClient, 0, client, into});
    }
  }
}

void MergeClient(Case& c, uint32_t client, uint32_t into) {
  const auto rename = [client, into](uint32_t& of) {
    if (of == client) of = into;
    if (of > client) --of;
  };
  for (Operation& operation : c.program) rename(operation.client);
  if (!HasPicks(c)) return;
  std::vector<ScheduleRun> runs = RunsOf(*c.clients->schedule);
  for (ScheduleRun& run : runs) rename(run.client);
  c.clients->schedule = PrintSchedule(runs);
}

/// Of a text in which each run is of another client than the one before, as reports print it.
void AddSwitches(const Case& c, std::vector<Reduction>& out) {
  if (!HasPicks(c)) return;
  const size_t runs = RunsOf(*c.clients->schedule).size();
  for (size_t run = 0; runs > 1 && run < runs; ++run) {
    out.push_back({Kind::kDropSwitch, 0, run, 0});
  }
}

void DropSwitch(Case& c, size_t run) {
  std::vector<ScheduleRun> runs = RunsOf(*c.clients->schedule);
  FAULTFS_CHECK(run < runs.size(), "a reduction is of the case it was made for");
  runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(run));
  c.clients->schedule = PrintSchedule(runs);
}

/// Smaller sizes worth trying for a value, the smallest first.
void AddSizes(size_t operation, size_t edit, uint64_t value_bytes, std::vector<Reduction>& out) {
  for (uint64_t size : {uint64_t{0}, uint64_t{10}, uint64_t{512}, value_bytes / 2}) {
    if (size < value_bytes) out.push_back({Kind::kShrinkValue, operation, edit, size});
  }
}

/// A key of one letter: 'a' for the first key of the program, 'b' for the next. All operations on
/// the key change together, or they would not be on one key any more.
std::string PlainKey(const Case& c, const std::string& key) {
  std::vector<std::string> keys;
  const auto note = [&keys](const std::string& k) {
    if (std::find(keys.begin(), keys.end(), k) == keys.end()) keys.push_back(k);
  };
  for (const Operation& operation : c.program) {
    note(operation.key);
    for (const Edit& edit : operation.batch) note(edit.key);
  }
  const auto at = std::find(keys.begin(), keys.end(), key) - keys.begin();
  std::string plain;
  for (auto n = at; n >= 0; n = n / 26 - 1)
    plain.insert(plain.begin(), static_cast<char>('a' + n % 26));
  return plain;
}

bool IsPlain(const std::string& key) {
  return key.size() <= 2 &&
         std::all_of(key.begin(), key.end(), [](char ch) { return ch >= 'a' && ch <= 'z'; });
}

bool UsesKey(const Case& c, const std::string& key) {
  return std::any_of(c.program.begin(), c.program.end(), [&](const Operation& operation) {
    return operation.key == key || std::any_of(operation.batch.begin(), operation.batch.end(),
                                               [&](const Edit& edit) { return edit.key == key; });
  });
}

void RenameKey(Case& c, const std::string& from, const std::string& to) {
  for (Operation& operation : c.program) {
    if (operation.key == from) operation.key = to;
    for (Edit& edit : operation.batch) {
      if (edit.key == from) edit.key = to;
    }
  }
}

bool HasKey(const Operation& operation) {
  return operation.verb == Verb::kSet || operation.verb == Verb::kDelete ||
         operation.verb == Verb::kGet || operation.verb == Verb::kContains;
}

void AddKey(const Case& c, size_t operation, size_t edit, const std::string& key,
            std::vector<Reduction>& out) {
  if (!IsPlain(key) && !UsesKey(c, PlainKey(c, key))) {
    out.push_back({Kind::kShortenKey, operation, edit, 0});
  }
}

/// Larger ranges come first; everything else is in the order of the program.
auto Rank(const Reduction& r) {
  const bool ranged = r.kind == Kind::kDropOperations || r.kind == Kind::kDropEdits;
  return std::make_tuple(r.kind, r.kind == Kind::kDropOperations ? size_t{0} : r.operation,
                         ranged ? SIZE_MAX - r.count : size_t{0}, r.begin,
                         ranged ? size_t{0} : r.count);
}

}  // namespace

std::vector<Reduction> ReductionsOf(const Case& c) {
  std::vector<Reduction> out;
  AddRanges(Kind::kDropOperations, 0, c.program.size(), out);
  AddMerges(c, out);
  for (size_t i = 0; i < c.program.size(); ++i) {
    AddRanges(Kind::kDropEdits, i, c.program[i].batch.size(), out);
  }
  for (size_t i = 0; i < c.faults.size(); ++i) out.push_back({Kind::kDropFault, 0, i, 0});
  if (c.crash.chain.size() > 1) {
    for (size_t i = 0; i < c.crash.chain.size(); ++i) out.push_back({Kind::kDropCrash, 0, i, 0});
  }
  for (size_t i = 0; i < c.program.size(); ++i) {
    if (c.program[i].durability.has_value()) out.push_back({Kind::kPlainDurability, i, 0, 0});
  }
  for (size_t i = 0; i < c.program.size(); ++i) {
    const Operation& operation = c.program[i];
    if (HasKey(operation)) AddKey(c, i, 0, operation.key, out);
    for (size_t e = 0; e < operation.batch.size(); ++e) {
      AddKey(c, i, e, operation.batch[e].key, out);
    }
  }
  for (size_t i = 0; i < c.program.size(); ++i) {
    const Operation& operation = c.program[i];
    AddSizes(i, 0, operation.value_bytes, out);
    for (size_t e = 0; e < operation.batch.size(); ++e) {
      AddSizes(i, e, operation.batch[e].value_bytes, out);
    }
  }
  AddSwitches(c, out);
  return out;
}

Case Reduce(const Case& c, const Reduction& r) {
  Case smaller = c;
  const auto erase = [&r](auto& list) {
    FAULTFS_CHECK(r.begin + r.count <= list.size(), "a reduction is of the case it was made for");
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(r.begin);
    list.erase(first, first + static_cast<std::ptrdiff_t>(r.count));
  };
  const auto erase_one = [&r](auto& list) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(r.begin));
  };
  Operation none;
  Operation& operation = r.operation < smaller.program.size() ? smaller.program[r.operation] : none;
  const bool in_batch = operation.verb == Verb::kBatch;
  switch (r.kind) {
    case Kind::kDropOperations:
      erase(smaller.program);
      break;
    case Kind::kMergeClient:
      MergeClient(smaller, static_cast<uint32_t>(r.begin), static_cast<uint32_t>(r.count));
      break;
    case Kind::kDropEdits:
      erase(operation.batch);
      break;
    case Kind::kDropFault:
      erase_one(smaller.faults);
      break;
    case Kind::kDropCrash:
      erase_one(smaller.crash.chain);
      break;
    case Kind::kPlainDurability:
      operation.durability.reset();
      break;
    case Kind::kShortenKey: {
      const std::string key = in_batch ? operation.batch[r.begin].key : operation.key;
      RenameKey(smaller, key, PlainKey(c, key));
      break;
    }
    case Kind::kShrinkValue:
      (in_batch ? operation.batch[r.begin].value_bytes : operation.value_bytes) = r.count;
      break;
    case Kind::kDropSwitch:
      DropSwitch(smaller, r.begin);
      break;
  }
  return smaller;
}

bool AtOrAfter(const Reduction& a, const Reduction& b) { return Rank(a) >= Rank(b); }

std::vector<Case> Candidates(const Case& c) {
  std::vector<Case> cases;
  for (const Reduction& reduction : ReductionsOf(c)) cases.push_back(Reduce(c, reduction));
  return cases;
}

}  // namespace crashlab
