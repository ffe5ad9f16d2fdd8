// TraceStep: a TraceOp that borrows its names and data. What the live file system makes for each
// change, so that a step which nobody records copies nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "faultfs/sim/trace.h"

namespace faultfs {

struct TraceStep {
  TraceKind kind = TraceKind::kMark;
  IoTag tag{""};
  InodeNumber inode = kNoInode;
  InodeNumber directory = kNoInode;
  InodeNumber to_directory = kNoInode;
  InodeNumber replaced = kNoInode;
  std::string_view name{};
  std::string_view to_name{};
  std::string_view data{};
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
  bool keep_size = false;
  bool journaled = false;  // kRevert
  SyncKind sync_kind = SyncKind::kFull;
  SyncOutcome sync_outcome = SyncOutcome::kOk;
  uint32_t sync_id = 0;
  uint64_t mark = 0;
};

/// The one implementation: of the live file system and of LiveImage.
void Apply(const TraceStep& step, Image& image);

[[nodiscard]] TraceOp ToOp(const TraceStep& step);

}  // namespace faultfs
