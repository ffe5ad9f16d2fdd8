#include "tests/faultfs/crash/brute_force.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "faultfs/env/random.h"
#include "tests/faultfs/crash/plain_disk.h"
#include "tests/faultfs/crash/version_history.h"

namespace faultfs::test {
namespace {

/// How many versions of each place are on the disk.
using Levels = std::map<Place, size_t>;

class Aftermath {
 public:
  Aftermath(const Image& base, const Trace& trace, size_t steps, const PersistenceModel& model)
      : model_(model), unit_(model.unit_bytes()), base_(ToPlain(base, model.unit_bytes())) {
    for (size_t i = 0; i < steps; ++i) {
      const TraceOp& op = trace.ops[i];
      if (op.kind == TraceKind::kCreate) made_.files[op.inode];
      if (op.kind == TraceKind::kCreateDir) made_.directories[op.inode];
    }
    history_ = HistoryOf(base_, trace, steps, model);
  }

  uint64_t Combinations() const {
    uint64_t product = 1;
    for (const auto& [place, versions] : history_.places) {
      product *= versions.size() + 1 - AtLeast(place);
    }
    return product;
  }

  std::set<std::string> Trees() {
    Levels levels;
    Cross(history_.places.begin(), levels);
    return std::move(trees_);
  }

 private:
  size_t AtLeast(const Place& place) const {
    const auto it = history_.at_least.find(place);
    return it == history_.at_least.end() ? 0 : it->second;
  }

  void Cross(std::map<Place, std::vector<Version>>::const_iterator next, Levels& levels) {
    if (next == history_.places.end()) {
      if (Allowed(levels)) Leave(levels);
      return;
    }
    const auto& [place, versions] = *next++;
    for (size_t level = AtLeast(place); level <= versions.size(); ++level) {
      levels[place] = level;
      Cross(next, levels);
    }
  }

  /// The halves of an atomic rename go together, and nothing is there without what it waits for.
  bool Allowed(const Levels& levels) const {
    for (const auto& [turn, places] : history_.at_turn) {
      const bool kept = Kept(turn, levels);
      for (const auto& [place, index] : places) {
        if ((index < levels.at(place)) != kept) return false;
        if (!kept) continue;
        for (size_t before : history_.At({place, index}).waits) {
          if (!Satisfied(before, levels)) return false;
        }
      }
    }
    return true;
  }

  bool Kept(size_t turn, const Levels& levels) const {
    const auto& [place, index] = history_.at_turn.at(turn).front();
    return index < levels.at(place);
  }

  /// Something is there, or a failed sync has left it out and it had nothing to wait for itself.
  bool Satisfied(size_t turn, const Levels& levels) const {
    if (Kept(turn, levels)) return true;
    if (model_.abandoned == AbandonRule::kBinds || !history_.Abandoned(turn)) return false;
    for (size_t before : history_.Before(turn)) {
      if (!Satisfied(before, levels)) return false;
    }
    return true;
  }

  /// A file while its history is replayed.
  struct Replayed {
    uint64_t size = 0;
    std::map<Sector, std::string> sectors;  // on the disk
    std::set<Sector> missed;                // written, and the write was lost
    std::set<Sector> allocated;
    std::map<Sector, std::string> newest;   // what was last written there, lost or not
    std::map<Sector, std::string> earlier;  // the same, when a cut freed it
  };

  struct Event {
    const Version* version = nullptr;
    const Allocation* allocation = nullptr;
    Kind kind = Kind::kSector;
    Sector sector = 0;
    bool kept = false;
  };

  std::map<size_t, Event> EventsOf(Number file, const Levels& levels) const {
    std::map<size_t, Event> events;
    for (const auto& [place, versions] : history_.places) {
      if (ObjectOf(place) != file || std::get<1>(place) == Kind::kEntry) continue;
      for (size_t i = 0; i < versions.size(); ++i) {
        events[versions[i].issue] = {&versions[i], nullptr, std::get<1>(place), std::get<2>(place),
                                     i < levels.at(place)};
      }
    }
    for (const Allocation& allocation : history_.allocations) {
      if (allocation.file == file) events[allocation.issue].allocation = &allocation;
    }
    return events;
  }

