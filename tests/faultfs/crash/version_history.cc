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
        Name(op.directory, op.name, op.inode);
        break;
      case TraceKind::kCreateDir:
      case TraceKind::kLink:
        Name(op.directory, op.name, op.inode);
        break;
      case TraceKind::kUnlink:
      case TraceKind::kRemoveDir:
        Name(op.directory, op.name, kNoInode);
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
        begun_[op.sync_id] = history.issued;
        break;
      case TraceKind::kSyncEnd:
        SyncEnd(op);
        break;
      case TraceKind::kWriteback:
      case TraceKind::kMark:
        break;
    }
    if (op.kind == TraceKind::kCreate || op.kind == TraceKind::kLink) ++names_of_[op.inode];
  }

  VersionHistory history;

 private:
  Version& Issue(Place place) {
    std::vector<Version>& versions = history.places[std::move(place)];
    versions.emplace_back().issue = history.issued++;
    return versions.back();
  }

  void Name(Number directory, const std::string& name, Number inode) {
    Issue({directory, Kind::kEntry, 0, name}).names = inode;
  }

  void LoseName(Number inode) {
    if (live_.files.contains(inode) && --names_of_[inode] == 0) history.freed.push_back(inode);
  }

  void Rename(const TraceOp& op) {
    if (op.replaced != kNoInode) LoseName(op.replaced);
    const size_t turn = history.issued;
    Version& to = Issue({op.to_directory, Kind::kEntry, 0, op.to_name});
    to.names = op.inode;
    if (model_.rename == RenameRule::kAtomic) to.joint = turn;
    Version& from = Issue({op.directory, Kind::kEntry, 0, op.name});
    if (model_.rename == RenameRule::kAtomic) from.joint = turn;
  }

  void WriteSectors(Number file, uint64_t begin, uint64_t end) {
    PlainFile& content = live_.files[file];
    for (Sector sector = begin / unit_; sector * unit_ < end; ++sector) {
      std::string bytes = content.bytes.substr(sector * unit_, unit_);
      bytes.resize(unit_, '\0');
      Issue({file, Kind::kSector, sector, ""}).bytes = bytes;
      content.written.insert(sector);
    }
  }

  void Resize(Number file, uint64_t size) {
    PlainFile& content = live_.files[file];
    Version& version = Issue({file, Kind::kSize, 0, ""});
    version.size = size;
    version.cuts = size < content.bytes.size();
    if (version.cuts) {
      content.written.erase(content.written.lower_bound((size + unit_ - 1) / unit_),
                            content.written.end());
    }
    content.bytes.resize(size, '\0');
  }

  void Write(const TraceOp& op) {
    std::string& bytes = live_.files[op.inode].bytes;
    const uint64_t end = op.offset_bytes + op.data.size();
    if (op.data.empty()) return;
    const bool grows = end > bytes.size();
    std::string grown = bytes;
    if (grows) grown.resize(end, '\0');
    grown.replace(op.offset_bytes, op.data.size(), op.data);
    const std::string before = std::exchange(bytes, grown);
    WriteSectors(op.inode, op.offset_bytes, end);
    if (!grows) return;
    bytes = before;  // Resize looks at what was
    Resize(op.inode, end);
    live_.files[op.inode].bytes = grown;
  }

  void Truncate(const TraceOp& op) {
    const uint64_t before = live_.files[op.inode].bytes.size();
    if (op.length_bytes == before) return;
    Resize(op.inode, op.length_bytes);
    // The page with the new end is zeroed behind it; a hole has no page.
    const Sector tail = op.length_bytes / unit_;
    if (op.length_bytes < before && op.length_bytes % unit_ != 0 &&
        live_.files[op.inode].written.contains(tail)) {
      WriteSectors(op.inode, op.length_bytes, op.length_bytes + 1);
    }
  }

  void Allocate(const TraceOp& op) {
    const uint64_t end = op.offset_bytes + op.length_bytes;
    history.allocations.push_back({history.issued++, op.inode, op.offset_bytes, end});
    if (!op.keep_size && end > live_.files[op.inode].bytes.size()) Resize(op.inode, end);
  }

  bool Covers(const TraceOp& sync, const Place& place) const {
    if (ObjectOf(place) != sync.inode) return false;
    if (std::get<1>(place) != Kind::kSector || sync.length_bytes == 0) return true;
    const uint64_t begin = std::get<2>(place) * unit_;
    return begin < sync.offset_bytes + sync.length_bytes && sync.offset_bytes < begin + unit_;
  }

  void SyncEnd(const TraceOp& op) {
    const bool everything =
        model_.sync == SyncScope::kEverything && op.sync_outcome == SyncOutcome::kOk;
    for (auto& [place, versions] : history.places) {
      if (!everything && !Covers(op, place)) continue;
      for (size_t i = 0; i < versions.size() && versions[i].issue < begun_[op.sync_id]; ++i) {
        if (op.sync_outcome == SyncOutcome::kFailed) versions[i].abandoned = true;
        if (op.sync_outcome == SyncOutcome::kOk && !versions[i].abandoned) {
          history.at_least[place] = std::max(history.at_least[place], i + 1);
        }
      }
    }
  }

  const PersistenceModel& model_;
  const size_t unit_;
  PlainDisk live_;
  std::map<Number, int> names_of_;
  std::map<uint32_t, size_t> begun_;
};

}  // namespace

VersionHistory HistoryOf(const PlainDisk& base, const Trace& trace, size_t steps,
                         const PersistenceModel& model) {
  Walk walk(base, model);
  for (size_t i = 0; i < steps; ++i) walk.Step(trace.ops[i]);
  return std::move(walk.history);
}

}  // namespace faultfs::test
