// Any text as what stands inside scenarios: a program, rot, a kill, a directory, a schedule. Each
// is refused, or survives being printed and read.
#include <string>
#include <string_view>

#include "faultfs/crash/rot.h"
#include "faultfs/env/check.h"
#include "harness/client_plan.h"
#include "harness/operation.h"
#include "harness/process_plan.h"
#include "tests/fuzz/target.h"

namespace {

void CheckProgram(std::string_view text) {
  const auto program = crashlab::ParseProgram(text);
  if (!program.ok()) return;
  const auto again = crashlab::ParseProgram(crashlab::Print(*program));
  FAULTFS_CHECK(again.ok() && *again == *program, "a printed program reads back equal");
}

void CheckRot(std::string_view text) {
  const auto rot = faultfs::ParseRot(text);
  if (!rot.ok()) return;
  const auto again = faultfs::ParseRot(faultfs::Print(*rot));
  FAULTFS_CHECK(again.ok() && *again == *rot, "printed rot reads back equal");
}

void CheckKill(std::string_view text) {
  const auto kill = crashlab::ParseKillChain(text);
  if (kill.ok()) {
    const auto again = crashlab::ParseKillChain(crashlab::Print(*kill));
    FAULTFS_CHECK(again.ok() && *again == *kill, "a printed kill reads back equal");
  }
  const auto directory = crashlab::ParseDirectory(text);
  if (directory.ok()) {
    const crashlab::ProcessPlan plan{.tmpfs_bytes = *directory};
    const auto again = crashlab::ParseDirectory(crashlab::PrintDirectory(plan));
    FAULTFS_CHECK(again.ok() && *again == *directory, "a printed directory reads back equal");
  }
}

void CheckPicks(std::string_view text) {
  if (!crashlab::CheckSchedule(text).ok() || crashlab::NumberOfSchedule(text)) return;
  const std::string printed = crashlab::PrintSchedule(crashlab::RunsOf(text));
  FAULTFS_CHECK(crashlab::CheckSchedule(printed).ok(), "a printed schedule is one");
  FAULTFS_CHECK(crashlab::PrintSchedule(crashlab::RunsOf(printed)) == printed,
                "and prints the same");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckProgram(text);
  CheckRot(text);
  CheckKill(text);
  CheckPicks(text);
  return 0;
}
