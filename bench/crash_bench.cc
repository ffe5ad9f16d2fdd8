// What an explorer pays for each crash state beside the recovery itself. The yardstick in the same
// run is the content hash of an image none of whose hashes is known.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/env/check.h"
#include "faultfs/sim/sim_file_system.h"

namespace faultfs {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void Must(const Status& status) { FAULTFS_CHECK(status.ok(), "a recorded call succeeds"); }

std::unique_ptr<File> Create(SimFileSystem& fs, std::string_view path) {
  auto file = fs.Open(path, {.write = true, .create = true}, IoTag("wal.create"));
  Must(file.status());
  return std::move(file).value();
}

/// What a log-structured store does in ten operations or so: records of 60 bytes, every fourth
/// synced, a new segment now and then, the oldest one removed; 60 steps.
Trace LogTrace() {
  Volume volume((Image()));
  SimFileSystem fs(volume);
  Must(fs.CreateDir("db", IoTag("db.create")));
  Must(fs.SyncDir("/", IoTag("db.sync-parent")));
  uint64_t offset_bytes = 0;
  int segment = 0;
  std::unique_ptr<File> log;
  for (int record = 0; volume.trace().ops.size() < 60; ++record) {
    if (record % 12 == 0) {
      log = Create(fs, "db/tmp");
      Must(WriteFully(*log, 0, Bytes(std::string(48, 'h')), IoTag("wal.header")).status);
      Must(log->Sync(SyncKind::kFull, IoTag("wal.sync")));
      Must(fs.Rename("db/tmp", "db/" + std::to_string(++segment), IoTag("wal.publish")));
      Must(fs.SyncDir("db", IoTag("wal.sync-dir")));
      if (segment > 2) Must(fs.Remove("db/" + std::to_string(segment - 2), IoTag("gc.remove")));
      offset_bytes = 48;
    }
    const std::string data(60, static_cast<char>('a' + record % 26));
    Must(WriteFully(*log, offset_bytes, Bytes(data), IoTag("wal.append")).status);
    offset_bytes += data.size();
    if (record % 4 == 3) Must(log->Sync(SyncKind::kData, IoTag("wal.sync")));
  }
  return volume.trace();
}

/// Twelve effects pending at the end: six appends, a sector and a size each.
Trace PendingTrace() {
  Trace trace = LogTrace();
  const std::unique_ptr<Volume> volume = Volume::Resume(Image(), trace, trace.ops.size());
  SimFileSystem fs(*volume);
  Must(fs.SyncDir("db", IoTag("wal.sync-dir")));
  auto log = fs.Open("db/2", {.write = true}, IoTag("open"));
  Must(log.status());
  Must((*log)->Sync(SyncKind::kFull, IoTag("wal.sync")));
  uint64_t offset_bytes = 1024;
  for (int i = 0; i < 6; ++i, offset_bytes += 60) {
    Must(WriteFully(**log, offset_bytes, Bytes(std::string(60, 'z')), IoTag("wal.append")).status);
  }
  return volume->trace();
}

PersistenceModel Posix() { return FindModel("posix").value(); }

/// The rows by their place in the table, as arguments of a benchmark.
void EveryRow(benchmark::internal::Benchmark* benchmark) {
  for (size_t row = 0; row < std::size(kModels); ++row) {
    benchmark->Arg(static_cast<int64_t>(row));
  }
}
const PersistenceModel& RowOf(benchmark::State& state) {
  const PersistenceModel& model = kModels[static_cast<size_t>(state.range(0))];
  state.SetLabel(std::string(model.name));
  return model;
}

/// The point with the most pending effects, twelve at most.
CrashPoint BusiestPoint(const EffectGraph& graph) {
  CrashPoint best;
  size_t most = 0;
  for (CrashPoint point : CrashPoints(*graph.trace)) {
    const size_t pending = PointView(graph, point).pending().size();
    if (pending <= most || pending > 12) continue;
    most = pending;
    best = point;
  }
  return best;
}

void UncachedContentHash(benchmark::State& state) {
  const Trace trace = LogTrace();
  for (auto _ : state) {
    state.PauseTiming();
    const Image image = LiveImage(Image(), trace, trace.ops.size());
    state.ResumeTiming();
    benchmark::DoNotOptimize(image.ContentHash());
  }
}
BENCHMARK(UncachedContentHash);

void LowerLogTrace(benchmark::State& state) {
  const Image base;
  const Trace trace = LogTrace();
  for (auto _ : state) {
    const EffectGraph graph = Lower(base, trace, Posix());
    benchmark::DoNotOptimize(graph.effects.data());
  }
  state.counters["steps"] = static_cast<double>(trace.ops.size());
}
BENCHMARK(LowerLogTrace);

void MakePointViews(benchmark::State& state) {
  const Trace trace = LogTrace();
  const EffectGraph graph = Lower(Image(), trace, Posix());
  const std::vector<CrashPoint> points = CrashPoints(trace);
  size_t next = 0;
  for (auto _ : state) {
    const PointView view(graph, points[next]);
    benchmark::DoNotOptimize(view.pending().data());
    next = (next + 1) % points.size();
  }
}
BENCHMARK(MakePointViews);

void StatesAt(benchmark::State& state, const Trace& trace, const PersistenceModel& model) {
  const EffectGraph graph = Lower(Image(), trace, model);
  PointView view(graph, BusiestPoint(graph));
  RandomChooser chooser((Random(1)));
  for (auto _ : state) {
    chooser.NewState();
    benchmark::DoNotOptimize(view.Materialize(view.Make(chooser)).ContentHash());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["pending"] = static_cast<double>(view.pending().size());
}

void LowerUnderEveryModel(benchmark::State& state) {
  const Image base;
  const Trace trace = LogTrace();
  const PersistenceModel& model = RowOf(state);
  for (auto _ : state) {
    const EffectGraph graph = Lower(base, trace, model);
    benchmark::DoNotOptimize(graph.effects.data());
  }
}
BENCHMARK(LowerUnderEveryModel)->Apply(EveryRow);

void StatesUnderEveryModel(benchmark::State& state) {
  StatesAt(state, PendingTrace(), RowOf(state));
}
BENCHMARK(StatesUnderEveryModel)->Apply(EveryRow);

void CountUnderEveryModel(benchmark::State& state) {
  const Trace trace = PendingTrace();
  const EffectGraph graph = Lower(Image(), trace, RowOf(state));
  PointView view(graph, BusiestPoint(graph));
  for (auto _ : state) benchmark::DoNotOptimize(view.Count(1000));
}
BENCHMARK(CountUnderEveryModel)->Apply(EveryRow);

void StatesOfALog(benchmark::State& state) { StatesAt(state, LogTrace(), Posix()); }
BENCHMARK(StatesOfALog);

void StatesOfTwelvePendingEffects(benchmark::State& state) {
  StatesAt(state, PendingTrace(), Posix());
}
BENCHMARK(StatesOfTwelvePendingEffects);

void StatesWithTears(benchmark::State& state) {
  PersistenceModel model = Posix();
  model.tear = TearSize::kByteLinear;
  StatesAt(state, PendingTrace(), model);
}
BENCHMARK(StatesWithTears);

}  // namespace
}  // namespace faultfs
