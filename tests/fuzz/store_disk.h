// StoreDisk: the directory of a store as bytes, and what must be true of opening it whatever the
// bytes are.
//
// As an input of a fuzz target a disk is a list of files, each of them
//   kind and number (2 + 6 bits), length (2 bytes, little-endian), bytes
// where a last file may end early. Every input is a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "faultfs/env/status.h"
#include "faultfs/sim/image.h"

namespace kv::fuzz {

/// By name within the directory.
using Files = std::map<std::string, std::string>;
/// Keys and values.
using Entries = std::map<std::string, std::string>;

[[nodiscard]] Files FilesFrom(std::span<const uint8_t> input);
/// Segments, temporaries and snapshots that FilesFrom can name; others, and what is too long for
/// it, are left out.
[[nodiscard]] std::string InputOf(const Files& files);

/// Checksums made to hold again where a header or payload can be told, so that what is behind them
/// is reached. `own`: numbers, salts and offsets are made to fit as well.
void Reseal(bool own, Files& files);

/// A disk with these files and a lock file in the directory of a store.
[[nodiscard]] faultfs::Image DiskOf(const Files& files);
[[nodiscard]] Files FilesOf(const faultfs::Image& disk);

/// Opens the store, reads it, and has the process die; aborts if it shows a key twice. `disk`
/// becomes what is left.
[[nodiscard]] faultfs::Result<Entries> OpenAndRead(faultfs::Image& disk);

/// Aborts unless opening the disk is refused as corrupt (or written by a later version) without a
/// change, twice in the same words, or shows something that further Opens show again, to which can
/// be written. What it showed; nothing if it was refused.
std::optional<Entries> CheckRecovery(const faultfs::Image& disk);

}  // namespace kv::fuzz
