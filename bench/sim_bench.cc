// The inner loop of a crash explorer: copy an image, hash it, let a recovery run over it, throw it
// all away. The yardsticks in the same run are a heap allocation and a copy of one block.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "faultfs/env/check.h"
#include "faultfs/sim/sim_file_system.h"

namespace faultfs {
namespace {

constexpr IoTag kTag{"bench.op"};

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// A small store: two segments, a snapshot, a lock, in one directory.
Image Store() {
  Image image;
  const InodeNumber directory = image.AddInode(FileType::kDirectory);
  image.SetEntry(kRootInode, "db", directory);
  for (const std::string name : {"000001.log", "000002.log", "snapshot", "LOCK"}) {
    const InodeNumber file = image.AddInode(FileType::kFile);
    image.SetEntry(directory, name, file);
    if (name != "LOCK") image.Write(file, 0, Bytes(std::string(1500, name[5])));
  }
  return image;
}

void Allocation(benchmark::State& state) {
  for (auto _ : state) {
    auto block = std::make_unique_for_overwrite<std::byte[]>(128);
    benchmark::DoNotOptimize(block.get());
  }
}
BENCHMARK(Allocation);

void BlockCopy(benchmark::State& state) {
  std::vector<std::byte> from(kBlockBytes);
  std::vector<std::byte> to(kBlockBytes);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), kBlockBytes);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BlockCopy);

void ImageCopy(benchmark::State& state) {
  const Image image = Store();
  for (auto _ : state) {
    Image copy = image;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(ImageCopy);

/// All files were hashed before: what an unchanged part of a tree costs.
void HashKnown(benchmark::State& state) {
  const Image image = Store();
  for (auto _ : state) benchmark::DoNotOptimize(image.ContentHash());
}
BENCHMARK(HashKnown);

/// One file differs, as in most crash states of one run.
void HashAfterOneWrite(benchmark::State& state) {
  const Image image = Store();
  benchmark::DoNotOptimize(image.ContentHash());
  for (auto _ : state) {
    Image copy = image;
    copy.Write(3, 512, Bytes("changed"));
    benchmark::DoNotOptimize(copy.ContentHash());
  }
}
BENCHMARK(HashAfterOneWrite);

/// Nothing was hashed before.
void HashAllNew(benchmark::State& state) {
  Image image = Store();
  for (auto _ : state) {
    for (InodeNumber file = 3; file < 6; ++file) image.Write(file, 0, Bytes("x"));
    benchmark::DoNotOptimize(image.ContentHash());
  }
}
BENCHMARK(HashAllNew);

void Require(bool ok) { FAULTFS_CHECK(ok, "the calls of this benchmark succeed"); }

/// Lock, list, read what is there, rewrite the tail into a new segment, publish it: 30 calls.
void Recover(FileSystem& fs) {
  const auto lock = fs.Lock("/db/LOCK", kTag);
  Require(lock.ok() && fs.List("/db").ok());
  std::byte buffer[2048];
  for (const std::string_view path : {"/db/snapshot", "/db/000001.log", "/db/000002.log"}) {
    const auto file = fs.Open(path, {}, kTag);
    Require(file.ok() && (*file)->Size().ok());
    Require((*file)->ReadAt(0, buffer).ok() && (*file)->ReadAt(1500, buffer).ok());
    Require((*file)->Close().ok());
  }
  {
    const auto file = fs.Open("/db/000003.tmp", {.write = true, .create = true}, kTag);
    Require(file.ok());
    for (uint64_t i = 0; i < 4; ++i) {
      Require((*file)->WriteAt(i * 100, std::span(buffer).first(100), kTag).ok());
    }
    Require((*file)->Sync(SyncKind::kData, kTag).ok() && (*file)->Close().ok());
  }
  Require(fs.Rename("/db/000003.tmp", "/db/000003.log", kTag).ok());
  Require(fs.SyncDir("/db", kTag).ok() && fs.Stat("/db/000003.log").ok());
  Require(fs.Remove("/db/000001.log", kTag).ok() && fs.SyncDir("/db", kTag).ok());
  Require(fs.List("/db").ok());
}

template <Recording recording>
void VolumeAnd30Calls(benchmark::State& state) {
  const Image image = Store();
  for (auto _ : state) {
    Volume volume(image, recording);
    SimFileSystem fs(volume);
    Recover(fs);
    benchmark::DoNotOptimize(&volume);
  }
  Volume volume(image);
  SimFileSystem fs(volume);
  Recover(fs);
  state.counters["calls"] = static_cast<double>(fs.calls());
}
BENCHMARK(VolumeAnd30Calls<Recording::kOff>);
BENCHMARK(VolumeAnd30Calls<Recording::kOn>);

}  // namespace
}  // namespace faultfs
