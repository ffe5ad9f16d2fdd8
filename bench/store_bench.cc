// The store on a real directory against a single-threaded std::unordered_map in the same run.
//
// Directory: a temporary one in $TMPDIR (see temporary_directory.h), so on whatever file system
// that is; the table is preceded by its name. On a disk the rows with a sync in them measure the
// disk.
//
// Entries are "key-i" → "value-i", made beforehand; one iteration goes once over all of them, and
// an item is one operation (of Open rows: one mutation or entry read). `Buffered` and `Sync` in a
// name are the durability of the writes. What is in between (filling, emptying, closing) is not
// timed. After the table each row is compared with its yardstick: the same loop over the map, where
// there is one, and putting all entries into an empty map, construction and destruction included,
// for what loads or writes a whole store.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/ratio_reporter.h"
#include "bench/temporary_directory.h"
#include "faultfs/env/check.h"
#include "faultfs/env/posix_file_system.h"
#include "store/store.h"

namespace kv {
namespace {

// order never escapes: the yardstick is looked up and never walked.
using Map = std::unordered_map<std::string, std::string>;

struct Entries {
  explicit Entries(const benchmark::State& state) : count(static_cast<size_t>(state.range(0))) {
    for (size_t i = 0; i < count; ++i) {
      keys.push_back("key-" + std::to_string(i));
      values.push_back("value-" + std::to_string(i));
    }
  }

  const size_t count;
  std::vector<std::string> keys;
  std::vector<std::string> values;
};

void CountItems(benchmark::State& state, size_t per_iteration) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(per_iteration));
}

void Must(const faultfs::Status& status) { FAULTFS_CHECK(status.ok(), "the disk has no errors"); }

bool IsRead(size_t i) { return i % 10 < 7; }

class StoreOnDisk {
 public:
  explicit StoreOnDisk(Durability durability = Durability::kBuffered) : durability_(durability) {}

  Store& store() { return *store_; }
  Store* operator->() { return store_.get(); }

  void Open() {
    auto opened = Store::Open({.durability = durability_}, directory_.path() + "/db");
    Must(opened.status());
    store_ = std::move(opened).value();
  }
  void Close() {
    Must(store_->Close());
    store_.reset();
  }
  /// An empty store where there may have been one.
  void OpenAnew() {
    store_.reset();
    std::filesystem::remove_all(directory_.path() + "/db");
    Open();
  }
  void Fill(const Entries& entries, size_t count) {
    for (size_t i = 0; i < count; ++i) Must(store_->Set(entries.keys[i], entries.values[i]));
  }

 private:
  TemporaryDirectory directory_;
  const Durability durability_;
  std::unique_ptr<Store> store_;
};

Map FilledMap(const Entries& entries) {
  Map map;
  for (size_t i = 0; i < entries.count; ++i) map[entries.keys[i]] = entries.values[i];
  return map;
}

// --- The yardstick

void MapGet(benchmark::State& state) {
  const Entries entries(state);
  const Map map = FilledMap(entries);
  for (auto _ : state) {
    for (const std::string& key : entries.keys) {
      std::optional<std::string> value;
      if (const auto found = map.find(key); found != map.end()) value = found->second;
      benchmark::DoNotOptimize(value);
    }
  }
  CountItems(state, entries.count);
}

void MapPut(benchmark::State& state) {
  const Entries entries(state);
  for (auto _ : state) {
    Map map;
    for (size_t i = 0; i < entries.count; ++i) {
      map.insert_or_assign(entries.keys[i], entries.values[i]);
    }
    benchmark::DoNotOptimize(map);
    benchmark::ClobberMemory();
  }
  CountItems(state, entries.count);
}

void MapSet(benchmark::State& state) {
  const Entries entries(state);
  Map map = FilledMap(entries);
  for (auto _ : state) {
    for (size_t i = 0; i < entries.count; ++i) {
      map.insert_or_assign(entries.keys[i], entries.values[i]);
    }
    benchmark::ClobberMemory();
  }
  CountItems(state, entries.count);
}

void MapDelete(benchmark::State& state) {
  const Entries entries(state);
  for (auto _ : state) {
    state.PauseTiming();
    Map map = FilledMap(entries);
    state.ResumeTiming();
    for (const std::string& key : entries.keys) map.erase(key);
    benchmark::DoNotOptimize(map);
    benchmark::ClobberMemory();
  }
  CountItems(state, entries.count);
}

void MapMixed7030(benchmark::State& state) {
  const Entries entries(state);
  Map map = FilledMap(entries);
  for (auto _ : state) {
    for (size_t i = 0; i < entries.count; ++i) {
      if (IsRead(i)) {
        std::optional<std::string> value;
        if (const auto found = map.find(entries.keys[i]); found != map.end()) {
          value = found->second;
        }
        benchmark::DoNotOptimize(value);
      } else {
        map.insert_or_assign(entries.keys[i], entries.values[i]);
      }
    }
    benchmark::ClobberMemory();
  }
  CountItems(state, entries.count);
}

/// What a buffered write cannot do without: one write(2) of a record's size.
void FileWrite(benchmark::State& state) {
  const Entries entries(state);
  const TemporaryDirectory directory;
  faultfs::PosixFileSystem file_system;
  auto file = file_system.Open(directory.path() + "/file", {.write = true, .create = true},
                               faultfs::IoTag("bench.create"));
  Must(file.status());
  const std::vector<std::byte> record(90);
  uint64_t offset_bytes = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < entries.count; ++i) {
      Must((*file)->WriteAt(offset_bytes, record, faultfs::IoTag("bench.write")).status());
      offset_bytes = (offset_bytes + record.size()) % (uint64_t{64} << 20);
    }
  }
  CountItems(state, entries.count);
}

