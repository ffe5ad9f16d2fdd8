// A simulated machine in the words of a test: "Write a file, sync it, what is there?". Every step
// must succeed; tests of errors call `fs` itself.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "faultfs/env/file_system.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"

namespace faultfs::test {

inline constexpr IoTag kTag{"test.op"};
inline constexpr OpenFlags kRead{};
inline constexpr OpenFlags kWrite{.write = true};
inline constexpr OpenFlags kCreate{.write = true, .create = true};

inline std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Opens a file, or fails the test and aborts.
std::unique_ptr<File> MustOpen(FileSystem& fs, std::string_view path, OpenFlags flags = kCreate,
                               IoTag tag = kTag);
void MustWrite(File& file, uint64_t offset_bytes, std::string_view text, IoTag tag = kTag);
/// Creates the file if it is missing and writes at its begin.
void MustPut(FileSystem& fs, std::string_view path, std::string_view text, IoTag tag = kTag);
/// The whole content.
std::string MustGet(FileSystem& fs, std::string_view path);
void MustSync(File& file, SyncKind kind = SyncKind::kFull, IoTag tag = kTag);

/// The same for an image: the inode that a path of names leads to, kNoInode if there is none.
InodeNumber Resolve(const Image& image, std::string_view path);
std::string Content(const Image& image, InodeNumber file);
/// Puts a new file into the root directory.
InodeNumber AddFile(Image& image, std::string_view name, std::string_view text);
InodeNumber AddDirectory(Image& image, std::string_view name);

}  // namespace faultfs::test
