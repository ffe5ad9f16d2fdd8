// Engines that are wrong on purpose: what `scenarios/known-bad` runs to see that the harness
// catches them. They promise what the real store promises and do not keep it.
#pragma once

#include "harness/adapter.h"

namespace crashlab {

/// "toy": one log file, a checksum for each record, and never a sync. With the option `buffered`
/// records stay in the process until there are some kilobytes, or it closes. With `rewrites`
/// an Open empties the log and writes it anew, which only a death in between shows. With the option
/// `layout = "generations"` a new file for each change, synced, and the one before it removed, but
/// never a sync of a directory: right where names change in one order (ext4, xfs), wrong elsewhere.
[[nodiscard]] const Adapter& ToyAdapter();

/// "canary": keeps everything in memory and nothing on the disk. A runner that does not find it
/// wrong checks nothing.
[[nodiscard]] const Adapter& CanaryAdapter();

}  // namespace crashlab
