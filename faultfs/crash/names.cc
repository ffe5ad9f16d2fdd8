// Names and labels: what people and scenario files call effects and crash points.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "faultfs/crash/effect_graph.h"

namespace faultfs {
namespace {

std::string_view CallName(const TraceOp& op) {
  return op.tag.name().empty() ? TraceKindName(op.kind) : op.tag.name();
}

bool StartsCall(const TraceOp& op) {
  return op.kind != TraceKind::kMark && op.kind != TraceKind::kSyncEnd;
}

/// "wal.append#2" of the call that made this step.
std::string OperationName(const Trace& trace, uint32_t step) {
  const TraceOp* op = &trace.ops[step];
  if (op->kind == TraceKind::kSyncEnd) {
    while (step > 0 && (trace.ops[step].kind != TraceKind::kSyncBegin ||
                        trace.ops[step].sync_id != op->sync_id)) {
      --step;
    }
    op = &trace.ops[step];
  }
  const std::string_view name = CallName(*op);
  int nth = 0;
  for (uint32_t i = 0; i <= step; ++i) {
    if (StartsCall(trace.ops[i]) && CallName(trace.ops[i]) == name) ++nth;
  }
  return fmt::format("{}#{}", name, nth);
}

/// OperationName for one step after another, in one walk.
class OperationCounter {
 public:
  explicit OperationCounter(const Trace& trace) : trace_(trace) {}

  /// `step`, not less than the last one asked for, begins a call.
  const std::string& NameOf(uint32_t step) {
    for (; next_ <= step; ++next_) {
      if (!StartsCall(trace_.ops[next_])) continue;
      const std::string_view call = CallName(trace_.ops[next_]);
      const int nth = ++count_[call];
      if (next_ == step) name_ = fmt::format("{}#{}", call, nth);
    }
    return name_;
  }

 private:
  const Trace& trace_;
  uint32_t next_ = 0;
  std::map<std::string_view, int> count_;
  std::string name_;
};

/// Where inodes are in the tree while a trace is walked.
class Paths {
 public:
  explicit Paths(const EffectGraph& graph) : trace_(*graph.trace) {
    for (InodeNumber inode = 1; inode < graph.base.next_inode(); ++inode) {
      const Inode* directory = graph.base.Find(inode);
      if (directory == nullptr || directory->type != FileType::kDirectory) continue;
      for (const auto& [name, child] : directory->entries) place_.try_emplace(child, inode, name);
    }
  }

  /// Takes in the steps up to and including `step`.
  void AdvanceTo(uint32_t step) {
    for (; next_ <= step && next_ < trace_.ops.size(); ++next_) {
      const TraceOp& op = trace_.ops[next_];
      if (op.kind == TraceKind::kCreate || op.kind == TraceKind::kCreateDir) {
        place_[op.inode] = {op.directory, op.name};
      } else if (op.kind == TraceKind::kRename) {
        place_[op.inode] = {op.to_directory, op.to_name};
      }
    }
  }

  std::string Of(InodeNumber inode) const {
    if (inode == kRootInode) return "";
    const auto it = place_.find(inode);
    if (it == place_.end()) return fmt::format("inode {}", inode);
    return Of(it->second.first) + "/" + it->second.second;
  }
  std::string Of(InodeNumber directory, std::string_view name) const {
    return Of(directory) + "/" + std::string(name);
  }

