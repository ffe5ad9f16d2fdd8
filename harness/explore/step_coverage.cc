#include "harness/explore/step_coverage.h"

#include <algorithm>
#include <map>
#include <utility>

#include "harness/explore/explorer.h"

namespace crashlab {
namespace {

using faultfs::FileType;
using faultfs::Image;
using faultfs::InodeNumber;
using faultfs::TraceKind;
using faultfs::TraceOp;

constexpr std::string_view kDirectory = "directory";

/// Kinds by inode, as the names change along a trace.
class Kinds {
 public:
  Kinds(const Adapter& adapter, const Image& base) : adapter_(adapter) {
    for (InodeNumber inode = 0; inode < base.next_inode(); ++inode) {
      const faultfs::Inode* node = base.Find(inode);
      if (node == nullptr || node->type != FileType::kDirectory) continue;
      Of(inode) = kDirectory;
      for (const auto& [name, child] : node->entries) Named(child, name);
    }
  }

  /// The kind of what a step is about; of a rename by the new name.
  std::string_view Take(const TraceOp& op) {
    switch (op.kind) {
      case TraceKind::kCreateDir:
      case TraceKind::kRemoveDir:
        return Of(op.inode) = kDirectory;
      case TraceKind::kCreate:
      case TraceKind::kLink:
        return Named(op.inode, op.name);
      case TraceKind::kRename:
        return Named(op.inode, op.to_name);
      case TraceKind::kUnlink:
        return adapter_.FileKind(op.name);
      default:
        return Of(op.inode);
    }
  }

 private:
  std::string_view& Of(InodeNumber inode) {
    if (inode >= kinds_.size()) kinds_.resize(inode + 1);
    return kinds_[inode];
  }
  std::string_view Named(InodeNumber inode, std::string_view name) {
    std::string_view& kind = Of(inode);
    if (kind != kDirectory) kind = adapter_.FileKind(name);
    return kind;
  }

  const Adapter& adapter_;
  std::vector<std::string_view> kinds_;
};

}  // namespace

StepCoverage::StepCoverage(const Adapter& adapter, const Image& base, const faultfs::Trace& trace,
                           uint32_t begin_step, bool inner, Coverage& out)
    : trace_(trace), begin_step_(begin_step), inner_(inner), out_(out), classes_(trace.ops.size()) {
  Kinds kinds(adapter, base);
  kinds_.reserve(trace.ops.size());
  for (const TraceOp& op : trace.ops) {
    kinds_.push_back(op.kind == TraceKind::kMark ? std::string_view() : kinds.Take(op));
  }
}

StepCoverage::~StepCoverage() {
  std::map<std::pair<std::string_view, std::string_view>, FaultClasses> rows;
  for (size_t step = 0; step < trace_.ops.size(); ++step) {
    const TraceOp& op = trace_.ops[step];
    if (op.kind == TraceKind::kMark) continue;
    if (step < begin_step_ && classes_[step] == 0) continue;
    const std::string_view tag = op.tag.name().empty() ? TraceKindName(op.kind) : op.tag.name();
    rows[{kinds_[step], tag}] |= classes_[step];
  }
  for (const auto& [row, classes] : rows) {
    out_.Note(row.first, row.second, inner_ ? classes << kInnerShift : classes);
  }
}

void StepCoverage::Visit(const faultfs::EffectGraph& graph, const faultfs::CrashState& state,
                         CrashKind kind) {
  const bool power = kind == CrashKind::kPowerLoss;
  if (state.point.steps < classes_.size()) {
    classes_[state.point.steps] |= power ? kPowerLossBefore : kProcessDeathBefore;
  }
  if (!power || state.lost.empty()) return;
  const auto step_of = [&](faultfs::EffectId id) { return graph.effects[id].step; };
  // Steps never fall along the effects.
  const bool alone = step_of(state.lost.front()) == step_of(state.lost.back());
  for (const faultfs::EffectId id : state.lost) {
    classes_[step_of(id)] |= kLost | (alone ? kLostAlone : 0);
  }
  for (const faultfs::Tear& tear : state.tears) classes_[step_of(tear.effect)] |= kTorn;
}

void StepCoverage::Rotten(uint32_t steps, faultfs::RotKind kind,
                          const std::vector<faultfs::HurtRange>& hurt) {
  for (const faultfs::HurtRange& range : hurt) {
    for (size_t step = std::min<size_t>(steps, trace_.ops.size()); step-- > 0;) {
      const TraceOp& op = trace_.ops[step];
      if (op.kind != TraceKind::kWrite || op.inode != range.file) continue;
      if (op.offset_bytes >= range.end_bytes) continue;
      if (op.offset_bytes + op.data.size() <= range.begin_bytes) continue;
      classes_[step] |= RotClass(kind);
      break;
    }
  }
}

std::string_view FileKindOf(const Adapter& adapter, const faultfs::IoCall& call,
                            std::string_view path) {
  using faultfs::IoOp;
  const bool directory = call.op == IoOp::kCreateDir || call.op == IoOp::kRemoveDir ||
                         call.op == IoOp::kSyncDir || call.op == IoOp::kList ||
                         path == kStoreDirectory || call.path == kStoreDirectory;
  return directory ? kDirectory : adapter.FileKind(path.substr(path.rfind('/') + 1));
}

}  // namespace crashlab
