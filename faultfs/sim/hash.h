// 128-bit content hashes.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace faultfs {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;

  // Sums of hashes are hashes of sets: order does not matter, and what was added can be taken away.
  Hash128& operator+=(Hash128 term) {
    low += term.low;
    high += term.high;
    return *this;
  }
  Hash128& operator-=(Hash128 term) {
    low -= term.low;
    high -= term.high;
    return *this;
  }
};

/// XXH3, 128 bits: fixed by its authors for ever, equal in every process.
[[nodiscard]] Hash128 HashBytes(std::string_view bytes);
/// Order matters.
[[nodiscard]] Hash128 Combine(Hash128 a, Hash128 b);

/// A hash that is computed when first asked for. Several threads may ask for it at once (each
/// stores the same value); Clear only by whoever may change the content.
class CachedHash {
 public:
  CachedHash() = default;
  CachedHash(const CachedHash& other) noexcept { *this = other; }
  CachedHash& operator=(const CachedHash& other) noexcept {
    if (const auto hash = other.Get()) {
      Set(*hash);
    } else {
      Clear();
    }
    return *this;
  }

  [[nodiscard]] std::optional<Hash128> Get() const {
    if (!known_.load(std::memory_order_acquire)) return std::nullopt;
    return Hash128{low_.load(std::memory_order_relaxed), high_.load(std::memory_order_relaxed)};
  }
  void Set(Hash128 hash) const {
    low_.store(hash.low, std::memory_order_relaxed);
    high_.store(hash.high, std::memory_order_relaxed);
    known_.store(true, std::memory_order_release);
  }
  void Clear() { known_.store(false, std::memory_order_relaxed); }

 private:
  mutable std::atomic<uint64_t> low_{0};
  mutable std::atomic<uint64_t> high_{0};
  mutable std::atomic<bool> known_{false};
};

}  // namespace faultfs
