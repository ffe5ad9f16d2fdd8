// The segments behind one point of the log, back to what a snapshot covers: found by the
// predecessors that their headers name, then replayed oldest first.
//
// Every live byte of them is claimed by the header of a successor, so whatever is wrong here is
// corruption; but what a snapshot covers is never judged, and need not be there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "faultfs/env/file_system.h"
#include "store/format.h"
#include "store/recovery_table.h"
#include "store/segment_reader.h"

namespace kv {

/// Takes the payload of each mutation in order.
using ApplyPayload = std::function<void(std::string_view payload)>;

/// kCorruption, for a row that refuses.
[[nodiscard]] faultfs::Status Refusal(const RecoveryRow& row, std::string_view detail,
                                      std::string_view path, uint64_t offset_bytes,
                                      uint64_t sequence);

/// SegmentReader::ReadHeader, and kUnsupported for the header of a later version.
[[nodiscard]] faultfs::Status ReadHeaderOf(SegmentReader& reader, bool read_ahead);

/// Appends to `chain`, newest first, the segments that `link` leads to, as far as they hold a
/// mutation above `covered`. `named_by`: the path of the file in which `link` stands, and
/// `named_by_number` the number of its segment.
[[nodiscard]] faultfs::Status FollowPredecessors(faultfs::FileSystem& file_system,
                                                 std::string_view directory, Predecessor link,
                                                 std::string named_by, uint64_t named_by_number,
                                                 uint64_t covered,
                                                 std::vector<SegmentReader>* chain);

/// Replays the mutations above `covered` of a segment whose successor's header says `link` of it.
[[nodiscard]] faultfs::Status ReplayClosed(SegmentReader& reader, const Predecessor& link,
                                           uint64_t covered, const ApplyPayload& apply);

/// The record at `offset_bytes`; also damaged if it is not the one that must come here.
[[nodiscard]] faultfs::Result<RecordRead> ReadExpected(SegmentReader& reader, uint64_t offset_bytes,
                                                       uint64_t limit_bytes, uint64_t expected);

/// Refuses a segment that does not begin where the one before it ends.
[[nodiscard]] faultfs::Status CheckContinuity(const SegmentReader& reader);

/// True if what stands in a segment before mutation `expected` may be a covered mutation's, or the
/// marker behind the last of them.
[[nodiscard]] bool MayBeCovered(const SegmentReader& reader, uint64_t expected, uint64_t covered);

/// Where mutation covered + 1 begins, behind damage at `offset_bytes` to what is covered.
[[nodiscard]] faultfs::Result<std::optional<uint64_t>> FindBehindCovered(SegmentReader& reader,
                                                                         uint64_t offset_bytes,
                                                                         uint64_t limit_bytes,
                                                                         uint64_t covered);

}  // namespace kv
