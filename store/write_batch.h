// WriteBatch: operations that are applied together or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "faultfs/env/status.h"

namespace kv {

inline constexpr size_t kMaxKeyBytes = size_t{64} << 10;
inline constexpr size_t kMaxValueBytes = size_t{64} << 20;
inline constexpr size_t kMaxBatchBytes = size_t{256}
                                         << 20;  // encoded: nine bytes an operation more

/// kTooLarge if a key or value is over its limit.
[[nodiscard]] faultfs::Status CheckLimits(std::string_view key, std::string_view value);

/// A value; not thread-safe. Later operations on a key win over earlier ones. A batch that went
/// over a limit remembers it and is refused as a whole by Store::Write.
class WriteBatch {
 public:
  void Set(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  /// Makes the batch empty; the store is not touched.
  void Clear();

  /// Operations so far.
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// kTooLarge once a limit was passed.
  [[nodiscard]] const faultfs::Status& status() const { return status_; }
  /// The operations, encoded as in mutation.h.
  [[nodiscard]] std::string_view payload() const { return payload_; }

 private:
  [[nodiscard]] bool Fits(std::string_view key, std::string_view value);

  std::string payload_;
  size_t size_ = 0;
  faultfs::Status status_;
};

}  // namespace kv
