#include "tests/harness/explore/shared_engine.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "faultfs/env/simulated_thread.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {
namespace {

/// Where a schedule decides who comes first, nobody need be slow.
class SimulatedMutex : public faultfs::simulated_threads::Mutex {
 public:
  using Mutex::Mutex;
  static void Dawdle() {}
};

/// That of a real thread has no name.
class RealMutex : public std::mutex {
 public:
  explicit RealMutex(const char*) {}
  static void Dawdle() { std::this_thread::sleep_for(std::chrono::microseconds(200)); }
};

/// `Mutex`: of the threads that its clients are.
template <typename Mutex>
class SharedSystem final : public System {
 public:
  SharedSystem(std::unique_ptr<System> engine, SharedFlaw flaw)
      : engine_(std::move(engine)), flaw_(flaw) {}

  Reply Apply(const Operation& operation, OpNumber number) override {
    if (!IsMutation(operation)) return Read(operation, number);
    const uint64_t early = flaw_ == SharedFlaw::kNumbersBeforeLock ? ++last_sequence_ : 0;
    if (early % 2 == 1) Mutex::Dawdle();
    const Lock lock(log_);
    const Lock second(map_);
    writing_ = true;
    Reply reply = flaw_ == SharedFlaw::kWritesBatchInTwo && operation.verb == Verb::kBatch
                      ? ApplyInTwo(operation, number)
                      : engine_->Apply(operation, number);
    writing_ = false;
    if (flaw_ != SharedFlaw::kTellsNoSequence)
      reply.sequence = early > 0 ? early : ++last_sequence_;
    return reply;
  }
  Result<Dump> ReadAll() override { return engine_->ReadAll(); }
  Status Close() override {
    const Lock lock(log_);
    return engine_->Close();
  }

 private:
  using Lock = std::unique_lock<Mutex>;

  Reply Read(const Operation& operation, OpNumber number) {
    if (flaw_ == SharedFlaw::kDiesOfAReader && writing_) std::abort();
    std::optional<Lock> first;
    std::optional<Lock> second;
    if (flaw_ == SharedFlaw::kLocksInBothOrders) {
      first.emplace(map_);
      second.emplace(log_);
    } else if (flaw_ != SharedFlaw::kReadsWithoutLock) {
      first.emplace(map_);
    }
    return engine_->Apply(operation, number);
  }

  Reply ApplyInTwo(const Operation& batch, OpNumber number) {
    Reply reply;
    for (size_t i = 0; i < batch.batch.size() && reply.status.ok(); ++i) {
      Operation one = batch;
      one.batch.erase(one.batch.begin() + static_cast<std::ptrdiff_t>(i) + 1, one.batch.end());
      reply = engine_->Apply(one, number);
    }
    return reply;
  }

  const std::unique_ptr<System> engine_;
  const SharedFlaw flaw_;
  std::atomic<uint64_t> last_sequence_ = 0;
  std::atomic<bool> writing_ = false;
  Mutex log_{"log"};
  Mutex map_{"map"};
};

class SharedAdapter final : public Adapter {
 public:
  explicit SharedAdapter(SharedFlaw flaw) : flaw_(flaw) {
    capabilities_.clients = true;
    contract_.rows.push_back({Verb::kGet, Durability::kSync, Promise::kPower});
  }
  std::string_view name() const override { return "shared"; }
  std::string_view summary() const override { return "a tiny engine behind a lock"; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Contract& contract() const override { return contract_; }
  Result<std::unique_ptr<System>> Open(const OpenContext& context) const override {
    FAULTFS_ASSIGN_OR_RETURN(std::unique_ptr<System> engine, tiny_.Open(context));
    if (context.scheduled) {
      return std::unique_ptr<System>(
          std::make_unique<SharedSystem<SimulatedMutex>>(std::move(engine), flaw_));
    }
    return std::unique_ptr<System>(
        std::make_unique<SharedSystem<RealMutex>>(std::move(engine), flaw_));
  }

 private:
  const SharedFlaw flaw_;
  const Adapter& tiny_ =
      TinyEngine(flaw_ == SharedFlaw::kNoDirSync ? Flaw::kNoDirSync : Flaw::kNone);
  Capabilities capabilities_ = tiny_.capabilities();
  Contract contract_ = tiny_.contract();
};

}  // namespace

const Adapter& SharedEngine(SharedFlaw flaw) {
  static const SharedAdapter adapters[] = {
      SharedAdapter(SharedFlaw::kNone),
      SharedAdapter(SharedFlaw::kReadsWithoutLock),
      SharedAdapter(SharedFlaw::kNumbersBeforeLock),
      SharedAdapter(SharedFlaw::kLocksInBothOrders),
      SharedAdapter(SharedFlaw::kTellsNoSequence),
      SharedAdapter(SharedFlaw::kWritesBatchInTwo),
      SharedAdapter(SharedFlaw::kNoDirSync),
      SharedAdapter(SharedFlaw::kDiesOfAReader),
  };
  return adapters[static_cast<size_t>(flaw)];
}

}  // namespace crashlab
