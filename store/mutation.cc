#include "store/mutation.h"

#include <utility>

#include "store/crc32c.h"
#include "store/little_endian.h"

namespace kv {

bool OperationReader::Next(Operation* operation) {
  if (rest_.empty() || malformed_) return false;
  malformed_ = true;  // until shown otherwise
  if (rest_.size() < kOperationHeaderBytes) return false;
  const auto kind = static_cast<unsigned char>(rest_[0]);
  const uint64_t key_bytes = LoadLe32(rest_.data() + 1);
  const uint64_t value_bytes = LoadLe32(rest_.data() + 5);
  if (kind < static_cast<unsigned char>(OperationKind::kSet) ||
      kind > static_cast<unsigned char>(OperationKind::kClear)) {
    return false;
  }
  operation->kind = static_cast<OperationKind>(kind);
  if (operation->kind != OperationKind::kSet && value_bytes != 0) return false;
  if (operation->kind == OperationKind::kClear && key_bytes != 0) return false;
  if (key_bytes + value_bytes > rest_.size() - kOperationHeaderBytes) return false;
  operation->key = rest_.substr(kOperationHeaderBytes, key_bytes);
  operation->value = rest_.substr(kOperationHeaderBytes + key_bytes, value_bytes);
  rest_.remove_prefix(kOperationHeaderBytes + key_bytes + value_bytes);
  malformed_ = false;
  return true;
}

bool IsWellFormed(std::string_view payload) {
  OperationReader reader(payload);
  Operation operation;
  while (reader.Next(&operation)) {
  }
  return !reader.malformed();
}

void AppendOperation(const Operation& operation, std::string* payload) {
  char head[kOperationHeaderBytes];
  head[0] = static_cast<char>(operation.kind);
  StoreLe32(head + 1, static_cast<uint32_t>(operation.key.size()));
  StoreLe32(head + 5, static_cast<uint32_t>(operation.value.size()));
  payload->append(head, sizeof(head)).append(operation.key).append(operation.value);
}

EncodedMutation::EncodedMutation(std::string record)
    : record_(std::move(record)), payload_crc_(Crc32c(payload())) {}

EncodedMutation EncodedMutation::Of(const Operation& operation) {
  std::string record;
  record.reserve(kRecordHeaderBytes + kOperationHeaderBytes + operation.key.size() +
                 operation.value.size());
  record.resize(kRecordHeaderBytes);
  AppendOperation(operation, &record);
  return EncodedMutation(std::move(record));
}

EncodedMutation EncodedMutation::OfPayload(std::string_view payload) {
  std::string record;
  record.reserve(kRecordHeaderBytes + payload.size());
  record.resize(kRecordHeaderBytes);
  record.append(payload);
  return EncodedMutation(std::move(record));
}

std::span<const std::byte> EncodedMutation::Seal(RecordHeader header) {
  header.payload_bytes = static_cast<uint32_t>(payload().size());
  header.payload_crc = payload_crc_;
  sequence_ = header.sequence;
  const auto bytes = std::as_writable_bytes(std::span(record_));
  EncodeRecordHeader(header, bytes.first<kRecordHeaderBytes>());
  return bytes;
}

}  // namespace kv
