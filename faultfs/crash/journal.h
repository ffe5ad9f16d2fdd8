// Journal: which effects are journaled, what each of them waits for, and how far a sync reaches
// into it. Kept while a trace is lowered; internal to this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "faultfs/crash/effect_graph.h"
#include "faultfs/crash/persistence_model.h"
#include "faultfs/sim/trace.h"

namespace faultfs {

class Journal {
 public:
  explicit Journal(const PersistenceModel& model);

  /// Adds to `waits` what an effect of `op` that will be journaled must wait for.
  void WaitsOfEntry(const TraceOp& op, std::vector<EffectId>& waits) const {
    if (order_ == EntryOrder::kJournal && tail_ != kNone) waits.push_back(tail_);
    if (order_ == EntryOrder::kRelated) AddRelated(op, waits);
  }
  /// Adds to `waits` what the size that a write leaves must wait for.
  void WaitsOfSize(std::vector<EffectId>& waits) const {
    if (sizes_wait_ && tail_ != kNone) waits.push_back(tail_);
  }

  /// `id`, made by `op`, is journaled: an entry, or the size that a truncate leaves.
  void Add(EffectId id, const TraceOp& op, bool gives_name) {
    if (active_) AddActive(id, op, gives_name);
  }
  /// A write, an allocation or a truncate changed the size or the blocks of a file; `next` is the
  /// next effect.
  void NoteExtents(InodeNumber file, EffectId next) {
    if (active_) Of(file).change_end = Of(file).extents_end = next;
  }

  /// Effects below this are what a sync of that file reaches, if it begins now.
  [[nodiscard]] EffectId ReachOf(InodeNumber file, SyncKind kind) const;
  /// The journaled effects below `limit` that no call gave out before, in order of issue.
  [[nodiscard]] std::vector<EffectId> TakeBelow(EffectId limit);
  /// The effects below `limit` that gave `file` a name, and that no call gave out before.
  [[nodiscard]] std::vector<EffectId> TakeNamesBelow(InodeNumber file, EffectId limit);

 private:
  /// Of one inode.
  struct About {
    EffectId last = kNone;             // the last journaled effect about it
    EffectId change_end = 0;           // one after the last change that fsync waits for
    EffectId extents_end = 0;          // likewise fdatasync
    std::vector<EffectId> names = {};  // that gave it a name
  };

  void AddRelated(const TraceOp& op, std::vector<EffectId>& waits) const;
  void AddActive(EffectId id, const TraceOp& op, bool gives_name);
  [[nodiscard]] About& Of(InodeNumber inode);

  const EntryOrder order_;
  const bool sizes_wait_;
  const bool active_;  // whether the model asks anything of a journal
  EffectId tail_ = kNone;
  std::vector<EffectId> effects_;
  size_t taken_ = 0;
  std::vector<About> about_;  // by inode number
};

}  // namespace faultfs
