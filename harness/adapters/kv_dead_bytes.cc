#include "harness/adapters/kv_dead_bytes.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "store/format.h"
#include "store/log_chain.h"
#include "store/segment_reader.h"
#include "store/snapshot_reader.h"

namespace crashlab {
namespace {

using faultfs::DirEntry;
using faultfs::FileSystem;

class DeadByteSearch {
 public:
  DeadByteSearch(FileSystem& file_system, std::string_view directory)
      : file_system_(file_system), directory_(directory) {}

  Result<std::vector<FileRange>> Run() {
    const Result<std::vector<DirEntry>> entries = file_system_.List(directory_);
    if (entries.status().Is(Code::kNotFound)) return std::vector<FileRange>();
    FAULTFS_RETURN_IF_ERROR(entries.status());
    Sort(*entries);
    FAULTFS_RETURN_IF_ERROR(TakeSnapshots());
    FAULTFS_RETURN_IF_ERROR(TakeSegments());
    return std::move(dead_);
  }

 private:
  void Sort(const std::vector<DirEntry>& entries) {
    for (const DirEntry& entry : entries) {
      if (const auto segment = kv::ParseFileName(entry.name, kv::kSegmentSuffix)) {
        segments_.push_back(*segment);
      } else if (const auto snapshot = kv::ParseFileName(entry.name, kv::kSnapshotSuffix)) {
        snapshots_.push_back(*snapshot);
      } else {
        Dead(std::string(directory_) + "/" + entry.name);  // lock, temporaries
      }
    }
    std::sort(segments_.begin(), segments_.end(), std::greater<>());
    std::sort(snapshots_.begin(), snapshots_.end(), std::greater<>());
  }

  Result<bool> IsWhole(const std::string& path, uint64_t sequence) {
    kv::SnapshotReader reader(file_system_, path, sequence);
    FAULTFS_RETURN_IF_ERROR(reader.Open());
    std::string_view chunk;
    while (true) {
      FAULTFS_ASSIGN_OR_RETURN(const bool more, reader.NextChunk(&chunk));
      if (!more) return reader.damage().empty();
    }
  }

  /// The newest that is whole is in use; none other is, once there is one.
  Status TakeSnapshots() {
    std::vector<std::string> others;
    for (const uint64_t sequence : snapshots_) {
      std::string path = kv::SnapshotPath(directory_, sequence);
      if (covered_ == 0) {
        FAULTFS_ASSIGN_OR_RETURN(const bool whole, IsWhole(path, sequence));
        if (whole) {
          covered_ = sequence;
          continue;
        }
      }
      others.push_back(std::move(path));
    }
    if (covered_ == 0) return Status();
    for (std::string& path : others) Dead(std::move(path));
    return Status();
  }

  Status TakeSegments() {
    std::vector<kv::SegmentReader> chain;
    for (const uint64_t number : segments_) {
      kv::SegmentReader reader(file_system_, kv::SegmentPath(directory_, number), number);
      FAULTFS_RETURN_IF_ERROR(kv::ReadHeaderOf(reader, /*read_ahead=*/false));
      if (!reader.header().has_value()) continue;  // a name that was never ours: left alone
      chain.push_back(std::move(reader));
      break;
    }
    if (chain.empty()) return Status();
    const kv::SegmentReader& newest = chain.front();
    FAULTFS_RETURN_IF_ERROR(kv::FollowPredecessors(file_system_, directory_,
                                                   newest.header()->predecessor, newest.path(),
                                                   newest.number(), covered_, &chain));
    for (size_t i = 1; i < chain.size(); ++i) {
      Dead(chain[i].path(), chain[i - 1].header()->predecessor.size_bytes);
    }
    FAULTFS_ASSIGN_OR_RETURN(const uint64_t end_bytes, EndOf(chain.front()));
    Dead(chain.front().path(), end_bytes);
    for (const uint64_t number : segments_) {
      const bool read =
          std::any_of(chain.begin(), chain.end(),
                      [&](const kv::SegmentReader& reader) { return reader.number() == number; });
      if (!read) Dead(kv::SegmentPath(directory_, number));
    }
    return Status();
  }

  /// Where the records of the newest segment end.
  static Result<uint64_t> EndOf(kv::SegmentReader& reader) {
    FAULTFS_RETURN_IF_ERROR(reader.Reopen());
    uint64_t expected = reader.header()->first_sequence;
    uint64_t offset_bytes = kv::kSegmentHeaderBytes;
    while (offset_bytes < reader.size_bytes()) {
      FAULTFS_ASSIGN_OR_RETURN(
          const kv::RecordRead read,
          kv::ReadExpected(reader, offset_bytes, reader.size_bytes(), expected));
      if (read.damage != kv::Damage::kNone) break;
      if (read.header.type == kv::RecordType::kMutation) ++expected;
      offset_bytes = read.end_bytes;
    }
    return offset_bytes;
  }

  void Dead(std::string path, uint64_t begin_bytes = 0) {
    dead_.push_back({.path = std::move(path), .begin_bytes = begin_bytes});
  }

  FileSystem& file_system_;
  const std::string_view directory_;
  std::vector<uint64_t> segments_;   // newest first
  std::vector<uint64_t> snapshots_;  // newest first
  uint64_t covered_ = 0;             // by the snapshot in use
  std::vector<FileRange> dead_;
};

}  // namespace

Result<std::vector<FileRange>> KvDeadBytes(FileSystem& file_system, std::string_view directory) {
  return DeadByteSearch(file_system, directory).Run();
}

}  // namespace crashlab
