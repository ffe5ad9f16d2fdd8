// KvOracle: the reference model of a key-value store with one client.
//
// The mutations of a run in the order of the log are m1..mn, and S(k) is the map after the first k.
// After a crash the dump must equal S(k) for some k between the frontier that the crash leaves (P
// after the death of the process, D after power loss) and the newest mutation invoked. The
// frontiers follow from acknowledgements seen by the harness and from nothing that the engine says
// of itself. docs/oracle.md has the rules and their reasons.
//
// A mutation that ended without an answer (Outcome::kInfo) may or may not be there until the next
// Open decides: each such one doubles the worlds that are kept; above kMaxWorlds the oracle is
// undecided and says so.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faultfs/sim/hash.h"
#include "harness/adapter.h"

namespace crashlab {

class KvOracle final : public Checker {
 public:
  static constexpr size_t kMaxWorlds = 64;

  /// `program` and `contract` must outlive the oracle.
  KvOracle(const Program& program, const Contract& contract, Durability store_default);

  [[nodiscard]] std::optional<Violation> Take(const Event& event, const Reply& reply) override;
  [[nodiscard]] std::optional<Violation> Judge(const Question& question) const override;
  [[nodiscard]] bool Undecided(size_t events) const override;

 private:
  using Hash128 = faultfs::Hash128;

  /// One entry of a map: which operation wrote it, and its EntryHash.
  struct Cell {
    OpNumber op = 0;
    Hash128 hash;
  };
  using Map = std::map<std::string, Cell, std::less<>>;

  /// The map after the mutations up to `op` that this world has.
  struct Cut {
    OpNumber op;
    Hash128 hash;
  };
  struct World {
    Map map;
    Hash128 hash;
    std::vector<Cut> cuts;  // the first: the map that the Open before showed
  };
  /// From one Open to the next.
  struct Epoch {
    std::vector<World> worlds;  // the first: without any of the unanswered mutations
    bool overflow = false;
  };
  /// What is known after so many events.
  struct Bounds {
    size_t epoch = 0;
    std::vector<size_t> cuts;        // of each world that there was, how many cuts
    std::vector<Hash128> in_flight;  // of each world, with the mutation in flight; or empty
    OpNumber in_flight_op = 0;
    OpNumber process = 0;  // P: every answered mutation up to here is there
    OpNumber power = 0;    // D
    bool undecided = false;
  };
  /// A change of one operation: what it does to a key, in order.
  struct Change {
    bool clear = false;
    bool erase = false;
    std::string key;
    Hash128 hash;
  };

  void Invoke(OpNumber op);
  [[nodiscard]] std::optional<Violation> Return(const Event& event, const Reply& reply);
  [[nodiscard]] std::optional<Violation> CheckRead(OpNumber op, const Reply& reply);
  [[nodiscard]] std::optional<Violation> Opened(const Event& event, const Reply& reply);
  void StartEpoch(OpNumber op, const Dump& dump);
  void Raise(Promise promise, OpNumber op);

  [[nodiscard]] const Operation& At(OpNumber op) const { return program_[op - 1]; }
  [[nodiscard]] static bool Touches(const std::vector<Change>& changes, std::string_view key);
  static void Apply(const std::vector<Change>& changes, OpNumber op, Map& map, Hash128& hash);

  [[nodiscard]] std::optional<Violation> JudgeBounds(const Bounds& bounds, OpNumber frontier,
                                                     const Dump& seen, Hash128 hash) const;
  [[nodiscard]] std::optional<Violation> JudgeDecided(const Question& question) const;
  [[nodiscard]] Violation Classify(const Bounds& bounds, OpNumber frontier, const Dump& seen) const;
  [[nodiscard]] bool Torn(OpNumber op, const std::map<std::string, OpNumber>& sources) const;
  [[nodiscard]] std::string Lost(OpNumber after, OpNumber up_to) const;

  const Program& program_;
  const Contract& contract_;
  const Durability store_default_;
  std::vector<std::vector<Change>> changes_;   // by operation number
  std::map<Hash128, OpNumber> entry_writers_;  // EntryHash -> the operation that wrote it
  std::map<Hash128, OpNumber> value_writers_;  // hash of the value alone

  std::vector<Epoch> epochs_;
  std::vector<Bounds> bounds_;  // by number of events
  Bounds now_;
  OpNumber newest_acked_ = 0;  // of the mutations
  OpNumber acked_at_invoke_ = 0;
  bool voided_ = false;  // an error proved nothing: P is no more than D until an Open
};

}  // namespace crashlab
