#include "tests/harness/explore/tiny_engines.h"

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "tests/harness/oracle/oracle_world.h"

namespace crashlab {
namespace {

using faultfs::File;
using faultfs::FileSystem;
using faultfs::IoTag;
using faultfs::SyncKind;

using Map = std::map<std::string, std::string>;

constexpr IoTag kDir{"tiny.dir"};
constexpr IoTag kSyncDir{"tiny.sync-dir"};
constexpr IoTag kWrite{"tiny.write"};
constexpr IoTag kSync{"tiny.sync"};
constexpr IoTag kPublish{"tiny.publish"};
constexpr IoTag kRemove{"tiny.remove"};

std::string Encode(const Map& map) {
  std::string bytes;
  for (const auto& [key, value] : map) {
    for (const std::string* text : {&key, &value}) {
      const uint64_t length = text->size();
      bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
      bytes += *text;
    }
  }
  return bytes;
}

Map Decode(std::string_view bytes) {
  const auto text = [&] {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const std::string found(bytes.substr(sizeof length, length));
    bytes.remove_prefix(sizeof length + length);
    return found;
  };
  Map map;
  while (!bytes.empty()) {
    std::string key = text();
    map[std::move(key)] = text();
  }
  return map;
}

Status WriteFile(FileSystem& fs, const std::string& path, std::string_view bytes) {
  FAULTFS_ASSIGN_OR_RETURN(auto file, fs.Open(path, {.write = true, .create = true}, kWrite));
  FAULTFS_RETURN_IF_ERROR(file->Truncate(0, kWrite));
  FAULTFS_RETURN_IF_ERROR(
      faultfs::WriteFully(*file, 0, std::as_bytes(std::span(bytes.data(), bytes.size())), kWrite)
          .status);
  FAULTFS_RETURN_IF_ERROR(file->Sync(SyncKind::kFull, kSync));
  return file->Close();
}

Result<std::string> ReadFile(FileSystem& fs, const std::string& path) {
  FAULTFS_ASSIGN_OR_RETURN(auto file, fs.Open(path, {}, kWrite));
  FAULTFS_ASSIGN_OR_RETURN(const uint64_t size_bytes, file->Size());
  std::string bytes(size_bytes, '\0');
  FAULTFS_ASSIGN_OR_RETURN(const size_t read,
                           faultfs::ReadFully(*file, 0, std::as_writable_bytes(std::span(bytes))));
  bytes.resize(read);
  return bytes;
}

class TinySystem final : public System {
 public:
  TinySystem(const OpenContext& context, Flaw flaw)
      : fs_(context.file_system), directory_(context.directory), flaw_(flaw) {}

  Status Open() {
    const Status made = fs_.CreateDir(directory_, kDir);
    if (!made.ok() && !made.Is(Code::kAlreadyExists)) return made;
    FAULTFS_RETURN_IF_ERROR(fs_.SyncDir(Parent(), kSyncDir));
    if (flaw_ == Flaw::kFilePerKey) return OpenKeys();
    const bool temporary = fs_.Stat(Temporary()).ok();
    if (temporary && flaw_ == Flaw::kFailsOnTemporary) {
      return Status::Error(Code::kIoError, "a temporary file");
    }
    if (temporary && flaw_ == Flaw::kCorruptTemporary) {
      return Status::Error(Code::kCorruption, "a temporary file");
    }
    stumbled_ = temporary && flaw_ == Flaw::kRemembersTemporary;
    const bool inventing = temporary && flaw_ == Flaw::kInventsValues;
    // Where a rename is two edits the temporary may be a second name of the published file.
    if (temporary) FAULTFS_RETURN_IF_ERROR(fs_.Remove(Temporary(), kRemove));
    if (!fs_.Stat(Published()).ok()) return Status();
    FAULTFS_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs_, Published()));
    map_ = Decode(bytes);
    reopened_ = true;
    if (inventing) map_["a"] = "nobody wrote this";
    if (flaw_ == Flaw::kDestroysInRecovery) {
      FAULTFS_RETURN_IF_ERROR(fs_.Remove(Published(), kRemove));
      FAULTFS_RETURN_IF_ERROR(fs_.SyncDir(directory_, kSyncDir));
      return Save(map_);
    }
    if (flaw_ == Flaw::kServesEarly) return Status();
    return fs_.SyncDir(directory_, kSyncDir);
  }

  Reply Apply(const Operation& operation, OpNumber number) override {
    Reply reply;
    switch (operation.verb) {
      case Verb::kSet:
        before_ = map_;
        map_[operation.key] = ValueOf(number, 0, operation.value_bytes);
        reply.status = Changed(operation.key);
        break;
      case Verb::kDelete:
        map_.erase(operation.key);
        reply.status = Changed(operation.key);
        if (flaw_ == Flaw::kFailsOnDelete) reply.status = Status::Error(Code::kIoError, "no");
        break;
      case Verb::kBatch:
        reply.status = Batch(operation, number);
        break;
      case Verb::kGet: {
        const Map& map = flaw_ == Flaw::kStaleReads ? before_ : map_;
        if (const auto it = map.find(operation.key); it != map.end()) reply.value = it->second;
        break;
      }
      default:
        reply.status = Status::Error(Code::kUnsupported, "not a verb of this engine");
    }
    return reply;
  }

