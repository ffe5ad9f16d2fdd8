#include "faultfs/sim/trace.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "faultfs/env/check.h"
#include "faultfs/sim/trace_step.h"

namespace faultfs {
namespace {

constexpr std::array<std::string_view, 14> kKindNames = {
    "create",   "create-dir", "link",      "unlink",     "remove-dir", "rename", "write",
    "truncate", "allocate",   "writeback", "sync-begin", "sync-end",   "revert", "mark",
};
static_assert(kKindNames.size() == static_cast<size_t>(TraceKind::kMark) + 1);

TraceStep ToStep(const TraceOp& op) {
  return {.kind = op.kind,
          .tag = op.tag,
          .inode = op.inode,
          .directory = op.directory,
          .to_directory = op.to_directory,
          .replaced = op.replaced,
          .name = op.name,
          .to_name = op.to_name,
          .data = op.data,
          .offset_bytes = op.offset_bytes,
          .length_bytes = op.length_bytes,
          .keep_size = op.keep_size,
          .journaled = op.journaled,
          .sync_kind = op.sync_kind,
          .sync_outcome = op.sync_outcome,
          .sync_id = op.sync_id,
          .mark = op.mark};
}

/// In quotes; whatever would break the line or hide in it as an escape.
std::string Quote(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c < ' ' || c > '~') {  // char is signed here: bytes above 127 are below ' '
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text + "\"";
}

std::string Entry(InodeNumber directory, std::string_view name) {
  return fmt::format("{} in {}", Quote(name), directory);
}

std::string Range(uint64_t offset_bytes, uint64_t length_bytes) {
  return fmt::format("[{}, {})", offset_bytes, offset_bytes + length_bytes);
}

std::string_view OutcomeName(SyncOutcome outcome) {
  switch (outcome) {
    case SyncOutcome::kOk:
      return "ok";
    case SyncOutcome::kFailed:
      return "failed";
    case SyncOutcome::kIgnored:
      return "ignored";
    case SyncOutcome::kLate:
      return "late";
  }
  return "?";
}

std::string DescribeSync(const TraceOp& op) {
  std::string text = fmt::format("{} of inode {}", op.sync_id, op.inode);
  if (op.sync_kind == SyncKind::kData) text += " data";
  if (op.length_bytes > 0) text += " " + Range(op.offset_bytes, op.length_bytes);
  if (op.kind == TraceKind::kSyncEnd) text.append(" ").append(OutcomeName(op.sync_outcome));
  return text;
}

std::string Details(const TraceOp& op) {
  switch (op.kind) {
    case TraceKind::kCreate:
    case TraceKind::kCreateDir:
    case TraceKind::kLink:
    case TraceKind::kUnlink:
    case TraceKind::kRemoveDir:
      return fmt::format("inode {}: {}", op.inode, Entry(op.directory, op.name));
    case TraceKind::kRename: {
      std::string text = fmt::format("inode {}: {} to {}", op.inode, Entry(op.directory, op.name),
                                     Entry(op.to_directory, op.to_name));
      if (op.replaced != kNoInode) text += fmt::format(", replacing inode {}", op.replaced);
      return text;
    }
    case TraceKind::kWrite:
      return fmt::format("inode {} {}", op.inode, Range(op.offset_bytes, op.data.size()));
    case TraceKind::kTruncate:
      return fmt::format("inode {} to {}", op.inode, op.length_bytes);
    case TraceKind::kAllocate:
      return fmt::format("inode {} {}{}", op.inode, Range(op.offset_bytes, op.length_bytes),
                         op.keep_size ? " keeping the size" : "");
    case TraceKind::kWriteback:
      return op.length_bytes == 0
                 ? fmt::format("inode {} [{}, end)", op.inode, op.offset_bytes)
                 : fmt::format("inode {} {}", op.inode, Range(op.offset_bytes, op.length_bytes));
    case TraceKind::kSyncBegin:
    case TraceKind::kSyncEnd:
      return DescribeSync(op);
    case TraceKind::kRevert:
      return fmt::format("inode {} {}, size {}{}", op.inode, Range(op.offset_bytes, op.data.size()),
                         op.length_bytes, op.journaled ? ", journaled" : "");
    case TraceKind::kMark:
      return fmt::format("{}", op.mark);
  }
  return "?";
}

}  // namespace

std::string_view TraceKindName(TraceKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

void Apply(const TraceStep& step, Image& image) {
  switch (step.kind) {
    case TraceKind::kCreate:
    case TraceKind::kCreateDir:
      image.PutInode(step.inode,
                     step.kind == TraceKind::kCreate ? FileType::kFile : FileType::kDirectory);
      image.SetEntry(step.directory, step.name, step.inode);
      break;
    case TraceKind::kLink:
      image.SetEntry(step.directory, step.name, step.inode);
      break;
    case TraceKind::kUnlink:
    case TraceKind::kRemoveDir:
      image.RemoveEntry(step.directory, step.name);
      break;
    case TraceKind::kRename:
      image.RemoveEntry(step.directory, step.name);
      image.SetEntry(step.to_directory, step.to_name, step.inode);
      break;
    case TraceKind::kWrite:
      image.Write(step.inode, step.offset_bytes,
                  std::as_bytes(std::span(step.data.data(), step.data.size())));
      break;
    case TraceKind::kRevert:
      image.Write(step.inode, step.offset_bytes,
                  std::as_bytes(std::span(step.data.data(), step.data.size())));
      image.SetSize(step.inode, step.length_bytes);
      break;
    case TraceKind::kTruncate:
      image.SetSize(step.inode, step.length_bytes);
      break;
    case TraceKind::kAllocate: {
      const uint64_t end_bytes = step.offset_bytes + step.length_bytes;
      if (!step.keep_size && end_bytes > image.Find(step.inode)->size_bytes) {
        image.SetSize(step.inode, end_bytes);
      }
      break;
    }
    case TraceKind::kWriteback:
    case TraceKind::kSyncBegin:
    case TraceKind::kSyncEnd:
    case TraceKind::kMark:
      break;
  }
}

void Apply(const TraceOp& op, Image& image) { Apply(ToStep(op), image); }

TraceOp ToOp(const TraceStep& step) {
  return {.kind = step.kind,
          .tag = step.tag,
          .inode = step.inode,
          .directory = step.directory,
          .to_directory = step.to_directory,
          .replaced = step.replaced,
          .name = std::string(step.name),
          .to_name = std::string(step.to_name),
          .data = std::string(step.data),
          .offset_bytes = step.offset_bytes,
          .length_bytes = step.length_bytes,
          .keep_size = step.keep_size,
          .journaled = step.journaled,
          .sync_kind = step.sync_kind,
          .sync_outcome = step.sync_outcome,
          .sync_id = step.sync_id,
          .mark = step.mark};
}

Image LiveImage(const Image& base, const Trace& trace, size_t steps) {
  FAULTFS_CHECK(steps <= trace.ops.size(), "a prefix is no longer than the trace");
  Image image = base;
  for (size_t i = 0; i < steps; ++i) Apply(trace.ops[i], image);
  return image;
}

std::string Describe(const Trace& trace) {
  std::string text;
  for (size_t i = 0; i < trace.ops.size(); ++i) {
    const TraceOp& op = trace.ops[i];
    text += fmt::format("{} {} {} {}\n", i, op.tag.name().empty() ? "-" : op.tag.name(),
                        TraceKindName(op.kind), Details(op));
  }
  return text;
}

}  // namespace faultfs
