#include "store/cli/range_text.h"

#include "store/cli/text.h"
#include "store/mutation.h"

namespace kv::cli {
namespace {

constexpr size_t kShownKeyBytes = 40;
constexpr size_t kShownOperations = 4;

std::string KeyText(std::string_view key) {
  std::string text = Quoted(key.substr(0, kShownKeyBytes));
  if (key.size() > kShownKeyBytes) {
    text += "... (" + Counted(key.size(), "byte", "bytes") + ")";
  }
  return text;
}

std::string OperationText(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kSet:
      return "set " + KeyText(operation.key) + " (" +
             Counted(operation.value.size(), "byte", "bytes") + ")";
    case OperationKind::kDelete:
      return "delete " + KeyText(operation.key);
    case OperationKind::kClear:
      return "clear";
  }
  return "";
}

std::string OperationsText(std::string_view payload) {
  OperationReader reader(payload);
  Operation operation;
  std::string text;
  size_t count = 0;
  for (; reader.Next(&operation); ++count) {
    if (count >= kShownOperations) continue;
    if (count > 0) text += ", ";
    text += OperationText(operation);
  }
  if (count > kShownOperations) text += ", ... (" + std::to_string(count) + " operations)";
  return count == 0 ? "an empty batch" : text;
}

std::string RecordText(const RecordHeader& record) {
  const std::string synced = "synced up to " + std::to_string(record.synced_upto);
  if (record.type == RecordType::kMarker) return "marker, " + synced;
  return "mutation " + std::to_string(record.sequence) + ", " + synced;
}

}  // namespace

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

std::string RangeText(const RangeView& range) {
  if (range.damage == Damage::kNone) {
    std::string text = RecordText(*range.record);
    const bool readable = range.payload.size() == range.record->payload_bytes;
    if (range.record->type == RecordType::kMutation && readable) {
      text += ": " + OperationsText(range.payload);
    }
    return text;
  }
  std::string text;
  if (range.record.has_value()) text += RecordText(*range.record) + ": ";
  text += range.begin_bytes == range.end_bytes ? "the file ends here" : DamageText(range.damage);
  const bool says_so = range.record.has_value() && range.record->type == RecordType::kMutation &&
                       range.record->sequence == range.expected_sequence;
  if (range.expected_sequence > 0 && !says_so) {
    text += "; mutation " + std::to_string(range.expected_sequence) + " belongs here";
  }
  return text;
}

}  // namespace kv::cli
