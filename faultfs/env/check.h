// Assertions for our own invariants. On in every build type, release included: a crash-consistency
// tool that runs on with a broken invariant gives verdicts nobody should believe.
//
// Not for bad input from outside (files, arguments, scenario text): that gets a Status.
#pragma once

namespace faultfs::internal {

/// Prints `file:line: check failed: condition (message)` to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const char* message);

}  // namespace faultfs::internal

/// Aborts with `message` (a string literal: what must hold, and why) unless `condition` holds.
#define FAULTFS_CHECK(condition, message) \
  (static_cast<bool>(condition)           \
       ? static_cast<void>(0)             \
       : ::faultfs::internal::CheckFailed(__FILE__, __LINE__, #condition, message))