  void Cut(Replayed& file, uint64_t size) const {
    const Sector first = (size + unit_ - 1) / unit_;
    for (auto& [sector, bytes] : file.newest) {
      if (sector >= first) file.earlier[sector] = bytes;
    }
    std::erase_if(file.sectors, [&](const auto& entry) { return entry.first >= first; });
    std::erase_if(file.missed, [&](Sector sector) { return sector >= first; });
    std::erase_if(file.allocated, [&](Sector sector) { return sector >= first; });
  }

  void Happen(Replayed& file, const Event& event) const {
    if (event.allocation != nullptr) {
      for (Sector sector = (event.allocation->begin + unit_ - 1) / unit_;
           (sector + 1) * unit_ <= event.allocation->end; ++sector) {
        file.allocated.insert(sector);
      }
    } else if (event.kind == Kind::kSector) {
      file.newest[event.sector] = event.version->bytes;
      if (event.kept) {
        file.sectors[event.sector] = event.version->bytes;
      } else if (!file.sectors.contains(event.sector)) {
        file.missed.insert(event.sector);
      }
    } else if (event.kept) {
      file.size = event.version->size;
      if (event.version->cuts) Cut(file, event.version->size);
    }
  }

  Replayed Replay(Number number, const PlainFile& start, const Levels& levels) const {
    Replayed file;
    file.size = start.bytes.size();
    for (Sector sector = 0; sector * unit_ < start.bytes.size(); ++sector) {
      std::string bytes = start.bytes.substr(sector * unit_, unit_);
      bytes.resize(unit_, '\0');
      file.newest[sector] = bytes;
      if (start.written.contains(sector)) file.sectors[sector] = bytes;
    }
    for (const auto& [issue, event] : EventsOf(number, levels)) Happen(file, event);
    return file;
  }

  struct Mix {
    Number file;
    Sector sector;
    std::string fresh;
    size_t split;
    bool front;
  };

  void Leave(const Levels& levels) {
    std::map<Number, PlainFile> starts = base_.files;
    for (const auto& [number, file] : made_.files) starts.try_emplace(number);
    std::map<Number, Replayed> files;
    bool fill_shows = false;
    for (const auto& [number, start] : starts) {
      Replayed& file = files[number] = Replay(number, start, levels);
      for (Sector sector : file.missed) {
        fill_shows |= sector * unit_ < file.size && !file.allocated.contains(sector);
      }
    }
    std::vector<Fill4> fills = {Fill4::kZeros};
    if (fill_shows && model_.fill == FillPolicy::kStale) {
      fills = {Fill4::kZeros, Fill4::kGarbage, Fill4::kEarlier, Fill4::kFreed};
    }
    PlainDisk disk = Directories(levels);
    disk.files = Contents(files, Fill4::kZeros);
    const std::vector<Mix> mixes = Mixes(files, disk, levels);
    for (Fill4 fill : fills) {
      disk.files = Contents(files, fill);
      trees_.insert(ToText(disk));
      for (const Mix& mix : mixes) {
        PlainDisk torn = disk;
        std::string& bytes = torn.files[mix.file].bytes;
        Splice(bytes, mix);
        trees_.insert(ToText(torn));
      }
    }
  }

  enum class Fill4 { kZeros, kGarbage, kEarlier, kFreed };

