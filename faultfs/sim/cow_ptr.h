// CowPtr: a pointer to a value that copies share until one of them wants to change it.
//
// Not std::shared_ptr, for two reasons: "am I the only owner?" has to acquire what other owners did
// before they let go, which use_count() does not promise; and one word instead of two halves the
// cost of copying an Image.
#pragma once

#include <sys/single_threaded.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace faultfs {

template <typename T>
class CowPtr {
 public:
  /// Null.
  CowPtr() = default;
  CowPtr(const CowPtr& other) noexcept : rep_(other.rep_) { Acquire(); }
  CowPtr(CowPtr&& other) noexcept : rep_(std::exchange(other.rep_, nullptr)) {}
  CowPtr& operator=(CowPtr other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~CowPtr() { Release(); }

  template <typename... Args>
  [[nodiscard]] static CowPtr Make(Args&&... args) {
    CowPtr result;
    result.rep_ = new Rep(std::forward<Args>(args)...);
    return result;
  }

  [[nodiscard]] const T* get() const { return rep_ == nullptr ? nullptr : &rep_->value; }
  const T& operator*() const { return rep_->value; }
  const T* operator->() const { return &rep_->value; }
  explicit operator bool() const { return rep_ != nullptr; }
  /// The same object, not merely an equal one.
  friend bool operator==(const CowPtr& a, const CowPtr& b) { return a.rep_ == b.rep_; }

  /// The value to change: this pointer's own from now on. Not for a null pointer.
  [[nodiscard]] T& Mutable() {
    if (rep_->owners.load(std::memory_order_acquire) != 1) *this = Make(std::as_const(rep_->value));
    return rep_->value;
  }

 private:
  struct Rep {
    template <typename... Args>
    explicit Rep(Args&&... args) : value(std::forward<Args>(args)...) {}

    std::atomic<uint32_t> owners{1};
    T value;
  };

  // While the process has one thread, no other can see the count: plain arithmetic is enough.
  void Acquire() const {
    if (rep_ == nullptr) return;
    if (__libc_single_threaded != 0) {
      rep_->owners.store(rep_->owners.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    } else {
      rep_->owners.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void Release() {
    if (rep_ == nullptr) return;
    if (__libc_single_threaded != 0) {
      const uint32_t left = rep_->owners.load(std::memory_order_relaxed) - 1;
      rep_->owners.store(left, std::memory_order_relaxed);
      if (left == 0) delete rep_;
    } else if (rep_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete rep_;
    }
  }

  Rep* rep_ = nullptr;
};

}  // namespace faultfs
