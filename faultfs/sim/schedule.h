// Schedule: which client goes on at each point, and where such a choice comes from: chance, all
// there are, or a text.
//
// The text of a schedule is the list of picks, runs of one client as `client*length`: "0*3 1 0*7".
// Every pick is in it, also where there was nothing to choose.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/random.h"
#include "faultfs/env/status.h"

namespace faultfs {

class Schedule {
 public:
  virtual ~Schedule() = default;
  /// One of `runnable` (in ascending order, not empty). `current` is the client that asks, if it
  /// could go on itself: to pick another is a preemption.
  [[nodiscard]] virtual uint32_t Pick(std::span<const uint32_t> runnable,
                                      std::optional<uint32_t> current) = 0;
};

/// Each runnable client is as likely as any other, at every point.
class RandomWalk final : public Schedule {
 public:
  explicit RandomWalk(uint64_t seed) : random_(seed) {}
  [[nodiscard]] uint32_t Pick(std::span<const uint32_t> runnable,
                              std::optional<uint32_t> current) override;

 private:
  Random random_;
};

/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized
/// scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010): each client has a
/// priority, the highest that can go on does; at `depth` - 1 points of about `length` the one that
/// runs falls below all others. Finds a bug of that depth among n clients with probability at least
/// 1 / (n * length^(depth - 1)). Not for programs in which a client spins until another has acted.
class PctSchedule final : public Schedule {
 public:
  PctSchedule(uint64_t seed, uint32_t depth, uint64_t length);
  [[nodiscard]] uint32_t Pick(std::span<const uint32_t> runnable,
                              std::optional<uint32_t> current) override;

 private:
  [[nodiscard]] uint64_t& PriorityOf(uint32_t client);

  const uint64_t seed_;
  uint32_t depth_;
  std::set<uint64_t> changes_;  // the picks at which priorities fall
  uint64_t picks_ = 0;
  std::map<uint32_t, uint64_t> priorities_;
};

/// Every schedule with at most so many preemptions, one after the other:
///   ExhaustiveSchedule all(1);
///   do { run under all } while (all.Next());
/// What runs must depend on nothing but the picks.
class ExhaustiveSchedule final : public Schedule {
 public:
  explicit ExhaustiveSchedule(uint32_t preemptions) : max_preemptions_(preemptions) {}
  [[nodiscard]] uint32_t Pick(std::span<const uint32_t> runnable,
                              std::optional<uint32_t> current) override;
  /// To be called after a run. False: that was the last.
  [[nodiscard]] bool Next();

 private:
  struct Choice {
    std::vector<uint32_t> clients;  // the first is no preemption
    size_t taken = 0;
    uint32_t preemptions = 0;  // up to here
    bool preempts = false;     // all but the first
  };

  const uint32_t max_preemptions_;
  std::vector<Choice> choices_;  // only where there is one
  size_t depth_ = 0;
};

/// What a text says. Where it does not fit (it picks who cannot go on, or is too short) the current
/// client goes on, else the first; diverged() says that this happened.
class ReplaySchedule final : public Schedule {
 public:
  [[nodiscard]] static Result<ReplaySchedule> Parse(std::string_view text);
  [[nodiscard]] uint32_t Pick(std::span<const uint32_t> runnable,
                              std::optional<uint32_t> current) override;
  [[nodiscard]] bool diverged() const { return diverged_; }

 private:
  struct Run {
    uint32_t client;
    uint64_t length;
  };

  std::vector<Run> runs_;
  size_t run_ = 0;
  uint64_t done_ = 0;  // of runs_[run_]
  bool diverged_ = false;
};

/// Puts together the text of a schedule.
class ScheduleText {
 public:
  void Add(uint32_t client);
  [[nodiscard]] std::string text() const;

 private:
  void Flush(std::string& text) const;

  std::string text_;  // without the run that grows
  uint32_t client_ = 0;
  uint64_t length_ = 0;
};

}  // namespace faultfs
