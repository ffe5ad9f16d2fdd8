// PersistenceModel: what a file system may leave after power loss, as one row of data.
//
// Each field answers one question, and each answer is an assumption with a number in
// docs/persistence-model.md, where its evidence is. A model is a row of kModels; a switch is an
// override of one field in a scenario. Nothing else in the project knows a model by name.
//
// Sources: the POSIX rationale of fsync; ALICE (Pillai et al., OSDI 2014, table 1); Ferrite
// (Bornholt et al., ASPLOS 2016); CuttleFS (Rebello et al., USENIX ATC 2020); SQLite, "Powersafe
// overwrite". Where they disagree the preset takes the weaker side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"
#include "faultfs/sim/sync_failure.h"

namespace faultfs {

/// How finely a write can come apart (A1, A2, A19).
enum class TearSize : uint8_t {
  k512,         // sectors of 512 bytes are written whole or not at all
  k4096,        // pages of 4096 bytes are
  kByteLinear,  // sectors of 512 bytes, and one of them may be damaged from one end: a front or a
                // back part of the new content, the rest old
};

/// What a sector shows that lies inside the size and whose content never became durable (A5).
enum class FillPolicy : uint8_t {
  kZeros,  // zeros only
  kStale,  // zeros, garbage, earlier bytes of the range, or bytes of a file that was freed
};

/// Whether the two directory entries of a rename change together (A8).
enum class RenameRule : uint8_t {
  kAtomic,
  kTwoEdits,  // the new name and the loss of the old one are two effects
};

/// In which order effects may become durable, beside the order on each single register and what
/// the rules below demand (A1, A3, A18).
enum class EffectOrder : uint8_t {
  kFree,   // any
  kTotal,  // as issued: only prefixes survive
};

/// In which order changes of directories become durable, and of sizes by a journaled truncate
/// (A7, A23, A24).
enum class EntryOrder : uint8_t {
  kFree,     // each name by itself
  kRelated,  // after the last one about the same file, and about the directory that it is in
  kJournal,  // one order for the whole file system
};

/// Whether the size that a write leaves waits for the bytes it wrote (A4, A20, A21).
enum class AppendRule : uint8_t {
  kFree,          // either may be there without the other
  kDataFirst,     // no size without its bytes
  kNewDataFirst,  // likewise in newly allocated blocks; within an allocated one it may run ahead
};

/// In which steps a write lets a file grow (A22).
enum class GrowthRule : uint8_t {
  kWhole,   // to its end at once
  kBlocks,  // to the end of each block of 4096 bytes that it writes
};

/// Whether the size that a write leaves waits for the journal so far (A25). Says nothing but with
/// EntryOrder::kJournal.
enum class SizeOrder : uint8_t { kFree, kAfterEntries };

/// Whether the size that a truncate leaves is journaled: a change like those of directories
/// (A6, A26).
enum class TruncateRule : uint8_t { kVolatile, kJournaled };

/// Whether a rename that replaces a file waits for the bytes and the size of the new one
/// (A8, A27).
enum class ReplaceRule : uint8_t { kUnsafe, kSafe };

/// What a sync of one file makes durable (A9, A13, A18, A28, A29).
enum class SyncScope : uint8_t {
  kObject,      // its data and size
  kEntry,       // and its names; fdatasync: data and size
  kJournal,     // and the journal up to the file's last change; fdatasync: up to the last change
                // of its size or its blocks
  kEverything,  // all effects issued before it began; of a directory's sync too
};

/// What a sync of a directory makes durable (A10, A30).
enum class DirSyncScope : uint8_t {
  kEntries,  // its entries
  kJournal,  // all that is journaled
};

/// Whether effects that came later go on waiting for what a failed sync left unwritten (A31).
enum class AbandonRule : uint8_t { kReleases, kBinds };

/// What a sync of a file writes that a failed one before it had covered (A11, A34).
enum class RetryRule : uint8_t {
  kNothing,
  kMetadata,  // sizes that a truncate left; no data, and no size that data left
};

struct PersistenceModel {
  std::string_view name;
  TearSize tear = TearSize::k512;
  FillPolicy fill = FillPolicy::kZeros;
  RenameRule rename = RenameRule::kAtomic;
  EffectOrder order = EffectOrder::kFree;
  EntryOrder entries = EntryOrder::kFree;
  AppendRule append = AppendRule::kFree;
  GrowthRule growth = GrowthRule::kBlocks;
  SizeOrder size_order = SizeOrder::kFree;
  TruncateRule truncate = TruncateRule::kVolatile;
  ReplaceRule replace = ReplaceRule::kUnsafe;
  SyncScope sync = SyncScope::kObject;
  DirSyncScope dir_sync = DirSyncScope::kEntries;
  AbandonRule abandoned = AbandonRule::kReleases;
  // Seen by the running program already, so that it runs once for each pair of them (A32, A33).
  FailedPage failed_page = FailedPage::kNew;
  FailureReport failed_report = FailureReport::kAtOnce;
  RetryRule failed_retry = RetryRule::kNothing;