 private:
  const Trace& trace_;
  uint32_t next_ = 0;
  std::map<InodeNumber, std::pair<InodeNumber, std::string>> place_;
};

std::string RegisterName(const EffectGraph& graph, const Effect& effect) {
  if (effect.has_second()) return "rename";
  const Register& reg = graph.RegisterOf(effect.write);
  switch (reg.kind) {
    case RegisterKind::kSector:
      return fmt::format("s{}", reg.sector);
    case RegisterKind::kSize:
      return effect.intermediate ? fmt::format("size:{}", effect.write.value) : "size";
    case RegisterKind::kEntry:
      return (effect.write.value == kNoInode ? "-" : "+") + reg.name;
  }
  FAULTFS_CHECK(false, "every kind of register has a name");
  return {};
}

std::string SectorLabel(const EffectGraph& graph, const Effect& effect, const Paths& paths) {
  const Register& reg = graph.RegisterOf(effect.write);
  const uint64_t unit = graph.model.unit_bytes();
  return fmt::format("data of {} [{}, {})", paths.Of(reg.inode), reg.sector * unit,
                     (reg.sector + 1) * unit);
}

std::string SizeLabel(const EffectGraph& graph, const Effect& effect, const Paths& paths) {
  const Register& reg = graph.RegisterOf(effect.write);
  const Inode* base = graph.base.Find(reg.inode);
  uint64_t before = base == nullptr ? 0 : base->size_bytes;
  if (effect.write.previous != kNone) before = graph.effects[effect.write.previous].write.value;
  return fmt::format("size of {}: {} -> {}", paths.Of(reg.inode), before, effect.write.value);
}

std::string EntryLabel(const EffectGraph& graph, const Effect& effect, const Paths& paths) {
  const Register& reg = graph.RegisterOf(effect.write);
  const std::string path = paths.Of(reg.inode, reg.name);
  if (effect.has_second()) {
    const Register& from = graph.RegisterOf(effect.second);
    return fmt::format("{} renamed to {}", paths.Of(from.inode, from.name), path);
  }
  const std::string_view why =
      graph.trace->ops[effect.step].kind == TraceKind::kRename ? " by rename" : "";
  if (effect.write.value == kNoInode) return fmt::format("{} removed{}", path, why);
  return fmt::format("{} added{} (inode {})", path, why, effect.write.value);
}

std::string Label(const EffectGraph& graph, const Effect& effect, const Paths& paths) {
  switch (graph.RegisterOf(effect.write).kind) {
    case RegisterKind::kSector:
      return SectorLabel(graph, effect, paths);
    case RegisterKind::kSize:
      return SizeLabel(graph, effect, paths);
    case RegisterKind::kEntry:
      return EntryLabel(graph, effect, paths);
  }
  FAULTFS_CHECK(false, "every kind of register has a label");
  return {};
}

std::vector<EffectId> MustPersistBefore(const EffectGraph& graph, EffectId id) {
  std::vector<EffectId> before;
  ForEachPrerequisite(graph, id, [&](EffectId other) { before.push_back(other); });
  std::sort(before.begin(), before.end());
  before.erase(std::unique(before.begin(), before.end()), before.end());
  return before;
}

}  // namespace

std::string EffectName(const EffectGraph& graph, EffectId effect) {
  const Effect& e = graph.effects[effect];
  return OperationName(*graph.trace, e.step) + "/" + RegisterName(graph, e);
}

std::string CrashPointName(const Trace& trace, CrashPoint point) {
  if (point.steps >= trace.ops.size()) return "end";
  const std::string name = OperationName(trace, point.steps);
  if (trace.ops[point.steps].kind == TraceKind::kSyncBegin) return name + ".begin";
  if (trace.ops[point.steps].kind == TraceKind::kSyncEnd) return name + ".end";
  return name;
}

Result<EffectId> FindEffect(const EffectGraph& graph, std::string_view name) {
  OperationCounter counter(*graph.trace);
  for (EffectId id = 0; id < graph.effects.size(); ++id) {
    const Effect& effect = graph.effects[id];
    if (counter.NameOf(effect.step) + "/" + RegisterName(graph, effect) == name) return id;
  }
  return Status::Error(Code::kNotFound, fmt::format("the run has no effect \"{}\"", name));
}

Result<CrashPoint> FindCrashPoint(const Trace& trace, std::string_view name) {
  for (CrashPoint point : CrashPoints(trace)) {
    if (CrashPointName(trace, point) == name) return point;
  }
  return Status::Error(Code::kNotFound, fmt::format("the run has no crash point \"{}\"", name));
}

std::string EffectLabel(const EffectGraph& graph, EffectId effect) {
  Paths paths(graph);
  paths.AdvanceTo(graph.effects[effect].step);
  return Label(graph, graph.effects[effect], paths);
}

std::string Describe(const EffectGraph& graph) {
  std::string text;
  Paths paths(graph);
  for (EffectId id = 0; id < graph.effects.size(); ++id) {
    const Effect& effect = graph.effects[id];
    paths.AdvanceTo(effect.step);
    text += fmt::format("{}: {}", EffectName(graph, id), Label(graph, effect, paths));
    const std::vector<EffectId> before = MustPersistBefore(graph, id);
    for (size_t i = 0; i < before.size(); ++i) {
      text += (i == 0 ? "; after " : ", ") + EffectName(graph, before[i]);
    }
    if (effect.forced_from != kNone) {
      text += "; forced by " + OperationName(*graph.trace, effect.forced_from);
    } else if (effect.abandoned()) {
      text += "; abandoned by a failed sync";
    }
    text += "\n";
  }
  return text;
}

}  // namespace faultfs
