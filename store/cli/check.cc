#include <algorithm>
#include <string>

#include "store/cli/inspect.h"
#include "store/cli/log_view.h"
#include "store/cli/quiet_store.h"
#include "store/cli/range_text.h"
#include "store/cli/text.h"
#include "store/recovery.h"
#include "store/sharded_map.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::Result;

/// Writes a line for everything that is corrupt.
class CorruptionList final : public LogVisitor {
 public:
  explicit CorruptionList(std::ostream& out) : out_(out) {}

  void Snapshot(const SnapshotView& snapshot) override {
    if (snapshot.state != SnapshotState::kDamaged) return;
    out_ << "corrupt: " << BaseName(snapshot.path) << ": " << snapshot.damage << '\n';
  }
  void Segment(const SegmentView& segment) override {
    name_ = BaseName(segment.path);
    headerless_ = segment.role == SegmentRole::kDamaged;
    if (headerless_) out_ << "corrupt: " << name_ << ": the segment's header is damaged\n";
  }
  void Range(const RangeView& range) override {
    if (range.record.has_value()) last_seen_ = std::max(last_seen_, range.record->sequence);
    if (range.state != RangeState::kCorrupt || headerless_) return;
    out_ << "corrupt: " << name_ << ": bytes " << range.begin_bytes << " to " << range.end_bytes
         << ": " << RangeText(range) << '\n';
  }
  void Missing(const std::string& path, const std::string& /*successor*/) override {
    out_ << "corrupt: " << BaseName(path) << ": the segment is missing\n";
  }

  /// The highest sequence that any record of the store shows.
  [[nodiscard]] uint64_t last_seen() const { return last_seen_; }

 private:
  std::ostream& out_;
  std::string name_;
  bool headerless_ = false;
  uint64_t last_seen_ = 0;
};

int ReportCorruption(faultfs::FileSystem& file_system, const QuietStore& quiet,
                     const faultfs::Status& refusal, const Console& console) {
  CorruptionList list(console.out);
  const auto facts = ViewLog(file_system, quiet.directory(), quiet.entries(), list);
  if (!facts.ok()) return Fail(console, facts.status(), kExitNoStore);
  const uint64_t first = facts->last_intact + 1;
  const uint64_t last = std::max({facts->claim, list.last_seen(), first});
  console.out << "refused: " << ErrorLine(refusal) << '\n';
  console.out << "would be lost: mutations " << first << " to " << last << ", of which those up to "
              << facts->claim << " are known to have been durable; intact before them: "
              << Counted(facts->last_intact, "mutation", "mutations") << '\n';
  return kExitFailed;
}

void ReportSound(const RecoveryInfo& info, size_t keys, std::ostream& out) {
  out << "sound: " << Counted(keys, "key", "keys") << ", "
      << Counted(info.last_sequence, "mutation", "mutations") << ", "
      << Counted(info.segments, "segment", "segments") << '\n';
  if (info.bad_snapshots > 0) {
    out << "damaged: " << Counted(info.bad_snapshots, "snapshot", "snapshots")
        << ", of which the log holds everything; opening the store passes over them\n";
  }
  if (info.cut_bytes > 0) {
    out << "torn: the last " << Counted(info.cut_bytes, "byte", "bytes") << " (" << info.cut_reason
        << "): a write that was interrupted; opening the store cuts them\n";
  }
  if (info.carried > 0) {
    out << "unproven: the last " << Counted(info.carried, "mutation", "mutations")
        << ": nothing says that power loss would have spared them; opening the store rewrites "
           "them\n";
  }
}

}  // namespace

int Check(faultfs::FileSystem& file_system, std::string_view directory, const Console& console) {
  const Result<QuietStore> quiet = QuietStore::Enter(file_system, directory);
  if (!quiet.ok()) return Fail(console, quiet.status(), kExitNoStore);
  ShardedMap map(/*shards=*/1);
  const Result<RecoveryPlan> plan =
      Recover(file_system, quiet->directory(), quiet->entries(), &map);
  if (plan.ok()) {
    ReportSound(plan->info, map.Size(), console.out);
    return kExitDone;
  }
  if (!plan.status().Is(Code::kCorruption)) return Fail(console, plan.status(), kExitNoStore);
  return ReportCorruption(file_system, *quiet, plan.status(), console);
}

}  // namespace kv::cli
