// HistoryChecker: judges a run of several clients of a key-value store.
//
// What happens between an Open and the next one is a history. Its log is what the engine says of
// each mutation's place (Reply::sequence), and what the clients saw must fit to that (white_box.h).
// After a crash the dump must be a prefix of that log that holds all that had been promised when
// the crash came: calls invoked by then may have happened, calls that had returned by then bind.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/adapter.h"
#include "harness/history/history.h"
#include "harness/history/white_box.h"

namespace crashlab {

class HistoryChecker final : public Checker {
 public:
  /// `program` and `contract` must outlive the checker.
  HistoryChecker(const Program& program, const Contract& contract, Durability store_default);

  [[nodiscard]] std::optional<Violation> Take(const Event& event, const Reply& reply) override;
  /// Whether what the clients saw since the last Open fits to the log.
  [[nodiscard]] std::optional<Violation> Finish() override;
  void Cut() override { cut_ = true; }
  [[nodiscard]] std::optional<Violation> Judge(const Question& question) const override;
  [[nodiscard]] bool JudgesByHash() const override { return true; }
  [[nodiscard]] bool Undecided(size_t events) const override;
  [[nodiscard]] std::string Tell(size_t events) const override;

 private:
  /// From one Open to the next.
  struct Epoch {
    size_t begin = 0;  // the event of its Open
    Dump opened;
    std::vector<Call> calls;
    std::optional<size_t> reverted;  // the event, if pages went back to the disk's content
  };
  /// Events so far, whether power was lost, and (with rot) the events that are witnessed.
  using StatesKey = std::tuple<size_t, bool, std::optional<size_t>>;

  [[nodiscard]] const Epoch& EpochAt(size_t events) const { return epochs_[epoch_at_[events]]; }
  /// What had happened of its epoch after so many events. Sequences that calls in flight got later
  /// are in it: they are places in the log all the same.
  [[nodiscard]] History HistoryAt(size_t events, bool power_lost) const;
  /// Calls of HistoryAt that a cut left without an end: which places of the log they got is not
  /// known.
  [[nodiscard]] std::vector<size_t> CutAt(size_t events) const;
  [[nodiscard]] NextStates StatesOf(const History& history, const std::vector<size_t>& cut,
                                    const Obligations& due) const;
  [[nodiscard]] const NextStates& StatesAt(const StatesKey& key) const;
  [[nodiscard]] std::optional<Violation> JudgeOpened(const Event& event, const Dump& dump) const;
  [[nodiscard]] std::optional<Violation> JudgeDecided(const Question& question) const;
  [[nodiscard]] Violation NameOfNoPrefix(const Question& question) const;
  /// Whether it is a state that an earlier Open of the run left behind.
  [[nodiscard]] bool EndsBeforeOpen(const Question& question) const;
  [[nodiscard]] Violation NameOf(const Question& question) const;
  [[nodiscard]] const Call* WriterOf(const std::pair<std::string, std::string>& entry,
                                     size_t last_epoch) const;

  const Program& program_;
  const Contract& contract_;
  const Durability store_default_;
  std::vector<Epoch> epochs_;
  std::vector<size_t> epoch_at_;           // by number of events
  std::map<OpNumber, size_t> call_of_op_;  // in the last epoch
  bool cut_ = false;
  mutable std::map<StatesKey, NextStates> states_;
};

}  // namespace crashlab
