#include "store/snapshot_merge.h"

#include <absl/strings/string_view.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "store/log_chain.h"

namespace kv {

using faultfs::FileSystem;
using faultfs::Result;
using faultfs::Status;

namespace {

Result<LogChanges> CollectChanges(FileSystem& file_system, std::string_view directory,
                                  const SnapshotSource& source, CheckpointPace& pace) {
  std::vector<SegmentReader> chain;
  FAULTFS_RETURN_IF_ERROR(FollowPredecessors(
      file_system, directory, source.log, "the active segment", UINT64_MAX, source.base, &chain));
  LogChanges changes;
  for (size_t i = chain.size(); i-- > 0;) {
    const Predecessor& link = i == 0 ? source.log : chain[i - 1].header()->predecessor;
    FAULTFS_RETURN_IF_ERROR(
        ReplayClosed(chain[i], link, source.base, [&](std::string_view payload) {
          changes.Apply(payload);
          pace.Done(kRecordHeaderBytes + payload.size());
        }));
    chain[i].Release();
  }
  return changes;
}

}  // namespace

void LogChanges::Apply(std::string_view payload) {
  OperationReader reader(payload);
  Operation operation;
  while (reader.Next(&operation)) {
    switch (operation.kind) {
      case OperationKind::kSet:
        Change(operation.key, operation.value);
        break;
      case OperationKind::kDelete:
        Change(operation.key, std::nullopt);
        break;
      case OperationKind::kClear:
        changes_.clear();
        cleared_ = true;
        break;
    }
  }
}

void LogChanges::Change(std::string_view key, std::optional<std::string_view> value) {
  std::optional<std::string>& changed = changes_[absl::string_view(key.data(), key.size())];
  if (value.has_value()) {
    changed = std::string(*value);
  } else {
    changed.reset();
  }
}

Status LogChanges::WriteOver(SnapshotCursor* base, SnapshotWriter& writer,
                             CheckpointPace& pace) const {
  std::vector<std::pair<std::string_view, const std::optional<std::string>*>> sorted;
  sorted.reserve(changes_.size());
  for (const auto& [key, value] : changes_) sorted.emplace_back(key, &value);
  std::sort(sorted.begin(), sorted.end());
  const auto write = [&](std::string_view key, std::string_view value) {
    pace.Done(kOperationHeaderBytes + key.size() + value.size());
    return writer.Add(key, value);
  };
  auto change = sorted.begin();
  const auto write_change = [&]() -> Status {
    const auto& [key, value_or_none] = *change++;
    const std::optional<std::string>& value = *value_or_none;
    return value.has_value() ? write(key, *value) : Status();
  };
  Operation entry;
  while (base != nullptr) {
    FAULTFS_ASSIGN_OR_RETURN(const bool more, base->Next(&entry));
    if (!more) break;
    while (change != sorted.end() && change->first < entry.key) {
      FAULTFS_RETURN_IF_ERROR(write_change());
    }
    if (change != sorted.end() && change->first == entry.key) {
      FAULTFS_RETURN_IF_ERROR(write_change());
    } else {
      FAULTFS_RETURN_IF_ERROR(write(entry.key, entry.value));
    }
  }
  while (change != sorted.end()) FAULTFS_RETURN_IF_ERROR(write_change());
  return Status();
}

Status MergeSnapshot(FileSystem& file_system, std::string_view directory,
                     const SnapshotSource& source, SnapshotWriter& writer, CheckpointPace& pace) {
  FAULTFS_ASSIGN_OR_RETURN(const LogChanges changes,
                           CollectChanges(file_system, directory, source, pace));
  if (source.base == 0 || changes.cleared()) return changes.WriteOver(nullptr, writer, pace);
  SnapshotReader reader(file_system, SnapshotPath(directory, source.base), source.base);
  FAULTFS_RETURN_IF_ERROR(reader.Open());
  if (!reader.damage().empty()) return reader.DamageStatus();
  SnapshotCursor cursor(reader);
  return changes.WriteOver(&cursor, writer, pace);
}

}  // namespace kv
