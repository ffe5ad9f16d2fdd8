// What recovery does with each thing it can find: one row a case, the same table as in
// docs/store-format.md ("Recovery"), where a test compares the two.
//
// "Claimed" means: an intact record or segment header of the log in use, or the name of a snapshot,
// says that the mutation which should have been found was durable. Damage there cannot be the work
// of a crash. Everything else a crash may leave behind, and did: its mutation was never
// acknowledged as durable.
#pragma once

#include <cstdint>
#include <string_view>

namespace kv {

enum class Found : uint8_t {
  kRecord,         // the next record, intact
  kEnd,            // the live bytes of a segment end between two records
  kDamage,         // bytes that are not the next record
  kSegmentHeader,  // a file with a segment's name and no intact header
  kNoFile,         // no file where a header names one
  kDeadBytes,      // bytes behind the logical size that the successor's header gives
  kUnlinked,       // a segment older than the newest and named by none in use
  kTemporary,      // a file that was never published
  kSnapshot,       // the newest intact snapshot
  kOlderSnapshot,  // a snapshot that is older than the one in use
  kBadSnapshot,    // a snapshot's name on a file that is not one
  kCovered,        // whatever stands where the snapshot in use says how things were
};

/// A condition of a row: must hold, must not, or does not matter.
enum class If : uint8_t { kAny, kYes, kNo };

enum class Action : uint8_t {
  kUse,     // apply it
  kStop,    // the log ends here
  kCut,     // the log ends here; what follows is torn and goes
  kSkip,    // leave it alone: nobody will read it
  kRemove,  // delete the file once the new segment is durable
  kRefuse,  // kCorruption
};

struct RecoveryRow {
  Found found;
  If claimed;     // does an intact claim reach the mutation that should be here?
  If own_record;  // kSegmentHeader: does the file hold a readable record of its own?
  Action action;
  std::string_view reason;
};

inline constexpr RecoveryRow kRecoveryTable[] = {
    {Found::kRecord, If::kAny, If::kAny, Action::kUse, "intact and in sequence"},
    {Found::kEnd, If::kNo, If::kAny, Action::kStop, "nothing says that there was more"},
    {Found::kEnd, If::kYes, If::kAny, Action::kRefuse, "a claimed mutation is missing"},
    {Found::kDamage, If::kNo, If::kAny, Action::kCut, "a torn end"},
    {Found::kDamage, If::kYes, If::kAny, Action::kRefuse, "a claimed mutation is damaged"},
    {Found::kSegmentHeader, If::kNo, If::kNo, Action::kRemove, "the segment never started"},
    {Found::kSegmentHeader, If::kNo, If::kYes, Action::kRefuse,
     "the header of a segment that holds records is damaged"},
    {Found::kSegmentHeader, If::kYes, If::kAny, Action::kRefuse,
     "the header of a claimed segment is damaged"},
    {Found::kNoFile, If::kAny, If::kAny, Action::kRefuse, "a claimed segment is missing"},
    {Found::kDeadBytes, If::kAny, If::kAny, Action::kSkip, "rewritten or cut by a later Open"},
    {Found::kUnlinked, If::kAny, If::kAny, Action::kRemove,
     "what it held lives in another segment"},
    {Found::kTemporary, If::kAny, If::kAny, Action::kRemove, "never published"},
    {Found::kSnapshot, If::kAny, If::kAny, Action::kUse, "the log goes on behind it"},
    {Found::kOlderSnapshot, If::kAny, If::kAny, Action::kSkip,
     "goes once a newer one is known to be durable"},
    {Found::kBadSnapshot, If::kNo, If::kAny, Action::kSkip, "the log reaches back behind it"},
    {Found::kBadSnapshot, If::kYes, If::kAny, Action::kRefuse,
     "a snapshot is damaged and the log does not reach back behind it"},
    {Found::kCovered, If::kAny, If::kAny, Action::kSkip, "held by the snapshot, never judged"},
};

namespace internal {

constexpr bool Matches(If condition, bool value) {
  return condition == If::kAny || (condition == If::kYes) == value;
}

constexpr bool Matches(const RecoveryRow& row, Found found, bool claimed, bool own_record) {
  return row.found == found && Matches(row.claimed, claimed) && Matches(row.own_record, own_record);
}

constexpr bool EachCaseHasOneRow() {
  for (int found = 0; found <= static_cast<int>(Found::kCovered); ++found) {
    for (int bits = 0; bits < 4; ++bits) {
      int rows = 0;
      for (const RecoveryRow& row : kRecoveryTable) {
        rows += Matches(row, static_cast<Found>(found), (bits & 1) != 0, (bits & 2) != 0) ? 1 : 0;
      }
      if (rows != 1) return false;
    }
  }
  return true;
}
static_assert(EachCaseHasOneRow());

}  // namespace internal

/// The row for a case.
[[nodiscard]] constexpr const RecoveryRow& Decide(Found found, bool claimed,
                                                  bool own_record = false) {
  for (const RecoveryRow& row : kRecoveryTable) {
    if (internal::Matches(row, found, claimed, own_record)) return row;
  }
  return kRecoveryTable[0];  // unreachable: EachCaseHasOneRow
}

}  // namespace kv
