// Writes what the fuzzers begin with: files and texts that the project itself makes. A folder for
// each target but `scenario`, whose seeds are scenarios/.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/crash/states.h"
#include "faultfs/env/check.h"
#include "faultfs/env/executor.h"
#include "faultfs/env/random.h"
#include "faultfs/sim/sim_file_system.h"
#include "faultfs/sim/volume.h"
#include "store/format.h"
#include "store/store.h"
#include "store/write_batch.h"
#include "tests/fuzz/crash_runs.h"
#include "tests/fuzz/store_disk.h"

namespace {

namespace fs = std::filesystem;

class Salts final : public faultfs::Entropy {
 public:
  uint64_t Next() override { return random_.Next(); }

 private:
  faultfs::Random random_{7};
};

void Must(const faultfs::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  FAULTFS_CHECK(false, "making a seed cannot fail");
}

using Work = std::function<void(kv::Store&)>;

/// The files that the works leave, each in a process of its own that is killed at its end.
kv::fuzz::Files FilesAfter(uint64_t segment_bytes, const std::vector<Work>& works) {
  faultfs::Volume volume{faultfs::Image(), faultfs::Recording::kOff};
  Salts salts;
  faultfs::ManualExecutor executor;
  for (const Work& work : works) {
    faultfs::SimFileSystem file_system(volume);
    kv::Options options;
    options.file_system = &file_system;
    options.entropy = &salts;
    options.segment_bytes = segment_bytes;
    options.executor = &executor;
    auto store = kv::Store::Open(options, "/db");
    Must(store.status());
    work(**store);
    file_system.Kill();
  }
  return kv::fuzz::FilesOf(volume.live());
}

void Write(const fs::path& folder, const std::string& name, std::string_view bytes) {
  fs::create_directories(folder);
  std::ofstream file(folder / name, std::ios::binary);
  file << bytes;
  FAULTFS_CHECK(file.flush().good(), "the folder can be written to");
}

/// As they are, resealed, and made to fit.
void WriteFlagged(const fs::path& folder, const std::string& name, std::string_view bytes) {
  for (const int flags : {0, 1, 3}) {
    Write(folder, name + "-" + std::to_string(flags),
          std::string(1, static_cast<char>(flags)).append(bytes));
  }
}

void WriteStores(const fs::path& out) {
  const Work some = [](kv::Store& store) {
    Must(store.Set("a", "1"));
    Must(store.Set("long key", std::string(300, 'x')));
    Must(store.Delete("a"));
    kv::WriteBatch batch;
    batch.Set("b", "");
    batch.Delete("missing");
    batch.Set("c", "value");
    Must(store.Write(batch));
  };
  const Work buffered = [](kv::Store& store) {
    Must(store.Set("d", "4", {.durability = kv::Durability::kBuffered}));
    Must(store.Set("e", "5", {.durability = kv::Durability::kBuffered}));
  };
  const Work clear = [](kv::Store& store) { Must(store.Clear()); };
  const Work snapshot = [](kv::Store& store) { Must(store.Snapshot()); };
  const Work compact = [](kv::Store& store) { Must(store.Compact()); };
  const struct {
    std::string name;
    uint64_t segment_bytes;
    std::vector<Work> works;
  } stores[] = {
      {"empty", 1 << 20, {[](kv::Store&) {}}},
      {"some", 1 << 20, {some}},
      {"rolled", 256, {some, buffered}},
      {"buffered", 1 << 20, {some, buffered, buffered}},
      {"cleared", 512, {some, clear, buffered}},
      {"snapshot", 1 << 20, {some, snapshot}},
      {"snapshot-and-log", 256, {some, snapshot, buffered, some}},
      {"two-snapshots", 512, {some, snapshot, some, snapshot, buffered}},
      {"compacted", 256, {some, compact, buffered}},
  };
  for (const auto& store : stores) {
    const kv::fuzz::Files files = FilesAfter(store.segment_bytes, store.works);
    WriteFlagged(out / "log", store.name, kv::fuzz::InputOf(files));
    for (const auto& [name, bytes] : files) {
      if (!name.ends_with(kv::kSnapshotSuffix)) continue;
      WriteFlagged(out / "snapshot", store.name + "-" + name, bytes);
    }
  }
}

void WriteTexts(const fs::path& out) {
  constexpr std::string_view kRules[] = {
      "fail NO_SPACE write path=*.wal tag=wal.append nth=3",
      "fail IO_ERROR sync nth=4 always",
      "short 100 write nth=2",
      "ignore sync,sync-dir",
      "full 65536 any times=3",
      "full 4096 write,create-dir path=*.wal",
      "evict any page=2 nth=9",
      "fail IO_ERROR any path=\"a \\\"b\\\\\"",
      "# nothing\n\nfail INTERRUPTED open,create\nshort 1 read,write tag=*.x\n",
  };
  constexpr std::string_view kWords[] = {
      "set a 10\nbatch sync set a 10; delete b; set \"c\\x00\" 4096\nget k1\nreopen\nkill\n",
      "set \"ab\"*100 4 buffered\nfor-each\nsize\nsnapshot\ncompact\nclear sync\ncall save 350\n",
      "0: set a 10\n1: get a\nreopen\n15: batch delete a\n2: for-each\n",
      "flip /db/0000000001.wal 100.3",
      "zero /db/0000000001.wal 512",
      "stale wal.append#2/s0",
      "lost wal.append#2",
      "misdirected wal.append#2 /db/LOCK 0",
      "call 17",
      "moment 437",
      "tmpfs:256k",
      "0*12 1*4 0 15*3",
  };
  for (size_t i = 0; i < std::size(kRules); ++i) {
    Write(out / "fault_rule", std::to_string(i), kRules[i]);
  }
  for (size_t i = 0; i < std::size(kWords); ++i) {
    Write(out / "words", std::to_string(i), kWords[i]);
  }
}

/// Of each run what sampling takes first at its end, all of one lost and torn among it, and some
/// that are drawn anywhere.
void WriteCrashStates(const fs::path& out) {
  for (size_t i = 0; i < faultfs::fuzz::GraphCount(); ++i) {
    const faultfs::EffectGraph& graph = faultfs::fuzz::GraphOf(i);
    faultfs::PointView end(graph, faultfs::CrashPoints(*graph.trace).back());
    std::vector<faultfs::CrashState> states = end.Systematic(3);
    if (states.size() > 8) states.erase(states.begin(), states.end() - 8);
    faultfs::RandomChooser chooser{faultfs::Random(i)};
    for (int drawn = 0; drawn < 4; ++drawn) {
      chooser.NewState();
      states.push_back(faultfs::Next(graph, chooser));
    }
    for (size_t state = 0; state < states.size(); ++state) {
      const std::string lines = faultfs::fuzz::LinesOf(faultfs::ToText(graph, states[state]));
      Write(out / "crash_state", std::to_string(i) + "-" + std::to_string(state),
            std::string(1, static_cast<char>(i)) + lines);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  WriteStores(argv[1]);
  WriteTexts(argv[1]);
  WriteCrashStates(argv[1]);
  return 0;
}
