#include "faultfs/sim/page_cache.h"

#include <algorithm>
#include <span>

namespace faultfs {
namespace {

/// The bytes of one page that lie within the file, as `image` has them, zeros where it has none.
std::string PageOf(const Image& image, InodeNumber file, uint64_t page, uint64_t size_bytes) {
  const uint64_t begin_bytes = page * kBlockBytes;
  if (begin_bytes >= size_bytes) return {};
  std::string bytes(std::min<uint64_t>(kBlockBytes, size_bytes - begin_bytes), '\0');
  (void)image.Read(file, begin_bytes,
                   std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

uint64_t SizeIn(const Image& image, InodeNumber file) { return image.Find(file)->size_bytes; }

}  // namespace

PageCache::PageCache(const Image& base, const Trace& trace) : live_(base), disk_(base) {
  for (uint32_t step = 0; step < trace.ops.size(); ++step) Take(trace.ops[step], step);
}

template <typename Wanted>
std::vector<Reversion> PageCache::Collect(uint64_t size_limit_bytes, Wanted wanted) const {
  std::vector<Reversion> reversions;
  for (const auto& [key, page] : pages_) {
    const auto& [file, number] = key;
    if (!page.failed || !wanted(key, page)) continue;
    const uint64_t size_bytes = std::min(SizeIn(live_, file), size_limit_bytes);
    std::string old = PageOf(disk_, file, number, size_bytes);
    const bool same = old == PageOf(live_, file, number, size_bytes);
    if (same && size_bytes == SizeIn(live_, file)) continue;
    const uint64_t offset_bytes = std::min<uint64_t>(number * kBlockBytes, size_bytes);
    reversions.push_back({file, offset_bytes, std::move(old), size_bytes, page.journaled});
  }
  return reversions;
}

std::vector<Reversion> PageCache::Evicted() const {
  return Collect(UINT64_MAX, [](const PageKey&, const Page&) { return true; });
}

std::vector<Reversion> PageCache::Undone(InodeNumber file) const {
  uint64_t size_bytes = SizeIn(disk_, file);
  for (const auto& [key, page] : pages_) {
    // What was written since keeps the size up.
    if (key.first != file || !page.dirty) continue;
    size_bytes = std::max(size_bytes, (key.second + 1) * kBlockBytes);
  }
  size_bytes = std::min(size_bytes, SizeIn(live_, file));
  std::vector<Reversion> reversions = Collect(
      size_bytes,
      [&](const PageKey& key, const Page& page) { return key.first == file && !page.journaled; });
  const bool shrinks = size_bytes < SizeIn(live_, file);
  if (reversions.empty() && shrinks) reversions.push_back({file, size_bytes, {}, size_bytes});
  return reversions;
}

void PageCache::Take(const TraceOp& op, uint32_t step) {
  switch (op.kind) {
    case TraceKind::kCreate:
      disk_.PutInode(op.inode, FileType::kFile);
      break;
    case TraceKind::kWrite:
      Dirty(op, step);
      break;
    case TraceKind::kTruncate:
      Cut(op.inode, op.length_bytes);
      break;
    case TraceKind::kSyncBegin:
      begun_[op.sync_id] = {step, live_};
      break;
    case TraceKind::kSyncEnd:
      EndSync(op);
      break;
    case TraceKind::kRevert:
      for (auto& [key, page] : pages_) {
        if (key.first == op.inode && key.second == op.offset_bytes / kBlockBytes) {
          page.dirty = false;
          page.failed = false;
        }
      }
      Cut(op.inode, op.length_bytes);
      break;
    default:
      break;
  }
  Apply(op, live_);
}

void PageCache::Dirty(const TraceOp& op, uint32_t step) {
  if (op.data.empty()) return;
  const uint64_t last = (op.offset_bytes + op.data.size() - 1) / kBlockBytes;
  for (uint64_t page = op.offset_bytes / kBlockBytes; page <= last; ++page) {
    Page& written = pages_[{op.inode, page}];
    written = {.written = step, .dirty = true, .journaled = written.journaled};
  }
}

void PageCache::Cut(InodeNumber file, uint64_t size_bytes) {
  std::erase_if(pages_, [&](const auto& entry) {
    return entry.first.first == file && entry.first.second * kBlockBytes >= size_bytes;
  });
  if (SizeIn(disk_, file) > size_bytes) disk_.SetSize(file, size_bytes);
}

void PageCache::EndSync(const TraceOp& op) {
  const auto begun = begun_.extract(op.sync_id).mapped();
  if (op.sync_outcome == SyncOutcome::kIgnored) return;
  const Inode* inode = live_.Find(op.inode);
  if (inode == nullptr || inode->type != FileType::kFile) return;
  const bool ok = op.sync_outcome == SyncOutcome::kOk;
  const bool says_ok = op.sync_outcome != SyncOutcome::kFailed;
  for (auto& [key, page] : pages_) {
    const uint64_t begin_bytes = key.second * kBlockBytes;
    const bool covered = op.length_bytes == 0 || (begin_bytes < op.offset_bytes + op.length_bytes &&
                                                  begin_bytes + kBlockBytes > op.offset_bytes);
    if (key.first != op.inode || !covered || !page.dirty || page.written > begun.step) continue;
    page.dirty = false;
    page.failed = !ok;
    page.journaled = !ok && (says_ok || page.journaled);
    if (ok) WriteBack(begun.live, key);
  }
  const uint64_t size_bytes = SizeIn(begun.live, op.inode);
  if (says_ok && size_bytes > SizeIn(disk_, op.inode)) disk_.SetSize(op.inode, size_bytes);
}

void PageCache::WriteBack(const Image& from, const PageKey& key) {
  const auto& [file, number] = key;
  const std::string bytes = PageOf(from, file, number, SizeIn(from, file));
  disk_.Write(file, number * kBlockBytes, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

}  // namespace faultfs
