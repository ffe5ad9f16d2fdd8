#include "faultfs/crash/chooser.h"

#include <iterator>

#include "faultfs/env/check.h"

namespace faultfs {

uint32_t ExhaustiveChooser::Choose(uint32_t count) {
  FAULTFS_CHECK(count > 0, "a decision has at least one outcome");
  if (depth_ == path_.size()) path_.push_back({0, count});
  FAULTFS_CHECK(path_[depth_].count == count, "the same decisions lead to the same question");
  return path_[depth_++].chosen;
}

bool ExhaustiveChooser::Advance() {
  path_.resize(depth_);
  depth_ = 0;
  while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().chosen;
  return true;
}

uint32_t RandomChooser::Choose(uint32_t count) {
  FAULTFS_CHECK(count > 0, "a decision has at least one outcome");
  if (count == 1) return 0;
  if (count == 2) return random_.Below(8) < low_in_eight_ ? 0 : 1;
  return static_cast<uint32_t>(random_.Below(count));
}

void RandomChooser::NewState() {
  constexpr uint32_t kBiases[] = {1, 2, 4, 4, 6, 7};
  low_in_eight_ = kBiases[random_.Below(std::size(kBiases))];
}

uint32_t ReplayChooser::Choose(uint32_t count) {
  const uint32_t choice = next_ < choices_.size() ? choices_[next_++] : 0;
  FAULTFS_CHECK(choice < count, "a replayed decision fits the question");
  return choice;
}

}  // namespace faultfs
