// Lines of a person, through libedit's own interface: its imitation of readline has no way to take
// signals between two keys.
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <cwchar>
#include <string_view>

#include "faultfs/env/check.h"
#include "store/cli/line_source.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

constexpr int kHistoryLines = 1000;
constexpr char kControlD = '\x04';

/// The editor works on characters; they are UTF-8 wherever the environment does not say otherwise.
void ChooseEncoding() {
  const char* chosen = std::setlocale(LC_CTYPE, "");
  if (chosen == nullptr || std::string_view(nl_langinfo(CODESET)) == "ANSI_X3.4-1968") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
}

class TerminalLines final : public LineSource {
 public:
  explicit TerminalLines(SignalGate& gate) : gate_(gate) {
    ChooseEncoding();
    editor_ = el_init("kv_store", stdin, stdout, stderr);
    history_ = history_init();
    FAULTFS_CHECK(editor_ != nullptr && history_ != nullptr, "libedit starts on any terminal");
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistoryLines);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &Prompt);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 1);  // stop, continue, change of the window's size
    el_set(editor_, EL_HIST, history, history_);
    el_set(editor_, EL_GETCFN, &ReadCharacter);
    el_source(editor_, nullptr);  // a person's ~/.editrc
    const char* terminal = ttyname(STDIN_FILENO);
    const int own = terminal == nullptr ? -1 : open(terminal, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (own >= 0) keys_fd_ = own;
  }
  ~TerminalLines() override {
    history_end(history_);
    el_end(editor_);
    if (keys_fd_ != STDIN_FILENO) close(keys_fd_);
  }

  Result<InputLine> Next() override {
    signal_ = 0;
    first_key_ = true;
    int length = 0;
    const char* text = el_gets(editor_, &length);
    const int error = errno;
    if (signal_ != 0 || text == nullptr || length <= 0) {
      // Whatever comes next begins on a line of its own.
      std::fputs(signal_ == SIGINT ? "^C\n" : "\n", stdout);
      std::fflush(stdout);
    }
    if (signal_ == SIGINT) {
      el_reset(editor_);
      return InputLine{.kind = InputLine::Kind::kAbandoned, .text = {}, .signal = 0};
    }
    if (signal_ != 0) {
      return InputLine{.kind = InputLine::Kind::kStopped, .text = {}, .signal = signal_};
    }
    if (length < 0) {
      return Status::Error(Code::kIoError,
                           std::string("cannot read the terminal: ") + std::strerror(error));
    }
    if (text == nullptr) return InputLine();
    return Remembered(std::string_view(text, static_cast<size_t>(length)));
  }

 private:
  InputLine Remembered(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    InputLine line{.kind = InputLine::Kind::kText, .text = std::string(text), .signal = 0};
    HistEvent event;
    if (text.find_first_not_of(" \t") != text.npos) {
      history(history_, &event, H_ENTER, line.text.c_str());
    }
    return line;
  }

  static char* Prompt(EditLine* /*editor*/) {
    static char prompt[] = "kv> ";
    return prompt;
  }

  static int ReadCharacter(EditLine* editor, wchar_t* out) {
    TerminalLines* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return self->ReadOne(out);
  }

  /// 1: a character; 0: the end; -1: an error, or a signal, in signal_.
  int ReadOne(wchar_t* out) {
    std::mbstate_t state{};
    while (true) {
      signal_ = gate_.WaitFor(keys_fd_);
      if (signal_ != 0) return -1;
      char byte = 0;
      const ssize_t got = ::read(keys_fd_, &byte, 1);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) return static_cast<int>(got);
      if (byte == '\0') {
        // What the kernel makes of a control-D that comes while the terminal is not in the hands of
        // the editor (n_tty, canonical mode). The editor would quote the next key.
        if (!first_key_) continue;
        byte = kControlD;
      }
      first_key_ = false;
      const size_t length = std::mbrtowc(out, &byte, 1, &state);
      if (length != static_cast<size_t>(-1) && length != static_cast<size_t>(-2)) return 1;
      if (length == static_cast<size_t>(-1)) state = std::mbstate_t();  // no character: dropped
    }
  }

  SignalGate& gate_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  // The terminal, opened once more so that reading never waits: the interrupt key also throws away
  // what was typed before it, and a key that was announced may be gone when it is read.
  int keys_fd_ = STDIN_FILENO;
  int signal_ = 0;          // what ended the last wait
  bool first_key_ = false;  // the line has none yet
};

}  // namespace

std::unique_ptr<LineSource> MakeTerminalLines(SignalGate& gate) {
  return std::make_unique<TerminalLines>(gate);
}

}  // namespace kv::cli
