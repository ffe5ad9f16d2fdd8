// The reference that the enumerator is examined against: the rules of docs/persistence-model.md,
// written down as plainly as possible over std::map and std::string, and sharing no code with
// faultfs/crash/. Slow, obvious, and for small traces only.
//
// The enumerator decides effect by effect what is lost. This one says for every register how many
// of its versions reached the disk, crosses all these numbers out blindly, throws away what the
// rules forbid, and replays what is left onto a copy of the disk.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "faultfs/crash/persistence_model.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"

namespace faultfs::test {

/// Everything that a crash after `steps` steps may leave, as texts of TreeText.
[[nodiscard]] std::set<std::string> TreesAfterCrash(const Image& base, const Trace& trace,
                                                    size_t steps, const PersistenceModel& model);

/// How many combinations TreesAfterCrash will look at, tears and fills aside.
[[nodiscard]] uint64_t Combinations(const Image& base, const Trace& trace, size_t steps,
                                    const PersistenceModel& model);

/// What can be reached by name: names, types, sizes, bytes, and which names are one file.
[[nodiscard]] std::string TreeText(const Image& image);

}  // namespace faultfs::test