  std::map<Number, PlainFile> Contents(const std::map<Number, Replayed>& files, Fill4 fill) const {
    std::map<Number, PlainFile> contents;
    for (const auto& [number, file] : files) {
      std::string& bytes = contents[number].bytes;
      for (Sector sector = 0; sector * unit_ < file.size; ++sector) {
        if (file.sectors.contains(sector)) {
          bytes += file.sectors.at(sector);
        } else if (file.missed.contains(sector) && !file.allocated.contains(sector)) {
          bytes += Filling(number, sector, file, fill);
        } else {
          bytes += std::string(unit_, '\0');
        }
      }
      bytes.resize(file.size);
    }
    return contents;
  }

  std::string Filling(Number number, Sector sector, const Replayed& file, Fill4 fill) const {
    switch (fill) {
      case Fill4::kZeros:
        break;
      case Fill4::kGarbage:
        return GarbageBytes(number, sector);
      case Fill4::kEarlier:
        if (file.earlier.contains(sector)) return file.earlier.at(sector);
        break;
      case Fill4::kFreed:
        return FreedBytes(number, sector);
    }
    return std::string(unit_, '\0');
  }

  // The next two fix which bytes show, as docs/persistence-model.md does: a crash state that was
  // written to a file must leave the same bytes in a later version of this program.

  std::string GarbageBytes(Number number, Sector sector) const {
    Random random(Mix64(Mix64(number, sector), MixString("garbage")));
    std::string bytes;
    while (bytes.size() < unit_) {
      const uint64_t word = random.Next();
      for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i));
    }
    return bytes;
  }

  /// Of a file that ever had this sector, or of this sector modulo the length of any.
  std::string FreedBytes(Number number, Sector sector) const {
    std::vector<std::pair<Number, Sector>> same;
    std::vector<std::pair<Number, Sector>> any;
    for (Number freed : history_.freed) {
      const uint64_t sectors = (LargestSize(freed) + unit_ - 1) / unit_;
      if (freed == number || sectors == 0) continue;
      any.emplace_back(freed, sector % sectors);
      if (sector < sectors) same.emplace_back(freed, sector);
    }
    const auto& choice = same.empty() ? any : same;
    if (choice.empty()) return GarbageBytes(number, sector);
    const auto [freed, its_sector] =
        choice[Mix64(Mix64(number, sector), MixString("freed")) % choice.size()];
    const auto versions = history_.places.find({freed, Kind::kSector, its_sector, ""});
    if (versions != history_.places.end()) return versions->second.back().bytes;
    std::string bytes;
    if (base_.files.contains(freed) && base_.files.at(freed).bytes.size() > its_sector * unit_) {
      bytes = base_.files.at(freed).bytes.substr(its_sector * unit_, unit_);
    }
    bytes.resize(unit_, '\0');
    return bytes;
  }

  uint64_t LargestSize(Number number) const {
    uint64_t largest = base_.files.contains(number) ? base_.files.at(number).bytes.size() : 0;
    const auto sizes = history_.places.find({number, Kind::kSize, 0, ""});
    if (sizes != history_.places.end()) {
      for (const Version& version : sizes->second) largest = std::max(largest, version.size);
    }
    return largest;
  }

  /// Is this version behind a cut that is on the disk and freed its sector?
  bool FreedSince(Number number, Sector sector, const Version& version,
                  const Levels& levels) const {
    const Place place{number, Kind::kSize, 0, ""};
    const auto sizes = history_.places.find(place);
    if (sizes == history_.places.end()) return false;
    for (size_t i = 0; i < levels.at(place); ++i) {
      const Version& size = sizes->second[i];
      if (size.cuts && size.issue > version.issue && (size.size + unit_ - 1) / unit_ <= sector) {
        return true;
      }
    }
    return false;
  }

  bool WaitsForNothing(const Version& version, const Levels& levels) const {
    return std::all_of(version.waits.begin(), version.waits.end(),
                       [&](size_t before) { return Satisfied(before, levels); });
  }

