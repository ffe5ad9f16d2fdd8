#include "faultfs/sim/path_walk.h"

#include <algorithm>

namespace faultfs {
namespace {

bool IsDirectory(const Image& image, InodeNumber inode) {
  return image.Find(inode)->type == FileType::kDirectory;
}

LastKind KindOf(std::string_view component) {
  if (component == ".") return LastKind::kDot;
  if (component == "..") return LastKind::kDotDot;
  return LastKind::kName;
}

WalkResult Step(const Image& image, InodeNumber directory, LastKind kind, std::string_view name) {
  switch (kind) {
    case LastKind::kName:
      return FindName(image, directory, name);
    case LastKind::kDotDot:
      return {Code::kOk, image.Find(directory)->parent};
    case LastKind::kDot:
    case LastKind::kRoot:
      break;
  }
  return {Code::kOk, directory};
}

}  // namespace

ParentWalk WalkToParent(const Image& image, std::string_view path) {
  ParentWalk walk;
  walk.directory = kRootInode;
  if (path.find('\0') != std::string_view::npos || path.size() > kMaxPathBytes) {
    walk.code = Code::kInvalidArgument;
    return walk;
  }
  if (path.empty()) {
    walk.code = Code::kNotFound;
    return walk;
  }
  size_t at = path.find_first_not_of('/');
  while (at != std::string_view::npos) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, end - at);
    const LastKind kind = KindOf(component);
    at = path.find_first_not_of('/', end);
    if (at == std::string_view::npos) {
      walk.last = kind;
      walk.name = component;
      walk.trailing_slash = end < path.size();
      break;
    }
    const WalkResult step = Step(image, walk.directory, kind, component);
    walk.code = step.code;
    if (step.code != Code::kOk) return walk;
    walk.directory = step.inode;
    if (!IsDirectory(image, walk.directory)) {
      walk.code = Code::kNotADirectory;
      return walk;
    }
  }
  return walk;
}

WalkResult FindName(const Image& image, InodeNumber directory, std::string_view name) {
  if (name.size() > kMaxNameBytes) return {Code::kInvalidArgument};
  const InodeNumber inode = image.Lookup(directory, name);
  return {inode == kNoInode ? Code::kNotFound : Code::kOk, inode};
}

WalkResult WalkTo(const Image& image, std::string_view path) {
  const ParentWalk walk = WalkToParent(image, path);
  if (walk.code != Code::kOk) return {walk.code};
  const WalkResult last = Step(image, walk.directory, walk.last, walk.name);
  if (last.code == Code::kOk && walk.trailing_slash && !IsDirectory(image, last.inode)) {
    return {Code::kNotADirectory};
  }
  return last;
}

bool IsAncestor(const Image& image, InodeNumber ancestor, InodeNumber inode) {
  // Bounded: a crash may leave two directories that are each other's parent.
  for (InodeNumber steps = 0; steps < image.next_inode(); ++steps) {
    if (inode == ancestor) return true;
    if (inode == kRootInode || inode == kNoInode) return false;
    inode = image.Find(inode)->parent;
  }
  return true;
}

}  // namespace faultfs
