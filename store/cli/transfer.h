// `kv_store export` and `kv_store import`: a store's entries as JSON Lines.
#pragma once

#include <string>

#include "faultfs/env/file_system.h"
#include "store/cli/console.h"
#include "store/store.h"

namespace kv::cli {

struct TransferOptions {
  std::string directory;
  std::string file;  // empty or "-": standard output or input
};

/// Writes every entry, one a line, in the order of the keys. Changes nothing in the directory. A
/// regular file is replaced as a whole or not at all.
/// Durability: on kExitDone the file is durable, its name included.
[[nodiscard]] int Export(faultfs::FileSystem& file_system, const TransferOptions& options,
                         const Console& console);

/// Sets every entry, in the order of the lines, in batches. At a line that is no entry it stops
/// with the line's number and column: everything before it is in the store, nothing from it on.
/// Blank lines are skipped. The store is made if it is missing.
/// Durability: of everything it reports as imported.
[[nodiscard]] int Import(const TransferOptions& options, const Console& console);

}  // namespace kv::cli
