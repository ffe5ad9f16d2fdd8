#include "harness/report/internal/finding_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <system_error>

#include "faultfs/env/posix_file_system.h"
#include "faultfs/sim/hash.h"
#include "harness/report/report.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

using faultfs::Code;
using faultfs::IoTag;
using faultfs::PosixFileSystem;
using faultfs::Status;

constexpr IoTag kTag{"report"};

std::optional<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Status WriteAndSync(const std::string& path, std::string_view text) {
  PosixFileSystem posix;
  FAULTFS_ASSIGN_OR_RETURN(auto file, posix.Open(path, {.write = true, .create = true}, kTag));
  FAULTFS_RETURN_IF_ERROR(file->Truncate(0, kTag));
  FAULTFS_RETURN_IF_ERROR(
      faultfs::WriteFully(*file, 0, std::as_bytes(std::span(text.data(), text.size())), kTag)
          .status);
  FAULTFS_RETURN_IF_ERROR(file->Sync(faultfs::SyncKind::kFull, kTag));
  return file->Close();
}

Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && fs::is_directory(folder, error)) return {};
  return Status::Error(Code::kIoError, error ? error.message() : "not a directory").File(folder);
}

/// The files of a real disk, in a folder that held those of an earlier run at most.
Status WriteDisk(const std::string& folder, const Dump& files) {
  std::error_code error;
  fs::remove_all(folder, error);
  for (const auto& [name, bytes] : files) {
    const fs::path path = fs::path(folder) / name;
    FAULTFS_RETURN_IF_ERROR(MakeFolder(path.parent_path().string()));
    std::ofstream file(path, std::ios::binary);
    file << bytes;
    if (!file.flush())
      return Status::Error(Code::kIoError, "cannot be written").File(path.string());
  }
  return {};
}

std::string TemporaryName(const std::string& path) {
  const fs::path whole(path);
  return (whole.parent_path() / fmt::format(".{}.{}.tmp", whole.filename().string(), getpid()))
      .string();
}

}  // namespace

Status WriteWhole(const std::string& path, std::string_view text) {
  PosixFileSystem posix;
  const std::string temporary = TemporaryName(path);
  Status status = WriteAndSync(temporary, text);
  if (status.ok()) status = posix.Rename(temporary, path, kTag);
  if (!status.ok()) static_cast<void>(posix.Remove(temporary, kTag));
  return status;
}

Status CheckWritable(const std::string& folder) {
  // Folders that this makes, the outermost last.
  std::vector<fs::path> made;
  std::error_code error;
  for (fs::path path = fs::absolute(folder, error).lexically_normal();
       !path.empty() && path != path.root_path() && !fs::exists(path, error);
       path = path.parent_path()) {
    made.push_back(path);
  }
  Status status = MakeFolder(folder);
  if (status.ok()) {
    PosixFileSystem posix;
    const std::string probe = TemporaryName((fs::path(folder) / "probe").string());
    status = WriteAndSync(probe, "");
    static_cast<void>(posix.Remove(probe, kTag));
  }
  for (const fs::path& path : made) fs::remove(path, error);  // only if empty
  return status;
}

const FindingFiles::Entry* FindingFiles::Find(const Scenario& scenario,
                                              const Finding& finding) const {
  const auto it = entries_.find({&scenario, finding.signature, finding.model});
  return it == entries_.end() ? nullptr : &it->second;
}

std::string FindingFiles::PathOf(const Scenario& scenario, const Finding& finding) const {
  const Entry* entry = Find(scenario, finding);
  return entry == nullptr ? std::string() : entry->path;
}

std::string FindingFiles::Unwritten(const Scenario& scenario, const Finding& finding) const {
  const Entry* entry = Find(scenario, finding);
  return entry == nullptr || !entry->path.empty() ? std::string() : entry->text;
}

void FindingFiles::Write(const Scenario& scenario, uint64_t case_seed, const Finding& finding) {
  Replace(scenario, finding, case_seed, finding);
}

void FindingFiles::Replace(const Scenario& scenario, const Finding& found, uint64_t case_seed,
                           const Finding& smaller) {
  Entry& kept = entries_[{&scenario, found.signature, found.model}];
  Entry entry = Place(scenario, case_seed, smaller, kept.ours ? kept.path : "");
  if (kept.ours && kept.path != entry.path) {
    std::error_code error;
    fs::remove(kept.path, error);
    fs::remove_all(DiskFolderOf(kept.path), error);
  }
  kept = std::move(entry);
}

FindingFiles::Entry FindingFiles::Place(const Scenario& scenario, uint64_t case_seed,
                                        const Finding& finding, const std::string& own) {
  // What tells it from the same on another model.
  const bool several = scenario.crash.models.size() > 1 && !finding.model.empty();
  const std::string model = several ? finding.model : "";
  const faultfs::Hash128 hash = faultfs::HashBytes(
      fmt::format("{}\n{}{}{}", finding.signature, case_seed, model.empty() ? "" : "\n", model));
  const std::string row = model.substr(0, model.find(' '));
  const std::string stem =
      fmt::format("{}-{}{}{}-{:08x}", scenario.name, Name(finding.verdict), row.empty() ? "" : "-",
                  row, static_cast<uint32_t>(hash.low));
  Entry entry;
  if (error_ = MakeFolder(folder_); !error_.ok()) {
    entry.text = PrintScenario(ScenarioOf(finding, stem));
    return entry;
  }
  for (int attempt = 1;; ++attempt) {
    const std::string name = attempt == 1 ? stem : fmt::format("{}-{}", stem, attempt);
    const std::string path = (fs::path(folder_) / (name + ".toml")).string();
    entry.text = PrintScenario(ScenarioOf(finding, name));
    const std::optional<std::string> there = ReadWhole(path);
    const bool same = there && *there == entry.text;
    if (there && !same && path != own) continue;
    if (!same) {
      error_ = WriteWhole(path, entry.text);
      if (!error_.ok()) return entry;
    }
    if (!finding.disk.empty()) error_ = WriteDisk(DiskFolderOf(path), finding.disk);
    entry.ours = !there || path == own;
    entry.path = path;
    return entry;
  }
}

}  // namespace crashlab
