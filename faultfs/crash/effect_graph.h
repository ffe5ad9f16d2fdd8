// EffectGraph: a trace lowered to what can be lost one by one.
//
// An effect is the full new content of one register: one sector of a file, a file's size, or one
// name in a directory (an atomic rename changes two names in one effect). The versions of a
// register persist in order: a later version of a cached sector contains the earlier ones. Besides
// that, a model may demand that some effects persist before others: an edge. A sync forces effects:
// from its end on they cannot be lost. A crash state keeps a downward-closed set of the effects
// issued so far. Where a model says so, an effect that a failed sync abandoned binds nothing from
// then on: what has an edge to it need wait only for what it waited for.
//
// Not modelled as effects: the creation of an inode (a file system that kept a name without its
// inode would be broken, and an inode without a name shows nowhere), times, link counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultfs/crash/persistence_model.h"
#include "faultfs/sim/image.h"
#include "faultfs/sim/trace.h"

namespace faultfs {

using EffectId = uint32_t;
using RegisterId = uint32_t;
inline constexpr uint32_t kNone = UINT32_MAX;

enum class RegisterKind : uint8_t { kSector, kSize, kEntry };

struct Register {
  RegisterKind kind;
  InodeNumber inode;    // of kEntry: the directory
  uint64_t sector = 0;  // of kSector, in units of the model
  std::string name;     // of kEntry
  // Of kSector: the base image has bytes here that are neither a hole nor beyond its size.
  bool base_has_content = false;
  EffectId last = kNone;  // the newest effect: walk `previous` from here
};

/// One register's new content within an effect.
struct RegisterWrite {
  RegisterId reg = kNone;
  EffectId previous = kNone;  // the effect before it on this register
  // kSector: offset of unit_bytes() bytes in EffectGraph::content. kSize: the size in bytes.
  // kEntry: the inode named, or kNoInode.
  uint64_t value = 0;
};

struct Effect {
  uint32_t step = 0;                // of the trace: the operation that issued it
  uint32_t forced_from = kNone;     // the step (a sync's end) from which on it cannot be lost
  uint32_t abandoned_from = kNone;  // the step (a failed sync's end) that left it clean: no later
                                    // sync of its object will write it
  bool frees = false;               // kSize, shrinking: sectors from the new size on are freed
  bool intermediate = false;        // kSize: the same write went on to grow the file
  uint32_t first_edge = 0;          // into EffectGraph::edges: effects that must persist before
  uint32_t edge_count = 0;          // beside the predecessors on its registers
  RegisterWrite write;
  RegisterWrite second;  // of an atomic rename; reg is kNone otherwise

  [[nodiscard]] bool has_second() const { return second.reg != kNone; }
  [[nodiscard]] bool abandoned() const { return abandoned_from != kNone; }
};

/// A range that was allocated before it was written: it reads as zeros until then.
struct AllocatedRange {
  uint32_t step;
  InodeNumber inode;
  uint64_t begin_bytes;
  uint64_t end_bytes;
};

/// Where a run is cut: after the first `steps` steps of the trace.
struct CrashPoint {
  uint32_t steps = 0;
  friend auto operator<=>(const CrashPoint&, const CrashPoint&) = default;
};

struct EffectGraph {
  PersistenceModel model;
  Image base;
  const Trace* trace = nullptr;  // must outlive the graph
  std::vector<Register> registers;
  std::vector<Effect> effects;  // in the order of issue; the step never falls
  std::vector<EffectId> edges;
  std::string content;  // the bytes of all sector effects
  std::vector<AllocatedRange> allocated;
  std::vector<FileType> inode_types;                  // by inode number: base and trace
  std::vector<std::vector<RegisterId>> file_sectors;  // by inode number: its sector registers
  std::vector<RegisterId> file_size;                  // by inode number: its size register or kNone
  std::vector<std::vector<EffectId>> file_cuts;       // by inode number: its effects that free
  bool renames_directories = false;
  bool fails_late = false;  // a sync said Ok and failed (SyncOutcome::kLate)
  // What pages show that went back while a journal has other bytes (TraceOp::journaled), ascending.
  // The disk got no write of it: it is pending for ever, and nothing is torn over it.
  std::vector<EffectId> cache_only;

  [[nodiscard]] std::string_view SectorContent(const RegisterWrite& write) const {
    return std::string_view(content).substr(write.value, model.unit_bytes());
  }
  [[nodiscard]] const Register& RegisterOf(const RegisterWrite& write) const {
    return registers[write.reg];
  }
};

/// Calls `visit` with each effect that must persist before `id`, one step back.
template <typename Visit>
void ForEachPrerequisite(const EffectGraph& graph, EffectId id, Visit visit) {
  const Effect& effect = graph.effects[id];
  if (effect.write.previous != kNone) visit(effect.write.previous);
  if (effect.has_second() && effect.second.previous != kNone) visit(effect.second.previous);
  for (uint32_t i = 0; i < effect.edge_count; ++i) visit(graph.edges[effect.first_edge + i]);
}

/// Lowers a run that began on `base`, durable. `trace` must outlive the graph.
[[nodiscard]] EffectGraph Lower(const Image& base, const Trace& trace,
                                const PersistenceModel& model);

/// Just before each step that is no mark, and the end.
[[nodiscard]] std::vector<CrashPoint> CrashPoints(const Trace& trace);

// Names. An operation is named by its IoTag and how often the tag came before: "wal.append#2"; an
// effect by its operation and its register: "wal.append#2/s0", ".../size", ".../size:4096" of
// a write that grew the file further, "wal.create#1/+LOG",
// "gc.remove#1/-LOG", "wal.publish#1/rename". A crash point is named by the operation it precedes,
// "wal.sync#1.begin" and "wal.sync#1.end" for the two steps of a sync, or "end". Names survive
// changes elsewhere in the program, which step numbers do not.

[[nodiscard]] std::string EffectName(const EffectGraph& graph, EffectId effect);
[[nodiscard]] std::string CrashPointName(const Trace& trace, CrashPoint point);
/// kNotFound if the run has no such thing.
[[nodiscard]] Result<EffectId> FindEffect(const EffectGraph& graph, std::string_view name);
[[nodiscard]] Result<CrashPoint> FindCrashPoint(const Trace& trace, std::string_view name);

/// For people: "data of /db/LOG [512, 1024)", "size of /db/LOG: 64 -> 128", "/db/LOG added", ….
[[nodiscard]] std::string EffectLabel(const EffectGraph& graph, EffectId effect);
/// All effects, one a line: name, label, what must persist before, what forces it.
[[nodiscard]] std::string Describe(const EffectGraph& graph);

}  // namespace faultfs
