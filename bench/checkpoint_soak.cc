// Millions of writes with automatic checkpoints on a real directory: do disk use and the time of
// Open stay bounded, and does nobody wait for a whole copy? Compares with the bound that
// docs/store-format.md derives, and ends with a verdict: exit code 0 if it held, 1 if not.
//
// One thread writes, one reads now and then, one looks at the directory every few milliseconds.
// Each phase is a process of its own, forked from one that never opened a store, so that memory and
// time are those of a fresh process. The files are in the page cache when they are opened.
#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "bench/temporary_directory.h"
#include "faultfs/env/check.h"
#include "faultfs/env/random.h"
#include "faultfs/env/thread_executor.h"
#include "store/store.h"

namespace kv {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMib = 1 << 20;

struct Config {
  uint64_t entries = 1'000'000;
  uint64_t writes = 10'000'000;
  uint64_t checkpoint_mib = 64;
  uint64_t segment_mib = 64;
  uint32_t rows = 20;
  bool sync = false;
  std::string directory = std::filesystem::temp_directory_path().string();
};

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

void Must(const faultfs::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "checkpoint_soak: %s\n", status.ToString().c_str());
  FAULTFS_CHECK(status.ok(), "the disk has no errors and enough room");
}

// --- What is on the disk

struct Usage {
  uint64_t log_bytes = 0;
  uint64_t snapshot_bytes = 0;  // temporaries too
  uint64_t segments = 0;
  uint64_t snapshots = 0;

  [[nodiscard]] uint64_t bytes() const { return log_bytes + snapshot_bytes; }
};

/// Files come and go meanwhile; one that is gone counts as nothing.
Usage UsageOf(const std::string& directory) {
  Usage usage;
  DIR* const listing = ::opendir(directory.c_str());
  if (listing == nullptr) return usage;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    struct stat info {};
    if (::fstatat(::dirfd(listing), entry->d_name, &info, 0) != 0) continue;
    if (name.find(".snap") != std::string_view::npos) {
      usage.snapshot_bytes += static_cast<uint64_t>(info.st_size);
      ++usage.snapshots;
    } else if (name.ends_with(".wal") || name.ends_with(".tmp")) {
      usage.log_bytes += static_cast<uint64_t>(info.st_size);
      ++usage.segments;
    }
  }
  ::closedir(listing);
  return usage;
}

uint64_t MostRssBytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<uint64_t>(used.ru_maxrss) << 10;
}

// --- Checkpoints, watched

/// The store's default executor, with a clock and a count of appended bytes around each job.
class WatchedExecutor final : public faultfs::Executor {
 public:
  explicit WatchedExecutor(const std::atomic<uint64_t>& appended_bytes)
      : appended_bytes_(appended_bytes) {}

  void Submit(Job job) override {
    thread_.Submit([this, job = std::move(job)] {
      const uint64_t bytes_before = appended_bytes_;
      const auto begin = Clock::now();
      running_ = true;
      job();
      running_ = false;
      longest_s_ = std::max(longest_s_.load(), Seconds(Clock::now() - begin));
      most_accrued_bytes_ = std::max(most_accrued_bytes_.load(), appended_bytes_ - bytes_before);
      total_s_ = total_s_ + Seconds(Clock::now() - begin);
      ++ran_;
    });
  }

  [[nodiscard]] bool running() const { return running_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t ran() const { return ran_; }
  [[nodiscard]] double longest_s() const { return longest_s_; }
  [[nodiscard]] double total_s() const { return total_s_; }
  [[nodiscard]] uint64_t most_accrued_bytes() const { return most_accrued_bytes_; }

 private:
  // Written by the thread alone.
  const std::atomic<uint64_t>& appended_bytes_;
  std::atomic<bool> running_{false};
  std::atomic<uint64_t> ran_{0};
  std::atomic<double> longest_s_{0};
  std::atomic<double> total_s_{0};
  std::atomic<uint64_t> most_accrued_bytes_{0};
  faultfs::ThreadExecutor thread_;  // last: it ends before anything else goes
};

/// The longest of calls that met a checkpoint and of the others.
struct Longest {
  double during_s = 0;
  double else_s = 0;

