// VersionHistory: what a trace issued, place by place, and what its syncs made durable. The first
// half of the brute force.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "faultfs/sim/trace.h"
#include "tests/faultfs/crash/plain_disk.h"

namespace faultfs::test {

enum class Kind { kSector, kSize, kEntry };

/// Something on the disk that has one content after another.
using Place = std::tuple<Number, Kind, Sector, std::string>;
inline Number ObjectOf(const Place& place) { return std::get<0>(place); }

struct Version {
  size_t issue = 0;             // its turn among everything issued
  std::string bytes;            // of a sector
  uint64_t size = 0;            // of a size
  bool cuts = false;            // a size below the one before
  Number names = kNoInode;      // of an entry
  std::optional<size_t> joint;  // the atomic rename that it is one half of
  bool abandoned = false;
  bool settled = false;  // a process was shown what the disk holds: decided, whatever it waits for
  bool shown = false;    // a process was shown it, and nobody wrote it
  bool truncates = false;     // a size that no data left
  std::vector<size_t> waits;  // turns of what must be there before this one, beside its forerunners
};

/// A change of a directory, or a truncate where it counts like one.
struct JournalEntry {
  size_t turn;
  std::set<Number> about;  // which files or directories it moves, makes, names or removes
  Number names = kNoInode;
};

struct Allocation {
  size_t issue;
  Number file;
  uint64_t begin;
  uint64_t end;
};

struct VersionHistory {
  std::map<Place, std::vector<Version>> places;
  std::map<Place, size_t> at_least;  // versions that a sync made durable
  std::vector<Allocation> allocations;
  std::vector<Number> freed;  // files that lost their last name, in that order
  std::map<size_t, std::vector<std::pair<Place, size_t>>> at_turn;  // two halves of a joint one
  size_t issued = 0;

  [[nodiscard]] const Version& At(const std::pair<Place, size_t>& where) const {
    return places.at(where.first)[where.second];
  }
  /// Whether either half was abandoned by a failed sync.
  [[nodiscard]] bool Abandoned(size_t turn) const;
  /// The turns of what must be there before: the version before on each of its places, and what it
  /// waits for.
  [[nodiscard]] std::set<size_t> Before(size_t turn) const;
  [[nodiscard]] size_t TurnOf(const std::pair<Place, size_t>& where) const {
    return At(where).joint.value_or(At(where).issue);
  }
};

/// Of the first `steps` steps.
[[nodiscard]] VersionHistory HistoryOf(const PlainDisk& base, const Trace& trace, size_t steps,
                                       const PersistenceModel& model);

}  // namespace faultfs::test
