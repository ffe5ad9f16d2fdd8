// kv_store at a terminal: a prompt, editing, history, the interrupt key.
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/cli/program.h"

namespace kv::cli {
namespace {

using namespace std::string_view_literals;

class TerminalTest : public ProgramTest {
 protected:
  void Start(const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments = options;
    arguments.insert(arguments.begin(), db_);
    const std::string home = root_;
    pid_ = forkpty(&fd_, nullptr, nullptr, nullptr);
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) {
      setenv("TERM", "xterm", 1);
      setenv("HOME", home.c_str(), 1);
      BecomeProgram(arguments);
    }
  }
  void TearDown() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (fd_ >= 0) close(fd_);
    ProgramTest::TearDown();
  }

  /// Types, then waits until the screen has shown `expected` behind what was waited for before.
  void Type(std::string_view keys, std::string_view expected) {
    ASSERT_EQ(write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    Await(expected);
  }
  void Await(std::string_view expected) {
    while (shown_.find(expected) == shown_.npos) {
      ASSERT_TRUE(ReadSome()) << "waiting for: " << expected << "\nshown: " << shown_;
    }
    shown_.erase(0, shown_.find(expected) + expected.size());
  }
  [[nodiscard]] int ExitCode() {
    while (ReadSome()) {
    }
    int status = 0;
    // One that never ends must fail the test, not hold it up.
    bool ended = false;
    for (int wait = 0; wait < 400 && !ended; ++wait) {
      ended = waitpid(pid_, &status, WNOHANG) == pid_;
      if (!ended) usleep(50'000);
    }
    if (!ended) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &status, 0);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  pid_t pid_ = -1;
  int fd_ = -1;
  std::string shown_;

 private:
  bool ReadSome() {
    constexpr int kPatienceMs = 20'000;
    pollfd wait = {fd_, POLLIN, 0};
    char buffer[1024];
    if (poll(&wait, 1, kPatienceMs) <= 0) return false;
    const ssize_t got = read(fd_, buffer, sizeof(buffer));
    if (got > 0) shown_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }
};

TEST_F(TerminalTest, PromptAnswersAndExit) {
  Start();
  Await("kv_store: 0 snapshot entries loaded, 0 operations replayed, 0 bytes cut\r\nkv> ");
  Type("SET k \"v w\"\r", "\r\nOK\r\nkv> ");
  Type("get k\r", "\r\nv w\r\nkv> ");
  Type("SET k \"\\x1b[2J\"\r", "\r\nOK\r\nkv> ");
  Type("GET k\r", "\r\n\\x1b[2J\r\nkv> ");
  Type("nonsense\r", "kv_store: no command nonsense; HELP lists them\r\nkv> ");
  Type("EXIT\r", "\r\n");
  EXPECT_EQ(ExitCode(), 0) << "a typing error is no failure";
  EXPECT_EQ(KvStore({db_, "--quiet"}, "SIZE\n").out, "1\n");
}

TEST_F(TerminalTest, HistoryAndEditing) {
  Start({"--quiet"});
  Await("kv> ");
  Type("SET a 1\r", "OK\r\nkv> ");
  Type("GET a\r", "\r\n1\r\nkv> ");
  Type("\x10\r", "\r\n1\r\nkv> ");       // control-P: GET a again
  Type("\x1b[A\x1b[A\r", "OK\r\nkv> ");  // arrow up, twice: SET a 1
  Type(
      "GET b\x7f"
      "a\r",
      "\r\n1\r\nkv> ");
  Type("ET a\x01G\r", "\r\n1\r\nkv> ");  // control-A: to the start
  // At once behind the prompt: the terminal may not be in the hands of the editor yet.
  ASSERT_EQ(write(fd_, "\x04", 1), 1);
  EXPECT_EQ(ExitCode(), 0);
}

TEST_F(TerminalTest, AControlDThatTheKernelTookForItsOwnEndsTheInput) {
  Start({"--quiet"});
  Await("kv> ");
  // What n_tty hands over for one that came before the editor; in a line it is nothing.
  Type("SET a\0 1\r"sv, "\r\nOK\r\nkv> ");
  ASSERT_EQ(write(fd_, "\0", 1), 1);
  EXPECT_EQ(ExitCode(), 0);
  EXPECT_EQ(KvStore({db_, "--quiet"}, "GET a\n").out, "1\n");
}

TEST_F(TerminalTest, TheInterruptKeyAbandonsALineAndLosesNothing) {
  Start({"--quiet", "--durability", "buffered"});
  Await("kv> ");
  Type("SET a 1\r", "OK\r\nkv> ");
  Type("SET a 2", "SET a 2");
  Type("\x03", "^C\r\nkv> ");
  Type("\x03", "^C\r\nkv> ");
  Type("GET a\r", "\r\n1\r\nkv> ");
  kill(pid_, SIGTERM);
  EXPECT_EQ(ExitCode(), 128 + SIGTERM);
  EXPECT_EQ(KvStore({db_, "--quiet"}, "GET a\n").out, "1\n");
}

TEST_F(TerminalTest, CharactersBeyondAscii) {
  Start({"--quiet"});
  Await("kv> ");
  Type("SET k \xc3\xa4\r", "OK\r\nkv> ");
  Type("GET k\r", "\r\n\xc3\xa4\r\nkv> ");
  Type("EXIT\r", "\r\n");
  EXPECT_EQ(ExitCode(), 0);
}

TEST_F(TerminalTest, ATerminalThatGoesAwayEndsIt) {
  Start({"--quiet"});
  Await("kv> ");
  Type("SET a 1\r", "OK\r\nkv> ");
  close(fd_);
  fd_ = -1;
  int status = 0;
  ASSERT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(KvStore({db_, "--quiet"}, "GET a\n").out, "1\n");
}

}  // namespace
}  // namespace kv::cli
