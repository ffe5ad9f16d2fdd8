#include "faultfs/sim/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "faultfs/env/check.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace faultfs {
namespace {

size_t GuardBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

StackPool::~StackPool() {
  for (std::byte* const stack : free_) {
    munmap(stack - GuardBytes(), kStackBytes + GuardBytes());
  }
}

std::byte* StackPool::Take() {
  if (free_.empty()) {
    const size_t bytes = kStackBytes + GuardBytes();
    void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FAULTFS_CHECK(mapped != MAP_FAILED, "there is memory for a stack");
    FAULTFS_CHECK(mprotect(mapped, GuardBytes(), PROT_NONE) == 0, "a page can be protected");
    return static_cast<std::byte*>(mapped) + GuardBytes();
  }
  std::byte* const stack = free_.back();
  free_.pop_back();
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(stack, kStackBytes);  // of frames that were never left
#endif
  return stack;
}

Fiber::Fiber() {
#ifdef __SANITIZE_THREAD__
  tsan_ = __tsan_get_current_fiber();
#endif
}

Fiber::Fiber(StackPool& stacks, std::function<void()> body)
    : stacks_(&stacks), stack_(stacks.Take()), body_(std::move(body)) {
  bottom_ = stack_;
  size_bytes_ = StackPool::kStackBytes;
  FAULTFS_CHECK(getcontext(&context_) == 0, "getcontext has no errors");
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = size_bytes_;
  context_.uc_link = nullptr;
  // It takes ints only.
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&context_, reinterpret_cast<void (*)()>(&Enter), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
#ifdef __SANITIZE_THREAD__
  tsan_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  if (stack_ == nullptr) return;
#ifdef __SANITIZE_THREAD__
  __tsan_destroy_fiber(tsan_);
#endif
  stacks_->Give(stack_);
}

void Fiber::SwitchTo(Fiber& to) { Change(to, /*for_good=*/false); }

void Fiber::LeaveTo(Fiber& to) { Change(to, /*for_good=*/true); }

void Fiber::Change(Fiber& to, [[maybe_unused]] bool for_good) {
  to.came_from_ = this;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack_, to.bottom_, to.size_bytes_);
#endif
#ifdef __SANITIZE_THREAD__
  __tsan_switch_to_fiber(to.tsan_, 0);
#endif
  FAULTFS_CHECK(swapcontext(&context_, &to.context_) == 0, "swapcontext has no errors");
  Arrived();
}

void Fiber::Arrived() {
#ifdef __SANITIZE_ADDRESS__
  // Also tells where the stack of the thread itself is.
  __sanitizer_finish_switch_fiber(fake_stack_, &came_from_->bottom_, &came_from_->size_bytes_);
#endif
}

void Fiber::Enter(unsigned high, unsigned low) {
  auto* const self = reinterpret_cast<Fiber*>(uintptr_t{high} << 32 | uintptr_t{low});
  self->Arrived();
  self->body_();
  FAULTFS_CHECK(false, "a fiber leaves, it does not return");
}

}  // namespace faultfs
