// The names of every place in the store that changes the disk.
//
// Stable: crash points, findings, fault rules and sync elision are keyed by them. Adding one is
// fine; renaming one renames findings. The comment behind a sync says what rests on it.
#pragma once

#include "faultfs/env/io_tag.h"

namespace kv::tags {

using faultfs::IoTag;

// The store's directory and its lock.
inline constexpr IoTag kDirCreate{"dir.create"};
inline constexpr IoTag kDirSyncParent{"dir.sync-parent"};  // the whole store
inline constexpr IoTag kDirRemove{"dir.remove"};           // undoes dir.create after a failed sync
inline constexpr IoTag kDirAside{"dir.aside"};             // renews the name of a directory …
inline constexpr IoTag kDirBack{"dir.back"};               // … that may never have become durable
inline constexpr IoTag kDirLock{"dir.lock"};

// A new segment: temporary file, sync, rename, directory sync.
inline constexpr IoTag kWalCreate{"wal.create"};
inline constexpr IoTag kWalHeader{"wal.header"};     // header and carried records
inline constexpr IoTag kWalSyncNew{"wal.sync-new"};  // carried records, the chain of segments
inline constexpr IoTag kWalPublish{"wal.publish"};   // the rename
inline constexpr IoTag kWalSyncDir{"wal.sync-dir"};  // the segment and all that it will hold
inline constexpr IoTag kWalDiscard{"wal.discard"};   // removes a temporary that failed

// The active segment.
inline constexpr IoTag kWalAppend{"wal.append"};
inline constexpr IoTag kWalSync{"wal.sync"};             // the mutation that asked for it
inline constexpr IoTag kWalSyncFlush{"wal.sync-flush"};  // what Flush promised
inline constexpr IoTag kWalSyncClose{"wal.sync-close"};  // what Close promised
inline constexpr IoTag kWalSyncRoll{"wal.sync-roll"};    // the claim in the next segment's header
inline constexpr IoTag kWalMarker{"wal.marker"};
inline constexpr IoTag kWalRollback{"wal.rollback"};  // cuts back a failed append

// Housekeeping at the end of Open. Nothing depends on it.
inline constexpr IoTag kWalCut{"wal.cut"};  // the dead end of the last segment
inline constexpr IoTag kWalSyncCut{"wal.sync-cut"};
inline constexpr IoTag kWalRemoveDead{"wal.remove-dead"};
inline constexpr IoTag kWalRemoveTmp{"wal.remove-tmp"};

// A snapshot: temporary file, sync, verification, rename, directory sync; then what it covers goes.
inline constexpr IoTag kSnapshotCreate{"snapshot.create"};
inline constexpr IoTag kSnapshotWrite{"snapshot.write"};
inline constexpr IoTag kSnapshotPace{"snapshot.pace"};         // keeps the last sync short; no more
inline constexpr IoTag kSnapshotSync{"snapshot.sync"};         // all that it covers
inline constexpr IoTag kSnapshotPublish{"snapshot.publish"};   // the rename
inline constexpr IoTag kSnapshotSyncDir{"snapshot.sync-dir"};  // what is removed because of it
inline constexpr IoTag kSnapshotDiscard{"snapshot.discard"};   // removes a temporary that failed
inline constexpr IoTag kSnapshotRemoveOld{"snapshot.remove-old"};
inline constexpr IoTag kSnapshotRemoveTmp{"snapshot.remove-tmp"};  // at the end of Open
inline constexpr IoTag kWalRemoveCovered{"wal.remove-covered"};

// Calls that change nothing.
inline constexpr IoTag kWalRead{"wal.read"};

}  // namespace kv::tags
