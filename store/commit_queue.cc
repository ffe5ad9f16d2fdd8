#include "store/commit_queue.h"

#include <algorithm>
#include <utility>

#include "faultfs/env/check.h"
#include "store/io_tags.h"

namespace kv {

using faultfs::Code;
using faultfs::MutexLock;
using faultfs::Result;
using faultfs::Status;

namespace {

// So that the first of a group does not wait for the copy of everything that came behind it.
constexpr uint64_t kMaxGroupBytes = uint64_t{1} << 20;

}  // namespace

void CommitQueue::Turns::Push(Turn& turn) {
  (first_ == nullptr ? first_ : last_->next) = &turn;
  last_ = &turn;
}

CommitQueue::Turn* CommitQueue::Turns::Pop() {
  Turn* const turn = first_;
  if (turn != nullptr) first_ = std::exchange(turn->next, nullptr);
  return turn;
}

Status CommitQueue::Closed() { return Status::Error(Code::kClosed, "the store was closed"); }

void CommitQueue::Open(std::unique_ptr<LogWriter> log, std::unique_ptr<faultfs::FileLock> lock,
                       uint64_t last_sequence) {
  log_ = std::move(log);
  lock_ = std::move(lock);
  last_sequence_.store(last_sequence, std::memory_order_release);
  closed_.store(false, std::memory_order_release);
}

Status CommitQueue::Commit(EncodedMutation& mutation, Durability durability, uint64_t* log_bytes) {
  MutexLock lock(mutex_);
  if (durability == Durability::kBuffered && !log_taken_ && log_ != nullptr &&
      !log_->MustRollFor(mutation.record_bytes())) {
    // The commonest case by far: as a turn of its own, and nobody sees it taken.
    mutations_.assign(1, &mutation);
    FAULTFS_RETURN_IF_ERROR(WriteGroup(durability));
    *log_bytes = log_->grown_bytes();
    return Status();
  }
  Turn turn;
  turn.mutation = &mutation;
  turn.durability = durability;
  if (TakeLog(turn, lock)) Lead(turn, lock);
  *log_bytes = turn.log_bytes;
  return std::move(turn.status);
}

Status CommitQueue::Flush() {
  MutexLock lock(mutex_);
  TakeSync(lock);
  Status status = SyncForFlush(lock);
  HandOn(lock, /*log=*/false, /*sync=*/true);
  return status;
}

Status CommitQueue::Close() {
  const ExclusiveTurn turn(*this);
  FAULTFS_RETURN_IF_ERROR(CheckOpen());
  closed_.store(true, std::memory_order_release);
  Status synced = log_->Sync(tags::kWalSyncClose);
  log_->AppendDueMarker();
  log_.reset();
  lock_.reset();  // last: no other handle may come in while this one could still write
  return synced;
}

bool CommitQueue::TakeLog(Turn& turn, MutexLock& lock) {
  if (!log_taken_) {
    log_taken_ = true;
    return true;
  }
  log_turns_.Push(turn);
  lock.unlock();
  if (turn.state.WaitWhile(Turn::kWaiting) == Turn::kDone) return false;
  lock.lock();
  return true;
}

void CommitQueue::TakeSync(MutexLock& lock) {
  if (!std::exchange(sync_taken_, true)) return;
  Turn turn;
  sync_turns_.Push(turn);
  lock.unlock();
  turn.state.WaitWhile(Turn::kWaiting);
  lock.lock();
}

// Nobody sees a moment in which neither the one who leaves nor the one who comes has it: whoever is
// not in the queue yet finds it taken, or finds it free with nobody before him.
void CommitQueue::HandOn(MutexLock& lock, bool log, bool sync) {
  Turn* const next_sync = sync ? sync_turns_.Pop() : nullptr;
  if (sync) sync_taken_ = next_sync != nullptr;
  Turn* const next_log = log ? log_turns_.Pop() : nullptr;
  if (log) log_taken_ = next_log != nullptr;
  lock.unlock();
  if (next_sync != nullptr) next_sync->state.Store(Turn::kYours);
  if (next_log != nullptr) next_log->state.Store(Turn::kYours);
}

void CommitQueue::Lead(Turn& turn, MutexLock& lock) {
  Turns followers;
  if (turn.durability == Durability::kBuffered &&
      (log_ == nullptr || !log_->MustRollFor(turn.mutation->record_bytes()))) {
    CollectGroup(turn, followers);
    turn.status = WriteGroup(turn.durability);
    if (turn.status.ok()) turn.log_bytes = log_->grown_bytes();
    HandOn(lock, /*log=*/true, /*sync=*/false);
    WakeFollowers(followers, turn);
    return;
  }
  TakeSync(lock);
  CollectGroup(turn, followers);
  lock.unlock();
  turn.status = WriteGroup(turn.durability);
  if (log_ != nullptr) turn.log_bytes = log_->grown_bytes();
  // Before the marker: they may be back in the queue when the next group is collected.
  WakeFollowers(followers, turn);
  if (log_ != nullptr) log_->AppendDueMarker();
  lock.lock();
  HandOn(lock, /*log=*/true, /*sync=*/true);
}

void CommitQueue::CollectGroup(const Turn& leader, Turns& followers) {
  mutations_.assign(1, leader.mutation);
  if (leader.durability == Durability::kSync || log_ == nullptr) return;
  uint64_t room_bytes = std::min(kMaxGroupBytes, log_->RoomBehind(leader.mutation->record_bytes()));
  const auto may_follow = [&](const Turn& turn) {
    return turn.mutation != nullptr && turn.mutation->record_bytes() <= room_bytes &&
           (turn.durability == leader.durability || turn.durability == Durability::kBuffered);
  };
  while (log_turns_.front() != nullptr && may_follow(*log_turns_.front())) {
    Turn& follower = *log_turns_.Pop();
    room_bytes -= follower.mutation->record_bytes();
    mutations_.push_back(follower.mutation);
    followers.Push(follower);
  }
}

Status CommitQueue::WriteGroup(Durability durability) {
  FAULTFS_RETURN_IF_ERROR(CheckOpen());
  FAULTFS_ASSIGN_OR_RETURN(const uint64_t last, log_->Append(mutations_));
  if (durability != Durability::kBuffered) FAULTFS_RETURN_IF_ERROR(log_->Sync(tags::kWalSync));
  uint64_t sequence = last - mutations_.size();
  for (const EncodedMutation* mutation : mutations_) {
    map_.Apply(mutation->payload());
    last_sequence_.store(++sequence, std::memory_order_release);
  }
  return Status();
}

void CommitQueue::WakeFollowers(Turns& followers, const Turn& leader) {
  while (Turn* const follower = followers.Pop()) {
    follower->status = leader.status;
    follower->log_bytes = leader.log_bytes;
    follower->state.Store(Turn::kDone);
  }
}

Status CommitQueue::SyncForFlush(MutexLock& lock) {
  FAULTFS_RETURN_IF_ERROR(CheckOpen());
  FAULTFS_RETURN_IF_ERROR(log_->CheckWritable());
  const auto sync = log_->BeginSync();
  if (!sync.has_value()) return Status();
  lock.unlock();
  const Status synced = sync->Run(tags::kWalSyncFlush);
  lock.lock();
  FAULTFS_RETURN_IF_ERROR(log_->EndSync(*sync, synced));
  log_->AppendDueMarker();
  return Status();
}

ExclusiveTurn::ExclusiveTurn(CommitQueue& queue) : queue_(queue) {
  MutexLock lock(queue_.mutex_);
  CommitQueue::Turn turn;
  const bool taken = queue_.TakeLog(turn, lock);
  FAULTFS_CHECK(taken, "nobody can do this for another");
  queue_.TakeSync(lock);
}

ExclusiveTurn::~ExclusiveTurn() {
  MutexLock lock(queue_.mutex_);
  queue_.HandOn(lock, /*log=*/true, /*sync=*/true);
}

}  // namespace kv
