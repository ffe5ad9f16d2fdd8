// Scenario files from the disk.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "harness/scenario/scenario.h"

namespace crashlab {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxFileBytes = uintmax_t{64} << 20;

Status Wrong(Code code, const std::string& path, const std::string& what) {
  return Status::Error(code, path + ": " + what).File(path);
}

/// Text has no control bytes but blanks and line ends. (TOML's parser judges the UTF-8.)
bool IsText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
}

Result<std::string> ReadText(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return Wrong(Code::kNotFound, path, "no such file or folder");
  }
  if (error) return Wrong(Code::kIoError, path, error.message());
  if (!fs::is_regular_file(status)) {
    return Wrong(Code::kInvalidArgument, path, "neither a file nor a folder");
  }
  const uintmax_t size = fs::file_size(path, error);
  if (!error && size > kMaxFileBytes) {
    return Wrong(Code::kTooLarge, path, "too large for a scenario");
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return Wrong(Code::kPermissionDenied, path, std::string("cannot read: ") + strerror(errno));
  }
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) return Wrong(Code::kIoError, path, "cannot read to the end");
  if (!IsText(text)) return Wrong(Code::kInvalidArgument, path, "no text; a scenario is TOML");
  return text;
}

/// Every *.toml below, sorted.
Result<std::vector<std::string>> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;  // a link to nowhere is no folder; reading it says what is wrong
    if (entry->path().extension() == ".toml" && !entry->is_directory(ignored)) {
      files.push_back(entry->path().string());
    }
  }
  if (error) return Wrong(Code::kIoError, folder, "cannot list: " + error.message());
  if (files.empty()) return Wrong(Code::kNotFound, folder, "no *.toml in this folder");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<Scenario>> LoadScenarios(const std::vector<std::string>& paths,
                                            const AdapterSet& adapters) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    FAULTFS_ASSIGN_OR_RETURN(std::vector<std::string> below, FilesBelow(path));
    files.insert(files.end(), below.begin(), below.end());
  }
  std::vector<Scenario> scenarios;
  std::map<std::string, std::string> file_of;
  for (const std::string& file : files) {
    FAULTFS_ASSIGN_OR_RETURN(const std::string text, ReadText(file));
    FAULTFS_ASSIGN_OR_RETURN(Scenario scenario, ParseScenario(text, file, adapters));
    const auto [other, is_new] = file_of.emplace(scenario.name, file);
    if (!is_new) {
      return Wrong(Code::kInvalidArgument, file,
                   other->second == file
                       ? "named twice"
                       : "scenario \"" + scenario.name + "\" is in " + other->second + " too");
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace crashlab
