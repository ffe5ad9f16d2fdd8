// Integers in files: little-endian on every machine.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kv {

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian; a port needs byte swaps here");

inline void StoreLe32(void* to, uint32_t value) { std::memcpy(to, &value, sizeof(value)); }
inline void StoreLe64(void* to, uint64_t value) { std::memcpy(to, &value, sizeof(value)); }

[[nodiscard]] inline uint32_t LoadLe32(const void* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
[[nodiscard]] inline uint64_t LoadLe64(const void* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

}  // namespace kv
