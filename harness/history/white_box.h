// Whether the order that an engine says it gave its mutations explains what several clients saw.
//
// The sequence numbers are a witness: the clients' own view must fit to them. What must have
// survived a crash still comes from the acknowledgements alone (ORACLE: the rule).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/sim/hash.h"
#include "harness/history/history.h"
#include "harness/verdict.h"

namespace crashlab {

struct WhiteBoxAnswer {
  Answer answer = Answer::kUnknown;  // kUnknown: more open errors than worlds are kept for
  std::optional<Violation> violation = {};
};

/// What the next Open may show, by the hashes of the contents.
struct NextStates {
  bool known = false;  // not if more errors are open than worlds are kept for
  std::set<faultfs::Hash128> legal;
  std::set<faultfs::Hash128> early;  // of prefixes of the log that lack what was promised
  std::string promised = {};         // the last mutation that was, for people; empty: none
};

/// LOST_ACKED: the next Open showed one of the early ones.
[[nodiscard]] Violation LostAcked(const NextStates& states);

/// The log of a history as its sequences tell it.
class WhiteBox {
 public:
  /// `history` must outlive it. What its next Open showed is not looked at.
  explicit WhiteBox(const History& history);

  /// Sequences are unique, respect real time, and every acknowledged mutation has one; each read
  /// fits at a place in the log that is not before what was acknowledged, or read, before it was
  /// invoked, and not behind what was invoked after it returned. O(n log n).
  [[nodiscard]] std::optional<Violation> CheckClients() const;
  /// The prefixes of the log that hold all that is due, in each world of open errors.
  [[nodiscard]] NextStates StatesAfter(const Obligations& due) const;
  /// Whether a prefix of the log, or one that goes on from it, leaves `seen` first and then
  /// `later`, in some world of open errors.
  [[nodiscard]] bool Passes(faultfs::Hash128 seen, faultfs::Hash128 later) const;
  /// What to call a content that is no prefix of the log at all. PHANTOM, WRONG_VALUE, TORN_BATCH
  /// or HOLE.
  [[nodiscard]] Violation WhatIsWrong(const Dump& seen) const;

 private:
  /// What held from a place in the log until the next entry: place p is after the p-th mutation.
  template <typename T>
  using Timeline = std::vector<std::pair<uint64_t, T>>;
  struct Timelines {
    std::map<std::string, Timeline<std::optional<std::string>>> values;  // by key
    Timeline<uint64_t> sizes;
    Timeline<faultfs::Hash128> contents;
  };

  /// The calls of the log that may be left out; nothing if they are more than worlds are kept for.
  [[nodiscard]] std::optional<std::vector<size_t>> OpenCalls() const;
  /// `visit(place, hash)` of each prefix of the log, from the empty one on, in the world where of
  /// `open` those with a bit in `world` happened.
  template <typename Visit>
  void WalkPrefixes(const std::vector<size_t>& open, uint64_t world, const Visit& visit) const;
  [[nodiscard]] std::string Named(size_t call) const;
  [[nodiscard]] std::optional<Violation> CheckLog() const;
  /// The place that each read saw, by call, as far as it fits; of others 0.
  [[nodiscard]] std::optional<Violation> PlaceReads(std::vector<uint64_t>& read_at) const;
  /// The place up to which everything is due.
  [[nodiscard]] uint64_t PlaceDue(const Obligations& due) const;
  [[nodiscard]] Timelines MakeTimelines() const;
  template <typename T, typename Fits>
  [[nodiscard]] uint64_t FirstPlace(const Timeline<T>& line, uint64_t low, uint64_t high,
                                    const Fits& fits) const;
  [[nodiscard]] uint64_t PlaceOfRead(const Timelines& lines, const Call& read, uint64_t low,
                                     uint64_t high) const;
  [[nodiscard]] std::map<uint64_t, uint64_t> FirstPlacesInvokedFrom() const;
  [[nodiscard]] bool IsTorn(size_t place, const std::map<std::string, std::string>& seen) const;

  const History& history_;
  std::vector<size_t> log_;      // calls by sequence
  std::vector<uint64_t> place_;  // by call: in the log, from 1; 0: not in it
};

/// All of it, of one history.
[[nodiscard]] WhiteBoxAnswer CheckWhiteBox(const History& history, const Contract& contract,
                                           Durability store_default);

}  // namespace crashlab
