#include "harness/runner/internal/worker_page.h"

#include <sys/mman.h>

#include <memory>
#include <utility>

#include "faultfs/env/check.h"

namespace crashlab {

using faultfs::Code;
using faultfs::Result;
using faultfs::Status;

static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared between processes");
static_assert(std::atomic<HungIn>::is_always_lock_free, "shared between processes");

void WorkerNote::BeginJob(uint64_t number) {
  recovery.store(0, std::memory_order_relaxed);
  SetCounts({});
  heartbeat.fetch_add(1, std::memory_order_relaxed);
  job.store(number, std::memory_order_release);
}

void WorkerNote::SetCounts(const Counts& value) {
  for (size_t i = 0; i < std::size(kCountFields); ++i) {
    counts[i].store(value.*kCountFields[i].field, std::memory_order_relaxed);
  }
}

Counts WorkerNote::GetCounts() const {
  Counts value;
  for (size_t i = 0; i < std::size(kCountFields); ++i) {
    value.*kCountFields[i].field = counts[i].load(std::memory_order_relaxed);
  }
  return value;
}

Result<WorkerPage> WorkerPage::Make(size_t workers) {
  const size_t bytes = sizeof(WorkerNote) * (workers + 1);  // the head takes the first place
  static_assert(sizeof(Head) <= sizeof(WorkerNote));
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Status::Error(Code::kResourceExhausted, "no memory to share with worker processes");
  }
  return WorkerPage(memory, bytes, workers);
}

WorkerPage::WorkerPage(void* memory, size_t bytes, size_t workers)
    : memory_(memory), bytes_(bytes), workers_(workers) {
  head_ = std::construct_at(static_cast<Head*>(memory));
  notes_ = static_cast<WorkerNote*>(memory) + 1;
  for (size_t i = 0; i < workers; ++i) std::construct_at(notes_ + i);
}

WorkerPage::WorkerPage(WorkerPage&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      bytes_(other.bytes_),
      workers_(other.workers_),
      head_(other.head_),
      notes_(other.notes_) {}

WorkerPage::~WorkerPage() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

WorkerNote& WorkerPage::note(size_t worker) {
  FAULTFS_CHECK(worker < workers_, "each worker has a note");
  return notes_[worker];
}

uint64_t WorkerPage::Take() {
  // Not counted on beyond the limit, so that it cannot run over.
  if (head_->next.load() >= head_->limit.load()) return kNoJob;
  const uint64_t job = head_->next.fetch_add(1);
  return job < head_->limit.load() ? job : kNoJob;
}

void WorkerPage::SetLimit(uint64_t limit) { head_->limit.store(limit); }

}  // namespace crashlab