  void Add(double seconds, bool during) {
    double& longest = during ? during_s : else_s;
    longest = std::max(longest, seconds);
  }
};

// --- The run

struct RunResult {
  Usage peak;  // the moment with the most bytes
  uint64_t most_segments = 0;
  uint64_t most_snapshots = 0;
  uint64_t checkpoints = 0;
  uint64_t failed = 0;
  uint64_t most_accrued_bytes = 0;
  double longest_checkpoint_s = 0;
  double mean_checkpoint_s = 0;
  Longest set;
  Longest get;
  double seconds = 0;
  double flush_s = 0;
  uint64_t rss_bytes = 0;
};

class Soak {
 public:
  Soak(const Config& config, std::string directory, uint64_t writes, uint64_t checkpoint_bytes)
      : config_(config),
        directory_(std::move(directory)),
        writes_(writes),
        watched_(appended_bytes_) {
    auto opened =
        Store::Open({.durability = config.sync ? Durability::kSync : Durability::kBuffered,
                     .segment_bytes = config.segment_mib << 20,
                     .checkpoint_bytes = checkpoint_bytes,
                     .executor = &watched_},
                    directory_);
    Must(opened.status());
    store_ = std::move(opened).value();
  }

  RunResult Run() {
    const auto begin = Clock::now();
    std::thread watcher([this] { Watch(); });
    std::thread reader([this] { Read(); });
    PrintHead();
    Write(begin);
    const auto flush = Clock::now();
    Must(store_->Flush());
    result_.flush_s = Seconds(Clock::now() - flush);
    done_ = true;
    watcher.join();
    reader.join();
    Must(store_->Close());
    result_.seconds = Seconds(Clock::now() - begin);
    result_.checkpoints = watched_.ran();
    result_.failed = store_->checkpoints().failed;
    result_.longest_checkpoint_s = watched_.longest_s();
    if (watched_.ran() > 0) {
      result_.mean_checkpoint_s = watched_.total_s() / static_cast<double>(watched_.ran());
    }
    result_.most_accrued_bytes = watched_.most_accrued_bytes();
    result_.rss_bytes = MostRssBytes();
    return result_;
  }

 private:
  /// Every entry once, then entries drawn at random.
  void Write(Clock::time_point begin) {
    faultfs::Random random(1);
    const uint64_t row = std::max<uint64_t>(1, writes_ / config_.rows);
    for (uint64_t i = 0; i < config_.entries + writes_; ++i) {
      const uint64_t entry = i < config_.entries ? i : random.Below(config_.entries);
      Set(entry, i);
      const bool filled = i + 1 == config_.entries;
      if (filled || (i >= config_.entries && (i + 1 - config_.entries) % row == 0)) {
        PrintRow(i + 1 - config_.entries, begin);
      }
    }
  }

  void Set(uint64_t entry, uint64_t write) {
    const std::string key = "key-" + std::to_string(entry);
    const std::string value = "value-" + std::to_string(write);
    const bool before = watched_.running();
    const auto begin = Clock::now();
    Must(store_->Set(key, value));
    const double seconds = Seconds(Clock::now() - begin);
    result_.set.Add(seconds, before || watched_.running());
    constexpr uint64_t kHeaderBytes = 64 + 9;  // of record and operation
    appended_bytes_.fetch_add(kHeaderBytes + key.size() + value.size(), std::memory_order_relaxed);
  }

