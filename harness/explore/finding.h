// Findings: from a failing state to the smallest one like it, a signature, and a story for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/sim/image.h"
#include "harness/case.h"
#include "harness/explore/chain.h"
#include "harness/explore/recovery.h"

namespace crashlab {

/// "LOST_ACKED power-loss lost=wal.append": verdict, and for each crash its kind and the IoTags of
/// what was lost and torn, sorted. Stable under changes of the program.
[[nodiscard]] std::string SignatureOf(Verdict verdict, const std::vector<CrashStep>& chain);

/// For a violation that a live call gave: "WRONG_VALUE live get".
[[nodiscard]] std::string LiveSignature(Verdict verdict, const Case& c, const Run& run);

/// Loses as little as possible with the same verdict: each lost effect that is not needed is kept,
/// no tear and no fill but where they matter. Returns the chain it ended with.
[[nodiscard]] std::vector<CrashStep> ShrinkChain(const Laboratory& lab,
                                                 std::vector<CrashStep> chain, Verdict verdict);

/// The program with what became of each operation, the crash, what was lost, what was recovered.
[[nodiscard]] std::vector<std::string> Story(const Laboratory& lab, const Chain& chain,
                                             const Violation& violation);

/// What a finding on real threads keeps beside its story, for the run does not come again: what the
/// clients saw, and the trace in words up to the first crash.
void TellRecord(const Chain& chain, std::vector<std::string>& story);

/// Appends each line of the text, a little to the right.
void TellLines(std::string_view text, std::vector<std::string>& story);

/// Files of a disk that are kept with a finding: no more in all.
inline constexpr uint64_t kMostKeptBytes = uint64_t{64} << 20;
/// The files of a disk, by paths without a slash before them; none if they are too large to keep.
[[nodiscard]] Dump FilesOf(const faultfs::Image& image);

/// Appends what became of each operation, a line each, as far as `events` of `all` tell it.
void TellEvents(const Case& c, const std::vector<Event>& all, size_t events,
                std::vector<std::string>& story);

/// Whether a model has a part in the chain.
[[nodiscard]] bool LosesPower(const std::vector<CrashStep>& chain);

}  // namespace crashlab
