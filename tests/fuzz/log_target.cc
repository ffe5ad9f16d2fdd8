// Any bytes as the files of a store: segments above all, beside temporaries and snapshots. The
// first byte: 1 reseals (see Reseal), 2 makes headers fit their place as well.
#include "tests/fuzz/store_disk.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  kv::fuzz::Files files = kv::fuzz::FilesFrom(std::span(data + 1, size - 1));
  if ((data[0] & 1) != 0) kv::fuzz::Reseal((data[0] & 2) != 0, files);
  kv::fuzz::CheckRecovery(kv::fuzz::DiskOf(files));
  return 0;
}
