#include "tests/faultfs/env/lockstep.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace faultfs {
namespace {

using Kind = LockstepCall::Kind;

constexpr IoTag kTag{"test.lockstep"};
constexpr int kTreeEveryCalls = 50;
constexpr size_t kHistoryCalls = 40;

std::string Said(const Status& status) { return std::string(CodeName(status.code())); }

template <typename T>
std::string Said(const Result<T>& result) {
  if (!result.ok()) return Said(result.status());
  return "OK " + std::to_string(*result);
}

std::string ReadText(File& file, uint64_t offset_bytes, uint64_t length_bytes) {
  std::string text(length_bytes, '?');
  const auto got = file.ReadAt(offset_bytes, std::as_writable_bytes(std::span(text)));
  if (!got.ok()) return Said(got.status());
  text.resize(*got);
  return "OK " + std::to_string(*got) + ":" + text;
}

/// Printable, and of a period that no page or sector is a multiple of.
std::string FillText(const LockstepCall& call) {
  std::string text(call.length_bytes, '\0');
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>('!' + (static_cast<size_t>(call.fill) + i) % 89);
  }
  return text;
}

std::string TypeName(FileType type) { return type == FileType::kDirectory ? "dir" : "file"; }

std::string Said(const Result<FileStat>& stat) {
  if (!stat.ok()) return Said(stat.status());
  return "OK " + TypeName(stat->type) + " size " + std::to_string(stat->size_bytes) + " links " +
         std::to_string(stat->link_count);
}

std::string Said(const Result<std::vector<DirEntry>>& entries) {
  if (!entries.ok()) return Said(entries.status());
  std::string text = "OK";
  for (const DirEntry& entry : *entries) text += " " + entry.name + ":" + TypeName(entry.type);
  return text;
}

/// Describes a tree depth first; a file is numbered by when it was first met.
class TreeWriter {
 public:
  explicit TreeWriter(FileSystem& fs) : fs_(fs) {}

  std::string Write(const std::string& root) {
    Visit(root, "");
    return std::move(text_);
  }

 private:
  void Visit(const std::string& path, const std::string& shown) {
    const auto entries = fs_.List(path);
    text_ += shown + "/ " + Said(entries) + "\n";
    if (!entries.ok()) return;
    for (const DirEntry& entry : *entries) {
      const std::string below = path + "/" + entry.name;
      const std::string below_shown = shown + "/" + entry.name;
      if (entry.type == FileType::kDirectory) {
        Visit(below, below_shown);
      } else {
        VisitFile(below, below_shown);
      }
    }
  }

  void VisitFile(const std::string& path, const std::string& shown) {
    const auto stat = fs_.Stat(path);
    text_ += shown + " " + Said(stat);
    auto file = fs_.Open(path, {}, kTag);
    if (!stat.ok() || !file.ok()) {
      text_ += " " + Said(file.status()) + "\n";
      return;
    }
    const auto number = numbers_.emplace(stat->identity, numbers_.size()).first->second;
    text_ += " #" + std::to_string(number) + " " + ReadText(**file, 0, stat->size_bytes) + "\n";
  }

  FileSystem& fs_;
  std::string text_;
  std::map<uint64_t, size_t> numbers_;
};

std::string Visible(std::string text) {
  for (char& c : text) {
    if ((c < ' ' || c > '~') && c != '\n') c = '.';
  }
  return text;
}

/// A little of what surrounds a place in a text.
std::string Excerpt(const std::string& text, size_t place) {
  return Visible(text.substr(place > 200 ? place - 200 : 0, 300));
}

std::string Difference(const std::string& expected, const std::string& actual) {
  const auto parted = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  const auto at = static_cast<size_t>(parted.first - expected.begin());
  return "reference: " + Excerpt(expected, at) + "\nother:     " + Excerpt(actual, at) +
         "\n(they part at byte " + std::to_string(at) + ")";
}

}  // namespace

LockstepSide::LockstepSide(std::unique_ptr<Subject> subject) : subject_(std::move(subject)) {
  // A name that no call uses keeps the root from being emptied and removed.
  const auto kept = subject_->fs().CreateDir(In("keep"), kTag);
  FAULTFS_CHECK(kept.ok(), "an empty directory takes an entry");
}

