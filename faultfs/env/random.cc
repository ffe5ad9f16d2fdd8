#include "faultfs/env/random.h"

#include <sys/random.h>

#include <cerrno>

#include "faultfs/env/check.h"

namespace faultfs {

uint64_t SystemEntropy::Next() {
  uint64_t value = 0;
  ssize_t got = -1;
  do {
    // A request of up to 256 bytes is never cut short (getrandom(2)).
    got = ::getrandom(&value, sizeof(value), 0);
  } while (got < 0 && errno == EINTR);
  FAULTFS_CHECK(got == static_cast<ssize_t>(sizeof(value)),
                "the operating system must give random bytes, or salts would repeat");
  return value;
}

}  // namespace faultfs
