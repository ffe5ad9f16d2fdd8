#include "faultfs/crash/disk_builder.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "faultfs/crash/file_outcome.h"
#include "faultfs/env/check.h"
#include "faultfs/env/random.h"

namespace faultfs {
namespace {

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Bytes that nobody wrote, the same ones whenever the same sector is asked for.
std::string Garbage(InodeNumber inode, uint64_t sector, size_t unit) {
  Random random(Mix64(Mix64(inode, sector), MixString("garbage")));
  std::string bytes(unit, '\0');
  for (size_t at = 0; at < unit; at += sizeof(uint64_t)) {
    const uint64_t word = random.Next();
    for (size_t i = 0; i < sizeof word; ++i) bytes[at + i] = static_cast<char>(word >> (8 * i));
  }
  return bytes;
}

}  // namespace

std::string ReadSector(const Image& image, InodeNumber file, uint64_t sector, size_t unit_bytes) {
  std::string bytes(unit_bytes, '\0');
  if (image.Find(file) != nullptr) {
    (void)image.Read(file, sector * unit_bytes,
                     std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  }
  return bytes;
}

// With or without a name: a name that persists later finds the content that persisted.
void DiskBuilder::MakeInodes() {
  const Trace& trace = *graph_.trace;
  for (uint32_t step = 0; step < view_.point().steps; ++step) {
    const TraceOp& op = trace.ops[step];
    if (op.kind == TraceKind::kCreate) disk_.PutInode(op.inode, FileType::kFile);
    if (op.kind == TraceKind::kCreateDir) disk_.PutInode(op.inode, FileType::kDirectory);
  }
}

void DiskBuilder::ApplyEntries(const Effect& effect) {
  SetEntry(effect.write);
  if (effect.has_second()) SetEntry(effect.second);
}

void DiskBuilder::SetEntry(const RegisterWrite& write) {
  const Register& reg = graph_.RegisterOf(write);
  if (reg.kind != RegisterKind::kEntry) return;
  if (write.value != kNoInode) {
    disk_.SetEntry(reg.inode, reg.name, static_cast<InodeNumber>(write.value));
  } else if (disk_.Lookup(reg.inode, reg.name) != kNoInode) {
    disk_.RemoveEntry(reg.inode, reg.name);
  }
}

void DiskBuilder::BuildFileOnBase(InodeNumber file) {
  const Inode* inode = disk_.Find(file);
  if (inode == nullptr) return;  // removed from the base before: nothing can name it
  const FileOutcome outcome(view_, file);
  const uint64_t size_bytes = outcome.size_bytes();
  // The sector that holds the new end stays, and shows what it holds.
  if (outcome.freed_from_bytes() < inode->size_bytes) {
    disk_.SetSize(file, outcome.freed_from_bytes());
  }
  if (disk_.Find(file)->size_bytes != size_bytes) disk_.SetSize(file, size_bytes);
  for (RegisterId reg_id : graph_.file_sectors[file]) {
    const SectorOutcome sector = outcome.Sector(reg_id);
    const Register& reg = graph_.registers[reg_id];
    if (sector.shows == SectorOutcome::Shows::kWritten) {
      WriteSector(reg, size_bytes, graph_.SectorContent(graph_.effects[sector.effect].write));
    } else if (sector.shows == SectorOutcome::Shows::kFill) {
      FillSector(reg, sector.freed_by, size_bytes);
    }
  }
}

void DiskBuilder::BuildFileOnFloor(const TouchedFile& file) {
  const Inode* inode = disk_.Find(file.inode);
  if (inode == nullptr) return;
  const FileOutcome outcome(view_, file.inode);
  const uint64_t size_bytes = outcome.size_bytes();
  const uint64_t floor_bytes = inode->size_bytes;
  if (outcome.pending_freed_from_bytes() < floor_bytes) {
    disk_.SetSize(file.inode, outcome.pending_freed_from_bytes());
  }
  if (disk_.Find(file.inode)->size_bytes != size_bytes) disk_.SetSize(file.inode, size_bytes);
  // From here on the floor has forgotten what is durable: it was shorter than the file, or a
  // pending cut emptied what was forced anew since (a failed sync may leave a cut behind for good).
  const uint64_t forgotten_bytes = std::min(floor_bytes, outcome.pending_freed_from_bytes());
  const auto build = [&](RegisterId reg_id) {
    using enum SectorOutcome::Shows;
    const SectorOutcome sector = outcome.Sector(reg_id);
    const Register& reg = graph_.registers[reg_id];
    const bool forgotten = (reg.sector + 1) * unit_ > forgotten_bytes;
    if (sector.shows == kWritten && (forgotten || view_.Pending(sector.effect))) {
      WriteSector(reg, size_bytes, graph_.SectorContent(graph_.effects[sector.effect].write));
    } else if (sector.shows == kBase && forgotten) {
      WriteSector(reg, size_bytes, ReadSector(graph_.base, reg.inode, reg.sector, unit_));
    } else if (sector.shows == kFill) {
      FillSector(reg, sector.freed_by, size_bytes);
    }
  };
  for (RegisterId reg_id : view_.PendingSectors(file)) build(reg_id);
  if (size_bytes <= forgotten_bytes) return;
  for (RegisterId reg_id : graph_.file_sectors[file.inode]) {
    const EffectId newest = view_.newest(reg_id);
    if (newest != kNone && !view_.Pending(newest)) build(reg_id);
  }
}

void DiskBuilder::FillSector(const Register& reg, EffectId freed_by, uint64_t size_bytes) {
  // The floor has zeros there.
  if (fill_ != Fill::kZeros) WriteSector(reg, size_bytes, FillBytes(reg, freed_by));
}

void DiskBuilder::WriteSector(const Register& reg, uint64_t size_bytes, std::string_view bytes) {
  const uint64_t offset_bytes = reg.sector * unit_;
  FAULTFS_CHECK(offset_bytes < size_bytes, "only sectors inside the size show");
  disk_.Write(
      reg.inode, offset_bytes,
      AsBytes(bytes.substr(0, std::min<uint64_t>(bytes.size(), size_bytes - offset_bytes))));
}

std::string DiskBuilder::FillBytes(const Register& reg, EffectId freed_by) const {
  switch (fill_) {
    case Fill::kZeros:
      return std::string(unit_, '\0');
    case Fill::kGarbage:
      return Garbage(reg.inode, reg.sector, unit_);
    case Fill::kEarlier:
      return EarlierBytes(reg, freed_by);
    case Fill::kFreed:
      return FreedBytes(reg);
  }
  FAULTFS_CHECK(false, "every fill has its bytes");
  return {};
}

// What was last written to the range before the cut that freed it; zeros if there was no cut.
std::string DiskBuilder::EarlierBytes(const Register& reg, EffectId freed_by) const {
  if (freed_by == kNone) return std::string(unit_, '\0');
  const RegisterId reg_id = static_cast<RegisterId>(&reg - graph_.registers.data());
  for (EffectId id = view_.newest(reg_id); id != kNone; id = graph_.effects[id].write.previous) {
    if (id < freed_by) return std::string(graph_.SectorContent(graph_.effects[id].write));
  }
  return ReadSector(graph_.base, reg.inode, reg.sector, unit_);
}

// A sector of a file that has no name any more: the same sector of one that was ever so long (the
// file system gave the new file the old one's blocks), else one of any, both picked by hash.
std::string DiskBuilder::FreedBytes(const Register& reg) const {
  std::vector<std::pair<InodeNumber, uint64_t>> same_sector;
  std::vector<std::pair<InodeNumber, uint64_t>> any_sector;
  for (const FreedFile& file : view_.FreedFiles()) {
    if (file.inode == reg.inode || file.sectors == 0) continue;
    any_sector.emplace_back(file.inode, reg.sector % file.sectors);
    if (reg.sector < file.sectors) same_sector.emplace_back(file.inode, reg.sector);
  }
  const auto& candidates = same_sector.empty() ? any_sector : same_sector;
  if (candidates.empty()) return Garbage(reg.inode, reg.sector, unit_);
  const auto [inode, sector] =
      candidates[Mix64(Mix64(reg.inode, reg.sector), MixString("freed")) % candidates.size()];
  for (RegisterId other : graph_.file_sectors[inode]) {
    if (graph_.registers[other].sector != sector || view_.newest(other) == kNone) continue;
    return std::string(graph_.SectorContent(graph_.effects[view_.newest(other)].write));
  }
  return ReadSector(graph_.base, inode, sector, unit_);
}

void DiskBuilder::UnlinkDirectoryLoops() {
  std::vector<uint8_t> seen(disk_.next_inode(), 0);
  seen[kRootInode] = 1;
  std::vector<InodeNumber> queue = {kRootInode};
  for (size_t next = 0; next < queue.size(); ++next) {
    const InodeNumber directory = queue[next];
    const auto entries = disk_.Find(directory)->entries;  // a copy: it may change below
    for (const auto& [name, inode] : entries) {
      if (disk_.Find(inode)->type != FileType::kDirectory) continue;
      if (seen[inode] != 0) {
        disk_.RemoveEntry(directory, name);
      } else {
        seen[inode] = 1;
        queue.push_back(inode);
      }
    }
  }
}

void DiskBuilder::ApplyTear(const Tear& tear) {
  const RegisterWrite& write = graph_.effects[tear.effect].write;
  const Register& reg = graph_.RegisterOf(write);
  const Inode* inode = disk_.Find(reg.inode);
  if (inode == nullptr || inode->size_bytes <= reg.sector * unit_) return;
  std::string mixed = ReadSector(disk_, reg.inode, reg.sector, unit_);
  const std::string_view fresh = graph_.SectorContent(write);
  const size_t begin = tear.front ? 0 : tear.split_bytes;
  const size_t end = tear.front ? tear.split_bytes : unit_;
  std::memcpy(mixed.data() + begin, fresh.data() + begin, end - begin);
  WriteSector(reg, inode->size_bytes, mixed);
}

}  // namespace faultfs
