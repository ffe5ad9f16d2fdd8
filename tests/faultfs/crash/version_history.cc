#include "tests/faultfs/crash/version_history.h"

#include <algorithm>
#include <utility>

namespace faultfs::test {
namespace {

class Walk {
 public:
  Walk(const PlainDisk& base, const PersistenceModel& model)
      : model_(model), unit_(model.unit_bytes()), live_(base) {
    for (const auto& [directory, entries] : base.directories) {
      for (const auto& [name, child] : entries) ++names_of_[child];
    }
  }

  void Step(const TraceOp& op) {
    switch (op.kind) {
      case TraceKind::kCreate:
        live_.files[op.inode];
        Name(op, op.directory, op.name, op.inode);
        break;
      case TraceKind::kCreateDir:
      case TraceKind::kLink:
        Name(op, op.directory, op.name, op.inode);
        break;
      case TraceKind::kUnlink:
      case TraceKind::kRemoveDir:
        Name(op, op.directory, op.name, kNoInode);
        LoseName(op.inode);
        break;
      case TraceKind::kRename:
        Rename(op);
        break;
      case TraceKind::kWrite:
        Write(op);
        break;
      case TraceKind::kTruncate:
        Truncate(op);
        break;
      case TraceKind::kAllocate:
        Allocate(op);
        break;
      case TraceKind::kSyncBegin:
        begun_[op.sync_id] = {history.issued, op.sync_kind == SyncKind::kData
                                                  ? last_extents_[op.inode]
                                                  : last_change_[op.inode]};
        break;
      case TraceKind::kSyncEnd:
        SyncEnd(op);
        break;
      case TraceKind::kRevert:
        Revert(op);
        break;
      case TraceKind::kWriteback:
      case TraceKind::kMark:
        break;
    }
    if (op.kind == TraceKind::kCreate || op.kind == TraceKind::kLink) ++names_of_[op.inode];
  }

  VersionHistory history;

 private:
  /// `joint`: the turn of the other half, issued before.
  Version& Issue(Place place, std::optional<size_t> joint = {}) {
    std::vector<Version>& versions = history.places[place];
    Version& version = versions.emplace_back();
    version.issue = history.issued++;
    version.joint = joint;
    history.at_turn[joint.value_or(version.issue)].emplace_back(place, versions.size() - 1);
    if (model_.order == EffectOrder::kTotal) {
      for (const auto& [turn, where] : history.at_turn) {
        if (turn < version.issue && !history.At(where.front()).shown) version.waits.push_back(turn);
      }
    }
    return version;
  }

  // --- What waits for what

  /// For all that was journaled before, or for what shares a file or is about its directory.
  void WaitAsEntry(const TraceOp& op, Version& version) {
    const std::set<Number> concerns = {op.inode, op.replaced, op.directory, op.to_directory};
    for (const JournalEntry& entry : journal_) {
      bool waits = model_.entries == EntryOrder::kJournal;
      if (model_.entries == EntryOrder::kRelated) {
        for (Number number : entry.about) waits |= number != kNoInode && concerns.contains(number);
      }
      if (waits) version.waits.push_back(entry.turn);
    }
  }

  void WaitAsSize(Version& version) {
    if (model_.entries != EntryOrder::kJournal || model_.size_order == SizeOrder::kFree) return;
    for (const JournalEntry& entry : journal_) version.waits.push_back(entry.turn);
  }

  /// A rename that replaces, for all that was ever done to the content of the file that moves.
  void WaitForContent(Number file, Version& version) {
    for (const auto& [place, versions] : history.places) {
      if (ObjectOf(place) != file || std::get<1>(place) == Kind::kEntry) continue;
      for (const Version& other : versions) {
        if (!other.shown) version.waits.push_back(other.issue);
      }
    }
  }

  void Journalize(const TraceOp& op, size_t turn, Number names) {
    journal_.push_back({turn, {op.inode, op.replaced}, names});
    last_change_[op.inode] = history.issued;
    last_change_[op.replaced] = history.issued;
  }

  void ChangeExtents(Number file) {
    last_change_[file] = history.issued;
    last_extents_[file] = history.issued;
  }

