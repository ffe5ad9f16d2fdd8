#include "store/sharded_map.h"

#include <absl/strings/string_view.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace kv {

using faultfs::ExclusiveLock;
using faultfs::SharedLock;

namespace {

// Abseil may be built with a string_view of its own, which the table takes for look-ups.
absl::string_view LookupKey(std::string_view key) { return {key.data(), key.size()}; }

}  // namespace

ShardedMap::ShardedMap(uint32_t shards)
    : shard_count_(shards), shards_(std::make_unique<Shard[]>(shards)) {}

std::optional<std::string> ShardedMap::Get(std::string_view key) const {
  const Shard& shard = shards_[ShardOf(key)];
  const SharedLock lock(shard.mutex);
  const auto found = shard.entries.find(LookupKey(key));
  if (found == shard.entries.end()) return std::nullopt;
  return found->second;
}

bool ShardedMap::Contains(std::string_view key) const {
  const Shard& shard = shards_[ShardOf(key)];
  const SharedLock lock(shard.mutex);
  return shard.entries.contains(LookupKey(key));
}

size_t ShardedMap::Size() const {
  const auto locks = LockAllShared();
  size_t size = 0;
  for (uint32_t i = 0; i < shard_count_; ++i) size += shards_[i].entries.size();
  return size;
}

void ShardedMap::ForEach(const Visitor& visit) const {
  const auto locks = LockAllShared();
  std::vector<std::pair<std::string_view, std::string_view>> sorted;
  for (uint32_t i = 0; i < shard_count_; ++i) {
    for (const auto& [key, value] : shards_[i].entries) sorted.emplace_back(key, value);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [key, value] : sorted) visit(key, value);
}

void ShardedMap::Apply(std::string_view payload) {
  OperationReader reader(payload);
  Operation operation;
  if (!reader.Next(&operation)) return;
  // Most mutations are one operation on one key.
  if (operation.kind != OperationKind::kClear &&
      payload.size() == kOperationHeaderBytes + operation.key.size() + operation.value.size()) {
    Shard& shard = shards_[ShardOf(operation.key)];
    std::string value(operation.value);  // made, and what it replaces freed, without the lock
    const ExclusiveLock lock(shard.mutex);
    ApplyTo(&shard, operation, &value);
    return;
  }
  const auto locks = LockFor(payload);
  do {
    ApplyOne(operation);
  } while (reader.Next(&operation));
}

void ShardedMap::Clear() {
  std::string payload;
  AppendOperation({.kind = OperationKind::kClear, .key = {}, .value = {}}, &payload);
  Apply(payload);
}

uint32_t ShardedMap::ShardOf(std::string_view key) const {
  return static_cast<uint32_t>(((XXH3_64bits(key.data(), key.size()) >> 32) * shard_count_) >> 32);
}

std::vector<SharedLock> ShardedMap::LockAllShared() const {
  std::vector<SharedLock> locks;
  locks.reserve(shard_count_);
  for (uint32_t i = 0; i < shard_count_; ++i) locks.emplace_back(shards_[i].mutex);
  return locks;
}

std::vector<ExclusiveLock> ShardedMap::LockFor(std::string_view payload) {
  std::vector<bool> involved(shard_count_);
  OperationReader reader(payload);
  Operation operation;
  while (reader.Next(&operation)) {
    if (operation.kind == OperationKind::kClear) {
      involved.assign(shard_count_, true);
      break;
    }
    involved[ShardOf(operation.key)] = true;
  }
  std::vector<ExclusiveLock> locks;
  for (uint32_t i = 0; i < shard_count_; ++i) {
    if (involved[i]) locks.emplace_back(shards_[i].mutex);
  }
  return locks;
}

void ShardedMap::ApplyOne(const Operation& operation) {
  if (operation.kind == OperationKind::kClear) {
    for (uint32_t i = 0; i < shard_count_; ++i) shards_[i].entries.clear();
    return;
  }
  std::string value(operation.value);
  ApplyTo(&shards_[ShardOf(operation.key)], operation, &value);
}

void ShardedMap::ApplyTo(Shard* shard, const Operation& operation, std::string* value) {
  if (operation.kind == OperationKind::kSet) {
    shard->entries.try_emplace(LookupKey(operation.key)).first->second.swap(*value);
  } else {
    shard->entries.erase(LookupKey(operation.key));
  }
}

}  // namespace kv
