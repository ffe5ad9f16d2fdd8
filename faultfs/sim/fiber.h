// Fiber: a stack of its own, and the change from one to another within a thread. Sanitizers are
// told of each change. Internal to faultfs/sim/.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace faultfs {

/// Memory for fibers, used again when they are gone. A page below each is not there, so that an
/// overflow is a fault and not a change of something else.
class StackPool {
 public:
  static constexpr size_t kStackBytes = size_t{256} << 10;

  StackPool() = default;
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  [[nodiscard]] std::byte* Take();
  void Give(std::byte* stack) { free_.push_back(stack); }

 private:
  std::vector<std::byte*> free_;
};

class Fiber {
 public:
  /// The one that runs: this thread's own stack.
  Fiber();
  /// `body` begins with the first SwitchTo it and must not return; it may stay unfinished for ever.
  Fiber(StackPool& stacks, std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// From this one, which runs, to another of this thread. Returns when something switches back.
  void SwitchTo(Fiber& to);
  /// The same for the last time.
  void LeaveTo(Fiber& to);

 private:
  static void Enter(unsigned high, unsigned low);
  void Change(Fiber& to, bool for_good);
  void Arrived();

  ucontext_t context_ = {};
  StackPool* stacks_ = nullptr;
  std::byte* stack_ = nullptr;  // null: not ours
  std::function<void()> body_;
  Fiber* came_from_ = nullptr;

  // For the sanitizers.
  const void* bottom_ = nullptr;
  size_t size_bytes_ = 0;
  void* fake_stack_ = nullptr;
  void* tsan_ = nullptr;
};

}  // namespace faultfs
