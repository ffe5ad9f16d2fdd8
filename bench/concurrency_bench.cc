// Clients at the same time: what group commit makes of one disk, and what two threads make of one
// map. Every ratio compares figures of one round, in which the rows take turns, so that a disk or a
// machine that changes its mind does so for all of them; printed is the median of the rounds, and
// the lowest and the highest.
//
//   raw            one thread: append 64 bytes, fdatasync
//   sync/1         one client: Set under Sync
//   group/N        N clients: Set under GroupCommit
//   private/2      two threads on two maps of their own (std::unordered_map, no lock)
//   map/1, map/2   one or two threads on the map of one store
//   buffered/N     N threads on one store under Buffered: a write(2) for each Set
//
// The last three mix 70 reads with 30 writes, over keys that are there. Of those that sync the disk
// under --directory decides, so give one on the file system in question; or, on a tmpfs, --sync-us,
// which is a disk whose sync always takes so long.
#include <pthread.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "bench/temporary_directory.h"
#include "faultfs/env/check.h"
#include "faultfs/env/io_hook.h"
#include "faultfs/env/posix_file_system.h"
#include "faultfs/fault/faulty_file_system.h"
#include "store/mutation.h"
#include "store/sharded_map.h"
#include "store/store.h"

namespace kv {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kKeys = 10'000;

void Must(const faultfs::Status& status) { FAULTFS_CHECK(status.ok(), "the disk has no errors"); }

/// One operation of client `client`, its `i`-th.
using Operation = std::function<void(size_t client, uint64_t i)>;

/// Operations a second of all clients together.
double RateOf(size_t clients, double seconds, const Operation& operation) {
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::vector<uint64_t> done(clients * 16);  // a cache line for each
  std::vector<std::thread> threads;
  for (size_t client = 0; client < clients; ++client) {
    threads.emplace_back([&, client] {
      go.wait(false);
      uint64_t count = 0;
      while (!stop.load(std::memory_order_relaxed)) operation(client, count++);
      done[client * 16] = count;
    });
  }
  const auto begin = Clock::now();
  go.store(true);
  go.notify_all();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = Clock::now() - begin;
  uint64_t total = 0;
  for (const uint64_t count : done) total += count;
  return static_cast<double>(total) / took.count();
}

/// Makes each sync of a file wait first, with the processor free for others.
class SlowSyncs final : public faultfs::IoHook {
 public:
  explicit SlowSyncs(std::chrono::microseconds wait) : wait_(wait) {}
  faultfs::IoDecision Decide(const faultfs::IoCall& call) override {
    if (call.op == faultfs::IoOp::kSync && wait_.count() > 0) std::this_thread::sleep_for(wait_);
    return {};
  }

 private:
  const std::chrono::microseconds wait_;
};

class RawFile {
 public:
  RawFile(faultfs::FileSystem& file_system, const std::string& directory) {
    auto opened = file_system.Open(directory + "/raw", {.write = true, .create = true},
                                   faultfs::IoTag("bench.create"));
    Must(opened.status());
    file_ = std::move(opened).value();
  }
  void Append() {
    Must(file_->WriteAt(offset_bytes_, record_, faultfs::IoTag("bench.write")).status());
    offset_bytes_ += record_.size();
    Must(file_->Sync(faultfs::SyncKind::kData, faultfs::IoTag("bench.sync")));
  }

