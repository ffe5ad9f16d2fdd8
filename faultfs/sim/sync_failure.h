// What a running process notices of a write-back that failed: two questions on which file systems
// differ (docs/persistence-model.md, A32 and A33). Everything else that they do about it shows only
// after a crash and is the persistence models' affair.
#pragma once

#include <cstdint>

namespace faultfs {

/// What the cache shows of the pages that were not written. Clean they are everywhere.
enum class FailedPage : uint8_t {
  kNew,  // what was written, until it is evicted (IoDecision::Action::kEvict)
  kOld,  // at once what the disk holds, and the file is no longer than there
};

/// When a failing sync of a file says so. Of a directory: always at once.
enum class FailureReport : uint8_t {
  kAtOnce,
  kNextSync,  // it returns Ok; the next one returns the error (IoDecision::Action::kLate)
};

struct SyncFailureRules {
  FailedPage page = FailedPage::kNew;
  FailureReport report = FailureReport::kAtOnce;

  friend bool operator==(const SyncFailureRules&, const SyncFailureRules&) = default;
};

}  // namespace faultfs
