#include "harness/adapters/bad_adapters.h"

#include <charconv>
#include <cstring>
#include <map>
#include <span>
#include <system_error>
#include <utility>

namespace crashlab {
namespace {

using faultfs::File;
using faultfs::IoTag;

constexpr IoTag kToyDir{"toy.dir"};
constexpr IoTag kToyAppend{"toy.append"};
constexpr IoTag kToyCut{"toy.cut"};
constexpr IoTag kToyCreate{"toy.create"};
constexpr IoTag kToyClear{"toy.clear"};
constexpr IoTag kToyWrite{"toy.write"};
constexpr IoTag kToySyncNew{"toy.sync-new"};
constexpr IoTag kToyPublish{"toy.publish"};
constexpr IoTag kToyRemove{"toy.remove"};
constexpr IoTag kToySync{"toy.sync"};

constexpr std::string_view kLayout = "layout";
constexpr std::string_view kLog = "log";
constexpr std::string_view kGenerations = "generations";

constexpr std::string_view kBuffered = "buffered";
constexpr std::string_view kRewrites = "rewrites";

/// What both promise: every acknowledged mutation survives power loss.
const Contract& BoldContract() {
  static const Contract contract = {.rows = {{Verb::kSet, std::nullopt, Promise::kPower},
                                             {Verb::kDelete, std::nullopt, Promise::kPower}},
                                    .not_applied = {Code::kUnsupported},
                                    .close = Promise::kPowerForAckedBefore,
                                    .info_voids_process_frontier = true};
  return contract;
}

const Capabilities& FewVerbs() {
  static const Capabilities capabilities = {
      .verbs = {Verb::kSet, Verb::kDelete, Verb::kGet, Verb::kSize, Verb::kReopen, Verb::kKill},
      .calls = {}};
  return capabilities;
}

/// A map in memory that tells somebody of each change before it is made.
class MapSystem : public System {
 public:
  Reply Apply(const Operation& operation, OpNumber number) override {
    Reply reply;
    const auto it = map_.find(operation.key);
    if (operation.verb == Verb::kSet || operation.verb == Verb::kDelete) {
      std::optional<std::string> value;
      if (operation.verb == Verb::kSet) value = ValueOf(number, 0, operation.value_bytes);
      reply.status = Keep(operation.key, value);
      if (reply.status.ok()) Change(operation.key, std::move(value));
    } else if (operation.verb == Verb::kGet) {
      if (it != map_.end()) reply.value = it->second;
    } else if (operation.verb == Verb::kSize) {
      reply.number = map_.size();
    } else {
      reply.status = Status::Error(Code::kUnsupported, "not a verb of this engine");
    }
    return reply;
  }
  Result<Dump> ReadAll() override { return Dump(map_.begin(), map_.end()); }
  Status Close() override { return Status(); }

 protected:
  virtual Status Keep(const std::string& key, const std::optional<std::string>& value) = 0;
  void Change(const std::string& key, std::optional<std::string> value) {
    if (value.has_value()) {
      map_[key] = *std::move(value);
    } else {
      map_.erase(key);
    }
  }

