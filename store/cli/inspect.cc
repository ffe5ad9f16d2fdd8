#include "store/cli/inspect.h"

#include <iomanip>
#include <sstream>
#include <string>

#include "store/cli/log_view.h"
#include "store/cli/quiet_store.h"
#include "store/cli/range_text.h"
#include "store/cli/text.h"

namespace kv::cli {
namespace {

using faultfs::DirEntry;
using faultfs::FileType;
using faultfs::Result;
using faultfs::Status;

std::string_view RoleText(SegmentRole role) {
  switch (role) {
    case SegmentRole::kInUse:
      return "in use";
    case SegmentRole::kDamaged:
      return "corrupt: its header is damaged";
    case SegmentRole::kNeverStarted:
      return "dead: it never started";
    case SegmentRole::kUnlinked:
      return "dead: no segment in use names it";
    case SegmentRole::kCovered:
      return "dead: covered by the snapshot in use";
  }
  return "";
}

std::string StateText(const SnapshotView& snapshot) {
  const std::string content = Counted(snapshot.entries, "entry", "entries") + ", up to mutation " +
                              std::to_string(snapshot.sequence);
  switch (snapshot.state) {
    case SnapshotState::kInUse:
      return "in use: " + content;
    case SnapshotState::kOlder:
      return "older than the one in use: " + content;
    case SnapshotState::kDamaged:
      return "corrupt: " + std::string(snapshot.damage);
  }
  return "";
}

std::string HeaderText(const SegmentHeader& header) {
  std::ostringstream text;
  text << "header: version " << header.version << ", salt " << std::hex << std::setfill('0')
       << std::setw(16) << header.salt << std::dec << ", first mutation " << header.first_sequence;
  const Predecessor& link = header.predecessor;
  if (link.last_sequence == 0) {
    text << ", no predecessor";
  } else {
    text << ", behind segment " << link.segment << " (" << link.size_bytes
         << " bytes, last mutation " << link.last_sequence << ")";
  }
  return text.str();
}

class Listing final : public LogVisitor {
 public:
  explicit Listing(std::ostream& out) : out_(out) {}

  void Snapshot(const SnapshotView& snapshot) override {
    out_ << BaseName(snapshot.path) << ": snapshot, "
         << Counted(snapshot.size_bytes, "byte", "bytes") << ", " << StateText(snapshot) << '\n';
  }
  void Segment(const SegmentView& segment) override {
    out_ << BaseName(segment.path) << ": segment, " << Counted(segment.size_bytes, "byte", "bytes")
         << ", " << RoleText(segment.role) << '\n';
    if (segment.header.has_value()) out_ << "  " << HeaderText(*segment.header) << '\n';
  }
  void Range(const RangeView& range) override {
    out_ << "  " << std::setw(10) << range.begin_bytes << "  " << std::left << std::setw(8)
         << RangeStateName(range.state) << std::right
         << Counted(range.end_bytes - range.begin_bytes, "byte", "bytes") << ": "
         << RangeText(range) << '\n';
  }
  void Missing(const std::string& path, const std::string& successor) override {
    out_ << BaseName(path) << ": segment, missing; " << BaseName(successor)
         << " names it as its predecessor\n";
  }

 private:
  std::ostream& out_;
};

void ListOtherFiles(const std::vector<DirEntry>& entries, std::ostream& out) {
  for (const DirEntry& entry : entries) {
    const bool file = entry.type == FileType::kFile;
    const auto is = [&](std::string_view suffix) {
      return file && ParseFileName(entry.name, suffix).has_value();
    };
    if (is(kSegmentSuffix) || is(kSnapshotSuffix)) continue;
    out << Escaped(entry.name);
    if (file && entry.name == kLockName) {
      out << ": lock\n";
    } else if (is(kTemporarySuffix) || is(kSnapshotTemporarySuffix)) {
      out << ": temporary, never published\n";
    } else {
      out << ": not a file of the store\n";
    }
  }
}

}  // namespace

int Inspect(faultfs::FileSystem& file_system, std::string_view directory, const Console& console) {
  const Result<QuietStore> quiet = QuietStore::Enter(file_system, directory);
  if (!quiet.ok()) return Fail(console, quiet.status(), kExitNoStore);
  ListOtherFiles(quiet->entries(), console.out);
  Listing listing(console.out);
  const auto facts = ViewLog(file_system, quiet->directory(), quiet->entries(), listing);
  if (!facts.ok()) return Fail(console, facts.status(), kExitNoStore);
  return kExitDone;
}

}  // namespace kv::cli
