// Status and Result<T>: how every fallible call in this project reports.
//
// An Ok Status is one null pointer; an error carries a code, a message and, where it is known, the
// file, byte offset and sequence number that it concerns. Nothing throws across these interfaces.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "faultfs/env/check.h"

namespace faultfs {

/// What went wrong. The names are printed in reports and written in fault rules: do not rename.
enum class Code : uint8_t {
  kOk = 0,
  kNotFound,           // ENOENT
  kAlreadyExists,      // EEXIST
  kNotADirectory,      // ENOTDIR
  kIsADirectory,       // EISDIR
  kNotEmpty,           // ENOTEMPTY
  kNoSpace,            // ENOSPC, EDQUOT
  kIoError,            // EIO, and whatever has no name of its own here
  kInvalidArgument,    // EINVAL, EBADF for the wrong access mode, a name that is too long, EBUSY
  kPermissionDenied,   // EACCES, EPERM, EROFS
  kLocked,             // another process (or handle) holds the lock
  kTooLarge,           // EFBIG, EMLINK, or a limit of ours
  kUnsupported,        // EOPNOTSUPP, EXDEV
  kCorruption,         // durable bytes are not what was written
  kPoisoned,           // an earlier error made this object refuse the call; nothing was applied
  kClosed,             // the object was closed before the call
  kResourceExhausted,  // EMFILE, ENFILE, ENOMEM
  kInterrupted,        // EINTR
};

/// The stable name of a code, such as "NO_SPACE".
[[nodiscard]] std::string_view CodeName(Code code);
/// The code with that name, if there is one.
[[nodiscard]] std::optional<Code> CodeFromName(std::string_view name);

class [[nodiscard]] Status {
 public:
  /// Ok.
  Status() = default;

  /// An error. `code` must not be kOk.
  static Status Error(Code code, std::string message);

  /// Adds context that is not yet known; context already present is kept, because the innermost
  /// caller knew best. No effect on Ok.
  Status&& File(std::string_view path) &&;
  Status&& Offset(uint64_t offset_bytes) &&;
  Status&& Sequence(uint64_t sequence) &&;

  [[nodiscard]] bool ok() const { return rep_ == nullptr; }
  [[nodiscard]] Code code() const { return ok() ? Code::kOk : rep_->code; }
  [[nodiscard]] bool Is(Code code) const { return this->code() == code; }

  /// The message alone; empty for Ok.
  [[nodiscard]] std::string_view message() const {
    return ok() ? std::string_view() : std::string_view(rep_->message);
  }
  [[nodiscard]] std::string_view file() const {
    return ok() ? std::string_view() : std::string_view(rep_->file);
  }
  [[nodiscard]] std::optional<uint64_t> offset() const {
    return ok() ? std::nullopt : rep_->offset_bytes;
  }
  [[nodiscard]] std::optional<uint64_t> sequence() const {
    return ok() ? std::nullopt : rep_->sequence;
  }

  /// One line: `CODE: message (file F, offset N, sequence N)`; "OK" for Ok.
  [[nodiscard]] std::string ToString() const;

  /// Equal in code, message and context.
  friend bool operator==(const Status& a, const Status& b);

 private:
  struct Rep {
    Code code;
    std::string message;
    std::string file;
    std::optional<uint64_t> offset_bytes;
    std::optional<uint64_t> sequence;
  };
  Rep& Mutable();

  std::shared_ptr<const Rep> rep_;  // null: Ok
};

/// A value or the error that kept it from being made.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : rep_(std::in_place_index<1>, std::move(value)) {}  // NOLINT: implicit by intent
  Result(Status error) : rep_(std::in_place_index<0>, std::move(error)) {  // NOLINT
    FAULTFS_CHECK(!std::get<0>(rep_).ok(), "a Result without a value must carry an error");
  }

  [[nodiscard]] bool ok() const { return rep_.index() == 1; }
  /// Ok when there is a value.
  [[nodiscard]] Status status() const { return ok() ? Status() : std::get<0>(rep_); }

  /// The value. It is an error of the caller to ask without ok().
  [[nodiscard]] T& value() & { return Checked(); }
  [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  [[nodiscard]] T&& value() && { return std::move(Checked()); }
  [[nodiscard]] T& operator*() & { return Checked(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(Checked()); }
  [[nodiscard]] T* operator->() { return &Checked(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

 private:
  T& Checked() {
    FAULTFS_CHECK(ok(), "value of a Result that holds an error");
    return std::get<1>(rep_);
  }

  std::variant<Status, T> rep_;
};

}  // namespace faultfs

/// Leaves the function with the error of `expression` unless it is Ok.
#define FAULTFS_RETURN_IF_ERROR(expression)                                        \
  do {                                                                             \
    if (::faultfs::Status faultfs_status_ = (expression); !faultfs_status_.ok()) { \
      return faultfs_status_;                                                      \
    }                                                                              \
  } while (false)

#define FAULTFS_CONCAT_INNER_(a, b) a##b
#define FAULTFS_CONCAT_(a, b) FAULTFS_CONCAT_INNER_(a, b)

/// `FAULTFS_ASSIGN_OR_RETURN(auto file, fs.Open(path));` declares `file`, or leaves with the error.
#define FAULTFS_ASSIGN_OR_RETURN(declaration, expression)                                 \
  FAULTFS_ASSIGN_OR_RETURN_IMPL_(FAULTFS_CONCAT_(faultfs_result_, __LINE__), declaration, \
                                 expression)
#define FAULTFS_ASSIGN_OR_RETURN_IMPL_(result, declaration, expression) \
  auto result = (expression);                                           \
  if (!result.ok()) return result.status();                             \
  declaration = std::move(result).value()
