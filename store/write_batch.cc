#include "store/write_batch.h"

#include "store/format.h"
#include "store/mutation.h"

namespace kv {

using faultfs::Code;
using faultfs::Status;

static_assert(kMaxBatchBytes <= kMaxPayloadBytes, "every legal batch must be a legal record");
static_assert(kMaxKeyBytes + kMaxValueBytes + kOperationHeaderBytes <= kMaxBatchBytes);

namespace {

Status TooLarge(std::string_view what, size_t size, size_t limit) {
  return Status::Error(Code::kTooLarge, std::string(what) + " of " + std::to_string(size) +
                                            " bytes; the limit is " + std::to_string(limit));
}

}  // namespace

Status CheckLimits(std::string_view key, std::string_view value) {
  if (key.size() > kMaxKeyBytes) return TooLarge("a key", key.size(), kMaxKeyBytes);
  if (value.size() > kMaxValueBytes) return TooLarge("a value", value.size(), kMaxValueBytes);
  return Status();
}

void WriteBatch::Set(std::string_view key, std::string_view value) {
  if (!Fits(key, value)) return;
  AppendOperation({.kind = OperationKind::kSet, .key = key, .value = value}, &payload_);
  ++size_;
}

void WriteBatch::Delete(std::string_view key) {
  if (!Fits(key, "")) return;
  AppendOperation({.kind = OperationKind::kDelete, .key = key, .value = {}}, &payload_);
  ++size_;
}

void WriteBatch::Clear() { *this = WriteBatch(); }

bool WriteBatch::Fits(std::string_view key, std::string_view value) {
  if (!status_.ok()) return false;
  status_ = CheckLimits(key, value);
  const size_t total = payload_.size() + kOperationHeaderBytes + key.size() + value.size();
  if (status_.ok() && total > kMaxBatchBytes) status_ = TooLarge("a batch", total, kMaxBatchBytes);
  return status_.ok();
}

}  // namespace kv
