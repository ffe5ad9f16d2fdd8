#include "tests/faultfs/crash/recorder.h"

#include <span>
#include <utility>

#include "faultfs/env/check.h"

namespace faultfs::test {
namespace {

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void Must(const Status& status) { FAULTFS_CHECK(status.ok(), "a recorded call succeeds"); }

}  // namespace

Recorder::Recorder(Image base) : volume_(std::move(base)), fs_(volume_, &hook_) {}

IoDecision Recorder::NextSync::Decide(const IoCall& call) {
  if (evict) return {.evicts = true, .page = page};
  if (call.op != IoOp::kSync && call.op != IoOp::kSyncDir && call.op != IoOp::kWrite) return {};
  switch (outcome) {
    case SyncOutcome::kOk:
      return {};
    case SyncOutcome::kFailed:
      return {.action = IoDecision::Action::kFail, .code = Code::kIoError};
    case SyncOutcome::kIgnored:
      return {.action = IoDecision::Action::kIgnore};
    case SyncOutcome::kLate:
      return {.action = IoDecision::Action::kLate, .code = Code::kIoError};
  }
  return {};
}

std::unique_ptr<File> Recorder::Opened(std::string_view path, bool dsync) {
  auto file = fs_.Open(path, {.write = true, .dsync = dsync}, IoTag("open"));
  Must(file.status());
  return std::move(file).value();
}

Recorder& Recorder::Create(std::string_view path, IoTag tag) {
  auto file = fs_.Open(path, {.write = true, .create = true, .exclusive = true}, tag);
  Must(file.status());
  return *this;
}

Recorder& Recorder::Write(std::string_view path, uint64_t offset_bytes, std::string_view data,
                          IoTag tag) {
  Must(WriteFully(*Opened(path), offset_bytes, AsBytes(data), tag).status);
  return *this;
}

Recorder& Recorder::DsyncWrite(std::string_view path, uint64_t offset_bytes, std::string_view data,
                               SyncOutcome outcome, IoTag tag) {
  const auto file = Opened(path, /*dsync=*/true);
  hook_.outcome = outcome;
  Must(WriteFully(*file, offset_bytes, AsBytes(data), tag).status);
  hook_.outcome = SyncOutcome::kOk;
  return *this;
}

Recorder& Recorder::Truncate(std::string_view path, uint64_t size_bytes, IoTag tag) {
  Must(Opened(path)->Truncate(size_bytes, tag));
  return *this;
}

Recorder& Recorder::Allocate(std::string_view path, uint64_t offset_bytes, uint64_t length_bytes,
                             bool keep_size, IoTag tag) {
  Must(Opened(path)->Allocate(offset_bytes, length_bytes, keep_size, tag));
  return *this;
}

void Recorder::SyncFile(std::string_view path, SyncKind kind, SyncOutcome outcome, IoTag tag) {
  const auto file = Opened(path);
  const size_t owed = volume_.ErrorsAt(SIZE_MAX).size();
  hook_.outcome = outcome;
  const Status status = file->Sync(kind, tag);
  hook_.outcome = SyncOutcome::kOk;
  const bool told_earlier = volume_.ErrorsAt(SIZE_MAX).size() < owed;
  FAULTFS_CHECK(status.ok() == (outcome != SyncOutcome::kFailed && !told_earlier),
                "a sync comes out as told");
}

Recorder& Recorder::Sync(std::string_view path, SyncOutcome outcome, IoTag tag) {
  SyncFile(path, SyncKind::kFull, outcome, tag);
  return *this;
}

Recorder& Recorder::DataSync(std::string_view path, SyncOutcome outcome, IoTag tag) {
  SyncFile(path, SyncKind::kData, outcome, tag);
  return *this;
}

Recorder& Recorder::SyncDir(std::string_view path, SyncOutcome outcome, IoTag tag) {
  hook_.outcome = outcome;
  const Status status = fs_.SyncDir(path, tag);
  hook_.outcome = SyncOutcome::kOk;
  FAULTFS_CHECK(status.ok() == (outcome != SyncOutcome::kFailed), "a sync comes out as told");
  return *this;
}

Recorder& Recorder::Evict(uint64_t page) {
  hook_.evict = true;
  hook_.page = page;
  Must(fs_.Stat("/").status());
  hook_.evict = false;
  return *this;
}

Recorder& Recorder::Failing(const SyncFailureRules& rules) {
  volume_.SetFailureRules(rules, nullptr);
  return *this;
}

Recorder& Recorder::StartWriteback(std::string_view path, IoTag tag) {
  Must(Opened(path)->StartWriteback(0, 0, tag));
  return *this;
}

Recorder& Recorder::Rename(std::string_view from, std::string_view to, IoTag tag) {
  Must(fs_.Rename(from, to, tag));
  return *this;
}

Recorder& Recorder::Link(std::string_view from, std::string_view to, IoTag tag) {
  Must(fs_.Link(from, to, tag));
  return *this;
}

Recorder& Recorder::Remove(std::string_view path, IoTag tag) {
  Must(fs_.Remove(path, tag));
  return *this;
}

Recorder& Recorder::MakeDir(std::string_view path, IoTag tag) {
  Must(fs_.CreateDir(path, tag));
  return *this;
}

Recorder& Recorder::RemoveDir(std::string_view path, IoTag tag) {
  Must(fs_.RemoveDir(path, tag));
  return *this;
}

Recorder& Recorder::Mark(uint64_t mark) {
  volume_.Mark(mark);
  return *this;
}

Image DiskOf(const std::map<std::string, std::string>& files) {
  Image image;
  for (const auto& [path, content] : files) {
    InodeNumber directory = kRootInode;
    size_t begin = 0;
    for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', begin)) {
      const std::string name = path.substr(begin, slash - begin);
      InodeNumber child = image.Lookup(directory, name);
      if (child == kNoInode) {
        child = image.AddInode(FileType::kDirectory);
        image.SetEntry(directory, name, child);
      }
      directory = child;
      begin = slash + 1;
    }
    if (begin == path.size()) continue;
    const InodeNumber file = image.AddInode(FileType::kFile);
    image.SetEntry(directory, path.substr(begin), file);
    image.Write(file, 0, AsBytes(content));
  }
  return image;
}

}  // namespace faultfs::test
