// SegmentReader: the records of one segment, each with what is wrong with it, and the search for
// the next record behind damage. It judges nothing: recovery.h does.
//
// Memory is bounded by the largest record that the file really holds, whatever its bytes say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/file_window.h"
#include "store/format.h"

namespace kv {

/// Why the bytes at an offset are not the next record.
enum class Damage : uint8_t {
  kNone,
  kShortHeader,     // fewer bytes left than a record header has
  kMagic,           // no record begins here
  kHeaderChecksum,  // magic, but the header is not what was written
  kType,            // intact, of a type that this version does not write
  kForeign,         // intact, but of another segment, another life of it, or another offset
  kLength,          // intact, but its payload does not fit
  kPayload,         // intact header, payload not what was written
  kMalformed,       // both intact, but the payload is no sequence of operations
  kSequence,        // intact, but not the sequence that must come here
};
[[nodiscard]] std::string_view DamageText(Damage damage);

struct RecordRead {
  Damage damage = Damage::kNone;
  bool own = false;     // `header` is intact and belongs here, whatever is wrong with the payload:
                        // what it claims is true
  RecordHeader header;  // if own
  std::string_view payload;  // if there is no damage; until the next call of the reader
  uint64_t end_bytes = 0;    // likewise: where the next record begins
};

class SegmentReader {
 public:
  SegmentReader(faultfs::FileSystem& file_system, std::string path, uint64_t number)
      : window_(file_system, std::move(path)), number_(number) {}

  /// Opens the file and reads its header. Errors are those of the file system; a header that is
  /// damaged, missing or another segment's leaves header() empty. `read_ahead`: more records will
  /// be asked for at once.
  [[nodiscard]] faultfs::Status ReadHeader(bool read_ahead);
  [[nodiscard]] const std::optional<SegmentHeader>& header() const { return header_; }

  /// Gives descriptor and buffer back until the next read; header() stays.
  void Release() { window_.Release(); }
  [[nodiscard]] faultfs::Status Reopen() { return window_.Open(); }

  /// The record at `offset_bytes` of a file whose live bytes end at `limit_bytes`. Needs header().
  [[nodiscard]] faultfs::Result<RecordRead> ReadRecord(uint64_t offset_bytes, uint64_t limit_bytes);

  /// The first intact record header of this segment at or behind `offset_bytes`, tried byte by
  /// byte. Without header() a record of any salt counts.
  [[nodiscard]] faultfs::Result<std::optional<RecordHeader>> FindRecord(uint64_t offset_bytes);

  [[nodiscard]] const std::string& path() const { return window_.path(); }
  [[nodiscard]] uint64_t number() const { return number_; }
  [[nodiscard]] uint64_t size_bytes() const { return window_.size_bytes(); }

 private:
  [[nodiscard]] Damage CheckHeader(std::span<const std::byte, kRecordHeaderBytes> bytes,
                                   uint64_t offset_bytes, RecordHeader* header) const;

  FileWindow window_;
  uint64_t number_;
  std::optional<SegmentHeader> header_;
};

}  // namespace kv
