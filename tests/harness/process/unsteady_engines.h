// Engines for real processes: one that makes much of a short write.
#pragma once

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

}  // namespace crashlab