 private:
  std::map<std::string, std::string> map_;
};

Status MakeDirectory(const OpenContext& context) {
  const Status made = context.file_system.CreateDir(context.directory, kToyDir);
  return made.Is(Code::kAlreadyExists) ? Status() : made;
}

// A record: length of the rest, its hash, then a flag, the key's length, key and value.
struct Head {
  uint64_t body_bytes;
  uint64_t hash;
};

std::string RecordOf(const std::string& key, const std::optional<std::string>& value) {
  const uint32_t key_bytes = static_cast<uint32_t>(key.size());
  std::string body(1, value.has_value() ? 's' : 'd');
  body.append(reinterpret_cast<const char*>(&key_bytes), sizeof key_bytes);
  body += key + value.value_or("");
  const Head head = {body.size(), faultfs::HashBytes(body).low};
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + body;
}

/// Tells `take` of each record. Returns where the last whole one ends.
template <typename Take>
size_t ForEachRecord(const std::string& text, const Take& take) {
  size_t end = 0;
  Head head{};
  while (text.size() - end >= sizeof head) {
    std::memcpy(&head, text.data() + end, sizeof head);
    if (head.body_bytes < 5 || head.body_bytes > text.size() - end - sizeof head) break;
    const std::string_view body(text.data() + end + sizeof head, head.body_bytes);
    if (faultfs::HashBytes(body).low != head.hash) break;
    uint32_t key_bytes = 0;
    std::memcpy(&key_bytes, body.data() + 1, sizeof key_bytes);
    const std::string key(body.substr(5, key_bytes));
    std::optional<std::string> value;
    if (body[0] == 's') value = body.substr(5 + key_bytes);
    take(key, std::move(value));
    end += sizeof head + head.body_bytes;
  }
  return end;
}

Result<std::string> ReadWhole(File& file) {
  FAULTFS_ASSIGN_OR_RETURN(const uint64_t size_bytes, file.Size());
  std::string text(size_bytes, '\0');
  FAULTFS_ASSIGN_OR_RETURN(
      const size_t read,
      faultfs::ReadFully(file, 0, std::as_writable_bytes(std::span(text.data(), text.size()))));
  text.resize(read);
  return text;
}

// One file that grows.
class LogSystem final : public MapSystem {
 public:
  static Result<std::unique_ptr<System>> Open(const OpenContext& context) {
    const std::string directory(context.directory);
    FAULTFS_RETURN_IF_ERROR(MakeDirectory(context));
    FAULTFS_ASSIGN_OR_RETURN(
        auto file, context.file_system.Open(directory + "/toy.log", {.write = true, .create = true},
                                            kToyAppend));
    const auto is_on = [&](std::string_view option) {
      const auto entry = context.config.options.find(std::string(option));
      return entry != context.config.options.end() && entry->second == "true";
    };
    auto system = std::make_unique<LogSystem>(std::move(file), is_on(kBuffered), is_on(kRewrites));
    FAULTFS_RETURN_IF_ERROR(system->Load());
    return std::unique_ptr<System>(std::move(system));
  }

  LogSystem(std::unique_ptr<File> file, bool buffered, bool rewrites)
      : file_(std::move(file)), buffered_(buffered), rewrites_(rewrites) {}

  Status Close() override { return Write(); }

 private:
  Status Load() {
    FAULTFS_ASSIGN_OR_RETURN(const std::string log, ReadWhole(*file_));
    end_ = ForEachRecord(log, [this](const std::string& key, std::optional<std::string> value) {
      Change(key, std::move(value));
    });
    if (!rewrites_) return file_->Truncate(end_, kToyCut);
    FAULTFS_RETURN_IF_ERROR(file_->Truncate(0, kToyCut));
    waiting_ = log.substr(0, std::exchange(end_, 0));
    return Write();
  }

  Status Keep(const std::string& key, const std::optional<std::string>& value) override {
    waiting_ += RecordOf(key, value);
    return buffered_ && waiting_.size() < kBufferBytes ? Status() : Write();
  }

  Status Write() {
    const faultfs::WriteOutcome written = faultfs::WriteFully(
        *file_, end_, std::as_bytes(std::span(waiting_.data(), waiting_.size())), kToyAppend);
    end_ += written.written_bytes;
    waiting_.clear();
    return written.status;
  }

  static constexpr size_t kBufferBytes = 4096;

  std::unique_ptr<File> file_;
  const bool buffered_;
  const bool rewrites_;
  std::string waiting_;  // records that are in the process and nowhere else
  uint64_t end_ = 0;
};

// Each change writes all entries to a new file, which is synced, gets the next number as its name
// and is synced again; the file before it goes in between. No directory is ever synced: what rests
// on that is the order in which names change, and that a sync of a file takes its name along.
class GenerationSystem final : public MapSystem {
 public:
  static Result<std::unique_ptr<System>> Open(const OpenContext& context) {
    FAULTFS_RETURN_IF_ERROR(MakeDirectory(context));
    auto system = std::make_unique<GenerationSystem>(context.file_system, context.directory);
    FAULTFS_RETURN_IF_ERROR(system->Load());
    return std::unique_ptr<System>(std::move(system));
  }

  GenerationSystem(faultfs::FileSystem& file_system, std::string_view directory)
      : file_system_(file_system), directory_(directory) {}

