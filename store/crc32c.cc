#include "store/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace kv {

uint32_t Crc32c(const void* data, size_t size) {
  // ISA-L leaves the inversion before and after to the caller, takes an int for the length and, in
  // this version, a pointer that is not const (it does not write).
  constexpr size_t kMaxStep = size_t{1} << 30;
  auto* bytes = const_cast<unsigned char*>(static_cast<const unsigned char*>(data));
  uint32_t crc = 0xffffffffu;
  while (size > 0) {
    const size_t step = std::min(size, kMaxStep);
    crc = crc32_iscsi(bytes, static_cast<int>(step), crc);
    bytes += step;
    size -= step;
  }
  return crc ^ 0xffffffffu;
}

}  // namespace kv
