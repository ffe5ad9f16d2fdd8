// Chooser: the source of every decision in making a crash state. One piece of code (states.h) makes
// states; whether it enumerates, samples or replays is the chooser's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "faultfs/env/random.h"

namespace faultfs {

class Chooser {
 public:
  virtual ~Chooser() = default;
  /// A number in [0, count), count ≥ 1.
  [[nodiscard]] virtual uint32_t Choose(uint32_t count) = 0;
};

/// Walks the tree of all decisions, depth first: make one state, Advance, make the next.
class ExhaustiveChooser final : public Chooser {
 public:
  [[nodiscard]] uint32_t Choose(uint32_t count) override;
  /// Goes on to the next leaf. False when all were visited.
  [[nodiscard]] bool Advance();

 private:
  struct Decision {
    uint32_t chosen;
    uint32_t count;
  };
  std::vector<Decision> path_;
  size_t depth_ = 0;
};

/// Draws. Each state gets a bias of its own (mostly kept, even, mostly lost), because even odds for
/// each of fifty effects never come near to "one lost".
class RandomChooser final : public Chooser {
 public:
  explicit RandomChooser(Random random) : random_(random) {}
  [[nodiscard]] uint32_t Choose(uint32_t count) override;
  /// Draws the bias for the next state.
  void NewState();

 private:
  Random random_;
  uint32_t low_in_eight_ = 4;  // of eight yes-no choices, how many are 0
};

/// Gives back a list of decisions; 0 beyond its end.
class ReplayChooser final : public Chooser {
 public:
  explicit ReplayChooser(std::vector<uint32_t> choices) : choices_(std::move(choices)) {}
  [[nodiscard]] uint32_t Choose(uint32_t count) override;

 private:
  std::vector<uint32_t> choices_;
  size_t next_ = 0;
};

}  // namespace faultfs
