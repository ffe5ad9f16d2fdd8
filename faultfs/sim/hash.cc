#include "faultfs/sim/hash.h"

#include <xxhash.h>

namespace faultfs {

Hash128 HashBytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

Hash128 Combine(Hash128 a, Hash128 b) {
  const uint64_t words[] = {a.low, a.high, b.low, b.high};
  const XXH128_hash_t hash = XXH3_128bits(words, sizeof(words));
  return {hash.low64, hash.high64};
}

}  // namespace faultfs
