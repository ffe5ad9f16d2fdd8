// CliFixture: the command line, run in this process and in a folder of its own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/adapter.h"
#include "harness/main.h"

namespace crashlab {

class CliFixture : public ::testing::Test {
 protected:
  struct Ran {
    int exit_code;
    std::string out;
    std::string err;
  };

  CliFixture()
      : before_(std::filesystem::current_path()),
        folder_(std::filesystem::path(::testing::TempDir()) /
                ("crashlab_cli_" + std::to_string(getpid()) + "_" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::filesystem::current_path(folder_);
  }
  ~CliFixture() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  /// Those that the command line knows.
  [[nodiscard]] virtual std::vector<const Adapter*> Adapters() const { return BuiltinAdapters(); }

  static void Write(const std::string& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
  }
  static std::string Read(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }

  Ran Run(const std::vector<std::string>& arguments) const {
    std::vector<const char*> argv = {"crashlab"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit_code = Main(static_cast<int>(argv.size()), argv.data(), Adapters());
    Ran ran{exit_code, ::testing::internal::GetCapturedStdout(), {}};
    ran.err = ::testing::internal::GetCapturedStderr();
    return ran;
  }

  /// Wrong use: one line on stderr, nothing on stdout, exit code 2.
  void ExpectWrong(const std::vector<std::string>& arguments, const std::string& line) const {
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.err, "crashlab: " + line + "\n");
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.exit_code, 2);
  }

  static std::vector<std::string> Findings(const std::string& folder = "findings") {
    std::vector<std::string> files;
    if (!std::filesystem::exists(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  const std::filesystem::path before_;
  const std::filesystem::path folder_;
};

}  // namespace crashlab
