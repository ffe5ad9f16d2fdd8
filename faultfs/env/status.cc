#include "faultfs/env/status.h"

#include <array>
#include <cstddef>

namespace faultfs {
namespace {

// By value of Code. Reports and fault rules spell these: do not rename, append only.
constexpr std::array<std::string_view, 18> kCodeNames = {
    "OK",        "NOT_FOUND",          "ALREADY_EXISTS", "NOT_A_DIRECTORY",  "IS_A_DIRECTORY",
    "NOT_EMPTY", "NO_SPACE",           "IO_ERROR",       "INVALID_ARGUMENT", "PERMISSION_DENIED",
    "LOCKED",    "TOO_LARGE",          "UNSUPPORTED",    "CORRUPTION",       "POISONED",
    "CLOSED",    "RESOURCE_EXHAUSTED", "INTERRUPTED",
};
static_assert(kCodeNames.size() == static_cast<size_t>(Code::kInterrupted) + 1);

}  // namespace

std::string_view CodeName(Code code) {
  const auto index = static_cast<size_t>(code);
  FAULTFS_CHECK(index < kCodeNames.size(), "a Code must be one of its enumerators");
  return kCodeNames[index];
}

std::optional<Code> CodeFromName(std::string_view name) {
  for (size_t i = 0; i < kCodeNames.size(); ++i) {
    if (kCodeNames[i] == name) return static_cast<Code>(i);
  }
  return std::nullopt;
}

Status Status::Error(Code code, std::string message) {
  FAULTFS_CHECK(code != Code::kOk, "an error needs a code that is one");
  Status status;
  status.rep_ = std::make_shared<Rep>(Rep{code, std::move(message), {}, {}, {}});
  return status;
}

Status::Rep& Status::Mutable() {
  // Copies of a Status share their Rep; context added to one must not show in another.
  if (rep_.use_count() > 1) rep_ = std::make_shared<Rep>(*rep_);
  return const_cast<Rep&>(*rep_);  // made non-const by make_shared above or in Error
}

Status&& Status::File(std::string_view path) && {
  if (!ok() && rep_->file.empty()) Mutable().file = path;
  return std::move(*this);
}

Status&& Status::Offset(uint64_t offset_bytes) && {
  if (!ok() && !rep_->offset_bytes) Mutable().offset_bytes = offset_bytes;
  return std::move(*this);
}

Status&& Status::Sequence(uint64_t sequence) && {
  if (!ok() && !rep_->sequence) Mutable().sequence = sequence;
  return std::move(*this);
}

std::string Status::ToString() const {
  std::string text(CodeName(code()));
  if (ok()) return text;
  if (!rep_->message.empty()) text += ": " + rep_->message;
  std::string context;
  const auto add = [&context](std::string_view name, std::string_view value) {
    context += context.empty() ? " (" : ", ";
    context += name;
    context += ' ';
    context += value;
  };
  if (!rep_->file.empty()) add("file", rep_->file);
  if (rep_->offset_bytes) add("offset", std::to_string(*rep_->offset_bytes));
  if (rep_->sequence) add("sequence", std::to_string(*rep_->sequence));
  if (!context.empty()) text += context + ")";
  return text;
}

bool operator==(const Status& a, const Status& b) {
  if (a.rep_ == b.rep_) return true;
  if (a.ok() || b.ok()) return false;
  return a.rep_->code == b.rep_->code && a.rep_->message == b.rep_->message &&
         a.rep_->file == b.rep_->file && a.rep_->offset_bytes == b.rep_->offset_bytes &&
         a.rep_->sequence == b.rep_->sequence;
}

}  // namespace faultfs
