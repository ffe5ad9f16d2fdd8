// Verdicts: what can be wrong with a recovery or with a live answer. The names are stable: scenario
// files, reports and minimization go by them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crashlab {

/// In order of precedence: where several fit, the first is given (ORACLE: docs/oracle.md).
enum class Verdict : uint8_t {
  kCrash,                 // CRASH: abort, signal, sanitizer report, out of memory
  kHang,                  // HANG: a call did not come back within its limit of file-system calls
  kOpenHung,              // OPEN_HUNG: likewise, the Open of a recovery
  kOpenFailed,            // OPEN_FAILED: Open returned an error
  kFalseCorruption,       // FALSE_CORRUPTION: Open called a legal state corrupt
  kPhantom,               // PHANTOM: a value that nobody wrote
  kWrongValue,            // WRONG_VALUE: a value that was written, elsewhere or at another time
  kTornBatch,             // TORN_BATCH: a part of a batch
  kResurrected,           // RESURRECTED: something deleted, or decided to be lost, is back
  kHole,                  // HOLE: a subset of the mutations that is no prefix
  kLostAcked,             // LOST_ACKED: a prefix that ends before something acknowledged
  kFuture,                // FUTURE: a prefix that ends behind everything invoked
  kUndetectedCorruption,  // UNDETECTED_CORRUPTION: damaged bytes, and no word about it
  kNotWritable,           // NOT_WRITABLE: recovered, and then refused to work
  kNotLinearizable,       // NOT_LINEARIZABLE
  kNondeterministic,      // NONDETERMINISTIC: one seed, two runs
};
inline constexpr int kVerdictCount = static_cast<int>(Verdict::kNondeterministic) + 1;
[[nodiscard]] std::string_view Name(Verdict verdict);
[[nodiscard]] std::optional<Verdict> VerdictFromName(std::string_view name);

/// What a checker found.
struct Violation {
  Verdict verdict;
  std::string detail;  // for people: what was due, what was seen

  friend bool operator==(const Violation&, const Violation&) = default;
};

}  // namespace crashlab
