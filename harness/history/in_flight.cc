#include "harness/history/in_flight.h"

#include <algorithm>
#include <cstdint>

#include "faultfs/env/check.h"

namespace crashlab {
namespace {

class Placing {
 public:
  Placing(const History& history, const std::vector<size_t>& cut, size_t most,
          const std::function<void(const History&)>& visit)
      : history_(history), cut_(cut), most_(most), visit_(visit), world_(history) {
    for (size_t i = 0; i < history.calls.size(); ++i) {
      if (history.calls[i].sequence.has_value()) log_.push_back(i);
    }
    std::sort(log_.begin(), log_.end(), [&history](size_t a, size_t b) {
      return *history.calls[a].sequence < *history.calls[b].sequence;
    });
  }

  bool Run() { return Place(0); }

 private:
  /// The n-th of the calls, at each place, and all that come after it.
  bool Place(size_t n) {
    if (n == cut_.size()) return Visit();
    const uint64_t invoked = history_.calls[cut_[n]].invoked;
    for (size_t at = log_.size() + 1; at-- > 0;) {
      if (HasRoom(at)) {
        log_.insert(log_.begin() + static_cast<std::ptrdiff_t>(at), cut_[n]);
        const bool all = Place(n + 1);
        log_.erase(log_.begin() + static_cast<std::ptrdiff_t>(at));
        if (!all) return false;
      }
      if (at == 0) break;
      const Call& before = history_.calls[log_[at - 1]];
      if (before.returned.has_value() && *before.returned < invoked) break;
    }
    return true;
  }

  /// Whether another one fits just before log_[at]: sequences are whole numbers.
  [[nodiscard]] bool HasRoom(size_t at) const {
    size_t low = at;
    while (low > 0 && !SequenceAt(low - 1)) --low;
    size_t high = at;
    while (high < log_.size() && !SequenceAt(high)) ++high;
    if (low == 0 || high == log_.size()) return true;
    return *SequenceAt(high) - *SequenceAt(low - 1) - 1 > high - low;
  }

  [[nodiscard]] const std::optional<uint64_t>& SequenceAt(size_t place) const {
    return history_.calls[log_[place]].sequence;
  }

  bool Visit() {
    if (visited_++ == most_) return false;
    for (size_t place = 0; place < log_.size(); ++place) {
      world_.calls[log_[place]].sequence = place + 1;
    }
    visit_(world_);
    return true;
  }

  const History& history_;
  const std::vector<size_t>& cut_;
  const size_t most_;
  const std::function<void(const History&)>& visit_;
  History world_;
  std::vector<size_t> log_;  // calls in the order of the log
  size_t visited_ = 0;
};

}  // namespace

bool ForEachPlacing(const History& history, const std::vector<size_t>& cut, size_t most,
                    const std::function<void(const History&)>& visit) {
  for (const size_t i : cut) {
    FAULTFS_CHECK(!history.calls[i].sequence.has_value(), "what has a place keeps it");
  }
  return Placing(history, cut, most, visit).Run();
}

}  // namespace crashlab
