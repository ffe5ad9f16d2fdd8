// Explain: the search for a state that leaves an observed tree.
//
// Names first: each way in which the pending directory entries may have persisted gives a tree, and
// where that tree has the observed names, each file in it is matched with the observed one. Once
// its size is chosen, the sectors of a file are independent: none waits for anything but its
// earlier versions, and each takes the newest version that fits, which is the best for all that
// wait for it. So what is left to search is the sizes, together with what waits across files. Where
// everything has one order, sectors too, the states are few, and are tried one by one.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "faultfs/crash/disk_builder.h"
#include "faultfs/crash/file_outcome.h"
#include "faultfs/crash/states.h"

namespace faultfs {
namespace {

std::string Bytes(const Image& image, InodeNumber file, uint64_t offset_bytes, size_t length) {
  std::string bytes(length, '\0');
  bytes.resize(image.Read(file, offset_bytes,
                          std::as_writable_bytes(std::span(bytes.data(), bytes.size()))));
  return bytes;
}

class Explainer {
 public:
  Explainer(const EffectGraph& graph, CrashPoint point, const Image& observed)
      : graph_(graph), view_(graph, point), observed_(observed) {
    for (EffectId id : view_.pending()) {
      const bool entry = graph.RegisterOf(graph.effects[id].write).kind == RegisterKind::kEntry;
      if (entry) entries_.push_back(id);
    }
  }

