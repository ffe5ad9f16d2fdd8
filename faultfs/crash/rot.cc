#include "faultfs/crash/rot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "faultfs/crash/disk_builder.h"
#include "faultfs/env/random.h"

namespace faultfs {
namespace {

constexpr std::array<std::string_view, kRotKindCount> kNames = {"flip", "zero", "stale", "lost",
                                                                "misdirected"};
constexpr uint64_t kFlipEveryBytes = 16;
constexpr uint64_t kTargetsOfAWrite = 2;  // anywhere, beside the twin

struct NamedFile {
  std::string path;
  InodeNumber inode;
};

/// Where a misdirected write may land.
struct Target {
  const NamedFile* file;
  uint64_t offset_bytes;
};

/// The same offset in another file: what knows its offset and not its file is at home there.
std::optional<Target> TwinOf(const std::vector<Target>& targets, const Register& reg, size_t unit,
                             uint64_t draw) {
  std::vector<Target> twins;
  std::copy_if(targets.begin(), targets.end(), std::back_inserter(twins),
               [&](const Target& target) {
                 return target.file->inode != reg.inode && target.offset_bytes == reg.sector * unit;
               });
  if (twins.empty()) return std::nullopt;
  return twins[Mix64(draw, MixString("twin")) % twins.size()];
}

/// Every file of the tree with one of its names, by path.
void ListFiles(const Image& image, InodeNumber directory, const std::string& path,
               std::vector<NamedFile>& files) {
  for (const auto& [name, inode] : image.Find(directory)->entries) {
    const std::string child = path + "/" + name;
    if (image.Find(inode)->type == FileType::kDirectory) {
      ListFiles(image, inode, child, files);
    } else if (std::none_of(files.begin(), files.end(), [inode = inode](const NamedFile& file) {
                 return file.inode == inode;
               })) {
      files.push_back({child, inode});
    }
  }
}

std::vector<NamedFile> FilesOf(const Image& image) {
  std::vector<NamedFile> files;
  ListFiles(image, kRootInode, "", files);
  return files;
}

Result<InodeNumber> FileAt(const Image& image, std::string_view path) {
  for (const NamedFile& file : FilesOf(image)) {
    if (file.path == path) return file.inode;
  }
  return Status::Error(Code::kNotFound, fmt::format("the disk has no file {}", path));
}

/// Changes a disk and remembers what.
class Decay {
 public:
  Decay(PointView& view, const CrashState& state, const Image& left)
      : view_(view), graph_(view.graph()), unit_(graph_.model.unit_bytes()), left_(left) {
    view.Assume(state.lost);
    rotten_.image = left;
  }

  Status Apply(const Rot& rot) {
    switch (rot.kind) {
      case RotKind::kFlip:
        return Flip(rot);
      case RotKind::kZero: {
        FAULTFS_ASSIGN_OR_RETURN(const InodeNumber file, FileAt(rotten_.image, rot.path));
        return Put(file, rot.offset_bytes, std::string(unit_, '\0'));
      }
      case RotKind::kStale: {
        FAULTFS_ASSIGN_OR_RETURN(const EffectId effect, FindEffect(graph_, rot.write));
        return TakeBack(effect);
      }
      case RotKind::kLost:
      case RotKind::kMisdirected:
        return Misplace(rot);
    }
    return Status();
  }

  [[nodiscard]] Result<RottenDisk> Take() && {
    // A write that landed where it had been taken away from has healed that place.
    std::erase_if(rotten_.hurt, [this](const HurtRange& range) { return Healed(range); });
    if (rotten_.hurt.empty()) {
      return Status::Error(Code::kInvalidArgument, "this rot changes nothing here");
    }
    return std::move(rotten_);
  }

  /// Whether the effect is what its sector shows, and the sector shows.
  [[nodiscard]] bool Shows(EffectId effect) const {
    const RegisterWrite& write = graph_.effects[effect].write;
    const Register& reg = graph_.RegisterOf(write);
    if (reg.kind != RegisterKind::kSector || view_.NewestPersisted(write.reg) != effect) {
      return false;
    }
    const Inode* inode = rotten_.image.Find(reg.inode);
    return inode != nullptr && inode->link_count > 0 && reg.sector * unit_ < inode->size_bytes;
  }

 private:
  Status Flip(const Rot& rot) {
    FAULTFS_ASSIGN_OR_RETURN(const InodeNumber file, FileAt(rotten_.image, rot.path));
    if (rot.offset_bytes >= rotten_.image.Find(file)->size_bytes) {
      return Status::Error(Code::kNotFound,
                           fmt::format("{} ends before byte {}", rot.path, rot.offset_bytes));
    }
    std::byte byte{};
    (void)rotten_.image.Read(file, rot.offset_bytes, std::span(&byte, 1));
    byte ^= std::byte{1} << rot.bit;
    rotten_.image.Write(file, rot.offset_bytes, std::span(&byte, 1));
    rotten_.hurt.push_back({file, rot.offset_bytes, rot.offset_bytes + 1});
    return Status();
  }

