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
  [[nodiscard]] bool JudgesByHash() const override { return true; }

 private:
  using Hash128 = faultfs::Hash128;

  /// One entry of a map: which operation of the epoch wrote it, and its EntryHash.
  struct Cell {
    OpNumber op = 0;  // 0: it was there when the epoch began
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
    OpNumber opened;            // the operation of the Open
    Map start;                  // what the Open showed
    std::vector<World> worlds;  // the first: without any of the unanswered mutations
  };
  /// What is known after so many events.
  struct Bounds {
    size_t epoch = 0;
    std::vector<size_t> cuts;        // of each world that there was, how many cuts
    std::vector<Hash128> in_flight;  // of each world, with the mutation in flight; or empty
    OpNumber upper = 0;              // the newest operation invoked
    OpNumber process = 0;            // P: every answered mutation up to here is there
    OpNumber power = 0;              // D
    bool undecided = false;
  };
  /// A change of one operation: what it does to a key, in order.
  struct Change {
    bool clear = false;
    bool erase = false;
    size_t edit = 0;  // of a batch
    std::string key;
    Hash128 hash;
  };
  /// Who wrote an entry.
  struct Writer {
    OpNumber op = 0;
    size_t edit = 0;
  };
  /// Of each entry of a dump.
  using Sources = std::map<std::string, Writer>;

  // oracle.cc: what happened.
  void AddSet(OpNumber op, size_t edit, const std::string& key, uint64_t value_bytes);
  void Invoke(OpNumber op);
  [[nodiscard]] std::optional<Violation> Return(const Event& event, const Reply& reply);
  void Branch(OpNumber op);
  [[nodiscard]] std::optional<Violation> CheckRead(OpNumber op, const Reply& reply);
  void Vouch(OpNumber op);
  void CountRead(OpNumber op);
  [[nodiscard]] OpNumber SourceOf(const Operation& read) const;
  [[nodiscard]] std::optional<Violation> Opened(const Event& event, const Reply& reply);
  void StartEpoch(OpNumber op, const Dump& dump);
  void Raise(Promise promise, OpNumber op);
  void Void();
  static void Apply(const std::vector<Change>& changes, OpNumber op, Map& map, Hash128& hash);
  [[nodiscard]] static Hash128 HashAfter(const std::vector<Change>& changes, const Map& map,
                                         Hash128 hash);

  // oracle_judge.cc: what is allowed, and what to call that which is not.
  [[nodiscard]] std::optional<Violation> JudgeBounds(const Bounds& bounds, OpNumber frontier,
                                                     const Dump& seen, Hash128 hash) const;
  [[nodiscard]] std::optional<Violation> JudgeRotten(const Question& question) const;
  [[nodiscard]] std::optional<Violation> JudgeDecided(const Bounds& bounds,
                                                      const Question& question) const;
  [[nodiscard]] bool EndsBeforeOpen(size_t epoch, Hash128 hash) const;
  [[nodiscard]] std::optional<Violation> ForeignEntry(const Dump& seen) const;
  [[nodiscard]] Sources SourcesOf(const Bounds& bounds, const Dump& seen) const;
  [[nodiscard]] std::optional<Violation> TornBatch(const Bounds& bounds,
                                                   const Sources& sources) const;
  [[nodiscard]] std::optional<Violation> Resurrected(const Bounds& bounds, OpNumber frontier,
                                                     const Dump& seen,
                                                     const Sources& sources) const;
  [[nodiscard]] Violation Hole(const Bounds& bounds, const Sources& sources) const;
  [[nodiscard]] bool Torn(OpNumber op, const Sources& sources, OpNumber upper) const;
  [[nodiscard]] bool ThereBefore(OpNumber op, std::string_view key) const;
  [[nodiscard]] Map Replayed(size_t epoch, size_t cuts) const;
  [[nodiscard]] bool ErasedWithin(OpNumber after, OpNumber up_to, std::string_view key) const;
  [[nodiscard]] std::string Lost(OpNumber after, OpNumber up_to) const;

  [[nodiscard]] const Operation& At(OpNumber op) const { return program_[op - 1]; }
  [[nodiscard]] bool Refused(OpNumber op) const { return outcomes_[op] == Outcome::kFail; }

  const Program& program_;
  const Contract& contract_;
  const Durability store_default_;
  std::vector<std::vector<Change>> changes_;  // by operation number
  std::vector<Outcome> outcomes_;             // by operation number; kOk before it returns
  std::map<Hash128, std::vector<Writer>> entry_writers_;  // by EntryHash, ascending
  std::map<Hash128, OpNumber> value_writers_;             // by the hash of the value alone

  std::vector<Epoch> epochs_;
  std::vector<Bounds> bounds_;  // by number of events
  Bounds now_;
  OpNumber newest_acked_ = 0;  // of the mutations
  OpNumber acked_at_invoke_ = 0;
  bool voided_ = false;    // an error proved nothing: P is no more than D until the next mutation
                           // that is acknowledged, or the next Open
  bool reverted_ = false;  // likewise, pages went back to the disk's content: until the next Open
};

}  // namespace crashlab
