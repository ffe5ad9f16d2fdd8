#include "tests/faultfs/sim/random_calls.h"

#include "tests/faultfs/sim/machine.h"

namespace faultfs::test {

void RandomCaller::Call() {
  if (random_.OneIn(2)) {
    CallTree();
  } else if (files_.empty() || random_.OneIn(5)) {
    auto file = fs_.Open(
        Path(), {.write = true, .create = !random_.OneIn(3), .dsync = random_.OneIn(4)}, kTag);
    if (file.ok()) files_.push_back(std::move(file).value());
  } else {
    CallFile();
  }
}

void RandomCaller::CallFile() {
  const size_t which = random_.Below(files_.size());
  File& file = *files_[which];
  const uint64_t offset = random_.Below(9000);
  const uint64_t length = random_.Below(random_.OneIn(4) ? 6000 : 50);
  switch (random_.Below(9)) {
    case 0:
      (void)file.Truncate(offset, kTag);
      break;
    case 1:
      (void)file.Sync(random_.OneIn(2) ? SyncKind::kData : SyncKind::kFull, kTag);
      break;
    case 2:
      (void)file.StartWriteback(offset, length, kTag);
      break;
    case 3:
      (void)file.Allocate(offset, length, random_.OneIn(2), kTag);
      break;
    case 4: {
      std::vector<std::byte> buffer(length);
      (void)file.ReadAt(offset, buffer);
      break;
    }
    case 5:
      if (random_.OneIn(2)) (void)file.Close();
      files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(which));
      break;
    default: {
      const std::string data(length, static_cast<char>(random_.Below(256)));
      (void)file.WriteAt(offset, Bytes(data), kTag);
      break;
    }
  }
}

void RandomCaller::CallTree() {
  switch (random_.Below(11)) {
    case 0:
      (void)fs_.Remove(Path(), kTag);
      break;
    case 1:
      (void)fs_.Link(Path(), Path(), kTag);
      break;
    case 2:
    case 3:
    case 4:
      (void)fs_.Rename(Path(), Path(), kTag);
      break;
    case 5:
    case 6:
      (void)fs_.CreateDir(Path(), kTag);
      break;
    case 7:
      (void)fs_.RemoveDir(Path(), kTag);
      break;
    case 8:
      (void)fs_.List(Path());
      (void)fs_.Stat(Path());
      break;
    case 9:
      (void)fs_.SyncDir(Path(), kTag);
      break;
    default:
      if (locks_.size() > 1) locks_.clear();
      if (auto lock = fs_.Lock(Path(), kTag); lock.ok()) {
        locks_.push_back(std::move(lock).value());
      }
      break;
  }
}

std::string RandomCaller::Path() {
  static constexpr const char* kNames[] = {"a", "b", "c", "d"};
  std::string path;
  for (uint64_t depth = 1 + random_.Below(3); depth > 0; --depth) {
    path.append("/").append(random_.OneIn(30) ? ".." : kNames[random_.Below(4)]);
  }
  return path;
}

}  // namespace faultfs::test
