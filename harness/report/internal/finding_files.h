// Findings as files, written the moment they are made.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
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
  /// finding gets another name. A finding of the same scenario, signature and model replaces the
  /// one that this object wrote before. Where a scenario has several models the name has the
  /// finding's: `SCENARIO-VERDICT-MODEL-HASH.toml`. The files of a real disk go beside it, see
  /// DiskFolderOf. What cannot be written is kept: see Unwritten.
  void Write(const Scenario& scenario, uint64_t case_seed, const Finding& finding);

  /// `found`, which was written, made smaller: takes the place of its file.
  void Replace(const Scenario& scenario, const Finding& found, uint64_t case_seed,
               const Finding& smaller);

  /// The file of a finding; empty if there is none.
  [[nodiscard]] std::string PathOf(const Scenario& scenario, const Finding& finding) const;

  /// Text of a finding that has no file, whole; empty if it has one.
  [[nodiscard]] std::string Unwritten(const Scenario& scenario, const Finding& finding) const;
  /// Why the last one could not be written.
  [[nodiscard]] const faultfs::Status& error() const { return error_; }

 private:
  struct Entry {
    std::string path;  // empty: could not be written
    std::string text;
    bool ours = false;  // not there before this run
  };
  using Key = std::tuple<const Scenario*, std::string, std::string>;  // signature, model
  [[nodiscard]] const Entry* Find(const Scenario& scenario, const Finding& finding) const;
  /// `own`: a file that may be overwritten.
  [[nodiscard]] Entry Place(const Scenario& scenario, uint64_t case_seed, const Finding& finding,
                            const std::string& own);

  const std::string folder_;
  // order never escapes: looked up by key, never walked (addresses differ from run to run).
  std::map<Key, Entry> entries_;
  faultfs::Status error_;
};

}  // namespace crashlab
