// The seam between simulated threads and whoever decides which of them goes on.
//
// Simulated mutexes, events and threads (simulated_thread.h) and the simulated file system say here
// what they are about to do, and that they cannot go on. A scheduler (faultfs/sim/scheduler.h) runs
// one client at a time and changes to another in these calls only. Where no scheduler runs, the
// places are no more than a look at a pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace faultfs {

enum class ScheduleOp : uint8_t {
  kBegin,  // of a client
  kLock,
  kLockShared,
  kUnlock,  // while others wait for it
  kWait,
  kNotify,
  kSpawn,
  kJoin,
  kCall,     // of the file system
  kSyncEnd,  // of a sync whose begin was a kCall
  kYield,
  kEnd,
};
/// The stable name, such as "lock-shared".
[[nodiscard]] std::string_view ScheduleOpName(ScheduleOp op);

struct SchedulePoint {
  ScheduleOp op = ScheduleOp::kYield;
  std::string_view name;                // of the object, or the call's tag; outlives the run
  std::optional<uint32_t> holder = {};  // kLock: the client that has it
};

class ScheduleSeam {
 public:
  virtual ~ScheduleSeam() = default;

  /// Others may run. Returns when the caller is picked.
  virtual void Point(const SchedulePoint& point) = 0;
  /// The caller cannot go on before somebody calls Wake with the same `object`. Returns when it is
  /// picked after that: the reason may be gone again.
  virtual void Block(const SchedulePoint& point, const void* object) = 0;
  /// Lets everybody go on who blocks for `object`, of which nothing but the address is used.
  /// Returns how many. Runs nobody.
  virtual size_t Wake(const void* object) = 0;
  /// A new client. Returns the object to Block for until it HasEnded.
  [[nodiscard]] virtual const void* Spawn(std::function<void()> body) = 0;
  [[nodiscard]] virtual bool HasEnded(const void* client) const = 0;
  /// The client that runs.
  [[nodiscard]] virtual uint32_t current() const = 0;

  /// Of this thread; null: none runs.
  [[nodiscard]] static ScheduleSeam* Current();

 protected:
  /// `seam` is Current from now on. Returns what was.
  static ScheduleSeam* Install(ScheduleSeam* seam);
};

/// A point where a scheduler runs; nothing elsewhere.
inline void MaySwitch(ScheduleOp op, std::string_view name) {
  if (ScheduleSeam* const seam = ScheduleSeam::Current()) seam->Point({.op = op, .name = name});
}

}  // namespace faultfs
