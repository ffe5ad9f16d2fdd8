// A fault rule: which calls of a file layer go wrong, and how. A value that prints as one line of
// text and parses back to itself.
//
//   rule    = fault operations { option }                      words are separated by blanks
//   fault   = "fail" CODE                                      CODE: a name of Code, not OK
//           | "short" BYTES                                    BYTES ≥ 1; read and write only
//           | "ignore"                                         sync, sync-dir, dsync write only
//           | "late" CODE                                      sync, write: the error comes later
//           | "evict"                                          before the call, which then proceeds
//           | "full" BYTES                                     write, create, create-dir, allocate
//   operations = NAME { "," NAME } | "any"                     NAME: of IoOp; any: all that the
//                                                              fault can happen to
//   option  = "path=" GLOB                                     either path of link and rename
//           | "tag=" GLOB                                      the IoTag
//           | "nth=" N                                         N ≥ 1: that matching call only …
//           | "times=" N                                       … and the N - 1 after it …
//           | "always"                                         … or, with this word, from it on
//           | "page=" N                                        evict only: of the pages that would
//                                                              go back the N-th alone, N ≥ 1
//   GLOB    = bytes without blanks and quotes | '"' … '"'      inside quotes: \" \\ \n \xHH
//
// Without `nth` and `times` a rule acts on every matching call. `*` in a GLOB is any run of bytes,
// also across
// '/', `?` any one byte.
//
// `full` is a disk of so many bytes: it acts on a call that needs more room than is left, counted
// as IoCall::used_bytes says. A write transfers what fits, then finds no space; what is removed or
// cut makes room. Only such calls match, so `times=3` is a disk that was made larger after it had
// found no space three times. What is written over needs no room, as it would on a file system that
// copies on write; that is not modelled. Only in the simulator.
//
// Examples:
//
//   fail NO_SPACE write path=*.wal tag=wal.append nth=3
//   short 100 write nth=2
//   ignore sync,sync-dir
//   fail IO_ERROR sync nth=4 always
//   fail NO_SPACE write,create nth=4 times=3     a full disk that has room again after three calls
//   evict any nth=9
//   evict any page=2 nth=9                       of the pages that would go back only the second
//   full 65536 any                               a disk of 64 KiB
//
// Not modelled: damaged or misdirected bytes; a rule decides about whole calls.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/env/io_hook.h"
#include "faultfs/env/status.h"

namespace faultfs {

using IoOpSet = std::bitset<kIoOpCount>;

struct FaultRule {
  /// What happens: kFail and kLate with their `code`, kShort with its `bytes`, kFull with those of
  /// the disk, kIgnore, kEvict with its `page`, if only one goes. The other members keep their
  /// defaults.
  IoDecision fault;
  IoOpSet operations;      // at least one; only such as the fault can happen to
  std::string path = "*";  // a glob
  std::string tag = "*";   // a glob
  uint64_t nth = 1;        // of the calls that match all of the above, from 1
  bool always = true;      // that call and every later one; else only so many:
  uint64_t times = 1;      // that call and those after it; 1 with `always`

  /// Whether operation, path and tag fit, and of kFull, whether there is too little room. Says
  /// nothing about `nth`.
  [[nodiscard]] bool Matches(const IoCall& call) const;
  /// Whether the rule acts on the `count`-th call that matched (from 1).
  [[nodiscard]] bool ActsOn(uint64_t count) const {
    return count >= nth && (always || count - nth < times);
  }

  friend bool operator==(const FaultRule& a, const FaultRule& b);
};

/// A kind of fault as a rule begins with it: "fail CODE", and what it can happen to.
struct FaultForm {
  std::string text;
  IoOpSet operations;
};
/// Of every kind.
[[nodiscard]] std::vector<FaultForm> FaultForms();

/// The operations that a fault of this kind can happen to; none for kProceed.
[[nodiscard]] IoOpSet FaultableOperations(IoDecision::Action action);

/// Ok, or kInvalidArgument with what is wrong: a rule for which Print and Parse make sense.
[[nodiscard]] Status CheckFaultRule(const FaultRule& rule);

/// One line without its end. ParseFaultRule(PrintFaultRule(r)) == r for every rule that
/// CheckFaultRule accepts; equal rules print equal text.
[[nodiscard]] std::string PrintFaultRule(const FaultRule& rule);

/// kInvalidArgument with the column and, for a wrong word, the nearest right one.
[[nodiscard]] Result<FaultRule> ParseFaultRule(std::string_view line);

}  // namespace faultfs
