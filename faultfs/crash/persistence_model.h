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
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "faultfs/env/status.h"

namespace faultfs {

/// How finely a write can come apart (A1, A2).
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

/// In which order effects may become durable, beside the order on each single register
/// (A1, A3, A18).
enum class EffectOrder : uint8_t {
  kFree,   // any
  kTotal,  // as issued: only prefixes survive
};

/// What a sync of one file or directory makes durable (A9, A10, A18).
enum class SyncScope : uint8_t {
  kObject,      // its own effects: a file's data and size, a directory's entries
  kEverything,  // all effects issued before it began
};

struct PersistenceModel {
  std::string_view name;
  TearSize tear = TearSize::k512;
  FillPolicy fill = FillPolicy::kZeros;
  RenameRule rename = RenameRule::kAtomic;
  EffectOrder order = EffectOrder::kFree;
  SyncScope sync = SyncScope::kObject;

  /// Bytes of one sector register: what persists as a unit.
  [[nodiscard]] constexpr size_t unit_bytes() const { return tear == TearSize::k4096 ? 4096 : 512; }

  friend bool operator==(const PersistenceModel&, const PersistenceModel&) = default;
};

/// The rows.
inline constexpr PersistenceModel kModels[] = {
    // The weakest file system that POSIX allows a portable program to count on.
    {.name = "posix",
     .tear = TearSize::k512,
     .fill = FillPolicy::kStale,
     .rename = RenameRule::kAtomic,
     .order = EffectOrder::kFree,
     .sync = SyncScope::kObject},
    // The kindest: everything in order, as programs tested without power cuts see it.
    {.name = "prefix",
     .tear = TearSize::k4096,
     .fill = FillPolicy::kZeros,
     .rename = RenameRule::kAtomic,
     .order = EffectOrder::kTotal,
     .sync = SyncScope::kEverything},
};

/// The row with that name; kInvalidArgument with the nearest name otherwise.
[[nodiscard]] Result<PersistenceModel> FindModel(std::string_view name);

/// The words of the switches in scenario files: "512", "4096", "byte-linear"; "zeros", "stale";
/// "atomic", "two-edits"; "free", "total"; "object", "everything".
[[nodiscard]] std::string_view Name(TearSize value);
[[nodiscard]] std::string_view Name(FillPolicy value);
[[nodiscard]] std::string_view Name(RenameRule value);
[[nodiscard]] std::string_view Name(EffectOrder value);
[[nodiscard]] std::string_view Name(SyncScope value);

/// Sets the field `key` ("tear", "fill", "rename", "order", "sync") from a word.
[[nodiscard]] Status SetSwitch(PersistenceModel& model, std::string_view key,
                               std::string_view value);
/// The words that `key` takes; empty for a key that is no switch.
[[nodiscard]] std::vector<std::string_view> SwitchValues(std::string_view key);

}  // namespace faultfs
