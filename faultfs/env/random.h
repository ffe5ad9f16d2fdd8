// Random numbers, in two kinds that must not be confused.
//
// Random: a deterministic stream from a 64-bit seed; everything the harness chooses comes from one.
// Fork(key) gives an independent stream that depends on the seed and the key only, so that adding a
// decision in one place moves no decision in another.
//
// Entropy: where a store takes its salts from; real entropy in production, a stream that follows
// from the case seed in simulation.
#pragma once

#include <cstdint>
#include <string_view>

namespace faultfs {

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014): a bijection of 64-bit words. Fixed for ever: seeds depend on it.
[[nodiscard]] constexpr uint64_t Mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Order matters: Mix64(a, b) != Mix64(b, a).
[[nodiscard]] constexpr uint64_t Mix64(uint64_t a, uint64_t b) { return Mix64(Mix64(a) ^ b); }

/// FNV-1a with Mix64 on top: for keys of streams, not for tables.
[[nodiscard]] constexpr uint64_t MixString(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return Mix64(hash);
}

__extension__ typedef unsigned __int128 Uint128;  // in no ISO standard, in every compiler we have

/// SplitMix64. A value; not thread-safe.
class Random {
 public:
  constexpr explicit Random(uint64_t seed) : seed_(seed), state_(seed) {}

  constexpr uint64_t Next() {
    const uint64_t result = Mix64(state_);
    state_ += 0x9e3779b97f4a7c15u;
    return result;
  }

  /// Uniform in [0, bound); bound > 0. The bias is below bound / 2^64.
  constexpr uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<Uint128>(Next()) * bound) >> 64);
  }

  /// True `numerator` times in `denominator`.
  constexpr bool OneIn(uint64_t denominator) { return Below(denominator) == 0; }

  /// A stream of its own, from the seed this one began with and `key`.
  [[nodiscard]] constexpr Random Fork(uint64_t key) const { return Random(Mix64(seed_, key)); }
  [[nodiscard]] constexpr Random Fork(std::string_view key) const { return Fork(MixString(key)); }

 private:
  uint64_t seed_;
  uint64_t state_;
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  /// 64 bits nobody used before. Thread-safe.
  [[nodiscard]] virtual uint64_t Next() = 0;
};

/// The operating system's (getrandom(2)). Aborts if there is none: a salt that repeats would let a
/// record of another life pass for one of this.
class SystemEntropy final : public Entropy {
 public:
  [[nodiscard]] uint64_t Next() override;
};

}  // namespace faultfs
