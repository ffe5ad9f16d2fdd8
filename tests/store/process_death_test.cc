// The process dies before every step of a program, and again before every step of the recovery.
// Nothing that was written is lost by that, so what comes back is bounded on both sides.
#include <gtest/gtest.h>

#include <vector>

#include "tests/store/store_world.h"

namespace kv {
namespace {

using faultfs::Image;
using faultfs::LiveImage;
using faultfs::Result;

struct Progress {
  size_t steps = 0;  // in the trace when the call returned
  Dump dump;         // the map after it
};

// A program with rolls, batches, Clear and a reopen; the map after each mutation.
std::vector<Progress> RunProgram(StoreWorld& world) {
  std::vector<Progress> progress;
  Dump dump;
  const auto done = [&] { progress.push_back({world.volume().trace().ops.size(), dump}); };
  progress.push_back({0, dump});
  world.options.segment_bytes = 400;
  world.MustOpen();
  for (int i = 0; i < 6; ++i) {
    const std::string key(1, static_cast<char>('a' + i % 4));
    const std::string value = std::to_string(i);
    if (i % 2 == 0) {
      world.Put(key, value);
    } else {
      world.PutBuffered(key, value);
    }
    dump[key] = value;
    done();
  }
  WriteBatch batch;
  batch.Set("x", "1");
  batch.Delete("a");
  EXPECT_TRUE(world.store().Write(batch).ok());
  dump["x"] = "1";
  dump.erase("a");
  done();
  world.Close();
  world.MustOpen();
  EXPECT_TRUE(world.store().Clear().ok());
  dump.clear();
  done();
  world.PutBuffered("last", "1");
  dump["last"] = "1";
  done();
  return progress;
}

// The dump must be the map after the last call that returned, or after the one in flight.
void ExpectBetween(const Dump& dump, const std::vector<Progress>& progress, size_t crash_step) {
  size_t acked = 0;
  while (acked + 1 < progress.size() && progress[acked + 1].steps <= crash_step) ++acked;
  const bool in_flight = acked + 1 < progress.size() && dump == progress[acked + 1].dump;
  EXPECT_TRUE(dump == progress[acked].dump || in_flight) << "crash before step " << crash_step;
}

TEST(ProcessDeathTest, BeforeEveryStepAndEveryStepOfItsRecovery) {
  StoreWorld world;
  const std::vector<Progress> progress = RunProgram(world);
  const auto& trace = world.volume().trace();
  for (size_t step = 0; step <= trace.ops.size(); ++step) {
    const Image crashed = LiveImage(world.volume().base(), trace, step);
    StoreWorld first(/*seed=*/100 + step, crashed);
    const Result<Dump> recovered = first.Recovered();
    ASSERT_TRUE(recovered.ok()) << step << ": " << recovered.status().ToString();
    ExpectBetween(*recovered, progress, step);

    const auto& recovery = first.volume().trace();
    for (size_t inner = 0; inner <= recovery.ops.size(); ++inner) {
      StoreWorld second(/*seed=*/5000 + inner, LiveImage(crashed, recovery, inner));
      const Result<Dump> again = second.Recovered();
      ASSERT_TRUE(again.ok()) << step << "," << inner << ": " << again.status().ToString();
      EXPECT_EQ(*again, *recovered) << step << "," << inner;
    }
  }
}

}  // namespace
}  // namespace kv
