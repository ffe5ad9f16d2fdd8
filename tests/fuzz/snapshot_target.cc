// Any bytes as the only file of a store, a snapshot. The first byte as in log_target.cc.
#include <optional>
#include <string>

#include "faultfs/env/check.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "store/format.h"
#include "store/little_endian.h"
#include "store/mutation.h"
#include "store/snapshot_reader.h"
#include "tests/fuzz/store_disk.h"
#include "tests/fuzz/target.h"

namespace {

constexpr uint64_t kSequence = 5;

/// What the reader of snapshots shows; nothing if the file is damaged or of a later version.
std::optional<kv::fuzz::Entries> ReadIt(const faultfs::Image& disk) {
  faultfs::Volume volume(disk, faultfs::Recording::kOff);
  faultfs::SimFileSystem files(volume);
  kv::SnapshotReader reader(files, kv::SnapshotPath("/db", kSequence), kSequence);
  const faultfs::Status opened = reader.Open();
  if (opened.Is(faultfs::Code::kUnsupported)) return std::nullopt;
  FAULTFS_CHECK(opened.ok(), "nothing but a later version keeps a snapshot from being opened");
  kv::fuzz::Entries entries;
  std::string last_key;
  std::string_view payload;
  while (reader.damage().empty()) {
    const faultfs::Result<bool> chunk = reader.NextChunk(&payload);
    FAULTFS_CHECK(chunk.ok(), "reading fails only with the file system");
    if (!*chunk) break;
    kv::OperationReader operations(payload);
    for (kv::Operation entry; operations.Next(&entry); last_key = entry.key) {
      FAULTFS_CHECK(entries.empty() || last_key < entry.key, "keys ascend");
      entries.emplace(entry.key, entry.value);
    }
    FAULTFS_CHECK(!operations.malformed(), "what a chunk shows is well-formed");
  }
  if (!reader.damage().empty()) return std::nullopt;
  FAULTFS_CHECK(entries.size() == reader.entries(), "an undamaged snapshot was shown whole");
  return entries;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  kv::fuzz::Files files;
  files[kv::SnapshotPath("", kSequence).substr(1)].assign(reinterpret_cast<const char*>(data + 1),
                                                          size - 1);
  if ((data[0] & 1) != 0) kv::fuzz::Reseal((data[0] & 2) != 0, files);
  const faultfs::Image disk = kv::fuzz::DiskOf(files);
  const std::optional<kv::fuzz::Entries> read = ReadIt(disk);
  FAULTFS_CHECK(kv::fuzz::CheckRecovery(disk) == read,
                "a store shows its snapshot if it is whole, and refuses it if not");
  return 0;
}
