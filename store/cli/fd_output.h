// FdOutput: a stream over a descriptor that remembers why writing failed, so that a reader who left
// can be told from a full disk.
#pragma once

#include <array>
#include <ostream>
#include <streambuf>

#include "faultfs/env/status.h"

namespace kv::cli {

/// Does not own the descriptor. SIGPIPE must be ignored by the process. After an error nothing more
/// is written.
class FdOutput final : private std::streambuf, public std::ostream {
 public:
  explicit FdOutput(int fd);
  ~FdOutput() override;

  /// The reader of a pipe is gone: nobody is there to be told anything.
  [[nodiscard]] bool reader_left() const;
  /// Ok unless something else kept it from being written.
  [[nodiscard]] faultfs::Status status() const;

 private:
  using traits_type = std::streambuf::traits_type;  // both bases have one
  using int_type = traits_type::int_type;

  int_type overflow(int_type c) override;
  int sync() override;
  [[nodiscard]] bool WriteOut();

  int fd_;
  int error_ = 0;
  std::array<char, 1 << 16> buffer_;
};

}  // namespace kv::cli