 private:
  std::unique_ptr<faultfs::File> file_;
  const std::vector<std::byte> record_ = std::vector<std::byte>(64);
  uint64_t offset_bytes_ = 0;
};

/// Keeps the processors from going to sleep, with work that gives way to any other. On a virtual
/// machine the answer of the disk may else wait for the next tick of a timer, milliseconds, when
/// nothing runs meanwhile: which is so for one client, and not so for many.
class KeepAwake {
 public:
  explicit KeepAwake(bool on) {
    for (unsigned i = 0; on && i < std::thread::hardware_concurrency(); ++i) {
      threads_.emplace_back([this] {
        const sched_param none{};
        pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
        while (!stop_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~KeepAwake() {
    stop_.store(true);
    for (std::thread& thread : threads_) thread.join();
  }
  KeepAwake(const KeepAwake&) = delete;
  KeepAwake& operator=(const KeepAwake&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// `file_system` null: the real one.
std::unique_ptr<Store> OpenStore(faultfs::FileSystem* file_system, const std::string& directory,
                                 Durability durability) {
  auto opened = Store::Open({.file_system = file_system, .durability = durability}, directory);
  Must(opened.status());
  return std::move(opened).value();
}

std::vector<std::string> Keys() {
  std::vector<std::string> keys;
  for (size_t i = 0; i < kKeys; ++i) keys.push_back("key-" + std::to_string(i));
  return keys;
}

std::string SetPayload(const std::string& key) {
  std::string payload;
  AppendOperation({.kind = OperationKind::kSet, .key = key, .value = "value"}, &payload);
  return payload;
}

/// Seven reads, then three writes; each client walks the keys from a place and in steps of its own.
template <typename Read, typename Write>
void Mixed(size_t client, uint64_t i, const Read& read, const Write& write) {
  const size_t key = (client * 5003 + i * (client + 7)) % kKeys;
  i % 10 < 7 ? read(key) : write(key);
}

struct Row {
  std::string name;
  size_t clients;
  Operation operation;
  std::vector<double> rates = {};  // by round
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void RunAll(std::vector<Row>& rows, int rounds, double seconds) {
  for (int round = 0; round < rounds; ++round) {
    for (Row& row : rows) row.rates.push_back(RateOf(row.clients, seconds, row.operation));
  }
}

void PrintRatios(const std::vector<Row>& rows,
                 const std::vector<std::pair<std::string, std::string>>& ratios) {
  const auto rates = [&](const std::string& name) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Row& candidate) { return candidate.name == name; });
    return row->rates;
  };
  for (const Row& row : rows) {
    std::printf("%-12s %14.0f operations a second\n", row.name.c_str(), Median(row.rates));
  }
  for (const auto& [row, base] : ratios) {
    std::vector<double> of_rounds = rates(row);
    const std::vector<double> base_rates = rates(base);
    for (size_t i = 0; i < of_rounds.size(); ++i) of_rounds[i] /= base_rates[i];
    const auto [lowest, highest] = std::minmax_element(of_rounds.begin(), of_rounds.end());
    std::printf("%-12s %14.2f x %-12s (%.2f to %.2f)\n", row.c_str(), Median(of_rounds),
                base.c_str(), *lowest, *highest);
  }
}

void Durable(const std::string& directory, std::chrono::microseconds sync_wait, int rounds,
             double seconds, const std::vector<size_t>& clients_of_group) {
  faultfs::PosixFileSystem posix;
  SlowSyncs slow_syncs(sync_wait);
  faultfs::FaultyFileSystem file_system(posix, slow_syncs);
  RawFile raw(file_system, directory);
  const auto sync = OpenStore(&file_system, directory + "/sync", Durability::kSync);
  const auto keys = Keys();
  std::vector<Row> rows = {
      {"raw", 1, [&](size_t, uint64_t) { raw.Append(); }},
      {"sync/1", 1, [&](size_t, uint64_t i) { Must(sync->Set(keys[i % kKeys], "value")); }}};
  std::vector<std::pair<std::string, std::string>> ratios;
  std::vector<std::unique_ptr<Store>> groups;  // one for each row: the log of many grows faster
  for (const size_t clients : clients_of_group) {
    const std::string name = "group/" + std::to_string(clients);
    groups.push_back(OpenStore(&file_system, directory + "/group" + std::to_string(clients),
                               Durability::kGroupCommit));
    rows.push_back({name, clients, [&keys, &group = *groups.back()](size_t client, uint64_t i) {
                      Must(group.Set(keys[(client * 1000 + i) % kKeys], "value"));
                    }});
    ratios.emplace_back(name, clients == 1 ? "sync/1" : "raw");
  }
  RunAll(rows, rounds, seconds);
  PrintRatios(rows, ratios);
}

void InMemory(const std::string& directory, int rounds, double seconds) {
  const auto keys = Keys();
  std::vector<std::string> payloads;
  for (const std::string& key : keys) payloads.push_back(SetPayload(key));

  // order never escapes: only looked up.
  std::vector<std::unordered_map<std::string, std::string>> own(2);
  ShardedMap map(16);
  const auto store = OpenStore(nullptr, directory + "/buffered", Durability::kBuffered);
  for (size_t i = 0; i < kKeys; ++i) {
    for (auto& mine : own) mine[keys[i]] = "value";
    map.Apply(payloads[i]);
    Must(store->Set(keys[i], "value"));
  }
  const Operation on_own = [&](size_t client, uint64_t i) {
    auto& mine = own[client];
    Mixed(
        client, i,
        [&](size_t key) { std::optional<std::string> value(mine.find(keys[key])->second); },
        [&](size_t key) { mine.insert_or_assign(keys[key], "value"); });
  };
  const Operation on_map = [&](size_t client, uint64_t i) {
    Mixed(
        client, i,
        [&](size_t key) { FAULTFS_CHECK(map.Get(keys[key]).has_value(), "it is there"); },
        [&](size_t key) { map.Apply(payloads[key]); });
  };
  const Operation on_store = [&](size_t client, uint64_t i) {
    Mixed(
        client, i, [&](size_t key) { Must(store->Get(keys[key]).status()); },
        [&](size_t key) { Must(store->Set(keys[key], "value")); });
  };
  std::vector<Row> rows = {{"private/1", 1, on_own},    {"private/2", 2, on_own},
                           {"map/1", 1, on_map},        {"map/2", 2, on_map},
                           {"buffered/1", 1, on_store}, {"buffered/2", 2, on_store}};
  RunAll(rows, rounds, seconds);
  PrintRatios(rows, {{"map/2", "private/2"},
                     {"map/2", "map/1"},
                     {"buffered/2", "buffered/1"},
                     {"private/2", "private/1"}});
}

int Run(int argc, char** argv) {
  std::string parent = std::filesystem::temp_directory_path().string();
  int rounds = 5;
  double seconds = 0.4;
  int64_t sync_us = 0;
  std::vector<size_t> clients = {1, 2, 4, 8, 16};
  bool awake = false;
  bool memory_only = false;
  CLI::App app{"Clients at the same time: group commit on a disk, two threads in memory."};
  app.add_option("--directory", parent, "on the file system to measure; $TMPDIR if not given")
      ->check(CLI::ExistingDirectory);
  app.add_option("--rounds", rounds, "of all rows; the median counts")->check(CLI::PositiveNumber);
  app.add_option("--seconds", seconds, "for a row in a round")->check(CLI::PositiveNumber);
  app.add_option("--sync-us", sync_us, "what a sync takes beside its own time")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--clients", clients, "of GroupCommit, a row each")->check(CLI::PositiveNumber);
  app.add_flag("--awake", awake, "keep the processors busy at the lowest priority: see the source");
  app.add_flag("--memory-only", memory_only, "leave the rows out that sync");
  CLI11_PARSE(app, argc, argv);

  const TemporaryDirectory directory(parent);
  const KeepAwake keep_awake(awake);
  std::printf("directory: %s, median of %d rounds%s", parent.c_str(), rounds,
              awake ? ", processors kept awake" : "");
  if (sync_us > 0) std::printf(", a sync takes %lld us more", static_cast<long long>(sync_us));
  std::printf("\n");
  if (!memory_only) {
    Durable(directory.path(), std::chrono::microseconds(sync_us), rounds, seconds, clients);
  }
  InMemory(directory.path(), rounds, seconds);
  return 0;
}

}  // namespace
}  // namespace kv

int main(int argc, char** argv) { return kv::Run(argc, argv); }