  std::vector<Mix> Mixes(const std::map<Number, Replayed>& files, const PlainDisk& disk,
                         const Levels& levels) const {
    std::vector<Mix> mixes;
    if (model_.tear != TearSize::kByteLinear) return mixes;
    for (const auto& [place, versions] : history_.places) {
      if (std::get<1>(place) != Kind::kSector) continue;
      const Number number = ObjectOf(place);
      const Sector sector = std::get<2>(place);
      if (sector * unit_ >= files.at(number).size) continue;
      for (size_t i = levels.at(place); i < versions.size(); ++i) {
        if (versions[i].shown) break;  // the disk got no write of it to mix with
        if (FreedSince(number, sector, versions[i], levels)) continue;
        if (!WaitsForNothing(versions[i], levels)) continue;
        AddMixes(disk.files.at(number).bytes, {number, sector, versions[i].bytes, 0, true}, mixes);
      }
    }
    return mixes;
  }

  /// Every split, in both directions, whose outcome is neither the old nor the new content and was
  /// not there before. The file has zeros where nothing became durable.
  void AddMixes(const std::string& file, Mix mix, std::vector<Mix>& mixes) const {
    const std::string old = file.substr(mix.sector * unit_, unit_);
    std::set<std::string> outcomes = {old, mix.fresh.substr(0, old.size())};
    for (bool front : {true, false}) {
      std::string outcome = front ? old : mix.fresh.substr(0, old.size());
      const std::string& entering = front ? mix.fresh : old;
      for (size_t split = 1; split < old.size(); ++split) {
        outcome[split - 1] = entering[split - 1];
        mix.split = split;
        mix.front = front;
        if (outcomes.insert(outcome).second) mixes.push_back(mix);
      }
    }
  }

  void Splice(std::string& bytes, const Mix& mix) const {
    for (size_t i = 0; i < unit_; ++i) {
      const uint64_t at = mix.sector * unit_ + i;
      if (at < bytes.size() && (i < mix.split) == mix.front) bytes[at] = mix.fresh[i];
    }
  }

  PlainDisk Directories(const Levels& levels) const {
    PlainDisk disk;
    disk.directories = base_.directories;
    for (const auto& [number, entries] : made_.directories) disk.directories[number];
    for (const auto& [place, versions] : history_.places) {
      if (std::get<1>(place) != Kind::kEntry || levels.at(place) == 0) continue;
      auto& entries = disk.directories[ObjectOf(place)];
      const Number names = versions[levels.at(place) - 1].names;
      if (names == kNoInode) {
        entries.erase(std::get<3>(place));
      } else {
        entries[std::get<3>(place)] = names;
      }
    }
    KeepOneName(disk);
    return disk;
  }

  /// A directory with two names keeps the one nearest to the root, of equals the first.
  static void KeepOneName(PlainDisk& disk) {
    std::set<Number> met = {kRootInode};
    std::deque<Number> queue = {kRootInode};
    while (!queue.empty()) {
      auto& entries = disk.directories[queue.front()];
      queue.pop_front();
      for (auto it = entries.begin(); it != entries.end();) {
        const bool directory = disk.directories.contains(it->second);
        if (directory && !met.insert(it->second).second) {
          it = entries.erase(it);
          continue;
        }
        if (directory) queue.push_back(it->second);
        ++it;
      }
    }
  }

  const PersistenceModel& model_;
  const size_t unit_;
  const PlainDisk base_;
  PlainDisk made_;  // inodes that the run made
  VersionHistory history_;
  std::set<std::string> trees_;
};

}  // namespace

std::set<std::string> TreesAfterCrash(const Image& base, const Trace& trace, size_t steps,
                                      const PersistenceModel& model) {
  return Aftermath(base, trace, steps, model).Trees();
}

uint64_t Combinations(const Image& base, const Trace& trace, size_t steps,
                      const PersistenceModel& model) {
  return Aftermath(base, trace, steps, model).Combinations();
}

std::string TreeText(const Image& image) { return ToText(ToPlain(image, kSectorBytes)); }

}  // namespace faultfs::test
