// CRC32C (Castagnoli), as in RFC 3720 appendix B.4: the checksum of every header and payload.
// "123456789" gives 0xE3069283. Persistent: do not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kv {

[[nodiscard]] uint32_t Crc32c(const void* data, size_t size);

[[nodiscard]] inline uint32_t Crc32c(std::string_view bytes) {
  return Crc32c(bytes.data(), bytes.size());
}

}  // namespace kv