  std::optional<CrashState> Run() {
    if (graph_.model.order == EffectOrder::kTotal) return TryAll();
    // Zeros first: the plainest explanation, and the likeliest.
    for (Fill fill : AllowedFills()) {
      for (bool any_bytes : {false, true}) {
        if (any_bytes && fill != Fill::kGarbage) continue;
        fill_ = fill;
        any_bytes_ = any_bytes;
        if (auto state = TryEntries(0)) return state;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<CrashState> TryAll() {
    std::optional<CrashState> found;
    ExhaustiveChooser chooser;
    do {
      CrashState state = view_.Make(chooser);
      const bool plain = state.fill == Fill::kZeros && state.tears.empty();
      if (found.has_value() && !plain) continue;
      if (!SameContent(view_.Materialize(state), observed_)) continue;
      if (plain) return state;
      found = std::move(state);
    } while (chooser.Advance());
    return found;
  }

  /// Depth first over the pending entries, the kept ones first.
  std::optional<CrashState> TryEntries(size_t next) {
    if (next == entries_.size()) return TryTree();
    const Effect& effect = graph_.effects[entries_[next]];
    const auto is_lost = [&](EffectId id) { return id != kNone && lost_.contains(id); };
    bool must_lose =
        is_lost(effect.write.previous) || (effect.has_second() && is_lost(effect.second.previous));
    for (uint32_t i = 0; i < effect.edge_count && !must_lose; ++i) {
      const EffectId other = graph_.edges[effect.first_edge + i];
      must_lose = is_lost(other) && !view_.Released(other);
    }
    if (!must_lose) {
      if (auto state = TryEntries(next + 1)) return state;
    }
    if (!MayEndBefore(effect)) return std::nullopt;
    lost_.insert(entries_[next]);
    auto state = TryEntries(next + 1);
    lost_.erase(entries_[next]);
    return state;
  }

  // A cheap bound for the common case, a name in the root's own directories: if the version before
  // this effect does not agree with what was observed, the effect cannot be the first one lost.
  bool MayEndBefore(const Effect& effect) const {
    const Register& reg = graph_.RegisterOf(effect.write);
    if (effect.has_second() || reg.inode != kRootInode || lost_.contains(effect.write.previous)) {
      return true;
    }
    const InodeNumber before =
        effect.write.previous == kNone
            ? graph_.base.Lookup(kRootInode, reg.name)
            : static_cast<InodeNumber>(ValueOn(effect.write.previous, effect.write.reg));
    return (before != kNoInode) == (observed_.Lookup(kRootInode, reg.name) != kNoInode);
  }

  uint64_t ValueOn(EffectId id, RegisterId reg) const {
    const Effect& effect = graph_.effects[id];
    return effect.write.reg == reg ? effect.write.value : effect.second.value;
  }

  std::optional<CrashState> TryTree() {
    std::vector<EffectId> lost(lost_.begin(), lost_.end());
    view_.Assume(lost);
    DiskBuilder builder(view_, view_.floor(), Fill::kZeros);
    for (EffectId id : entries_) {
      if (!lost_.contains(id)) builder.ApplyEntries(graph_.effects[id]);
    }
    if (graph_.renames_directories) builder.UnlinkDirectoryLoops();
    tree_ = std::move(builder).Take();
    matches_.clear();
    std::map<InodeNumber, InodeNumber> reverse;
    if (!MatchNames(kRootInode, kRootInode, reverse)) return std::nullopt;
    return TryContents();
  }

  std::vector<Fill> AllowedFills() const {
    if (graph_.model.fill == FillPolicy::kZeros) return {Fill::kZeros};
    return {Fill::kZeros, Fill::kEarlier, Fill::kFreed, Fill::kGarbage};
  }

  /// Equal names and types all the way down; links of one file stay links of one file.
  bool MatchNames(InodeNumber ours, InodeNumber theirs,
                  std::map<InodeNumber, InodeNumber>& reverse) {
    const Inode* a = tree_.Find(ours);
    const Inode* b = observed_.Find(theirs);
    if (a->type != b->type) return false;
    if (a->type == FileType::kFile) {
      return matches_.try_emplace(ours, theirs).first->second == theirs &&
             reverse.try_emplace(theirs, ours).first->second == ours;
    }
    if (a->entries.size() != b->entries.size()) return false;
    for (size_t i = 0; i < a->entries.size(); ++i) {
      if (a->entries[i].first != b->entries[i].first) return false;
      if (!MatchNames(a->entries[i].second, b->entries[i].second, reverse)) return false;
    }
    return true;
  }

  /// One way in which a file comes to show what was observed.
  struct Match {
    std::vector<EffectId> lost;
    std::optional<Tear> tear;
  };

  std::optional<CrashState> TryContents() {
    const std::vector<EffectId> lost(lost_.begin(), lost_.end());
    if (!IsClosed(lost, 0)) return std::nullopt;
    candidates_.clear();
    for (const auto& [ours, theirs] : matches_) {
      candidates_.push_back(MatchFile(ours, theirs));
      if (candidates_.back().empty()) return std::nullopt;
    }
    return TryFiles(matches_.begin(), 0, lost, {});
  }

  std::optional<CrashState> TryFiles(std::map<InodeNumber, InodeNumber>::const_iterator next,
                                     size_t decided, const std::vector<EffectId>& lost,
                                     const std::vector<Tear>& tears) {
    if (next == matches_.end()) {
      // Files without a name lose what cannot have persisted, and keep the rest.
      CrashState state{.point = view_.point(), .lost = lost, .tears = tears, .fill = fill_};
      view_.CloseUpward(state.lost);
      return state;
    }
    for (const Match& match : candidates_[decided]) {
      if (match.tear.has_value() && !tears.empty()) continue;
      std::vector<EffectId> more = lost;
      more.insert(more.end(), match.lost.begin(), match.lost.end());
      std::vector<Tear> more_tears = tears;
      if (match.tear.has_value()) more_tears.push_back(*match.tear);
      if (!IsClosed(more, decided + 1)) continue;
      if (auto state = TryFiles(std::next(next), decided + 1, more, more_tears)) return state;
    }
    return std::nullopt;
  }

  /// Whether nothing waits for what is lost, among the names and the first `decided` files.
  bool IsClosed(const std::vector<EffectId>& lost, size_t decided) {
    if (graph_.edges.empty()) return true;
    std::vector<EffectId> closed = lost;
    view_.CloseUpward(closed);
    const std::set<EffectId> chosen(lost.begin(), lost.end());
    const auto last = std::next(matches_.begin(), static_cast<ptrdiff_t>(decided));
    return std::none_of(closed.begin(), closed.end(), [&](EffectId id) {
      if (chosen.contains(id)) return false;
      const Register& reg = graph_.RegisterOf(graph_.effects[id].write);
      if (reg.kind == RegisterKind::kEntry) return true;
      const auto file = matches_.find(reg.inode);
      return file != matches_.end() &&
             std::distance(matches_.begin(), file) < std::distance(matches_.begin(), last);
    });
  }

  /// The ways without a tear come first: one is allowed for the whole tree. Where nothing waits
  /// across registers, one way is as good as another.
  std::vector<Match> MatchFile(InodeNumber ours, InodeNumber theirs) {
    std::vector<Match> found;
    const RegisterId size_reg = ours < graph_.file_size.size() ? graph_.file_size[ours] : kNone;
    const bool has_tears = graph_.model.tear == TearSize::kByteLinear;
    for (bool may_tear : {false, true}) {
      if (may_tear && !has_tears) break;
      for (const std::vector<EffectId>& size_lost : VersionsOf(size_reg)) {
        Match match{size_lost, std::nullopt};
        if (!MatchSectors(ours, theirs, may_tear, match.lost, match.tear)) continue;
        if (may_tear && !match.tear.has_value()) continue;  // found without
        found.push_back(std::move(match));
        if (graph_.edges.empty()) return found;
      }
    }
    return found;
  }

  bool MatchSectors(InodeNumber ours, InodeNumber theirs, bool may_tear,
                    std::vector<EffectId>& lost, std::optional<Tear>& tear) {
    const uint64_t size_bytes = observed_.Find(theirs)->size_bytes;
    if (BuildFile(ours, lost).Find(ours)->size_bytes != size_bytes) return false;
    std::set<uint64_t> settled;  // sectors that need not be compared below
    if (ours < graph_.file_sectors.size()) {
      for (RegisterId reg : graph_.file_sectors[ours]) {
        if (view_.newest(reg) == kNone) continue;
        const bool had_tear = tear.has_value();
        if (MatchSector(reg, theirs, lost)) continue;
        const bool fits = (any_bytes_ && LoseToFill(reg, lost)) ||
                          (may_tear && !had_tear && MatchTornSector(reg, theirs, lost, tear));
        if (!fits) return false;
        settled.insert(graph_.registers[reg].sector);
      }
    }
    const Image built = BuildFile(ours, lost);
    const size_t unit = graph_.model.unit_bytes();
    for (uint64_t sector = 0; sector * unit < size_bytes; ++sector) {
      if (!settled.contains(sector) && Bytes(built, ours, sector * unit, unit) !=
                                           Bytes(observed_, theirs, sector * unit, unit)) {
        return false;
      }
    }
    return true;
  }

  /// What the sector shows if `sector_lost` is lost too.
  std::string Shown(const Register& reg, std::vector<EffectId> lost,
                    const std::vector<EffectId>& sector_lost) {
    lost.insert(lost.end(), sector_lost.begin(), sector_lost.end());
    const size_t unit = graph_.model.unit_bytes();
    return Bytes(BuildFile(reg.inode, lost), reg.inode, reg.sector * unit, unit);
  }

  bool MatchSector(RegisterId reg_id, InodeNumber theirs, std::vector<EffectId>& lost) {
    const Register& reg = graph_.registers[reg_id];
    const size_t unit = graph_.model.unit_bytes();
    const std::string seen = Bytes(observed_, theirs, reg.sector * unit, unit);
    for (const std::vector<EffectId>& sector_lost : VersionsOf(reg_id)) {
      if (Shown(reg, lost, sector_lost) != seen) continue;
      lost.insert(lost.end(), sector_lost.begin(), sector_lost.end());
      return true;
    }
    return false;
  }

  bool MatchTornSector(RegisterId reg_id, InodeNumber theirs, std::vector<EffectId>& lost,
                       std::optional<Tear>& tear) {
    const Register& reg = graph_.registers[reg_id];
    const size_t unit = graph_.model.unit_bytes();
    const std::string seen = Bytes(observed_, theirs, reg.sector * unit, unit);
    for (std::vector<EffectId>& sector_lost : VersionsOf(reg_id)) {
      const std::string older = Shown(reg, lost, sector_lost);
      const EffectId freed_by = FileOutcome(view_, reg.inode).Sector(reg_id).freed_by;
      std::vector<EffectId> candidates = sector_lost;
      std::erase_if(candidates, [&](EffectId id) {
        return (freed_by != kNone && id < freed_by) || view_.CoversCacheOnly(id);
      });
      tear = TearThatShows(seen, older, candidates);
      if (!tear.has_value()) continue;
      lost.insert(lost.end(), sector_lost.begin(), sector_lost.end());
      return true;
    }
    return false;
  }

  /// A mix of `older` with the content of one of the lost effects that equals `seen`.
  std::optional<Tear> TearThatShows(const std::string& seen, const std::string& older,
                                    const std::vector<EffectId>& candidates) const {
    for (EffectId id : candidates) {
      const std::string_view fresh =
          graph_.SectorContent(graph_.effects[id].write).substr(0, seen.size());
      for (uint32_t split = 1; split < seen.size(); ++split) {
        const auto mixes = [&](std::string_view head, std::string_view tail) {
          return seen.compare(0, split, head.substr(0, split)) == 0 &&
                 seen.compare(split, std::string::npos, tail.substr(split)) == 0;
        };
        if (mixes(fresh, older)) return Tear{id, split, true};
        if (mixes(older, fresh)) return Tear{id, split, false};
      }
    }
    return std::nullopt;
  }

  /// Loses all that is pending on the register, if fill is what shows then.
  bool LoseToFill(RegisterId reg_id, std::vector<EffectId>& lost) {
    const std::vector<EffectId> oldest = VersionsOf(reg_id).back();
    const Register& reg = graph_.registers[reg_id];
    (void)Shown(reg, lost, oldest);  // assumes the state
    if (FileOutcome(view_, reg.inode).Sector(reg_id).shows != SectorOutcome::Shows::kFill) {
      return false;
    }
    lost.insert(lost.end(), oldest.begin(), oldest.end());
    return true;
  }

  /// What may be lost of a register, from nothing to all that is pending. Never empty.
  std::vector<std::vector<EffectId>> VersionsOf(RegisterId reg) const {
    std::vector<std::vector<EffectId>> versions = {{}};
    if (reg == kNone) return versions;
    for (EffectId id = view_.newest(reg); id != kNone; id = graph_.effects[id].write.previous) {
      if (graph_.effects[id].forced_from < view_.point().steps) break;
      versions.push_back(versions.back());
      versions.back().push_back(id);
    }
    return versions;
  }

  Image BuildFile(InodeNumber file, const std::vector<EffectId>& lost) {
    view_.Assume(lost);
    DiskBuilder builder(view_, tree_, fill_);
    for (const TouchedFile& touched : view_.touched_files()) {
      if (touched.inode == file) builder.BuildFileOnFloor(touched);
    }
    return std::move(builder).Take();
  }

  const EffectGraph& graph_;
  PointView view_;
  const Image& observed_;
  std::vector<EffectId> entries_;
  std::set<EffectId> lost_;   // of the entries
  Fill fill_ = Fill::kZeros;  // that is being tried
  bool any_bytes_ = false;    // whatever is seen passes for garbage
  Image tree_;
  std::map<InodeNumber, InodeNumber> matches_;  // file of ours -> observed file
  std::vector<std::vector<Match>> candidates_;  // by file, in the order of matches_
};

}  // namespace

std::optional<CrashState> Explain(const EffectGraph& graph, CrashPoint point,
                                  const Image& observed) {
  return Explainer(graph, point, observed).Run();
}

}  // namespace faultfs