  // --- Calls

  void Name(const TraceOp& op, Number directory, const std::string& name, Number inode) {
    Version& version = Issue({directory, Kind::kEntry, 0, name});
    version.names = inode;
    WaitAsEntry(op, version);
    Journalize(op, version.issue, inode);
  }

  void LoseName(Number inode) {
    if (live_.files.contains(inode) && --names_of_[inode] == 0) history.freed.push_back(inode);
  }

  void Rename(const TraceOp& op) {
    if (op.replaced != kNoInode) LoseName(op.replaced);
    const bool safe = model_.replace == ReplaceRule::kSafe && op.replaced != kNoInode;
    if (model_.rename == RenameRule::kTwoEdits) {
      Name(op, op.to_directory, op.to_name, op.inode);
      const Place to = {op.to_directory, Kind::kEntry, 0, op.to_name};
      if (safe) WaitForContent(op.inode, history.places[to].back());
      Name(op, op.directory, op.name, kNoInode);
      return;
    }
    const size_t turn = history.issued;
    Version& to = Issue({op.to_directory, Kind::kEntry, 0, op.to_name}, turn);
    to.names = op.inode;
    WaitAsEntry(op, to);
    if (safe) WaitForContent(op.inode, to);
    Issue({op.directory, Kind::kEntry, 0, op.name}, turn);
    Journalize(op, turn, op.inode);
  }

  void WriteSectors(Number file, uint64_t begin, uint64_t end) {
    PlainFile& content = live_.files[file];
    for (Sector sector = begin / unit_; sector * unit_ < end; ++sector) {
      std::string bytes = content.bytes.substr(sector * unit_, unit_);
      bytes.resize(unit_, '\0');
      Issue({file, Kind::kSector, sector, ""}).bytes = bytes;
      content.written.insert(sector);
    }
    for (uint64_t block = begin / kBlockBytes; block * kBlockBytes < end; ++block) {
      content.blocks.insert(block);
    }
  }

  Version& Resize(Number file, uint64_t size) {
    PlainFile& content = live_.files[file];
    Version& version = Issue({file, Kind::kSize, 0, ""});
    version.size = size;
    version.cuts = size < content.bytes.size();
    if (version.cuts) {
      content.written.erase(content.written.lower_bound((size + unit_ - 1) / unit_),
                            content.written.end());
      content.blocks.erase(content.blocks.lower_bound((size + kBlockBytes - 1) / kBlockBytes),
                           content.blocks.end());
    }
    content.bytes.resize(size, '\0');
    return version;
  }

  void Write(const TraceOp& op) {
    if (op.data.empty()) return;
    PlainFile& file = live_.files[op.inode];
    const std::set<uint64_t> blocks = file.blocks;
    const uint64_t end = op.offset_bytes + op.data.size();
    const bool grows = end > file.bytes.size();
    bool extents = grows;
    uint64_t at = op.offset_bytes;
    while (at < end) {
      uint64_t stop = (at / kBlockBytes + 1) * kBlockBytes;
      extents |= !blocks.contains(at / kBlockBytes);
      // A write that does not grow the file is one piece, but issues the same sectors.
      if (model_.growth == GrowthRule::kWhole || !grows || stop > end) stop = end;
      for (uint64_t block = at / kBlockBytes; block * kBlockBytes < stop; ++block) {
        extents |= !blocks.contains(block);
      }
      WritePiece(op, at, stop, blocks);
      at = stop;
    }
    if (extents) ChangeExtents(op.inode);
  }

  void WritePiece(const TraceOp& op, uint64_t begin, uint64_t end,
                  const std::set<uint64_t>& allocated) {
    std::string& bytes = live_.files[op.inode].bytes;
    const std::string before = bytes;
    if (end > bytes.size()) bytes.resize(end, '\0');
    bytes.replace(begin, end - begin, op.data.substr(begin - op.offset_bytes, end - begin));
    const size_t first = history.issued;
    WriteSectors(op.inode, begin, end);
    const size_t last = history.issued;
    if (end <= before.size()) return;
    const std::string grown = std::exchange(bytes, before);  // Resize looks at what was
    Version& size = Resize(op.inode, end);
    bytes = grown;
    WaitAsSize(size);
    for (size_t turn = first; turn < last; ++turn) {
      const Sector sector = std::get<2>(history.at_turn[turn].front().first);
      const bool is_new = !allocated.contains(sector * unit_ / kBlockBytes);
      if (model_.append == AppendRule::kDataFirst ||
          (model_.append == AppendRule::kNewDataFirst && is_new)) {
        size.waits.push_back(turn);
      }
    }
  }