  /// The sector shows what it held before this effect.
  Status TakeBack(EffectId effect) {
    if (!Shows(effect)) {
      return Status::Error(Code::kNotFound, "that write does not show on the disk");
    }
    const RegisterWrite& write = graph_.effects[effect].write;
    const Register& reg = graph_.RegisterOf(write);
    const std::string before =
        write.previous == kNone
            ? ReadSector(graph_.base, reg.inode, reg.sector, unit_)
            : std::string(graph_.SectorContent(graph_.effects[write.previous].write));
    return Put(reg.inode, reg.sector * unit_, before);
  }

  Status Misplace(const Rot& rot) {
    FAULTFS_ASSIGN_OR_RETURN(const CrashPoint before, FindCrashPoint(*graph_.trace, rot.write));
    std::string landed;
    for (EffectId id = 0; id < graph_.effects.size(); ++id) {
      if (graph_.effects[id].step != before.steps) continue;
      if (graph_.RegisterOf(graph_.effects[id].write).kind != RegisterKind::kSector) continue;
      if (landed.empty()) landed = graph_.SectorContent(graph_.effects[id].write);
      if (Shows(id)) FAULTFS_RETURN_IF_ERROR(TakeBack(id));
    }
    if (rot.kind == RotKind::kLost || rotten_.hurt.empty()) return Status();
    FAULTFS_ASSIGN_OR_RETURN(const InodeNumber target, FileAt(rotten_.image, rot.path));
    return Put(target, rot.offset_bytes, landed);
  }

  [[nodiscard]] bool Healed(const HurtRange& range) const {
    const auto bytes = [&](const Image& image) {
      std::string read(range.end_bytes - range.begin_bytes, '\0');
      (void)image.Read(range.file, range.begin_bytes, std::as_writable_bytes(std::span(read)));
      return read;
    };
    return bytes(rotten_.image) == bytes(left_);
  }

  /// Overwrites a sector within the file's size; what changes is hurt.
  Status Put(InodeNumber file, uint64_t offset_bytes, std::string_view bytes) {
    const uint64_t size_bytes = rotten_.image.Find(file)->size_bytes;
    if (offset_bytes >= size_bytes || offset_bytes % unit_ != 0) {
      return Status::Error(Code::kNotFound,
                           fmt::format("no sector begins at byte {} of the file", offset_bytes));
    }
    const std::string old = ReadSector(rotten_.image, file, offset_bytes / unit_, unit_);
    const uint64_t inside = std::min<uint64_t>(unit_, size_bytes - offset_bytes);
    uint64_t begin = 0;
    uint64_t end = inside;
    while (begin < end && old[begin] == bytes[begin]) ++begin;
    while (end > begin && old[end - 1] == bytes[end - 1]) --end;
    if (begin == end) return Status();
    rotten_.image.Write(file, offset_bytes,
                        std::as_bytes(std::span(bytes.data(), static_cast<size_t>(inside))));
    rotten_.hurt.push_back({file, offset_bytes + begin, offset_bytes + end});
    return Status();
  }

  PointView& view_;
  const EffectGraph& graph_;
  const size_t unit_;
  const Image& left_;
  RottenDisk rotten_;
};

std::string_view OperationOf(std::string_view effect) {
  return effect.substr(0, effect.rfind('/'));
}

Result<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return Status::Error(Code::kInvalidArgument, fmt::format("\"{}\" is no number", text));
}

/// Cuts the last word off; "" if there is none.
std::string_view TakeLastWord(std::string_view& text) {
  const size_t space = text.rfind(' ');
  if (space == text.npos) return "";
  const std::string_view word = text.substr(space + 1);
  text = text.substr(0, space);
  return word;
}

}  // namespace

