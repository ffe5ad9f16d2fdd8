// A mutation: the operations that happen together, and their encoding as the payload of one record.
//
// Each operation is `kind u8, key length u32, value length u32, key, value`; a payload is a
// sequence of them that ends exactly at its end. No operations (an empty batch) is a mutation too.
// Persistent: do not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/format.h"

namespace kv {

enum class OperationKind : uint8_t {
  kSet = 1,
  kDelete = 2,  // value empty
  kClear = 3,   // key and value empty: every key goes
};
static_assert(static_cast<int>(OperationKind::kSet) == 1 &&
              static_cast<int>(OperationKind::kDelete) == 2 &&
              static_cast<int>(OperationKind::kClear) == 3);

inline constexpr size_t kOperationHeaderBytes = 9;

struct Operation {
  OperationKind kind = OperationKind::kSet;
  std::string_view key;
  std::string_view value;
};

/// Reads a payload, operation by operation. The views point into the payload.
class OperationReader {
 public:
  explicit OperationReader(std::string_view payload) : rest_(payload) {}

  /// False at the end, and where the bytes are no operation: see malformed().
  [[nodiscard]] bool Next(Operation* operation);
  [[nodiscard]] bool malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  bool malformed_ = false;
};

/// True if a payload is a sequence of operations.
[[nodiscard]] bool IsWellFormed(std::string_view payload);

void AppendOperation(const Operation& operation, std::string* payload);

/// A mutation ready to be appended but for its place in the log: room for the record header, then
/// the payload. Made outside the store's lock.
class EncodedMutation {
 public:
  static EncodedMutation Of(const Operation& operation);
  static EncodedMutation OfPayload(std::string_view payload);

  [[nodiscard]] std::string_view payload() const {
    return std::string_view(record_).substr(kRecordHeaderBytes);
  }
  [[nodiscard]] uint32_t payload_crc() const { return payload_crc_; }
  [[nodiscard]] size_t record_bytes() const { return record_.size(); }
  /// 0: it has no place in the log yet.
  [[nodiscard]] uint64_t sequence() const { return sequence_; }

  /// Fills in the header, which gives it its place in the log. `header` needs no length and no
  /// checksum. The result lives as long as this object, until the next call.
  [[nodiscard]] std::span<const std::byte> Seal(RecordHeader header);

 private:
  explicit EncodedMutation(std::string record);

  std::string record_;
  uint32_t payload_crc_;
  uint64_t sequence_ = 0;
};

}  // namespace kv