  void Truncate(const TraceOp& op) {
    const uint64_t before = live_.files[op.inode].bytes.size();
    if (op.length_bytes == before) return;
    Version& size = Resize(op.inode, op.length_bytes);
    size.truncates = true;
    if (model_.truncate == TruncateRule::kJournaled) {
      WaitAsEntry(op, size);
      Journalize(op, size.issue, kNoInode);
    } else {
      WaitAsSize(size);
    }
    ChangeExtents(op.inode);
    // The page with the new end is zeroed behind it; a hole has no page.
    const Sector tail = op.length_bytes / unit_;
    if (op.length_bytes < before && op.length_bytes % unit_ != 0 &&
        live_.files[op.inode].written.contains(tail)) {
      WriteSectors(op.inode, op.length_bytes, op.length_bytes + 1);
    }
  }

  /// Of what a journal has: the old bytes come into view, and nothing else happens. A crash may
  /// leave these or any that were there before.
  void ShowOld(const TraceOp& op) {
    std::string& bytes = live_.files[op.inode].bytes;
    const std::string before = bytes;
    bytes.replace(op.offset_bytes, op.data.size(), op.data);
    for (Sector sector = op.offset_bytes / unit_; sector * unit_ < bytes.size(); ++sector) {
      if (bytes.compare(sector * unit_, unit_, before, sector * unit_, unit_) == 0) continue;
      WriteSectors(op.inode, sector * unit_, sector * unit_ + 1);
      Version& version = history.places[{op.inode, Kind::kSector, sector, ""}].back();
      version.shown = version.abandoned = true;
      version.waits.clear();
    }
  }

  /// What is on the disk of these sectors, and of the size if it falls, is known from here on.
  void Revert(const TraceOp& op) {
    if (op.journaled) return ShowOld(op);
    PlainFile& file = live_.files[op.inode];
    const size_t first = history.issued;
    const uint64_t end = op.offset_bytes + op.data.size();
    if (end > file.bytes.size()) file.bytes.resize(end, '\0');
    file.bytes.replace(op.offset_bytes, op.data.size(), op.data);
    WriteSectors(op.inode, op.offset_bytes, end);
    const uint64_t before = file.bytes.size();
    if (op.length_bytes < before) {
      Resize(op.inode, op.length_bytes);
      const Sector tail = op.length_bytes / unit_;
      if (op.length_bytes % unit_ != 0 && file.written.contains(tail)) {
        WriteSectors(op.inode, op.length_bytes, op.length_bytes + 1);
      }
    }
    for (size_t turn = first; turn < history.issued; ++turn) {
      const auto& [place, index] = history.at_turn.at(turn).front();
      history.at_least[place] = index + 1;
      for (size_t i = 0; i <= index; ++i) {
        history.places[place][i].settled = true;
        history.places[place][i].waits.clear();
      }
    }
  }

  void Allocate(const TraceOp& op) {
    const uint64_t end = op.offset_bytes + op.length_bytes;
    history.allocations.push_back({history.issued++, op.inode, op.offset_bytes, end});
    if (!op.keep_size && end > live_.files[op.inode].bytes.size())
      WaitAsSize(Resize(op.inode, end));
    ChangeExtents(op.inode);
  }

  // --- Syncs

  struct Begun {
    size_t issued = 0;
    size_t reach = 0;  // of a file: how far into the journal
  };

  bool Covers(const TraceOp& sync, const Place& place) const {
    if (ObjectOf(place) != sync.inode) return false;
    if (std::get<1>(place) != Kind::kSector || sync.length_bytes == 0) return true;
    const uint64_t begin = std::get<2>(place) * unit_;
    return begin < sync.offset_bytes + sync.length_bytes && sync.offset_bytes < begin + unit_;
  }

