// The crash states of one run: which there are, and what each leaves on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "faultfs/crash/chooser.h"
#include "faultfs/crash/crash_state.h"
#include "faultfs/crash/effect_graph.h"
#include "faultfs/sim/image.h"

namespace faultfs {

/// A file that has pending effects on its sectors or its size.
struct TouchedFile {
  InodeNumber inode = kNoInode;
  uint32_t first_sector = 0;  // see PointView::PendingSectors
  uint32_t sector_count = 0;
};

/// A file that lost its last name before the point: its blocks may show elsewhere.
struct FreedFile {
  InodeNumber inode = kNoInode;
  uint64_t sectors = 0;  // of the largest size it had
};

/// What all states at one crash point share, made once: the pending effects, and the floor, which
/// is the disk with all of them lost. Not thread-safe; the graph must outlive it.
class PointView {
 public:
  PointView(const EffectGraph& graph, CrashPoint point);

  [[nodiscard]] const EffectGraph& graph() const { return graph_; }
  [[nodiscard]] CrashPoint point() const { return point_; }
  /// Issued before the point and not forced: what a state may lose. Ascending.
  [[nodiscard]] const std::vector<EffectId>& pending() const { return pending_; }

  /// Makes one state from the chooser's decisions: for each pending effect kept (0) or lost (1),
  /// then a tear where the model has them, then a fill where one shows.
  [[nodiscard]] CrashState Make(Chooser& chooser);

  /// How many leaves Make has, or `cap` if there are at least that many.
  [[nodiscard]] uint64_t Count(uint64_t cap);

  /// The states that sampling takes before it draws: nothing lost, everything lost, each single
  /// effect lost (with what must persist after it), each single effect kept (with what must persist
  /// before it), each effect torn; each with all the fills that show in it. In this order; of the
  /// effects only each `stride`-th (> 0), where there are too many for a sample.
  [[nodiscard]] std::vector<CrashState> Systematic(size_t stride = 1);

  /// The disk after the crash. `state` must be of this point.
  [[nodiscard]] Image Materialize(const CrashState& state);

  /// Adds whatever cannot have persisted once `lost` is lost. Sorts, drops duplicates.
  void CloseUpward(std::vector<EffectId>& lost);

  /// The newest effect on a register that was issued before the point; kNone if there is none.
  [[nodiscard]] EffectId newest(RegisterId reg) const { return newest_[reg]; }
  /// Takes up a state: what Persisted answers for. `lost`, all pending, need not be closed.
  void Assume(const std::vector<EffectId>& lost);
  /// Whether the effect was issued before the point and is not forced. Not for kNone.
  [[nodiscard]] bool Pending(EffectId effect) const {
    return effect < issued_ && graph_.effects[effect].forced_from >= point_.steps;
  }
  /// Whether the effect was issued before the point and is forced, or not lost in the state
  /// assumed.
  /// Whether a lost effect of EffectGraph::cache_only lies between this lost one and what shows.
  [[nodiscard]] bool CoversCacheOnly(EffectId effect) const;
  [[nodiscard]] bool Persisted(EffectId effect) const {
    return effect < issued_ && lost_[effect] == 0;
  }
  /// Whether a tear of this sector's effect shows in the state assumed: it is lost, what it waits
  /// for is not, and no cut that persisted has freed the sector again.
  [[nodiscard]] bool MayTear(EffectId effect) const;
  /// Whether a failed sync has left it unwritten so that nothing waits for it any more.
  [[nodiscard]] bool Released(EffectId id) const {
    return any_released_ && graph_.effects[id].abandoned_from < point_.steps;
  }
  /// The newest of a sector's or a size's effects that persisted in the state assumed.
  [[nodiscard]] EffectId NewestPersisted(RegisterId reg) const {
    EffectId id = newest_[reg];
    while (id != kNone && lost_[id] != 0) id = graph_.effects[id].write.previous;
    return id;
  }
  [[nodiscard]] const Image& floor() const { return floor_; }
  /// Ascending by inode.
  [[nodiscard]] const std::vector<TouchedFile>& touched_files() const { return touched_files_; }
  /// The sector registers of such a file that have pending effects.
  [[nodiscard]] std::span<const RegisterId> PendingSectors(const TouchedFile& file) const {
    return std::span(pending_sectors_).subspan(file.first_sector, file.sector_count);
  }
  /// In the order in which they lost their last name.
  [[nodiscard]] const std::vector<FreedFile>& FreedFiles() const;

 private:
  /// A sector that may be torn, and where.
  struct TearSite {
    EffectId effect;
    std::vector<uint32_t> splits;
  };

  void FindPending();
  void FindTouchedFiles();
  void BuildFloor();
  /// Whether it cannot have persisted: an earlier version of its registers is lost, or something
  /// that it waits for.
  [[nodiscard]] bool FollowsLost(EffectId id) const;
  [[nodiscard]] bool WaitsForLost(const Effect& effect) const;
  void FindBlocked(EffectId id);
  // Of the state assumed:
  [[nodiscard]] bool ShowsFill() const;
  [[nodiscard]] std::vector<TearSite> TearSites() const;
  [[nodiscard]] std::vector<Fill> Fills() const;
  [[nodiscard]] Image Build(Fill fill) const;

  [[nodiscard]] CrashState KeepingOnly(EffectId effect) const;

  const EffectGraph& graph_;
  const CrashPoint point_;
  EffectId issued_ = 0;  // effects before the point
  std::vector<EffectId> pending_;
  std::vector<EffectId> newest_;  // by register
  std::vector<TouchedFile> touched_files_;
  std::vector<RegisterId> pending_sectors_;
  std::vector<uint8_t> lost_;  // by effect: the state assumed; never of one that is not pending
  // By effect, while any is released: whether something is lost that a released effect waits for.
  bool any_released_ = false;
  std::vector<uint8_t> blocked_;
  Image floor_;
  mutable std::optional<std::vector<FreedFile>> freed_files_;  // found when first asked for
};

/// One state of all at all crash points: the chooser's first decision is the point.
[[nodiscard]] CrashState Next(const EffectGraph& graph, Chooser& chooser);

/// For a single state; PointView for many.
[[nodiscard]] Image Materialize(const EffectGraph& graph, const CrashState& state);

/// Is `observed` something that a crash at `point` may leave? The state by which it is, if so;
/// zeros are tried before other fills, and a tear only where nothing else fits.
///
/// Garbage is whatever is seen where nothing became durable: if the answer has that fill, its
/// Materialize may differ from `observed` in those bytes. (Where effects have an order of their
/// own, only the garbage that Materialize shows is known.)
[[nodiscard]] std::optional<CrashState> Explain(const EffectGraph& graph, CrashPoint point,
                                                const Image& observed);

}  // namespace faultfs
