#include "store/cli/fd_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace kv::cli {

FdOutput::FdOutput(int fd) : std::ostream(static_cast<std::streambuf*>(this)), fd_(fd) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

FdOutput::~FdOutput() { static_cast<void>(WriteOut()); }

bool FdOutput::reader_left() const { return error_ == EPIPE; }

faultfs::Status FdOutput::status() const {
  if (error_ == 0 || reader_left()) return faultfs::Status();
  return faultfs::Status::Error(
      error_ == ENOSPC ? faultfs::Code::kNoSpace : faultfs::Code::kIoError,
      std::string("cannot write the output: ") + std::strerror(error_));
}

FdOutput::int_type FdOutput::overflow(int_type c) {
  if (!WriteOut()) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
  return traits_type::not_eof(c);
}

int FdOutput::sync() { return WriteOut() ? 0 : -1; }

bool FdOutput::WriteOut() {
  const char* at = pbase();
  while (error_ == 0 && at < pptr()) {
    const ssize_t written = ::write(fd_, at, static_cast<size_t>(pptr() - at));
    if (written >= 0) {
      at += written;
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return error_ == 0;
}

}  // namespace kv::cli
