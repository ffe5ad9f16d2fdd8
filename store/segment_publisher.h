// The one way in which a segment comes into being, whoever needs it: the first Open, every later
// Open, a roll, the first write after a rollback.
//
//   write <number>.tmp: header, carried records → sync → rename to <number>.wal → sync the
//   directory
//
// So whatever has the name of a segment is whole, and a half-written replacement never hides what
// it was to replace. The caller has made durable what the header claims.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/format.h"

namespace kv {

/// A mutation that moves from an old segment into a new one.
struct CarriedRecord {
  uint64_t sequence = 0;
  std::string payload;
  uint32_t payload_crc = 0;
};

struct PublishOutcome {
  faultfs::Status status;
  /// False: the directory's entries are as before, but for a temporary that is never read.
  /// True with an error: the name is there and may go again, nobody knows.
  bool renamed = false;
  std::unique_ptr<faultfs::File> file;  // open for writing; null on error
  uint64_t end_bytes = 0;               // where the next record goes
};

/// Durability: on Ok the segment, its name and the carried records are.
[[nodiscard]] PublishOutcome PublishSegment(faultfs::FileSystem& file_system,
                                            std::string_view directory, const SegmentHeader& header,
                                            uint64_t synced_upto,
                                            std::span<const CarriedRecord> carried);

}  // namespace kv
