// What the tests of real processes share: cases, and a folder of the test's own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "harness/adapters/kv_adapter.h"
#include "harness/process/explore_on_disk.h"
#include "tests/harness/explore/tiny_engines.h"

namespace crashlab {

inline constexpr std::string_view kProgram =
    "set a 100\nset b 9000 buffered\nbatch set a 1; delete b; set c 70\nreopen\nget a\n"
    "snapshot\nset d 9000\nkill\ndelete a\ncompact\nset e 10\n";

inline Case OnDisk(std::string_view program, ProcessPlan plan) {
  Case c = CaseOf(program);
  c.process = std::move(plan);
  return c;
}

inline CaseResult Explored(const Case& c, const Adapter& adapter = KvAdapter(),
                           const ExploreOptions& options = {}) {
  NotingMonitor monitor;
  CaseResult result = ExploreCase(c, adapter, options, monitor);
  EXPECT_EQ(monitor.found.size(), result.findings.size());
  return result;
}

/// Files in a temporary folder of the test's own.
class OnDiskTest : public ::testing::Test {
 protected:
  OnDiskTest() {
    folder_ = std::filesystem::temp_directory_path() / ("on-disk-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    setenv("TMPDIR", folder_.c_str(), 1);
  }
  ~OnDiskTest() override {
    EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "something was left";
    unsetenv("TMPDIR");
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace crashlab
