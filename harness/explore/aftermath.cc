#include "harness/explore/aftermath.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace crashlab {
namespace {

using faultfs::Hash128;
using faultfs::Image;
using faultfs::InodeNumber;
using faultfs::UnreportedError;
using faultfs::Volume;

/// The first path of an inode in the order of names; empty if it has none. (What has the same
/// content has the same paths; numbers may differ.)
std::string PathOf(const Image& image, InodeNumber wanted, InodeNumber directory,
                   const std::string& prefix) {
  for (const auto& [name, inode] : image.Find(directory)->entries) {
    std::string path = prefix + "/";
    path += name;
    if (inode == wanted) return path;
    if (image.Find(inode)->type != faultfs::FileType::kDirectory) continue;
    std::string below = PathOf(image, wanted, inode, path);
    if (!below.empty()) return below;
  }
  return {};
}

std::vector<LeftError> WithPaths(const std::vector<UnreportedError>& errors, const Image& image) {
  std::vector<LeftError> named;
  for (const UnreportedError& error : errors) {
    std::string path = PathOf(image, error.inode, faultfs::kRootInode, "");
    if (!path.empty()) named.push_back({std::move(path), error});
  }
  std::sort(named.begin(), named.end(),
            [](const LeftError& a, const LeftError& b) { return a.path < b.path; });
  return named;
}

Hash128 Including(Hash128 hash, const std::vector<LeftError>& errors) {
  for (const LeftError& left : errors) {
    hash = faultfs::Combine(hash, faultfs::HashBytes(left.path));
    hash = faultfs::Combine(
        hash, {static_cast<uint64_t>(left.error.code), faultfs::MixString("unreported")});
  }
  return hash;
}

}  // namespace

std::string Describe(const LeftError& left) {
  return left.path + ": " + std::string(faultfs::CodeName(left.error.code));
}

Aftermath::Aftermath(const Volume& crashed, const faultfs::CrashState& state, CrashKind kind,
                     const Image& image, const faultfs::SyncFailureRules& rules)
    : image_(image), steps_(state.point.steps), rules_(rules) {
  if (kind == CrashKind::kPowerLoss) return;
  alive_ = &crashed;
  const std::vector<UnreportedError> errors = crashed.ErrorsAt(steps_);
  if (!errors.empty()) errors_ = WithPaths(errors, image);
}

Hash128 Aftermath::hash() const { return Including(image_.ContentHash(), errors_); }

std::unique_ptr<Volume> Aftermath::ToRecover() const {
  if (errors_.empty()) return std::make_unique<Volume>(image_, faultfs::Recording::kOff);
  uint32_t begin_step = 0;
  return ToCrash(begin_step);
}

std::unique_ptr<Volume> Aftermath::ToCrash(uint32_t& begin_step) const {
  begin_step = 0;
  if (alive_ == nullptr) return std::make_unique<Volume>(image_, faultfs::Recording::kOn);
  begin_step = steps_;
  auto volume = Volume::Resume(alive_->base(), alive_->trace(), steps_);
  if (errors_.empty()) return volume;
  volume->SetFailureRules(rules_, nullptr);
  for (const LeftError& left : errors_) volume->Carry(left.error);
  return volume;
}

}  // namespace crashlab
