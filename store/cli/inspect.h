// `kv_store inspect DIR` and `kv_store check DIR`: look at a store's files and change nothing.
#pragma once

#include <string_view>

#include "faultfs/env/file_system.h"
#include "store/cli/console.h"

namespace kv::cli {

/// Lists files, segments and records. Damage is listed, not judged: the exit code is that of the
/// listing.
[[nodiscard]] int Inspect(faultfs::FileSystem& file_system, std::string_view directory,
                          const Console& console);

/// Recovers the store in memory and says whether it would open; if it is corrupt, where, and what
/// would be lost. kExitDone: sound; kExitFailed: corrupt; kExitNoStore: it can't be told.
[[nodiscard]] int Check(faultfs::FileSystem& file_system, std::string_view directory,
                        const Console& console);

}  // namespace kv::cli