 private:
  /// The newest generation counts. It is synced before anything is shown: an Open decides.
  Status Load() {
    FAULTFS_ASSIGN_OR_RETURN(const std::vector<faultfs::DirEntry> entries,
                             file_system_.List(directory_));
    std::vector<uint64_t> older;
    for (const faultfs::DirEntry& entry : entries) {
      uint64_t number = 0;
      const char* end = entry.name.data() + entry.name.size();
      const auto [stop, error] = std::from_chars(entry.name.data(), end, number);
      if (error != std::errc() || stop != end) continue;  // a file without a name yet
      if (number > newest_) std::swap(number, newest_);
      if (number > 0) older.push_back(number);
    }
    if (newest_ == 0) return Status();
    FAULTFS_ASSIGN_OR_RETURN(const auto file,
                             file_system_.Open(PathOf(newest_), {.write = true}, kToySync));
    FAULTFS_ASSIGN_OR_RETURN(const std::string text, ReadWhole(*file));
    const auto take = [this](const std::string& key, std::optional<std::string> value) {
      entries_[key] = *value;
      Change(key, std::move(value));
    };
    if (ForEachRecord(text, take) != text.size()) {
      return Status::Error(Code::kCorruption, "not a whole generation").File(PathOf(newest_));
    }
    FAULTFS_RETURN_IF_ERROR(file->Sync(faultfs::SyncKind::kFull, kToySync));
    for (const uint64_t number : older) {
      FAULTFS_RETURN_IF_ERROR(file_system_.Remove(PathOf(number), kToyRemove));
    }
    return Status();
  }

  Status Keep(const std::string& key, const std::optional<std::string>& value) override {
    std::map<std::string, std::string> entries = entries_;
    entries.erase(key);
    if (value.has_value()) entries.emplace(key, *value);
    FAULTFS_RETURN_IF_ERROR(Write(entries));
    entries_ = std::move(entries);
    return Status();
  }

  Status Write(const std::map<std::string, std::string>& entries) {
    std::string text;
    for (const auto& [key, value] : entries) text += RecordOf(key, value);
    const std::string path = directory_ + "/new";
    FAULTFS_ASSIGN_OR_RETURN(const auto file,
                             file_system_.Open(path, {.write = true, .create = true}, kToyCreate));
    FAULTFS_RETURN_IF_ERROR(file->Truncate(0, kToyClear));
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    FAULTFS_RETURN_IF_ERROR(faultfs::WriteFully(*file, 0, bytes, kToyWrite).status);
    FAULTFS_RETURN_IF_ERROR(file->Sync(faultfs::SyncKind::kFull, kToySyncNew));
    FAULTFS_RETURN_IF_ERROR(file_system_.Rename(path, PathOf(newest_ + 1), kToyPublish));
    const uint64_t before = newest_++;
    if (before > 0) {
      FAULTFS_RETURN_IF_ERROR(file_system_.Remove(PathOf(before), kToyRemove));
    }
    return file->Sync(faultfs::SyncKind::kFull, kToySync);
  }

  std::string PathOf(uint64_t number) const { return directory_ + "/" + std::to_string(number); }

  faultfs::FileSystem& file_system_;
  const std::string directory_;
  uint64_t newest_ = 0;  // generation; 0: none
  std::map<std::string, std::string> entries_;
};

class CanarySystem final : public MapSystem {
 private:
  Status Keep(const std::string&, const std::optional<std::string>&) override { return Status(); }
};

class Toy final : public Adapter {
 public:
  std::string_view name() const override { return "toy"; }
  std::string_view summary() const override {
    return "wrong on purpose: a log that is never synced; or files that rely on ext4's order";
  }
  const Capabilities& capabilities() const override { return FewVerbs(); }
  const Contract& contract() const override { return BoldContract(); }
  std::vector<std::string_view> options() const override { return {kBuffered, kLayout, kRewrites}; }
  Status CheckOption(std::string_view option, std::string_view value) const override {
    if (option == kBuffered || option == kRewrites) {
      if (value == "true" || value == "false") return Status();
      return Status::Error(Code::kInvalidArgument, "must be true or false");
    }
    if (value == kLog || value == kGenerations) return Status();
    return Status::Error(Code::kInvalidArgument, "must be \"log\" or \"generations\"");
  }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    const auto layout = context.config.options.find(std::string(kLayout));
    const bool log = layout == context.config.options.end() || layout->second == kLog;
    return log ? LogSystem::Open(context) : GenerationSystem::Open(context);
  }
};

class Canary final : public Adapter {
 public:
  std::string_view name() const override { return "canary"; }
  std::string_view summary() const override {
    return "wrong on purpose: nothing reaches the disk; must always be caught";
  }
  const Capabilities& capabilities() const override { return FewVerbs(); }
  const Contract& contract() const override { return BoldContract(); }
  Result<std::unique_ptr<System>> Open(const OpenContext&) const override {
    return std::unique_ptr<System>(std::make_unique<CanarySystem>());
  }
};

}  // namespace

const Adapter& ToyAdapter() {
  static const Toy adapter;
  return adapter;
}

const Adapter& CanaryAdapter() {
  static const Canary adapter;
  return adapter;
}

}  // namespace crashlab
