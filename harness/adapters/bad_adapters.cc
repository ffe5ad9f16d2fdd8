#include "harness/adapters/bad_adapters.h"

#include <cstring>
#include <map>
#include <span>
#include <utility>

namespace crashlab {
namespace {

using faultfs::File;
using faultfs::IoTag;

constexpr IoTag kToyDir{"toy.dir"};
constexpr IoTag kToyAppend{"toy.append"};
constexpr IoTag kToyCut{"toy.cut"};

constexpr std::string_view kBuffered = "buffered";

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

// A record: length of the rest, its hash, then a flag, the key's length, key and value.
class ToySystem final : public MapSystem {
 public:
  static Result<std::unique_ptr<System>> Open(const OpenContext& context) {
    const std::string directory(context.directory);
    const Status made = context.file_system.CreateDir(directory, kToyDir);
    if (!made.ok() && !made.Is(Code::kAlreadyExists)) return made;
    FAULTFS_ASSIGN_OR_RETURN(
        auto file, context.file_system.Open(directory + "/toy.log", {.write = true, .create = true},
                                            kToyAppend));
    const auto buffered = context.config.options.find(std::string(kBuffered));
    auto system = std::make_unique<ToySystem>(
        std::move(file), buffered != context.config.options.end() && buffered->second == "true");
    FAULTFS_RETURN_IF_ERROR(system->Load());
    return std::unique_ptr<System>(std::move(system));
  }

  ToySystem(std::unique_ptr<File> file, bool buffered)
      : file_(std::move(file)), buffered_(buffered) {}

  Status Close() override { return Write(); }

 private:
  struct Head {
    uint64_t body_bytes;
    uint64_t hash;
  };

  Status Load() {
    FAULTFS_ASSIGN_OR_RETURN(const uint64_t size_bytes, file_->Size());
    std::string log(size_bytes, '\0');
    FAULTFS_ASSIGN_OR_RETURN(
        const size_t read,
        faultfs::ReadFully(*file_, 0, std::as_writable_bytes(std::span(log.data(), log.size()))));
    log.resize(read);
    Head head{};
    while (log.size() - end_ >= sizeof head) {
      std::memcpy(&head, log.data() + end_, sizeof head);
      if (head.body_bytes < 5 || head.body_bytes > log.size() - end_ - sizeof head) break;
      const std::string_view body(log.data() + end_ + sizeof head, head.body_bytes);
      if (faultfs::HashBytes(body).low != head.hash) break;
      uint32_t key_bytes = 0;
      std::memcpy(&key_bytes, body.data() + 1, sizeof key_bytes);
      const std::string key(body.substr(5, key_bytes));
      std::optional<std::string> value;
      if (body[0] == 's') value = body.substr(5 + key_bytes);
      Change(key, std::move(value));
      end_ += sizeof head + head.body_bytes;
    }
    return file_->Truncate(end_, kToyCut);
  }

  Status Keep(const std::string& key, const std::optional<std::string>& value) override {
    const uint32_t key_bytes = static_cast<uint32_t>(key.size());
    std::string body(1, value.has_value() ? 's' : 'd');
    body.append(reinterpret_cast<const char*>(&key_bytes), sizeof key_bytes);
    body += key + value.value_or("");
    const Head head = {body.size(), faultfs::HashBytes(body).low};
    std::string record(reinterpret_cast<const char*>(&head), sizeof head);
    waiting_ += record + body;
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
  std::string waiting_;  // records that are in the process and nowhere else
  uint64_t end_ = 0;
};

class CanarySystem final : public MapSystem {
 private:
  Status Keep(const std::string&, const std::optional<std::string>&) override { return Status(); }
};

class Toy final : public Adapter {
 public:
  std::string_view name() const override { return "toy"; }
  std::string_view summary() const override {
    return "wrong on purpose: a log that is never synced";
  }
  const Capabilities& capabilities() const override { return FewVerbs(); }
  const Contract& contract() const override { return BoldContract(); }
  std::vector<std::string_view> options() const override { return {kBuffered}; }
  Status CheckOption(std::string_view, std::string_view value) const override {
    if (value == "true" || value == "false") return Status();
    return Status::Error(Code::kInvalidArgument, "must be true or false");
  }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    return ToySystem::Open(context);
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
