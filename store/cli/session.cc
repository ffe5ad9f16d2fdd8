#include "store/cli/session.h"

#include <algorithm>
#include <iomanip>

#include "faultfs/env/check.h"
#include "faultfs/env/posix_file_system.h"
#include "store/cli/text.h"
#include "store/format.h"

namespace kv::cli {
namespace {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

struct FileTotals {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

/// A file that goes while its directory is read doesn't count.
Result<FileTotals> TotalsOf(const std::string& directory) {
  faultfs::PosixFileSystem file_system;
  FAULTFS_ASSIGN_OR_RETURN(const auto entries, file_system.List(directory));
  FileTotals totals;
  for (const faultfs::DirEntry& entry : entries) {
    const auto stat = file_system.Stat(directory + "/" + entry.name);
    if (!stat.ok() && stat.status().Is(Code::kNotFound)) continue;
    FAULTFS_RETURN_IF_ERROR(stat.status());
    ++totals.files;
    totals.bytes += stat->size_bytes;
  }
  return totals;
}

std::string SnapshotText(const CheckpointInfo& info) {
  std::string text =
      info.sequence == 0 ? "none" : "up to sequence " + std::to_string(info.sequence);
  text += " (" + std::to_string(info.completed) + " made";
  if (info.failed > 0) text += ", " + std::to_string(info.failed) + " failed";
  return text + " since the start)";
}

std::string_view DurabilityText(Durability durability) {
  switch (durability) {
    case Durability::kBuffered:
      return "buffered";
    case Durability::kSync:
      return "sync";
    case Durability::kGroupCommit:
      return "group";
  }
  FAULTFS_CHECK(false, "every durability has a name");
  return {};
}

}  // namespace

std::string RecoverySummary(const Store& store) {
  const RecoveryInfo& info = store.recovery();
  std::string line = Counted(info.snapshot_entries, "snapshot entry", "snapshot entries") +
                     " loaded, " + Counted(info.replayed, "operation", "operations") +
                     " replayed, " + Counted(info.cut_bytes, "byte", "bytes") + " cut";
  if (!info.cut_reason.empty()) line += " (" + info.cut_reason + ")";
  if (info.bad_snapshots > 0) {
    line += ", " + Counted(info.bad_snapshots, "damaged snapshot", "damaged snapshots") +
            " passed over";
  }
  return line;
}

std::string VersionLine() {
  return std::string("kv_store " KV_STORE_VERSION " (file format ")
      .append(std::to_string(kFormatVersion))
      .append(")");
}

Status Session::Run(const Command& command) {
  const std::vector<std::string>& arguments = command.arguments;
  switch (command.verb) {
    case Verb::kSet:
      return Done(store_.Set(arguments[0], arguments[1]));
    case Verb::kGet:
      return Get(arguments[0]);
    case Verb::kDelete:
      return Delete(arguments[0]);
    case Verb::kExists:
      return Exists(arguments[0]);
    case Verb::kKeys:
      return Keys(arguments.empty() ? std::string_view() : arguments[0]);
    case Verb::kSize:
      return Size();
    case Verb::kClear:
      return Done(store_.Clear());
    case Verb::kFlush:
      return Done(store_.Flush());
    case Verb::kSnapshot:
      return Done(store_.Snapshot());
    case Verb::kCompact:
      return Done(store_.Compact());
    case Verb::kClearPersistence:
      return Done(store_.ClearPersistence());
    case Verb::kInfo:
      return Info();
    case Verb::kVersion:
      out_ << VersionLine() << '\n';
      return Status();
    case Verb::kHelp:
      Help();
      return Status();
    case Verb::kExit:
      return Status();
  }
  return Status();
}

Status Session::Get(const std::string& key) {
  FAULTFS_ASSIGN_OR_RETURN(const auto value, store_.Get(key));
  constexpr std::string_view kNil = "(nil)";
  if (!value.has_value()) {
    out_ << kNil << '\n';
  } else if (*value == kNil && setup_.answers == Answers::kEscaped) {
    out_ << "\\x28nil)\n";  // is not the answer for a missing key
  } else {
    out_ << Shown(*value) << '\n';
  }
  return Status();
}

// Nobody else changes the store between the two calls: the directory is locked, and this program
// does one command at a time.
Status Session::Delete(const std::string& key) {
  FAULTFS_ASSIGN_OR_RETURN(const bool there, store_.Contains(key));
  if (there) FAULTFS_RETURN_IF_ERROR(store_.Delete(key));
  out_ << (there ? 1 : 0) << '\n';
  return Status();
}

Status Session::Exists(const std::string& key) {
  FAULTFS_ASSIGN_OR_RETURN(const bool there, store_.Contains(key));
  out_ << (there ? 1 : 0) << '\n';
  return Status();
}

Status Session::Keys(std::string_view prefix) {
  return store_.ForEach([&](std::string_view key, std::string_view /*value*/) {
    if (!key.starts_with(prefix) || !out_) return;
    out_ << (setup_.answers == Answers::kEscaped ? Quoted(key) : std::string(key)) << '\n';
  });
}

Status Session::Size() {
  FAULTFS_ASSIGN_OR_RETURN(const size_t size, store_.Size());
  out_ << size << '\n';
  return Status();
}

Status Session::Info() {
  FAULTFS_ASSIGN_OR_RETURN(const size_t size, store_.Size());
  FAULTFS_ASSIGN_OR_RETURN(const FileTotals totals, TotalsOf(setup_.directory));
  out_ << "directory: " << Escaped(setup_.directory) << '\n'
       << "durability: " << DurabilityText(setup_.durability) << '\n'
       << "keys: " << size << '\n'
       << "last sequence: " << store_.last_sequence() << '\n'
       << "snapshot: " << SnapshotText(store_.checkpoints()) << '\n'
       << "files: " << totals.files << '\n'
       << "bytes on disk: " << totals.bytes << '\n'
       << "last recovery: " << RecoverySummary(store_) << '\n';
  return Status();
}

void Session::Help() {
  for (const VerbRow& row : Verbs()) {
    std::string usage(row.name);
    if (!row.other_names.empty()) usage.append(", ").append(row.other_names);
    if (!row.arguments.empty()) usage.append(" ").append(row.arguments);
    out_ << std::left << std::setw(22) << usage << ' ' << row.help << '\n';
  }
  out_
      << "An argument with blanks goes between quotes; there \\\" \\\\ \\n \\r \\t \\0 \\xHH stand "
         "for one byte.\n";
}

Status Session::Done(Status status) {
  if (status.ok()) out_ << "OK\n";
  return status;
}

std::string Session::Shown(std::string_view bytes) const {
  return setup_.answers == Answers::kEscaped ? Escaped(bytes) : std::string(bytes);
}

}  // namespace kv::cli