// --- Single operations

void Get(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  for (auto _ : state) {
    for (const std::string& key : entries.keys) benchmark::DoNotOptimize(disk->Get(key));
  }
  CountItems(state, entries.count);
}

/// New keys into an empty store.
void Put(benchmark::State& state, Durability durability) {
  const Entries entries(state);
  StoreOnDisk disk(durability);
  for (auto _ : state) {
    state.PauseTiming();
    disk.OpenAnew();
    state.ResumeTiming();
    disk.Fill(entries, entries.count);
  }
  CountItems(state, entries.count);
}
void PutBuffered(benchmark::State& state) { Put(state, Durability::kBuffered); }
void PutSync(benchmark::State& state) { Put(state, Durability::kSync); }

/// Keys that are there.
void SetBuffered(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  for (auto _ : state) disk.Fill(entries, entries.count);
  CountItems(state, entries.count);
}

void DeleteBuffered(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  for (auto _ : state) {
    state.PauseTiming();
    disk.Fill(entries, entries.count);
    state.ResumeTiming();
    for (const std::string& key : entries.keys) Must(disk->Delete(key));
  }
  CountItems(state, entries.count);
}

void Mixed7030Buffered(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  for (auto _ : state) {
    for (size_t i = 0; i < entries.count; ++i) {
      if (IsRead(i)) {
        benchmark::DoNotOptimize(disk->Get(entries.keys[i]));
      } else {
        Must(disk->Set(entries.keys[i], entries.values[i]));
      }
    }
  }
  CountItems(state, entries.count);
}

// --- The whole store

/// What is open is closed, and only the next Open is timed.
void TimeOpen(benchmark::State& state, StoreOnDisk& disk, size_t items) {
  disk.Close();
  for (auto _ : state) {
    disk.Open();
    state.PauseTiming();
    disk.Close();
    state.ResumeTiming();
  }
  CountItems(state, items);
}

void WalReplay(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  TimeOpen(state, disk, entries.count);
}

void SnapshotLoad(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  Must(disk->Compact());
  TimeOpen(state, disk, entries.count);
}

/// The log before the snapshot is still there, and nobody reads it.
void OpenSnapshotAndTail(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  Must(disk->Snapshot());
  disk.Fill(entries, entries.count / 10);
  TimeOpen(state, disk, entries.count + entries.count / 10);
}

void OpenCompactedAndTail(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  Must(disk->Compact());
  disk.Fill(entries, entries.count / 10);
  TimeOpen(state, disk, entries.count + entries.count / 10);
}

/// Written, synced, read back, verified and published, from the log alone.
void SnapshotSave(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  for (auto _ : state) {
    state.PauseTiming();
    disk.OpenAnew();
    disk.Fill(entries, entries.count);
    Must(disk->Flush());  // the log's sync is no part of it
    state.ResumeTiming();
    Must(disk->Snapshot());
  }
  CountItems(state, entries.count);
}

/// From a snapshot of every key and a log that sets each of them once more.
void Compaction(benchmark::State& state) {
  const Entries entries(state);
  StoreOnDisk disk;
  disk.Open();
  disk.Fill(entries, entries.count);
  Must(disk->Compact());
  for (auto _ : state) {
    state.PauseTiming();
    disk.Fill(entries, entries.count);
    Must(disk->Flush());
    state.ResumeTiming();
    Must(disk->Compact());
  }
  CountItems(state, entries.count);
}

struct Row {
  const char* name;
  void (*run)(benchmark::State&);
  const char* yardstick;  // null: it is one
};

constexpr Row kRows[] = {
    {"MapGet", MapGet, nullptr},
    {"MapPut", MapPut, nullptr},
    {"MapSet", MapSet, nullptr},
    {"MapDelete", MapDelete, nullptr},
    {"MapMixed7030", MapMixed7030, nullptr},
    {"FileWrite", FileWrite, nullptr},
    {"Get", Get, "MapGet"},
    {"PutBuffered", PutBuffered, "MapPut"},
    {"PutSync", PutSync, "MapPut"},
    {"SetBuffered", SetBuffered, "MapSet"},
    {"DeleteBuffered", DeleteBuffered, "MapDelete"},
    {"Mixed7030Buffered", Mixed7030Buffered, "MapMixed7030"},
    {"WalReplay", WalReplay, "MapPut"},
    {"SnapshotSave", SnapshotSave, "MapPut"},
    {"SnapshotLoad", SnapshotLoad, "MapPut"},
    {"OpenSnapshotAndTail", OpenSnapshotAndTail, "MapPut"},
    {"OpenCompactedAndTail", OpenCompactedAndTail, "MapPut"},
    {"Compaction", Compaction, "MapPut"},
};

std::vector<Yardstick> RegisterAll() {
  std::vector<Yardstick> yardsticks;
  for (const Row& row : kRows) {
    benchmark::RegisterBenchmark(row.name, row.run)
        ->Arg(1'000)
        ->Arg(10'000)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
    if (row.yardstick != nullptr) yardsticks.push_back({row.name, row.yardstick});
  }
  yardsticks.push_back({"SetBuffered", "FileWrite"});
  return yardsticks;
}

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::cerr << "directory: " << std::filesystem::temp_directory_path().string() << '\n';
  kv::RatioReporter reporter(kv::RegisterAll());
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
