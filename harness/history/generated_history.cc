#include "harness/history/generated_history.h"

#include <algorithm>
#include <map>
#include <string>

namespace crashlab {
namespace {

using faultfs::Random;
using Map = std::map<std::string, std::string>;

constexpr uint64_t kValueBytes = 12;

void Apply(const Call& call, Map& map) {
  for (const Change& change : ChangesOf(call)) {
    if (change.kind == Change::Kind::kClear) map.clear();
    if (change.kind == Change::Kind::kErase) map.erase(change.key);
    if (change.kind == Change::Kind::kSet) map[change.key] = change.value;
  }
}

class Engine {
 public:
  Engine(const HistoryShape& shape, Durability durability, Random random)
      : shape_(shape), durability_(durability), random_(random), clients_(shape.clients) {}

  History Run() {
    const uint64_t all_calls = uint64_t{shape_.clients} * shape_.calls;
    // A crash comes at a time that is drawn: some calls are in flight then.
    while (shape_.ends_after_all && history_.calls.size() < all_calls) Move(AnyClient());
    uint64_t moves = shape_.ends_after_all ? random_.Below(uint64_t{shape_.clients} * 2)
                                           : 1 + random_.Below(all_calls * 3);
    for (; moves > 0; --moves) Move(AnyClient());
    return std::move(history_);
  }

  /// What the first `place` mutations of the log leave.
  [[nodiscard]] Dump After(size_t place) const {
    return Dump(prefixes_[place].begin(), prefixes_[place].end());
  }
  [[nodiscard]] size_t places() const { return prefixes_.size(); }
  /// How many mutations the log had when this call had taken effect; 0 if none of it can be seen.
  [[nodiscard]] uint64_t PlaceOf(size_t call) const {
    const auto found = place_of_.find(call);
    return found == place_of_.end() ? 0 : found->second;
  }

 private:
  enum class Stage : uint8_t { kIdle, kInvoked, kDone };
  struct Client {
    Stage stage = Stage::kIdle;
    size_t call = 0;
    uint32_t calls = 0;
  };

  Client& AnyClient() {
    while (true) {
      const uint64_t drawn = random_.Below(clients_.size());
      if (drawn >= shape_.slow_clients || random_.OneIn(8)) return clients_[drawn];
    }
  }

  void Move(Client& client) {
    ++tick_;
    switch (client.stage) {
      case Stage::kIdle:
        Invoke(client);
        break;
      case Stage::kInvoked:
        TakeEffect(history_.calls[client.call]);
        if (history_.calls[client.call].operation.verb != Verb::kFlush) {
          place_of_[client.call] = prefixes_.size() - 1;
        }
        client.stage = Stage::kDone;
        break;
      case Stage::kDone:
        Answer(history_.calls[client.call]);
        client.stage = Stage::kIdle;
        break;
    }
  }

  void Invoke(Client& client) {
    if (client.calls == shape_.calls) return;
    ++client.calls;
    client.call = history_.calls.size();
    client.stage = Stage::kInvoked;
    Call call;
    call.number = static_cast<OpNumber>(history_.calls.size() + 1);
    call.client = static_cast<uint32_t>(&client - clients_.data());
    call.invoked = tick_;
    call.operation = AnyOperation();
    history_.calls.push_back(std::move(call));
  }

  std::string AnyKey() {
    return std::string(1, static_cast<char>('a' + random_.Below(shape_.keys)));
  }

  Operation AnyOperation() {
    Operation operation;
    if (shape_.batches && random_.OneIn(2)) {
      operation.verb = Verb::kBatch;
      for (int i = 0; i < 3; ++i) {
        operation.batch.push_back(
            {.erase = random_.OneIn(4), .key = AnyKey(), .value_bytes = kValueBytes});
      }
      return operation;
    }
    operation.key = AnyKey();
    const uint64_t die = random_.Below(shape_.whole_reads ? 14 : 10);
    if (die < 4) {
      operation.verb = Verb::kSet;
      operation.value_bytes = kValueBytes;
    } else if (die < 5) {
      operation.verb = Verb::kDelete;
    } else if (die < 6) {
      operation.verb = Verb::kBatch;
      operation.key.clear();
      operation.batch = {{.erase = false, .key = AnyKey(), .value_bytes = kValueBytes},
                         {.erase = random_.OneIn(3), .key = AnyKey(), .value_bytes = kValueBytes}};
    } else if (die < 9) {
      operation.verb = Verb::kGet;
    } else {
      constexpr Verb kOthers[] = {Verb::kContains, Verb::kSize, Verb::kForEach, Verb::kClear,
                                  Verb::kFlush};
      operation.verb = kOthers[die - 9];
    }
    if (TakesDurability(operation.verb) && random_.OneIn(4)) {
      operation.durability =
          durability_ == Durability::kSync ? Durability::kBuffered : Durability::kSync;
    }
    return operation;
  }