  void Read() {
    faultfs::Random random(2);
    while (!done_) {
      const std::string key = "key-" + std::to_string(random.Below(config_.entries));
      const bool before = watched_.running();
      const auto begin = Clock::now();
      Must(store_->Get(key).status());
      const double seconds = Seconds(Clock::now() - begin);
      result_.get.Add(seconds, before || watched_.running());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void Watch() {
    while (!done_) {
      const Usage now = UsageOf(directory_);
      {
        const std::lock_guard lock(mutex_);
        since_row_ = Larger(since_row_, now);
        result_.peak = Larger(result_.peak, now);
        result_.most_segments = std::max(result_.most_segments, now.segments);
        result_.most_snapshots = std::max(result_.most_snapshots, now.snapshots);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  static Usage Larger(const Usage& a, const Usage& b) { return a.bytes() < b.bytes() ? b : a; }

  static void PrintHead() {
    std::printf(
        "     writes   seconds  most on disk = log + snapshots (MiB)   segments  snapshots  "
        "checkpoints\n");
  }

  void PrintRow(uint64_t writes, Clock::time_point begin) {
    Usage most;
    {
      const std::lock_guard lock(mutex_);
      most = std::exchange(since_row_, Usage());
    }
    std::printf(
        "%11" PRIu64 " %9.1f %13.1f = %8.1f + %8.1f %17" PRIu64 " %10" PRIu64 " %12" PRIu64 "\n",
        writes, Seconds(Clock::now() - begin), static_cast<double>(most.bytes()) / kMib,
        static_cast<double>(most.log_bytes) / kMib, static_cast<double>(most.snapshot_bytes) / kMib,
        most.segments, most.snapshots, watched_.ran());
    std::fflush(stdout);
  }

  const Config& config_;
  const std::string directory_;
  const uint64_t writes_;
  std::atomic<uint64_t> appended_bytes_{0};
  std::atomic<bool> done_{false};
  std::mutex mutex_;  // guards since_row_ and what Watch keeps in result_
  Usage since_row_;
  RunResult result_;
  WatchedExecutor watched_;
  std::unique_ptr<Store> store_;
};

struct OpenResult {
  double seconds = 0;
  uint64_t entries = 0;
  uint64_t replayed = 0;
  Usage usage;
  uint64_t rss_bytes = 0;
};

OpenResult TimeOpen(const std::string& directory) {
  const Usage usage = UsageOf(directory);
  const auto begin = Clock::now();
  auto opened = Store::Open({}, directory);
  const double seconds = Seconds(Clock::now() - begin);
  Must(opened.status());
  return {.seconds = seconds,
          .entries = (*opened)->Size().value(),
          .replayed = (*opened)->recovery().replayed,
          .usage = usage,
          .rss_bytes = MostRssBytes()};
}

/// Runs `phase` in a process of its own and returns what it returned.
template <typename Phase>
auto InProcess(Phase phase) {
  using Outcome = decltype(phase());
  static_assert(std::is_trivially_copyable_v<Outcome>);
  int pipe_ends[2];
  FAULTFS_CHECK(::pipe(pipe_ends) == 0, "a pipe can be made");
  std::fflush(stdout);
  const pid_t child = ::fork();
  FAULTFS_CHECK(child >= 0, "a process can be started");
  if (child == 0) {
    const Outcome outcome = phase();
    std::fflush(stdout);
    const bool told = ::write(pipe_ends[1], &outcome, sizeof(outcome)) == sizeof(outcome);
    ::_exit(told ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  Outcome outcome{};
  const bool told = ::read(pipe_ends[0], &outcome, sizeof(outcome)) == sizeof(outcome);
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  FAULTFS_CHECK(told, "a phase of the run ends well");
  return outcome;
}

// --- What came of it

void PrintOpen(std::string_view what, const OpenResult& open) {
  std::printf("open, %-20s %7.3f s, %" PRIu64 " entries, %" PRIu64
              " mutations replayed, %.1f MiB on disk, RSS %.1f MiB\n",
              std::string(what).c_str(), open.seconds, open.entries, open.replayed,
              static_cast<double>(open.usage.bytes()) / kMib,
              static_cast<double>(open.rss_bytes) / kMib);
}

/// The bound of docs/store-format.md ("How much the disk holds"), and room for what is written
/// while a checkpoint that is due gets its thread.
bool BoundHeld(const Config& config, const RunResult& run, uint64_t snapshot_bytes) {
  const uint64_t checkpoint_bytes = config.checkpoint_mib << 20;
  const uint64_t room_bytes = checkpoint_bytes / 8 + (1 << 20);
  const uint64_t bound_bytes = 2 * snapshot_bytes + 4 * checkpoint_bytes + room_bytes;
  const bool held = run.peak.bytes() <= bound_bytes && run.most_snapshots <= 2 && run.failed == 0 &&
                    run.most_accrued_bytes <= 2 * checkpoint_bytes + room_bytes;
  std::printf("disk: at most %.1f MiB; bound 2 x %.1f (snapshot) + 4 x %" PRIu64
              " (checkpoint_bytes) + %.1f = %.1f MiB; at most %" PRIu64 " snapshots, %" PRIu64
              " segments; the log grew by %.1f MiB during a checkpoint: %s\n",
              static_cast<double>(run.peak.bytes()) / kMib,
              static_cast<double>(snapshot_bytes) / kMib, config.checkpoint_mib,
              static_cast<double>(room_bytes) / kMib, static_cast<double>(bound_bytes) / kMib,
              run.most_snapshots, run.most_segments,
              static_cast<double>(run.most_accrued_bytes) / kMib, held ? "held" : "NOT HELD");
  return held;
}

/// Nobody waits for a whole copy.
bool NobodyHeldUp(const RunResult& run) {
  const double limit_s = run.mean_checkpoint_s / 2;
  const bool held = run.set.during_s < limit_s && run.get.during_s < limit_s;
  std::printf("checkpoints: %" PRIu64 ", %" PRIu64
              " failed, mean %.3f s, longest %.3f s; longest "
              "Set during one %.4f s (else %.4f s), longest Get %.4f s (else %.4f s): %s\n",
              run.checkpoints, run.failed, run.mean_checkpoint_s, run.longest_checkpoint_s,
              run.set.during_s, run.set.else_s, run.get.during_s, run.get.else_s,
              held ? "nobody waited for a copy" : "HELD UP");
  return held;
}

OpenResult OpenAndPrint(std::string_view what, const std::string& directory) {
  const OpenResult opened = InProcess([&] { return TimeOpen(directory); });
  PrintOpen(what, opened);
  return opened;
}

/// Returns the bytes of a snapshot of everything.
uint64_t Compact(const std::string& directory) {
  return InProcess([&] {
    auto store = Store::Open({}, directory);
    Must(store.status());
    Must((*store)->Compact());
    Must((*store)->Close());
    return UsageOf(directory).snapshot_bytes;
  });
}

/// The comparison: what Open takes if nothing is ever compacted.
void RunWithoutCheckpoints(Config config, const std::string& directory, uint64_t writes) {
  config.rows = 1;
  std::printf("without checkpoints:\n");
  InProcess([&] { return Soak(config, directory, writes, 0).Run(); });
  OpenAndPrint("without checkpoints", directory);
  std::filesystem::remove_all(directory);
}

int Main(const Config& config) {
  const TemporaryDirectory root(config.directory);
  const std::string directory = root.path() + "/store";
  const RunResult run = InProcess(
      [&] { return Soak(config, directory, config.writes, config.checkpoint_mib << 20).Run(); });
  std::printf("%" PRIu64 " entries, %" PRIu64
              " writes, %s: %.1f s, final Flush %.3f s, RSS %.1f MiB\n",
              config.entries, config.writes, config.sync ? "sync" : "buffered", run.seconds,
              run.flush_s, static_cast<double>(run.rss_bytes) / kMib);
  OpenAndPrint("with checkpoints", directory);
  const uint64_t snapshot_bytes = Compact(directory);
  OpenAndPrint("after a compaction", directory);
  std::filesystem::remove_all(directory);
  for (const uint64_t share : {10, 2}) {
    RunWithoutCheckpoints(config, directory, config.writes / share);
  }
  const bool bounded = BoundHeld(config, run, snapshot_bytes);
  const bool free = NobodyHeldUp(run);
  std::printf("verdict: %s\n", bounded && free ? "held" : "NOT HELD");
  return bounded && free ? 0 : 1;
}

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
  kv::Config config;
  CLI::App app("Millions of writes with automatic checkpoints: do disk and Open stay bounded?");
  app.add_option("--entries", config.entries, "entries in the store")->capture_default_str();
  app.add_option("--writes", config.writes, "writes after that, to random entries")
      ->capture_default_str();
  app.add_option("--checkpoint-mib", config.checkpoint_mib, "growth of the log that asks for one")
      ->capture_default_str();
  app.add_option("--segment-mib", config.segment_mib, "size of a segment")->capture_default_str();
  app.add_option("--rows", config.rows, "rows of the table")->capture_default_str();
  app.add_flag("--sync", config.sync, "Sync writes (default: Buffered and a final Flush)");
  app.add_option("--dir", config.directory, "where the temporary directory is made")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return kv::Main(config);
}
