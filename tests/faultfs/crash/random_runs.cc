#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/random.h"
#include "tests/faultfs/crash/brute_force.h"
#include "tests/faultfs/crash/small_runs.h"

namespace faultfs::test {
namespace {

/// One more random call on what the recorder shows; nothing if it cannot be made.
class RandomCalls {
 public:
  explicit RandomCalls(Random random) : random_(random) {}

  void Make(Recorder& recorder) {
    const Image live = recorder.live();
    const std::string file = Pick(live, FileType::kFile);
    const std::string directory = Pick(live, FileType::kDirectory);
    const std::string fresh = directory + std::string(kNames[random_.Below(std::size(kNames))]);
    const bool is_free = !Exists(live, fresh);
    switch (random_.Below(18)) {
      case 0:
      case 1:
        if (is_free) recorder.Create(fresh);
        break;
      case 2:
      case 3:
      case 4:
        if (!file.empty()) recorder.Write(file, Offset(), Text());
        break;
      case 5:
        if (!file.empty()) recorder.Truncate(file, Offset());
        break;
      case 6:
      case 7:
        if (!file.empty()) recorder.Sync(file, Outcome());
        break;
      case 8:
      case 9:
        recorder.SyncDir("/" + directory, DirectoryOutcome());
        break;
      case 10:
        if (!file.empty() && file != fresh && (is_free || IsFile(live, fresh))) {
          recorder.Rename(file, fresh);
        }
        break;
      case 11:
        if (!file.empty()) recorder.Remove(file);
        break;
      case 12:
        if (!file.empty() && is_free) recorder.Link(file, fresh);
        break;
      case 13:
        MakeOrMoveDirectory(recorder, directory, fresh, is_free);
        break;
      case 14:
        if (!file.empty()) {
          recorder.DsyncWrite(file, Offset(), Text(),
                              random_.OneIn(4) ? SyncOutcome::kIgnored : SyncOutcome::kOk);
        }
        break;
      case 15:
        if (!file.empty()) recorder.Allocate(file, Offset(), 1 + Offset(), random_.OneIn(2));
        break;
      case 16:
        if (!file.empty()) recorder.DataSync(file, Outcome());
        break;
      case 17:
        if (!file.empty() && random_.OneIn(2)) {  // or there is hardly ever a page to go
          recorder.Write(file, Offset(), Text()).Sync(file, SyncOutcome::kLate);
        }
        recorder.Evict(random_.Below(3));
        break;
    }
  }

 private:
  static constexpr std::string_view kNames[] = {"a", "b", "c"};

  void MakeOrMoveDirectory(Recorder& recorder, const std::string& directory,
                           const std::string& fresh, bool is_free) {
    if (!is_free) return;
    const std::string from = directory.substr(0, directory.empty() ? 0 : directory.size() - 1);
    if (from.empty()) {
      recorder.MakeDir(fresh);
    } else if (random_.OneIn(2)) {
      const std::string to(kNames[random_.Below(std::size(kNames))]);
      if (!Exists(recorder.live(), to)) recorder.Rename(from, to);
    }
  }

  static InodeNumber Resolve(const Image& image, std::string_view path) {
    InodeNumber inode = kRootInode;
    while (!path.empty() && inode != kNoInode) {
      const size_t slash = path.find('/');
      inode = image.Lookup(inode, path.substr(0, slash));
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return inode;
  }
  static bool Exists(const Image& image, std::string_view path) {
    return Resolve(image, path) != kNoInode;
  }
  static bool IsFile(const Image& image, std::string_view path) {
    return image.Find(Resolve(image, path))->type == FileType::kFile;
  }

  /// The path of a file, or of a directory with a '/' at its end ("" is the root).
  std::string Pick(const Image& image, FileType type) {
    std::vector<std::string> found;
    if (type == FileType::kDirectory) found.emplace_back();
    Collect(image, kRootInode, "", type, found);
    return found.empty() ? "" : found[random_.Below(found.size())];
  }
  static void Collect(const Image& image, InodeNumber directory, const std::string& prefix,
                      FileType type, std::vector<std::string>& found) {
    for (const auto& [name, inode] : image.Find(directory)->entries) {
      const bool is_directory = image.Find(inode)->type == FileType::kDirectory;
      if (is_directory == (type == FileType::kDirectory)) {
        found.push_back(prefix + name + (is_directory ? "/" : ""));
      }
      if (is_directory) Collect(image, inode, prefix + name + "/", type, found);
    }
  }

  uint64_t Offset() {
    constexpr uint64_t kOffsets[] = {0, 0, 1, 3, 510, 512, 600, 1023, 1024, 1300, 4095, 4096};
    return kOffsets[random_.Below(std::size(kOffsets))];
  }
  std::string Text() {
    std::string text;
    const uint64_t length = 1 + random_.Below(4);
    for (uint64_t i = 0; i < length; ++i) text += static_cast<char>('A' + random_.Below(26));
    return text;
  }
  SyncOutcome Outcome() {
    switch (random_.Below(7)) {
      case 0:
        return SyncOutcome::kFailed;
      case 1:
        return SyncOutcome::kIgnored;
      case 2:
        return SyncOutcome::kLate;
      default:
        return SyncOutcome::kOk;
    }
  }
  SyncOutcome DirectoryOutcome() {
    const SyncOutcome outcome = Outcome();
    return outcome == SyncOutcome::kLate ? SyncOutcome::kFailed : outcome;
  }

  Random random_;
};

bool WithinLimit(const RecordedRun& run, const PersistenceModel& model, uint64_t limit) {
  for (size_t steps = 0; steps <= run.trace.ops.size(); ++steps) {
    if (Combinations(run.base, run.trace, steps, model) > limit) return false;
  }
  return true;
}

}  // namespace

RecordedRun RandomRun(uint64_t seed, const PersistenceModel& model, uint64_t limit) {
  Random random(seed);
  Image base;
  if (random.OneIn(2)) {
    Recorder earlier;
    RandomCalls calls(random.Fork("base"));
    for (int i = 0; i < 12; ++i) calls.Make(earlier);
    base = earlier.live();
  }
  Recorder recorder(base);
  RandomCalls calls(random.Fork("calls"));
  RecordedRun run{"seed " + std::to_string(seed), base, {}};
  for (uint64_t left = 4 + random.Below(10); left > 0; --left) {
    calls.Make(recorder);
    const Trace& trace = recorder.trace();
    if (Combinations(base, trace, trace.ops.size(), model) > limit) break;
    run.trace = trace;
  }
  if (random.OneIn(3)) {
    RecordedRun slow = WithSlowSync(run, random.Below(3), 1 + random.Below(3));
    if (WithinLimit(slow, model, limit)) return slow;
  }
  return run;
}

}  // namespace faultfs::test
