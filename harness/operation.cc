#include "harness/operation.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "faultfs/env/check.h"

namespace crashlab {
namespace {

constexpr std::pair<Verb, std::string_view> kVerbNames[] = {
    {Verb::kSet, "set"},
    {Verb::kDelete, "delete"},
    {Verb::kClear, "clear"},
    {Verb::kBatch, "batch"},
    {Verb::kGet, "get"},
    {Verb::kContains, "contains"},
    {Verb::kSize, "size"},
    {Verb::kForEach, "for-each"},
    {Verb::kFlush, "flush"},
    {Verb::kSnapshot, "snapshot"},
    {Verb::kCompact, "compact"},
    {Verb::kClearPersistence, "clear-persistence"},
    {Verb::kBackground, "background"},
    {Verb::kClose, "close"},
    {Verb::kReopen, "reopen"},
    {Verb::kKill, "kill"},
    {Verb::kCall, "call"},
};
static_assert(std::size(kVerbNames) == kVerbCount, "every verb has a name");

constexpr std::pair<Durability, std::string_view> kDurabilityNames[] = {
    {Durability::kBuffered, "buffered"},
    {Durability::kSync, "sync"},
    {Durability::kGroupCommit, "group"},
};

constexpr size_t kChunkBytes = 16;
constexpr size_t kShortestNumbered = 9;  // "00012.003"
constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kHexDigits = "0123456789abcdef";

using Chunk = std::array<char, kChunkBytes>;

void PutDecimal(char* out, size_t width, uint64_t number) {
  while (width-- > 0) {
    out[width] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

void PutPosition(Chunk& chunk, uint64_t index) {
  for (size_t at = kChunkBytes - 1; at >= 10; --at) {
    chunk[at] = kHexDigits[index & 15];
    index >>= 4;
  }
}

// So few bytes cannot hold both numbers. The odd factor spreads the edits of a batch between the
// numbers of other operations.
std::string ShortValue(OpNumber op, size_t edit, size_t value_bytes) {
  std::string value(value_bytes, '0');
  uint64_t number = op + edit * 10'007;
  for (size_t at = value_bytes; at-- > 0;) {
    value[at] = kDigits[number % kDigits.size()];
    number /= kDigits.size();
  }
  return value;
}

}  // namespace

std::string_view Name(Verb verb) {
  for (const auto& [value, name] : kVerbNames) {
    if (value == verb) return name;
  }
  FAULTFS_CHECK(false, "every verb has a name");
  return {};
}

std::optional<Verb> VerbFromName(std::string_view name) {
  for (const auto& [value, text] : kVerbNames) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string_view Name(Durability durability) {
  for (const auto& [value, name] : kDurabilityNames) {
    if (value == durability) return name;
  }
  FAULTFS_CHECK(false, "every durability has a name");
  return {};
}

std::optional<Durability> DurabilityFromName(std::string_view name) {
  for (const auto& [value, text] : kDurabilityNames) {
    if (text == name) return value;
  }
  return std::nullopt;
}

bool IsMutation(const Operation& operation) {
  switch (operation.verb) {
    case Verb::kSet:
    case Verb::kDelete:
    case Verb::kClear:
    case Verb::kBatch:
    case Verb::kClearPersistence:
    case Verb::kCall:
      return true;
    default:
      return false;
  }
}

bool TakesDurability(Verb verb) {
  return verb == Verb::kSet || verb == Verb::kDelete || verb == Verb::kClear ||
         verb == Verb::kBatch;
}

bool IsEverybodys(Verb verb) { return verb == Verb::kReopen || verb == Verb::kKill; }

uint32_t ClientsOf(const Program& program) {
  uint32_t highest = 0;
  for (const Operation& operation : program) highest = std::max(highest, operation.client);
  return highest + 1;
}

std::string ValueOf(OpNumber op, size_t edit, uint64_t value_bytes) {
  FAULTFS_CHECK(op <= kMaxOperations && edit < kMaxEdits && value_bytes <= kMaxValueBytes,
                "a value has room for the numbers of programs within the limits");
  if (value_bytes < kShortestNumbered) return ShortValue(op, edit, value_bytes);

  Chunk chunk;
  PutDecimal(chunk.data(), 5, op);
  chunk[5] = '.';
  PutDecimal(chunk.data() + 6, 3, edit);
  chunk[9] = '@';
  std::string value(value_bytes, '\0');
  char* out = value.data();
  const uint64_t whole = value_bytes / kChunkBytes;
  for (uint64_t index = 0; index < whole; ++index, out += kChunkBytes) {
    if ((index & 15) == 0) PutPosition(chunk, index);
    std::memcpy(out, chunk.data(), kChunkBytes);
    out[kChunkBytes - 1] = kHexDigits[index & 15];
  }
  PutPosition(chunk, whole);
  std::copy_n(chunk.begin(), value_bytes % kChunkBytes, out);
  return value;
}

}  // namespace crashlab
