// PageCache: which pages of a run are dirty, and which ones a failed write-back left clean although
// the disk has something else. Follows a trace from outside, so that runs without a failed sync pay
// nothing for it. Internal to faultfs/sim/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"

namespace faultfs {

/// A step to come (TraceKind::kRevert): a part of a file shows what the disk holds.
struct Reversion {
  InodeNumber inode = kNoInode;
  uint64_t offset_bytes = 0;
  std::string data;
  uint64_t size_bytes = 0;  // of the file from then on
  bool journaled = false;   // it showed what a sync had said Ok of, which a journal still has
};

/// "The disk" is what the last sync of each file that said Ok, and was right, left there: what the
/// kernel may have written back by itself since does not count. Cuts and names are not undone.
class PageCache {
 public:
  PageCache(const Image& base, const Trace& trace);

  /// Every page that a failed write-back left clean, and that was not written to since; by file,
  /// then offset.
  [[nodiscard]] std::vector<Reversion> Evicted() const;
  /// Those of `file` alone of which no sync had said Ok, and its size.
  [[nodiscard]] std::vector<Reversion> Undone(InodeNumber file) const;

 private:
  struct Page {
    uint32_t written = 0;  // step of the last write
    bool dirty = false;
    bool failed = false;     // clean, and not on the disk
    bool journaled = false;  // a sync has said Ok of it and failed, and none was good since
  };
  using PageKey = std::pair<InodeNumber, uint64_t>;
  struct Begun {
    uint32_t step;
    Image live;
  };

  void Take(const TraceOp& op, uint32_t step);
  void Dirty(const TraceOp& op, uint32_t step);
  void Cut(InodeNumber file, uint64_t size_bytes);
  void EndSync(const TraceOp& op);
  void WriteBack(const Image& from, const PageKey& key);
  template <typename Wanted>
  [[nodiscard]] std::vector<Reversion> Collect(uint64_t size_limit_bytes, Wanted wanted) const;

  Image live_;
  Image disk_;  // files by inode number, most without a name
  std::map<PageKey, Page> pages_;
  std::map<uint32_t, Begun> begun_;  // by sync_id
};

}  // namespace faultfs
