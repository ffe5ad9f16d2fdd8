// Engines of a few lines, one right and many wrong in one way each: what an explorer must tell
// apart. All keep the whole map in one file, replaced by temporary file, sync, rename, directory
// sync; but for kFilePerKey, which keeps a file for each key.
#pragma once

#include "harness/adapter.h"
#include "harness/explore/explorer.h"

namespace crashlab {

enum class Flaw {
  kNone,
  kNoDirSync,            // acknowledges before the rename is durable
  kBatchInTwo,           // writes a batch edit by edit
  kOnlyInMemory,         // writes when it is closed
  kReadOnlyAfterReopen,  // recovers, and then refuses to write
  kCounter,              // writes a number that differs from run to run
  kDestroysInRecovery,   // removes the file, then writes it anew
  kServesEarly,          // does not make durable what it found, before it shows it
  kFailsOnTemporary,     // takes a temporary file for an error
  kCorruptTemporary,     // takes a temporary file for corruption
  kInventsValues,        // takes a temporary file for data
  kRemembersTemporary,   // refuses to write once it has removed one
  kEmptiesOnClose,       // writes an empty map when it is closed
  kFailsOnDelete,        // returns an error that nothing gave cause to
  kStaleReads,           // get gives the value before the last
  kFilePerKey,           // promises no order to itself, and Buffered by contract
};

[[nodiscard]] const Adapter& TinyEngine(Flaw flaw);

/// Remembers what it was told.
class NotingMonitor final : public Monitor {
 public:
  void Recovering(const std::function<std::vector<CrashStep>()>&) override { ++recovering; }
  void Counted(const Counts& counts) override {
    last = counts;
    ++counted;
  }
  void Hung(bool) override { ++hung; }
  void Exploring(const faultfs::PersistenceModel& model) override {
    models.emplace_back(model.name);
  }
  void Found(const Finding& finding) override { found.push_back(finding.signature); }

  uint64_t recovering = 0;
  uint64_t hung = 0;
  uint64_t counted = 0;
  Counts last;
  std::vector<std::string> models;
  std::vector<std::string> found;
};

/// A case with the defaults of a scenario.
[[nodiscard]] Case CaseOf(std::string_view program, Durability durability = Durability::kSync);

}  // namespace crashlab