  Result<Dump> ReadAll() override { return Dump(map_.begin(), map_.end()); }

  Status Close() override {
    if (flaw_ == Flaw::kEmptiesOnClose) return Save({});
    return flaw_ == Flaw::kOnlyInMemory ? Save(map_) : Status();
  }

 private:
  std::string Parent() const { return directory_.substr(0, directory_.rfind('/') + 1); }
  std::string Published() const { return directory_ + "/map"; }
  std::string Temporary() const { return directory_ + "/tmp"; }

  Status OpenKeys() {
    FAULTFS_RETURN_IF_ERROR(fs_.SyncDir(directory_, kSyncDir));
    FAULTFS_ASSIGN_OR_RETURN(const auto entries, fs_.List(directory_));
    for (const faultfs::DirEntry& entry : entries) {
      if (entry.name.starts_with("tmp-")) continue;
      FAULTFS_ASSIGN_OR_RETURN(map_[entry.name], ReadFile(fs_, directory_ + "/" + entry.name));
    }
    return Status();
  }

  Status Batch(const Operation& operation, OpNumber number) {
    for (size_t i = 0; i < operation.batch.size(); ++i) {
      const Edit& edit = operation.batch[i];
      if (edit.erase) {
        map_.erase(edit.key);
      } else {
        map_[edit.key] = ValueOf(number, i, edit.value_bytes);
      }
      if (flaw_ == Flaw::kBatchInTwo) FAULTFS_RETURN_IF_ERROR(Save(map_));
    }
    return Save(map_);
  }

  Status Changed(const std::string& key) {
    if (stumbled_ || (flaw_ == Flaw::kReadOnlyAfterReopen && reopened_)) {
      return Status::Error(Code::kPoisoned, "read-only");
    }
    if (flaw_ == Flaw::kOnlyInMemory) return Status();
    if (flaw_ == Flaw::kFilePerKey) {
      const std::string temporary = Temporary() + "-" + key;
      FAULTFS_RETURN_IF_ERROR(WriteFile(fs_, temporary, map_[key]));
      return fs_.Rename(temporary, directory_ + "/" + key, kPublish);
    }
    return Save(map_);
  }

  Status Save(const Map& map) {
    static std::atomic<uint64_t> counter = 0;  // what an engine must not depend on
    std::string bytes = Encode(map);
    if (flaw_ == Flaw::kCounter) {
      Map counted = map;
      counted["counter"] = std::to_string(++counter);
      bytes = Encode(counted);
    }
    FAULTFS_RETURN_IF_ERROR(WriteFile(fs_, Temporary(), bytes));
    FAULTFS_RETURN_IF_ERROR(fs_.Rename(Temporary(), Published(), kPublish));
    return flaw_ == Flaw::kNoDirSync ? Status() : fs_.SyncDir(directory_, kSyncDir);
  }

  FileSystem& fs_;
  const std::string directory_;
  const Flaw flaw_;
  Map map_;
  Map before_;
  bool reopened_ = false;
  bool stumbled_ = false;
};

class TinyAdapter final : public Adapter {
 public:
  explicit TinyAdapter(Flaw flaw) : flaw_(flaw) {
    const Promise promise = flaw == Flaw::kFilePerKey ? Promise::kProcess : Promise::kPower;
    for (Verb verb : {Verb::kSet, Verb::kDelete, Verb::kBatch}) {
      contract_.rows.push_back({verb, std::nullopt, promise});
    }
    contract_.not_applied = {Code::kUnsupported, Code::kPoisoned};
    if (flaw == Flaw::kFilePerKey) contract_.close = Promise::kNothing;
  }

  std::string_view name() const override { return "tiny"; }
  std::string_view summary() const override { return "one file for everything"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    auto system = std::make_unique<TinySystem>(context, flaw_);
    FAULTFS_RETURN_IF_ERROR(system->Open());
    return std::unique_ptr<System>(std::move(system));
  }

 private:
  const Flaw flaw_;
  const Capabilities capabilities_ = {
      .verbs = {Verb::kSet, Verb::kDelete, Verb::kBatch, Verb::kGet, Verb::kReopen, Verb::kKill},
      .calls = {}};
  Contract contract_;
};

}  // namespace

const Adapter& TinyEngine(Flaw flaw) {
  static const auto adapters = [] {
    std::array<std::unique_ptr<TinyAdapter>, static_cast<size_t>(Flaw::kFilePerKey) + 1> all;
    for (size_t i = 0; i < all.size(); ++i) {
      all[i] = std::make_unique<TinyAdapter>(static_cast<Flaw>(i));
    }
    return all;
  }();
  return *adapters[static_cast<size_t>(flaw)];
}

Case CaseOf(std::string_view program, Durability durability) {
  Case c;
  c.store.durability = durability;
  c.program = ProgramOf(program);
  c.seed = 7;
  c.crash.budget = 20'000;
  c.crash.inner = 1'000;
  c.crash.inner_budget = 20'000;
  return c;
}

}  // namespace crashlab
