#include "faultfs/sim/schedule.h"

#include <algorithm>
#include <charconv>

#include "faultfs/env/check.h"

namespace faultfs {
namespace {

bool Contains(std::span<const uint32_t> clients, uint32_t client) {
  return std::find(clients.begin(), clients.end(), client) != clients.end();
}

/// Takes a whole number from the front of `text`.
template <typename Number>
bool TakeNumber(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

}  // namespace

uint32_t RandomWalk::Pick(std::span<const uint32_t> runnable, std::optional<uint32_t>) {
  return runnable[random_.Below(runnable.size())];
}

PctSchedule::PctSchedule(uint64_t seed, uint32_t depth, uint64_t length)
    : seed_(seed), depth_(depth) {
  FAULTFS_CHECK(depth >= 1 && depth <= length, "a program has as many points as changes");
  Random random = Random(seed).Fork("changes");
  while (changes_.size() + 1 < depth) changes_.insert(random.Below(length) + 1);
}

uint32_t PctSchedule::Pick(std::span<const uint32_t> runnable, std::optional<uint32_t> current) {
  if (changes_.contains(picks_++) && current.has_value()) PriorityOf(*current) = --depth_;
  return *std::max_element(runnable.begin(), runnable.end(), [this](uint32_t a, uint32_t b) {
    return PriorityOf(a) < PriorityOf(b);
  });
}

// Those that fell are below all others, each below the one before.
uint64_t& PctSchedule::PriorityOf(uint32_t client) {
  const auto [found, is_new] = priorities_.try_emplace(client, 0);
  if (is_new) found->second = Random(seed_).Fork(client).Next() | uint64_t{1} << 63;
  return found->second;
}

uint32_t ExhaustiveSchedule::Pick(std::span<const uint32_t> runnable,
                                  std::optional<uint32_t> current) {
  const Choice* const before = depth_ > 0 ? &choices_[depth_ - 1] : nullptr;
  const uint32_t preemptions =
      before == nullptr ? 0 : before->preemptions + (before->preempts && before->taken > 0 ? 1 : 0);
  if (runnable.size() == 1) return runnable.front();
  if (current.has_value() && preemptions >= max_preemptions_) return *current;
  if (depth_ == choices_.size()) {
    Choice choice{.clients = {}, .preemptions = preemptions, .preempts = current.has_value()};
    if (current.has_value()) choice.clients.push_back(*current);
    for (const uint32_t client : runnable) {
      if (client != current) choice.clients.push_back(client);
    }
    choices_.push_back(std::move(choice));
  }
  const Choice& choice = choices_[depth_++];
  const uint32_t picked = choice.clients[choice.taken];
  FAULTFS_CHECK(choice.clients.size() == runnable.size() && Contains(runnable, picked),
                "a run follows from the picks alone");
  return picked;
}

bool ExhaustiveSchedule::Next() {
  FAULTFS_CHECK(depth_ == choices_.size(), "a run follows from the picks alone");
  depth_ = 0;
  while (!choices_.empty() && ++choices_.back().taken == choices_.back().clients.size()) {
    choices_.pop_back();
  }
  return !choices_.empty();
}

Result<ReplaySchedule> ReplaySchedule::Parse(std::string_view text) {
  ReplaySchedule schedule;
  const std::string all(text);
  while (!text.empty()) {
    Run run{.client = 0, .length = 1};
    bool ok = TakeNumber(text, run.client);
    if (ok && text.starts_with('*')) {
      text.remove_prefix(1);
      ok = TakeNumber(text, run.length) && run.length > 0;
    }
    if (ok && !text.empty()) {
      ok = text.front() == ' ' && text.size() > 1;
      text.remove_prefix(1);
    }
    if (!ok) {
      return Status::Error(
          Code::kInvalidArgument,
          "a schedule is a list of clients, such as \"0*3 1 0*7\"; this is \"" + all + "\"");
    }
    schedule.runs_.push_back(run);
  }
  return schedule;
}

uint32_t ReplaySchedule::Pick(std::span<const uint32_t> runnable, std::optional<uint32_t> current) {
  while (run_ < runs_.size() && done_ == runs_[run_].length) {
    ++run_;
    done_ = 0;
  }
  if (run_ < runs_.size()) {
    ++done_;
    if (Contains(runnable, runs_[run_].client)) return runs_[run_].client;
  }
  diverged_ = true;
  return current.value_or(runnable.front());
}

void ScheduleText::Add(uint32_t client) {
  if (length_ > 0 && client == client_) {
    ++length_;
    return;
  }
  Flush(text_);
  client_ = client;
  length_ = 1;
}

std::string ScheduleText::text() const {
  std::string text = text_;
  Flush(text);
  return text;
}

void ScheduleText::Flush(std::string& text) const {
  if (length_ == 0) return;
  if (!text.empty()) text += ' ';
  text += std::to_string(client_);
  if (length_ > 1) text.append("*").append(std::to_string(length_));
}

}  // namespace faultfs
