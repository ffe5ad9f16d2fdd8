#include "tests/store/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace kv::cli {
namespace {

void CloseOnce(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

int ExitCodeOf(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/// Appends what can be read to `text`. False at the end.
bool ReadSome(int fd, std::string* text) {
  char buffer[4096];
  const ssize_t got = read(fd, buffer, sizeof(buffer));
  if (got > 0) text->append(buffer, static_cast<size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

}  // namespace

void ProgramTest::SetUp() {
  signal(SIGPIPE, SIG_IGN);  // of pipes to processes that end
  std::string pattern = ::testing::TempDir() + "kv_cli_test_XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  root_ = pattern;
  db_ = root_ + "/db";
}

void ProgramTest::TearDown() { std::filesystem::remove_all(root_); }

std::vector<std::string> ProgramTest::Snapshot(const std::string& directory) {
  std::set<std::string> paths = {directory};
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    paths.insert(entry.path());
  }
  std::vector<std::string> snapshot;
  for (const std::string& path : paths) {
    struct stat stat {};
    EXPECT_EQ(::stat(path.c_str(), &stat), 0) << path;
    std::ostringstream line;
    line << path << ' ' << stat.st_ino << ' ' << stat.st_mtim.tv_sec << '.' << stat.st_mtim.tv_nsec
         << ' ' << stat.st_ctim.tv_sec << '.' << stat.st_ctim.tv_nsec;
    if (S_ISREG(stat.st_mode)) line << ' ' << ReadFile(path);
    snapshot.push_back(line.str());
  }
  return snapshot;
}

void BecomeProgram(const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>("kv_store")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  signal(SIGPIPE, SIG_DFL);
  execv(KV_STORE_PROGRAM, argv.data());
  _exit(126);
}

Running::Running(const std::vector<std::string>& arguments) {
  int in[2];
  int out[2];
  int err[2];
  const bool piped =
      pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0;
  EXPECT_TRUE(piped);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    BecomeProgram(arguments);
  }
  EXPECT_GT(pid_, 0);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
  fcntl(in_, F_SETFL, O_NONBLOCK);
}

Running::~Running() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  CloseOnce(in_);
  CloseOnce(out_);
  CloseOnce(err_);
}

ssize_t Running::Offer(std::string_view text) const {
  const ssize_t written = write(in_, text.data(), text.size());
  return written < 0 && errno == EAGAIN ? 0 : written;
}

void Running::CloseInput() { CloseOnce(in_); }
void Running::CloseOutput() { CloseOnce(out_); }
void Running::Signal(int signal) const { kill(pid_, signal); }

std::string Running::NextLine() {
  while (true) {
    const size_t newline = pending_.find('\n');
    if (newline != pending_.npos) {
      std::string line = pending_.substr(0, newline);
      pending_.erase(0, newline + 1);
      return line;
    }
    if (!ReadSome(out_, &pending_)) return "";
  }
}

Ended Running::Feed(std::string_view input) {
  Ended ended;
  ended.out = std::move(pending_);
  while (out_ >= 0 || err_ >= 0) {
    if (input.empty()) CloseInput();
    pollfd waits[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}, {in_, POLLOUT, 0}};
    poll(waits, 3, -1);
    if (in_ >= 0 && waits[2].revents != 0) {
      const ssize_t taken = Offer(input);
      input.remove_prefix(taken < 0 ? input.size() : static_cast<size_t>(taken));
    }
    if (out_ >= 0 && waits[0].revents != 0 && !ReadSome(out_, &ended.out)) CloseOnce(out_);
    if (err_ >= 0 && waits[1].revents != 0 && !ReadSome(err_, &ended.err)) CloseOnce(err_);
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  ended.exit_code = ExitCodeOf(status);
  return ended;
}

Ended KvStore(const std::vector<std::string>& arguments, std::string_view input) {
  Running program(arguments);
  return program.Feed(input);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(file.flush().good()) << path;
}

}  // namespace kv::cli
