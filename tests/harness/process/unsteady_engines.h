// Engines for real processes: one that makes much of a short write, and one that is another in each
// process.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "harness/adapters/bad_adapters.h"

namespace crashlab {

/// Writes several pages in each Open and for each operation. If a write comes short it returns an
/// error, without another call, or aborts.
class Curt final : public Adapter {
 public:
  explicit Curt(bool aborts) : aborts_(aborts) {}
  std::string_view name() const override { return "curt"; }
  std::string_view summary() const override { return "makes much of a short write"; }
  const Capabilities& capabilities() const override { return ToyAdapter().capabilities(); }
  const Contract& contract() const override { return ToyAdapter().contract(); }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    const std::string path = "/curt";
    FAULTFS_ASSIGN_OR_RETURN(auto file,
                             context.file_system.Open(path, {.write = true, .create = true}, kTag));
    auto system = std::make_unique<Writer>(std::move(file), aborts_);
    FAULTFS_RETURN_IF_ERROR(system->Write());
    return std::unique_ptr<System>(std::move(system));
  }

 private:
  static constexpr faultfs::IoTag kTag{"curt.write"};

  class Writer final : public System {
   public:
    Writer(std::unique_ptr<faultfs::File> file, bool aborts)
        : file_(std::move(file)), aborts_(aborts) {}
    Status Write() {
      const std::string bytes(20'000, 'x');
      FAULTFS_ASSIGN_OR_RETURN(const size_t written,
                               file_->WriteAt(0, std::as_bytes(std::span(bytes)), kTag));
      if (written == bytes.size()) return {};
      if (aborts_) std::abort();
      return Status::Error(Code::kIoError, "a short write");
    }
    Reply Apply(const Operation&, OpNumber) override {
      return {.status = Write(), .value = {}, .number = 0, .dump = {}};
    }
    Result<Dump> ReadAll() override { return Dump(); }
    Status Close() override { return {}; }

   private:
    const std::unique_ptr<faultfs::File> file_;
    const bool aborts_;
  };

  const bool aborts_;
};

/// The toy, which promises nothing, but for the processes from number `from` on: these hide all
/// entries, abort in Open, or refuse writes. Processes count from 0 on, by when they first open.
class Fickle final : public Adapter {
 public:
  enum class Way : uint8_t { kHides, kAborts, kRefuses };
  Fickle(Way way, uint64_t from) : way_(way), from_(from), opened_(Shared()) {
    contract_.not_applied = {Code::kUnsupported};
    contract_.close = Promise::kNothing;
  }
  ~Fickle() override { munmap(opened_, sizeof *opened_); }
  Fickle(const Fickle&) = delete;
  Fickle& operator=(const Fickle&) = delete;
  std::string_view name() const override { return "fickle"; }
  std::string_view summary() const override { return "not the same in each process"; }
  const Capabilities& capabilities() const override { return ToyAdapter().capabilities(); }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    if (process_ != getpid()) {
      process_ = getpid();
      number_ = opened_->fetch_add(1);
    }
    const bool other = number_ >= from_;
    if (other && way_ == Way::kAborts) std::abort();
    FAULTFS_ASSIGN_OR_RETURN(std::unique_ptr<System> toy, ToyAdapter().Open(context));
    if (!other) return toy;
    return std::unique_ptr<System>(std::make_unique<Other>(std::move(toy), way_));
  }

 private:
  using Counter = std::atomic<uint64_t>;
  static Counter* Shared() {
    void* memory =
        mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : new (memory) Counter(0);
  }

  class Other final : public System {
   public:
    Other(std::unique_ptr<System> toy, Way way) : toy_(std::move(toy)), way_(way) {}
    Reply Apply(const Operation& operation, OpNumber number) override {
      if (way_ != Way::kRefuses) return toy_->Apply(operation, number);
      Reply reply;
      reply.status = Status::Error(Code::kUnsupported, "not today");
      return reply;
    }
    Result<Dump> ReadAll() override { return way_ == Way::kHides ? Dump() : toy_->ReadAll(); }
    Status Close() override { return toy_->Close(); }

   private:
    const std::unique_ptr<System> toy_;
    const Way way_;
  };

  const Way way_;
  const uint64_t from_;
  Counter* const opened_;
  Contract contract_;
  mutable pid_t process_ = 0;
  mutable uint64_t number_ = 0;
};

}  // namespace crashlab
