// Findings as files, written the moment they are made.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultfs/env/status.h"
#include "harness/case.h"
#include "harness/scenario/scenario.h"

namespace crashlab {

/// Writes `text` to a temporary file beside `path`, syncs it and renames it: whoever reads `path`
/// sees all of it or what was there before.
[[nodiscard]] faultfs::Status WriteWhole(const std::string& path, std::string_view text);

/// Ok if a file could be made in `folder`, which is made for the trial if it is missing. Leaves
/// nothing behind.
[[nodiscard]] faultfs::Status CheckWritable(const std::string& folder);

class FindingFiles {
 public:
  /// `folder` is made when the first finding comes.
  explicit FindingFiles(std::string folder) : folder_(std::move(folder)) {}

  /// Writes `SCENARIO-VERDICT-HASH.toml`. A file of that name with other content stays, and the
  /// finding gets another name. A finding of the same scenario and signature replaces the one that
  /// this object wrote before. The files of a real disk go beside it, see DiskFolderOf. What cannot
  /// be written is kept: see Unwritten.
  void Write(const Scenario& scenario, uint64_t case_seed, const Finding& finding);

  /// The finding that was written with `signature`, made smaller: takes the place of its file.
  void Replace(const Scenario& scenario, std::string_view signature, uint64_t case_seed,
               const Finding& smaller);

  /// The file of a finding; empty if there is none.
  [[nodiscard]] std::string PathOf(const Scenario& scenario, std::string_view signature) const;

  /// Text of a finding that has no file, whole; empty if it has one.
  [[nodiscard]] std::string Unwritten(const Scenario& scenario, std::string_view signature) const;
  /// Why the last one could not be written.
  [[nodiscard]] const faultfs::Status& error() const { return error_; }

 private:
  struct Entry {
    std::string path;  // empty: could not be written
    std::string text;
    bool ours = false;  // not there before this run
  };
  using Key = std::pair<const Scenario*, std::string>;
  [[nodiscard]] const Entry* Find(const Scenario& scenario, std::string_view signature) const;
  /// `own`: a file that may be overwritten.
  [[nodiscard]] Entry Place(const Scenario& scenario, uint64_t case_seed, const Finding& finding,
                            const std::string& own);

  const std::string folder_;
  // order never escapes: looked up by key, never walked (addresses differ from run to run).
  std::map<Key, Entry> entries_;
  faultfs::Status error_;
};

}  // namespace crashlab
