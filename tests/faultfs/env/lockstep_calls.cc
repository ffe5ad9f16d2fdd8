// Which calls are made.
#include "tests/faultfs/env/lockstep.h"

namespace faultfs {
namespace {

using Kind = LockstepCall::Kind;

struct KindRow {
  Kind kind;
  const char* name;
  uint64_t weight;
};

constexpr KindRow kKinds[] = {
    {Kind::kOpen, "open", 10},
    {Kind::kClose, "close", 5},
    {Kind::kRead, "read", 8},
    {Kind::kWrite, "write", 14},
    {Kind::kTruncate, "truncate", 5},
    {Kind::kSize, "size", 2},
    {Kind::kSync, "sync", 3},
    {Kind::kWriteback, "writeback", 2},
    {Kind::kAllocate, "allocate", 4},
    {Kind::kRemove, "remove", 18},
    {Kind::kLink, "link", 12},
    {Kind::kRename, "rename", 14},
    {Kind::kCreateDir, "create-dir", 5},
    {Kind::kRemoveDir, "remove-dir", 16},
    {Kind::kList, "list", 3},
    {Kind::kStat, "stat", 5},
    {Kind::kSyncDir, "sync-dir", 3},
    {Kind::kLock, "lock", 3},
    {Kind::kUnlock, "unlock", 3},
};

constexpr uint64_t TotalWeight() {
  uint64_t total = 0;
  for (const KindRow& row : kKinds) total += row.weight;
  return total;
}

const char* NameOf(Kind kind) {
  for (const KindRow& row : kKinds) {
    if (row.kind == kind) return row.name;
  }
  return "?";
}

}  // namespace

std::string LockstepCall::Describe() const {
  std::string text = NameOf(kind);
  text += " slot " + std::to_string(slot) + " '" + path + "'";
  if (!path2.empty()) text += " '" + path2 + "'";
  text += " [" + std::to_string(offset_bytes) + ", +" + std::to_string(length_bytes) + ")";
  if (flags.write) text += " write";
  if (flags.create) text += " create";
  if (flags.exclusive) text += " exclusive";
  if (flags.dsync) text += " dsync";
  if (option) text += kind == Kind::kSync ? " data" : " keep-size";
  return text;
}

LockstepCall CallMaker::Next(const LockstepSide& side) {
  LockstepCall call;
  call.kind = PickKind();
  call.slot = random_.Below(LockstepSide::kFileSlots);
  call.path = Path();
  if (call.kind == Kind::kLink || call.kind == Kind::kRename) call.path2 = Path();
  call.offset_bytes = Offset();
  call.length_bytes = Length();
  call.fill = static_cast<char>('a' + random_.Below(26));
  call.option = random_.OneIn(2);
  if (call.kind == Kind::kOpen) {
    call.flags.create = random_.OneIn(3);
    call.flags.write = call.flags.create ? !random_.OneIn(20) : random_.OneIn(2);
    call.flags.exclusive = random_.OneIn(call.flags.create ? 4 : 40);
    call.flags.dsync = random_.OneIn(10);
  }
  if (call.kind == Kind::kLock || call.kind == Kind::kUnlock) {
    call.slot %= LockstepSide::kLockSlots;
    call.kind = side.HasLock(call.slot) ? Kind::kUnlock : Kind::kLock;
  } else if (call.kind >= Kind::kClose && call.kind <= Kind::kAllocate &&
             !side.HasFile(call.slot)) {
    call.kind = Kind::kOpen;
    call.flags.write = call.flags.create = true;
  }
  return call;
}

LockstepCall::Kind CallMaker::PickKind() {
  uint64_t ticket = random_.Below(TotalWeight());
  for (const KindRow& row : kKinds) {
    if (ticket < row.weight) return row.kind;
    ticket -= row.weight;
  }
  return Kind::kStat;
}

std::string CallMaker::Name() { return std::string(1, static_cast<char>('a' + random_.Below(6))); }

/// Never leaves the subject's root: ".." follows a name only.
std::string CallMaker::Path() {
  std::string path = Name();
  while (random_.OneIn(2) && path.size() < 12) {
    path += '/';
    if (random_.OneIn(20)) path += "./";
    if (random_.OneIn(20)) path += '/';
    if (random_.OneIn(15)) path += Name() + "/../";
    path += Name();
  }
  if (random_.OneIn(25)) path += '/';
  if (random_.OneIn(40)) path += "/.";
  if (random_.OneIn(40)) path += "/..";
  if (random_.OneIn(200)) path += "/" + std::string(250 + random_.Below(10), 'n');
  if (random_.OneIn(200)) path = "";  // the root itself
  return path;
}

/// Around the edges of sectors and pages, and between.
uint64_t CallMaker::Offset() {
  if (random_.OneIn(3)) return 0;
  if (random_.OneIn(200)) return uint64_t{1} << 63;
  if (random_.OneIn(3)) {
    return (1 + random_.Below(3)) * (random_.OneIn(2) ? 512 : 4096) + random_.Below(3) - 1;
  }
  return random_.Below(random_.OneIn(20) ? 100'000 : 10'000);
}

uint64_t CallMaker::Length() {
  if (random_.OneIn(20)) return 0;
  if (random_.OneIn(4)) return 4095 + random_.Below(3);
  return random_.Below(random_.OneIn(4) ? 9000 : 64);
}

}  // namespace faultfs