  void TakeEffect(Call& call) {
    const auto it = map_.find(call.operation.key);
    switch (call.operation.verb) {
      case Verb::kGet:
        if (it != map_.end()) call.reply.value = it->second;
        return;
      case Verb::kContains:
        call.reply.number = it != map_.end() ? 1 : 0;
        return;
      case Verb::kSize:
        call.reply.number = map_.size();
        return;
      case Verb::kForEach:
        call.reply.dump = Dump(map_.begin(), map_.end());
        return;
      case Verb::kFlush:
        return;
      default:
        // Half of the failures left nothing in the log.
        call.outcome = !random_.OneIn(shape_.one_error_in) ? Outcome::kOk
                       : random_.OneIn(2)                  ? Outcome::kFail
                                                           : Outcome::kInfo;
        if (call.outcome == Outcome::kFail) return;
        call.sequence = prefixes_.size();
        if (call.outcome == Outcome::kOk) Apply(call, map_);
        Map logged = prefixes_.back();
        Apply(call, logged);
        prefixes_.push_back(std::move(logged));
        return;
    }
  }

  void Answer(Call& call) {
    call.returned = tick_;
    if (!IsMutation(call.operation)) call.outcome = Outcome::kOk;
  }

  const HistoryShape shape_;
  const Durability durability_;
  Random random_;
  std::vector<Client> clients_;
  History history_;
  uint64_t tick_ = 0;
  Map map_;
  std::vector<Map> prefixes_ = {{}};
  std::map<size_t, uint64_t> place_of_;  // by index of the call
};

void Spoil(History& history, Random random) {
  std::vector<Call>& calls = history.calls;
  if (calls.empty()) return;
  Call& call = calls[random.Below(calls.size())];
  const Call& other = calls[random.Below(calls.size())];
  switch (random.Below(3)) {
    case 0: {
      const std::vector<Change> changes = ChangesOf(other);
      call.reply.value.reset();
      if (!changes.empty() && !random.OneIn(3)) call.reply.value = changes.front().value;
      call.reply.number ^= 1;
      break;
    }
    case 1:
      if (call.sequence.has_value() && other.sequence.has_value()) call.sequence = other.sequence;
      break;
    default:
      if (!history.recovered.empty() && random.OneIn(2)) {
        history.recovered.erase(history.recovered.begin() +
                                static_cast<ptrdiff_t>(random.Below(history.recovered.size())));
      } else {
        Map map;
        for (const Call& one : calls) {
          if (random.OneIn(2)) Apply(one, map);
        }
        history.recovered = Dump(map.begin(), map.end());
      }
  }
}

}  // namespace

History GenerateHistory(const HistoryShape& shape, Durability durability, const Contract& contract,
                        Random random) {
  Engine engine(shape, durability, random.Fork("engine"));
  History history = engine.Run();
  history.power_lost = random.Fork("power").OneIn(2);
  const Obligations due = ObligationsOf(history, contract, durability);
  uint64_t lower = 0;
  for (size_t i = 0; i < history.calls.size(); ++i) {
    const Call& call = history.calls[i];
    const bool before_barrier = call.returned.has_value() && call.outcome == Outcome::kOk &&
                                *call.returned < due.read_after;
    if (due.survives[i] || before_barrier) lower = std::max(lower, engine.PlaceOf(i));
  }
  const uint64_t room = engine.places() - lower;
  history.recovered = engine.After(lower + random.Fork("end").Below(room));
  if (shape.wrong) Spoil(history, random.Fork("spoil"));
  return history;
}

}  // namespace crashlab