  void SyncEnd(const TraceOp& op) {
    const Begun begun = begun_[op.sync_id];
    const bool ok = op.sync_outcome == SyncOutcome::kOk;
    const bool everything = model_.sync == SyncScope::kEverything && ok;
    std::set<size_t> forced;
    for (auto& [place, versions] : history.places) {
      if (!everything && !Covers(op, place)) continue;
      for (size_t i = 0; i < versions.size() && versions[i].issue < begun.issued; ++i) {
        const bool failed =
            op.sync_outcome == SyncOutcome::kFailed || op.sync_outcome == SyncOutcome::kLate;
        const bool retried = model_.failed_retry == RetryRule::kMetadata && versions[i].truncates;
        if (failed && !retried && !versions[i].settled) versions[i].abandoned = true;
        if (ok && !versions[i].abandoned) forced.insert(history.TurnOf({place, i}));
      }
    }
    if (ok && !everything) AddJournal(op, begun, forced);
    for (size_t turn : forced) Require(turn);
  }

  void AddJournal(const TraceOp& op, const Begun& begun, std::set<size_t>& forced) const {
    const bool directory = !live_.files.contains(op.inode);
    for (const JournalEntry& entry : journal_) {
      bool reached = false;
      if (directory) {
        reached = model_.dir_sync == DirSyncScope::kJournal && entry.turn < begun.issued;
      } else if (model_.sync == SyncScope::kJournal) {
        reached = entry.turn < begun.reach;
      } else if (model_.sync == SyncScope::kEntry && op.sync_kind == SyncKind::kFull) {
        reached = entry.names == op.inode && entry.turn < begun.issued;
      }
      if (reached && !history.Abandoned(entry.turn)) forced.insert(entry.turn);
    }
  }

  /// It is on the disk, and so is all that had to be there before.
  void Require(size_t turn) {
    for (const auto& where : history.at_turn.at(turn)) {
      size_t& level = history.at_least[where.first];
      level = std::max(level, where.second + 1);
      // A version holds the ones before it, whatever became of their syncs.
      if (where.second > 0) Require(history.TurnOf({where.first, where.second - 1}));
      for (size_t before : history.At(where).waits) RequireUnlessReleased(before);
    }
  }

  void RequireUnlessReleased(size_t turn) {
    if (model_.abandoned == AbandonRule::kBinds || !history.Abandoned(turn)) {
      if (!IsRequired(turn)) Require(turn);
      return;
    }
    if (IsRequired(turn)) return;
    for (size_t before : history.Before(turn)) RequireUnlessReleased(before);
  }

  bool IsRequired(size_t turn) const {
    const auto& [place, index] = history.at_turn.at(turn).front();
    const auto level = history.at_least.find(place);
    return level != history.at_least.end() && level->second > index;
  }

  const PersistenceModel& model_;
  const size_t unit_;
  PlainDisk live_;
  std::map<Number, int> names_of_;
  std::map<uint32_t, Begun> begun_;
  std::vector<JournalEntry> journal_;
  // By file: how much had been issued at the last change of its metadata, of its size or blocks.
  std::map<Number, size_t> last_change_;
  std::map<Number, size_t> last_extents_;
};

}  // namespace

bool VersionHistory::Abandoned(size_t turn) const {
  for (const auto& where : at_turn.at(turn)) {
    if (At(where).abandoned) return true;
  }
  return false;
}

std::set<size_t> VersionHistory::Before(size_t turn) const {
  std::set<size_t> before;
  for (const auto& where : at_turn.at(turn)) {
    if (where.second > 0) before.insert(TurnOf({where.first, where.second - 1}));
    before.insert(At(where).waits.begin(), At(where).waits.end());
  }
  before.erase(turn);
  return before;
}

VersionHistory HistoryOf(const PlainDisk& base, const Trace& trace, size_t steps,
                         const PersistenceModel& model) {
  Walk walk(base, model);
  for (size_t i = 0; i < steps; ++i) walk.Step(trace.ops[i]);
  return std::move(walk.history);
}

}  // namespace faultfs::test
