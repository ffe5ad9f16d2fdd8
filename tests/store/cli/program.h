// kv_store as a process: run to its end, or kept running with both ends of its pipes in hand.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace kv::cli {

/// A directory of its own for each test, with the store's directory in it (not made).
class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] std::string Path(std::string_view name) const { return root_ + "/" + name.data(); }
  /// Name and content of every file in a directory, and when it was last changed.
  [[nodiscard]] static std::vector<std::string> Snapshot(const std::string& directory);

  std::string root_;
  std::string db_;
};

struct Ended {
  int exit_code = 0;  // 128 plus the signal's number after a death by signal
  std::string out;
  std::string err;
};

/// Runs kv_store with these arguments and this input.
[[nodiscard]] Ended KvStore(const std::vector<std::string>& arguments, std::string_view input = "");

/// The same in the place of this process: never returns.
[[noreturn]] void BecomeProgram(const std::vector<std::string>& arguments);

/// kv_store, running.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments);
  ~Running();  // kills it if it still runs
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// As much as the pipe takes, 0 if it is full; -1 once nobody reads it. Does not wait.
  [[nodiscard]] ssize_t Offer(std::string_view text) const;
  void CloseInput();
  void CloseOutput();
  void Signal(int signal) const;
  /// Waits for a line; empty at the end of the output.
  [[nodiscard]] std::string NextLine();
  /// Writes the input and closes it, reads both outputs to their ends, waits for the process.
  [[nodiscard]] Ended Feed(std::string_view input = "");

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string pending_;
};

[[nodiscard]] std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, std::string_view bytes);

}  // namespace kv::cli