std::string LockstepSide::In(const std::string& path) const {
  return path.empty() ? subject_->root() : subject_->root() + "/" + path;
}

std::string LockstepSide::Perform(const LockstepCall& call) {
  return call.kind >= Kind::kClose && call.kind <= Kind::kAllocate ? PerformOnFile(call)
                                                                   : PerformOnPath(call);
}

std::string LockstepSide::PerformOnFile(const LockstepCall& call) {
  std::unique_ptr<File>& file = files_[call.slot];
  if (file == nullptr) return "nothing open";
  switch (call.kind) {
    case Kind::kClose: {
      std::string said = Said(file->Close());
      file.reset();
      return said;
    }
    case Kind::kRead:
      return ReadText(*file, call.offset_bytes, call.length_bytes);
    case Kind::kWrite: {
      const std::string text = FillText(call);
      return Said(file->WriteAt(call.offset_bytes, std::as_bytes(std::span(text)), kTag));
    }
    case Kind::kTruncate:
      return Said(file->Truncate(call.offset_bytes, kTag));
    case Kind::kSize:
      return Said(file->Size());
    case Kind::kSync:
      return Said(file->Sync(call.option ? SyncKind::kData : SyncKind::kFull, kTag));
    case Kind::kWriteback:
      return Said(file->StartWriteback(call.offset_bytes, call.length_bytes, kTag));
    case Kind::kAllocate:
      return Said(file->Allocate(call.offset_bytes, call.length_bytes, call.option, kTag));
    default:
      return "no call on a file";
  }
}

std::string LockstepSide::PerformOnPath(const LockstepCall& call) {
  FileSystem& fs = subject_->fs();
  const std::string path = In(call.path);
  switch (call.kind) {
    case Kind::kOpen: {
      auto file = fs.Open(path, call.flags, kTag);
      if (file.ok()) files_[call.slot] = std::move(file).value();
      return Said(file.status());
    }
    case Kind::kRemove:
      return Said(fs.Remove(path, kTag));
    case Kind::kLink:
      return Said(fs.Link(path, In(call.path2), kTag));
    case Kind::kRename:
      return Said(fs.Rename(path, In(call.path2), kTag));
    case Kind::kCreateDir:
      return Said(fs.CreateDir(path, kTag));
    case Kind::kRemoveDir:
      return Said(fs.RemoveDir(path, kTag));
    case Kind::kList:
      return Said(fs.List(path));
    case Kind::kStat:
      return Said(fs.Stat(path));
    case Kind::kSyncDir:
      return Said(fs.SyncDir(path, kTag));
    case Kind::kLock: {
      auto lock = fs.Lock(path, kTag);
      if (lock.ok()) locks_[call.slot] = std::move(lock).value();
      return Said(lock.status());
    }
    case Kind::kUnlock:
      locks_[call.slot].reset();
      return "OK";
    default:
      return "no call on a path";
  }
}

std::string LockstepSide::DescribeTree() {
  return TreeWriter(subject_->fs()).Write(subject_->root());
}

std::string RunLockstep(std::unique_ptr<Subject> reference, std::unique_ptr<Subject> other,
                        uint64_t seed, int calls) {
  LockstepSide expected_side(std::move(reference));
  LockstepSide actual_side(std::move(other));
  CallMaker maker(seed);
  std::deque<std::string> history;
  const auto report = [&](const std::string& expected, const std::string& actual) {
    std::string text = "seed " + std::to_string(seed) + ", the last calls:\n";
    for (const std::string& line : history) text += "  " + line + "\n";
    return text + Difference(expected, actual);
  };
  for (int i = 1; i <= calls; ++i) {
    const LockstepCall call = maker.Next(expected_side);
    const std::string expected = expected_side.Perform(call);
    const std::string actual = actual_side.Perform(call);
    history.push_back(std::to_string(i) + " " + call.Describe() + " -> " +
                      Visible(expected.substr(0, 40)));
    if (history.size() > kHistoryCalls) history.pop_front();
    if (expected != actual) return report(expected, actual);
    if (i % kTreeEveryCalls != 0 && i != calls) continue;
    const std::string expected_tree = expected_side.DescribeTree();
    const std::string actual_tree = actual_side.DescribeTree();
    if (expected_tree != actual_tree) return report(expected_tree, actual_tree);
  }
  return "";
}

}  // namespace faultfs