std::string_view Name(RotKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<RotKind> RotKindFromName(std::string_view name) {
  const auto it = std::find(kNames.begin(), kNames.end(), name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<RotKind>(it - kNames.begin());
}

std::vector<RotKind> AllRotKinds() {
  std::vector<RotKind> kinds;
  for (int kind = 0; kind < kRotKindCount; ++kind) kinds.push_back(static_cast<RotKind>(kind));
  return kinds;
}

std::string Print(const Rot& rot) {
  const std::string_view kind = Name(rot.kind);
  switch (rot.kind) {
    case RotKind::kFlip:
      return fmt::format("{} {} {}.{}", kind, rot.path, rot.offset_bytes, rot.bit);
    case RotKind::kZero:
      return fmt::format("{} {} {}", kind, rot.path, rot.offset_bytes);
    case RotKind::kStale:
    case RotKind::kLost:
      return fmt::format("{} {}", kind, rot.write);
    case RotKind::kMisdirected:
      return fmt::format("{} {} {} {}", kind, rot.write, rot.path, rot.offset_bytes);
  }
  return "";
}

Result<Rot> ParseRot(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Status::Error(Code::kInvalidArgument, fmt::format("rot \"{}\": {}", text, why));
  };
  const size_t space = text.find(' ');
  const auto kind = RotKindFromName(text.substr(0, space));
  if (!kind) return wrong("begins with none of flip, zero, stale, lost, misdirected");
  if (space == text.npos) return wrong("says not where");
  std::string_view rest = text.substr(space + 1);
  Rot rot;
  rot.kind = *kind;
  if (*kind == RotKind::kStale || *kind == RotKind::kLost) {
    rot.write = rest;
    if (rest.empty() || rest.find(' ') != rest.npos) return wrong("needs the name of a write");
    return rot;
  }
  std::string_view offset = TakeLastWord(rest);
  if (*kind == RotKind::kFlip) {
    const size_t dot = offset.find('.');
    if (dot == offset.npos) return wrong("needs a byte and a bit, such as 100.3");
    FAULTFS_ASSIGN_OR_RETURN(const uint64_t bit, ParseNumber(offset.substr(dot + 1)));
    if (bit > 7) return wrong("a byte has the bits 0 to 7");
    rot.bit = static_cast<uint32_t>(bit);
    offset = offset.substr(0, dot);
  }
  FAULTFS_ASSIGN_OR_RETURN(rot.offset_bytes, ParseNumber(offset));
  if (*kind == RotKind::kMisdirected) {
    const size_t after = rest.find(' ');
    if (after == rest.npos) return wrong("needs a write, a file and an offset");
    rot.write = rest.substr(0, after);
    rest = rest.substr(after + 1);
  }
  if (!rest.starts_with("/")) return wrong("needs the path of a file");
  rot.path = rest;
  return rot;
}

Result<RottenDisk> ApplyRot(PointView& view, const CrashState& state, const Image& left,
                            const Rot& rot) {
  Decay decay(view, state, left);
  FAULTFS_RETURN_IF_ERROR(decay.Apply(rot));
  return std::move(decay).Take();
}

std::vector<Rot> RotsOf(PointView& view, const CrashState& state, const Image& left) {
  const EffectGraph& graph = view.graph();
  const size_t unit = graph.model.unit_bytes();
  const std::vector<NamedFile> files = FilesOf(left);
  std::vector<Rot> rots;
  std::vector<Target> targets;
  for (const NamedFile& file : files) {
    const uint64_t size_bytes = left.Find(file.inode)->size_bytes;
    for (uint64_t offset = 0; offset < size_bytes; offset += unit) {
      targets.push_back({&file, offset});
      const std::string bytes = ReadSector(left, file.inode, offset / unit, unit);
      if (bytes.find_first_not_of('\0') == bytes.npos) continue;
      rots.push_back({.kind = RotKind::kZero,
                      .write = {},
                      .path = file.path,
                      .offset_bytes = offset,
                      .bit = 0});
    }
    for (uint64_t offset = 0; offset < size_bytes; offset += kFlipEveryBytes) {
      const uint64_t room = std::min(kFlipEveryBytes, size_bytes - offset);
      const uint64_t draw = Mix64(Mix64(file.inode, offset), MixString("flip"));
      rots.push_back({.kind = RotKind::kFlip,
                      .write = {},
                      .path = file.path,
                      .offset_bytes = offset + draw % room,
                      .bit = static_cast<uint32_t>((draw >> 32) % 8)});
    }
  }
  const Decay decay(view, state, left);
  const auto misdirect = [&](std::string_view write, const Target& target) {
    rots.push_back({.kind = RotKind::kMisdirected,
                    .write = std::string(write),
                    .path = target.file->path,
                    .offset_bytes = target.offset_bytes,
                    .bit = 0});
  };
  uint32_t last_step = kNone;
  EffectId first = kNone;  // sector of the write, shown or not: what lands elsewhere
  for (EffectId id = 0; id < graph.effects.size(); ++id) {
    if (graph.RegisterOf(graph.effects[id].write).kind != RegisterKind::kSector) continue;
    if (first == kNone || graph.effects[first].step != graph.effects[id].step) first = id;
    if (!decay.Shows(id)) continue;
    const std::string name = EffectName(graph, id);
    rots.push_back(
        {.kind = RotKind::kStale, .write = name, .path = {}, .offset_bytes = 0, .bit = 0});
    if (graph.effects[id].step == last_step) continue;
    last_step = graph.effects[id].step;
    const std::string operation(OperationOf(name));
    rots.push_back(
        {.kind = RotKind::kLost, .write = operation, .path = {}, .offset_bytes = 0, .bit = 0});
    const Register& reg = graph.RegisterOf(graph.effects[first].write);
    if (const auto twin = TwinOf(targets, reg, unit, last_step)) misdirect(operation, *twin);
    for (uint64_t i = 0; i < kTargetsOfAWrite && !targets.empty(); ++i) {
      const uint64_t draw = Mix64(Mix64(last_step, i), MixString("misdirected"));
      misdirect(operation, targets[draw % targets.size()]);
    }
  }
  return rots;
}

}  // namespace faultfs
