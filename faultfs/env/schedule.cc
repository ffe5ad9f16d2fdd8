#include "faultfs/env/schedule.h"

#include <utility>

#include "faultfs/env/check.h"

namespace faultfs {
namespace {

thread_local ScheduleSeam* current_seam = nullptr;

}  // namespace

std::string_view ScheduleOpName(ScheduleOp op) {
  switch (op) {
    case ScheduleOp::kBegin:
      return "begin";
    case ScheduleOp::kLock:
      return "lock";
    case ScheduleOp::kLockShared:
      return "lock-shared";
    case ScheduleOp::kUnlock:
      return "unlock";
    case ScheduleOp::kWait:
      return "wait";
    case ScheduleOp::kNotify:
      return "notify";
    case ScheduleOp::kSpawn:
      return "spawn";
    case ScheduleOp::kJoin:
      return "join";
    case ScheduleOp::kCall:
      return "call";
    case ScheduleOp::kSyncEnd:
      return "sync-end";
    case ScheduleOp::kYield:
      return "yield";
    case ScheduleOp::kEnd:
      return "end";
  }
  FAULTFS_CHECK(false, "every operation has a name");
  return {};
}

ScheduleSeam* ScheduleSeam::Current() { return current_seam; }

ScheduleSeam* ScheduleSeam::Install(ScheduleSeam* seam) {
  return std::exchange(current_seam, seam);
}

}  // namespace faultfs
