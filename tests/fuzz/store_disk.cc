#include "tests/fuzz/store_disk.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "faultfs/env/check.h"
#include "faultfs/env/executor.h"
#include "faultfs/env/random.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "store/crc32c.h"
#include "store/format.h"
#include "store/little_endian.h"
#include "store/snapshot_format.h"
#include "store/store.h"

namespace kv::fuzz {
namespace {

using faultfs::Code;
using faultfs::Image;
using faultfs::InodeNumber;
using faultfs::Result;
using faultfs::Status;

constexpr std::string_view kDirectory = "/db";
constexpr uint64_t kNumbers = 64;
// The largest that a file name may have: what is behind it must not wrap.
constexpr uint64_t kLargest = uint64_t{1} << 62;
constexpr std::string_view kSuffixes[] = {kSegmentSuffix, kTemporarySuffix, kSnapshotSuffix,
                                          kSnapshotTemporarySuffix};

std::string NameOf(uint64_t kind, uint64_t number) {
  number = number == 0 ? kLargest : number;
  std::string path = SegmentPath("", number).substr(1);
  path.resize(path.size() - kSegmentSuffix.size());
  return path.append(kSuffixes[kind]);
}

std::optional<uint64_t> NumberOf(std::string_view name, std::string_view suffix) {
  return ParseFileName(name, suffix);
}

bool HasRoom(const std::string& bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

/// The checksum of a header is in its second four bytes and covers what is behind them.
void SealHeader(std::string& bytes, uint64_t offset, uint64_t size) {
  char* p = bytes.data() + offset;
  StoreLe32(p + 4, Crc32c(p + 8, size - 8));
}

void ResealSegment(bool own, uint64_t number, std::string& bytes) {
  if (!HasRoom(bytes, 0, kSegmentHeaderBytes)) return;
  char* data = bytes.data();
  if (own) {
    StoreLe32(data, kSegmentMagic);
    StoreLe64(data + 16, number);
  }
  SealHeader(bytes, 0, kSegmentHeaderBytes);
  for (uint64_t at = kSegmentHeaderBytes; HasRoom(bytes, at, kRecordHeaderBytes);) {
    char* p = data + at;
    if (LoadLe32(p) != kRecordMagic) {
      ++at;
      continue;
    }
    if (own) {
      StoreLe64(p + 8, number);
      StoreLe64(p + 16, LoadLe64(data + 24));
      StoreLe64(p + 24, at);
    }
    const uint64_t payload_bytes = LoadLe32(p + 48);
    const bool whole = HasRoom(bytes, at + kRecordHeaderBytes, payload_bytes);
    if (whole) StoreLe32(p + 52, Crc32c(p + kRecordHeaderBytes, payload_bytes));
    SealHeader(bytes, at, kRecordHeaderBytes);
    at += kRecordHeaderBytes + (whole ? payload_bytes : 0);
  }
}

void ResealSnapshot(bool own, uint64_t sequence, std::string& bytes) {
  if (!HasRoom(bytes, 0, kSnapshotHeaderBytes)) return;
  char* data = bytes.data();
  if (own) {
    StoreLe32(data, kSnapshotMagic);
    StoreLe64(data + 16, sequence);
  }
  SealHeader(bytes, 0, kSnapshotHeaderBytes);
  uint64_t entries = 0;
  for (uint64_t at = kSnapshotHeaderBytes; HasRoom(bytes, at, kChunkHeaderBytes);) {
    char* p = data + at;
    if (LoadLe32(p) != kChunkMagic) {
      ++at;
      continue;
    }
    if (own) {
      StoreLe64(p + 8, sequence);
      StoreLe64(p + 16, LoadLe64(data + 24));
      StoreLe64(p + 24, at);
      StoreLe64(p + 32, entries);
    }
    entries += LoadLe32(p + 48);
    const uint64_t payload_bytes = LoadLe32(p + 40);
    const bool whole = HasRoom(bytes, at + kChunkHeaderBytes, payload_bytes);
    if (whole) StoreLe32(p + 44, Crc32c(p + kChunkHeaderBytes, payload_bytes));
    SealHeader(bytes, at, kChunkHeaderBytes);
    at += kChunkHeaderBytes + (whole ? payload_bytes : 0);
  }
}

/// Never the same for two Opens, and none that the fuzzer could have put into a file: they follow
/// from all of the disk.
class Salts final : public faultfs::Entropy {
 public:
  explicit Salts(const Image& disk) : random_(disk.ContentHash().low) {}
  [[nodiscard]] uint64_t Next() override { return random_.Next(); }

 private:
  faultfs::Random random_;
};

/// One process with a store in it; it dies with this object.
class Life {
 public:
  explicit Life(const Image& disk) : volume_(disk, faultfs::Recording::kOff), salts_(disk) {
    file_system_ = std::make_unique<faultfs::SimFileSystem>(volume_);
  }
  ~Life() { Kill(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  Status Open() {
    Options options;
    options.file_system = file_system_.get();
    options.entropy = &salts_;
    options.executor = &executor_;
    auto opened = Store::Open(options, kDirectory);
    if (opened.ok()) store_ = std::move(opened).value();
    return opened.status();
  }

  Result<Entries> Read() const {
    Entries entries;
    const Status read = store_->ForEach([&](std::string_view key, std::string_view value) {
      const bool is_new = entries.emplace(key, value).second;
      FAULTFS_CHECK(is_new, "a key shows once");
    });
    if (!read.ok()) return read;
    return entries;
  }

  [[nodiscard]] Store& store() { return *store_; }

  void Kill() {
    file_system_->Kill();
    store_.reset();
  }
  [[nodiscard]] Image disk() const { return volume_.live(); }

 private:
  faultfs::Volume volume_;
  Salts salts_;
  faultfs::ManualExecutor executor_;
  std::unique_ptr<faultfs::SimFileSystem> file_system_;
  std::unique_ptr<Store> store_;
};

/// A write, a close, and an Open that shows it.
void CheckWritable(const Image& disk, Entries entries) {
  constexpr std::string_view kKey = "\xff probe";
  Life life(disk);
  FAULTFS_CHECK(life.Open().ok(), "what opened once opens again");
  FAULTFS_CHECK(life.store().Set(kKey, "probe").ok(), "a recovered store can be written to");
  FAULTFS_CHECK(life.store().Close().ok(), "and closed");
  life.Kill();
  entries[std::string(kKey)] = "probe";
  Image left = life.disk();
  const Result<Entries> after = OpenAndRead(left);
  FAULTFS_CHECK(after.ok() && *after == entries, "a write after a recovery adds what it wrote");
}

}  // namespace

Files FilesFrom(std::span<const uint8_t> input) {
  Files files;
  while (input.size() > 3) {
    const uint64_t kind = input[0] / kNumbers;
    const uint64_t number = input[0] % kNumbers;
    const size_t wanted = input[1] | size_t{input[2]} << 8;
    const auto bytes = input.subspan(3, std::min(wanted, input.size() - 3));
    files[NameOf(kind, number)].assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    input = input.subspan(3 + bytes.size());
  }
  return files;
}

std::string InputOf(const Files& files) {
  std::string input;
  for (const auto& [name, bytes] : files) {
    for (uint64_t kind = 0; kind < std::size(kSuffixes); ++kind) {
      const std::optional<uint64_t> number = NumberOf(name, kSuffixes[kind]);
      if (!number || *number >= kNumbers || bytes.size() > UINT16_MAX) continue;
      input.push_back(static_cast<char>(kind * kNumbers + *number));
      input.push_back(static_cast<char>(bytes.size() & 0xff));
      input.push_back(static_cast<char>(bytes.size() >> 8));
      input += bytes;
    }
  }
  return input;
}

void Reseal(bool own, Files& files) {
  for (auto& [name, bytes] : files) {
    if (const auto segment = NumberOf(name, kSegmentSuffix)) ResealSegment(own, *segment, bytes);
    if (const auto temporary = NumberOf(name, kTemporarySuffix)) {
      ResealSegment(own, *temporary, bytes);
    }
    if (const auto sequence = NumberOf(name, kSnapshotSuffix)) {
      ResealSnapshot(own, *sequence, bytes);
    }
  }
}

Image DiskOf(const Files& files) {
  Image disk;
  const InodeNumber directory = disk.AddInode(faultfs::FileType::kDirectory);
  disk.SetEntry(faultfs::kRootInode, kDirectory.substr(1), directory);
  disk.SetEntry(directory, kLockName, disk.AddInode(faultfs::FileType::kFile));
  for (const auto& [name, bytes] : files) {
    const InodeNumber file = disk.AddInode(faultfs::FileType::kFile);
    disk.SetEntry(directory, name, file);
    disk.Write(file, 0, std::as_bytes(std::span(bytes.data(), bytes.size())));
  }
  return disk;
}

Files FilesOf(const Image& disk) {
  Files files;
  const InodeNumber directory = disk.Lookup(faultfs::kRootInode, kDirectory.substr(1));
  FAULTFS_CHECK(directory != faultfs::kNoInode, "a store has a directory");
  for (const auto& [name, inode] : disk.Find(directory)->entries) {
    if (name == kLockName) continue;
    std::string bytes(disk.Find(inode)->size_bytes, '\0');
    disk.Read(inode, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
    files[name] = std::move(bytes);
  }
  return files;
}

Result<Entries> OpenAndRead(Image& disk) {
  Life life(disk);
  const Status opened = life.Open();
  Result<Entries> entries = opened.ok() ? life.Read() : Result<Entries>(opened);
  life.Kill();
  disk = life.disk();
  return entries;
}

std::optional<Entries> CheckRecovery(const Image& disk) {
  Image left = disk;
  const Result<Entries> first = OpenAndRead(left);
  if (!first.ok()) {
    FAULTFS_CHECK(first.status().Is(Code::kCorruption) || first.status().Is(Code::kUnsupported),
                  "bytes alone make a store corrupt or of another version");
    FAULTFS_CHECK(SameContent(left, disk), "an Open that is refused changes nothing");
    FAULTFS_CHECK(OpenAndRead(left).status() == first.status(), "and is refused again");
    return std::nullopt;
  }
  const Image opened = left;
  const Result<Entries> second = OpenAndRead(left);
  if (!second.ok() || *second != *first) {
    std::fprintf(stderr, "at first\n%safter an Open\n%sthe next Open: %s\n",
                 disk.Describe().c_str(), opened.Describe().c_str(),
                 second.status().ToString().c_str());
  }
  FAULTFS_CHECK(second.ok() && *second == *first, "a second Open shows what the first one showed");
  CheckWritable(left, *first);
  return *first;
}

}  // namespace kv::fuzz
