#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "store/cli/line_source.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

class PlainLines final : public LineSource {
 public:
  PlainLines(int fd, SignalGate& gate) : fd_(fd), gate_(gate) {}

  Result<InputLine> Next() override {
    std::string text;
    bool too_long = false;
    int signal = gate_.Take();
    while (signal == 0) {
      const std::string_view buffered = std::string_view(buffer_).substr(begin_);
      const size_t newline = buffered.find('\n');
      const size_t taken = std::min(newline, buffered.size());
      too_long = too_long || taken > kMaxLineBytes - text.size();
      if (!too_long) text.append(buffered.substr(0, taken));
      if (newline != buffered.npos) {
        begin_ += newline + 1;
        return Line(std::move(text), too_long);
      }
      signal = gate_.WaitFor(fd_);
      if (signal != 0) break;
      FAULTFS_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more && text.empty() && !too_long) return InputLine();
      if (!more) return Line(std::move(text), too_long);
    }
    return InputLine{.kind = InputLine::Kind::kStopped, .text = {}, .signal = signal};
  }

 private:
  static InputLine Line(std::string text, bool too_long) {
    if (too_long) return {.kind = InputLine::Kind::kTooLong, .text = {}, .signal = 0};
    return {.kind = InputLine::Kind::kText, .text = std::move(text), .signal = 0};
  }

  /// Replaces the buffer, all of which was taken. False at the end of the input.
  Result<bool> Fill() {
    constexpr size_t kReadBytes = size_t{64} << 10;
    buffer_.resize(kReadBytes);
    begin_ = 0;
    ssize_t got = -1;
    do {
      got = ::read(fd_, buffer_.data(), buffer_.size());
    } while (got < 0 && errno == EINTR);
    const int error = errno;
    buffer_.resize(got > 0 ? static_cast<size_t>(got) : 0);
    if (got >= 0) return got > 0;
    return Status::Error(Code::kIoError,
                         std::string("cannot read the commands: ") + std::strerror(error));
  }

  const int fd_;
  SignalGate& gate_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not taken yet
};

}  // namespace

std::unique_ptr<LineSource> MakePlainLines(int fd, SignalGate& gate) {
  return std::make_unique<PlainLines>(fd, gate);
}

}  // namespace kv::cli