  /// Bytes of one sector register: what persists as a unit.
  [[nodiscard]] constexpr size_t unit_bytes() const { return tear == TearSize::k4096 ? 4096 : 512; }

  /// Models with the same ones see the same runs.
  [[nodiscard]] constexpr SyncFailureRules failure_rules() const {
    return {.page = failed_page, .report = failed_report};
  }

  friend bool operator==(const PersistenceModel&, const PersistenceModel&) = default;
};

/// The rows. A field that a row does not name has the weakest value.
inline constexpr PersistenceModel kModels[] = {
    // The weakest file system that POSIX allows a portable program to count on.
    {.name = "posix", .fill = FillPolicy::kStale},
    // The kindest: everything in order, as programs tested without power cuts see it.
    {.name = "prefix",
     .tear = TearSize::k4096,
     .order = EffectOrder::kTotal,
     .growth = GrowthRule::kWhole,
     .sync = SyncScope::kEverything,
     .abandoned = AbandonRule::kBinds},
    // ext4, data=writeback: metadata in order, data whenever.
    {.name = "ext4-writeback",
     .fill = FillPolicy::kStale,
     .entries = EntryOrder::kJournal,
     .size_order = SizeOrder::kAfterEntries,
     .truncate = TruncateRule::kJournaled,
     .sync = SyncScope::kJournal,
     .dir_sync = DirSyncScope::kJournal},
    // ext4, data=ordered (the default), noauto_da_alloc.
    {.name = "ext4-ordered",
     .entries = EntryOrder::kJournal,
     .append = AppendRule::kNewDataFirst,
     .size_order = SizeOrder::kAfterEntries,
     .truncate = TruncateRule::kJournaled,
     .sync = SyncScope::kJournal,
     .dir_sync = DirSyncScope::kJournal},
    // ext4, data=journal: data goes through the journal, page by page, with all the rest.
    {.name = "ext4-journal",
     .tear = TearSize::k4096,
     .order = EffectOrder::kTotal,
     .entries = EntryOrder::kJournal,
     .append = AppendRule::kDataFirst,
     .size_order = SizeOrder::kAfterEntries,
     .truncate = TruncateRule::kJournaled,
     .sync = SyncScope::kJournal,
     .dir_sync = DirSyncScope::kJournal,
     .failed_report = FailureReport::kNextSync},
    {.name = "btrfs",
     .tear = TearSize::k4096,
     .entries = EntryOrder::kRelated,
     .append = AppendRule::kDataFirst,
     .truncate = TruncateRule::kJournaled,
     .sync = SyncScope::kEntry,
     .dir_sync = DirSyncScope::kJournal,
     .failed_page = FailedPage::kOld},
    {.name = "xfs",
     .entries = EntryOrder::kJournal,
     .append = AppendRule::kDataFirst,
     .truncate = TruncateRule::kJournaled,
     .sync = SyncScope::kEntry,
     .dir_sync = DirSyncScope::kJournal,
     .failed_retry = RetryRule::kMetadata},
};

/// The row with that name; kInvalidArgument with the nearest name otherwise.
[[nodiscard]] Result<PersistenceModel> FindModel(std::string_view name);

/// One field of a model in words: its name in scenario files, the word of its value, and the
/// assumption of docs/persistence-model.md behind that.
struct ModelField {
  std::string_view key;  // "tear", "fill", …
  std::string_view word;
  std::string_view assumption;  // "A20"
  std::string_view meaning;     // a few words
};
/// In the order of the struct, all of them.
[[nodiscard]] std::vector<ModelField> FieldsOf(const PersistenceModel& model);

/// The keys of all fields, in that order. Each is a switch that a scenario can set.
[[nodiscard]] std::vector<std::string_view> SwitchKeys();
/// Sets the field `key` from a word.
[[nodiscard]] Status SetSwitch(PersistenceModel& model, std::string_view key,
                               std::string_view value);
/// The words that `key` takes; empty for a key that is no switch.
[[nodiscard]] std::vector<std::string_view> SwitchValues(std::string_view key);

}  // namespace faultfs
