// The project's style rules, each a function from a tree to its violations.
//
// They judge text, not types: a rule may be fooled by code written to fool it. What the compiler
// and clang-format can hold they hold; these hold the rest. docs/development.md lists the rules.
#pragma once

#include <string>
#include <vector>

#include "tests/style/source_tree.h"

namespace crashlab::style {

/// Each reads `path:line: what is wrong; what to do instead`.
using Violations = std::vector<std::string>;

/// A folder includes only what its row of the table in docs/development.md allows; includes are
/// written from the root; headers that cost seconds stay out of headers.
[[nodiscard]] Violations CheckIncludes(const SourceTree& tree);

/// No header reaches itself.
[[nodiscard]] Violations CheckIncludeCycles(const SourceTree& tree);

/// Names that break determinism, the environment's seam or ownership, with their replacements.
[[nodiscard]] Violations CheckBannedNames(const SourceTree& tree);

/// No marker of unfinished work.
[[nodiscard]] Violations CheckMarkers(const SourceTree& tree);

/// Columns, blanks, tabs, length of files, how a header begins.
[[nodiscard]] Violations CheckLayout(const SourceTree& tree);

/// Every .cc is named in the build list of its folder or of one above.
[[nodiscard]] Violations CheckBuildLists(const SourceTree& tree);

/// Every .cc outside bench/ and outside projects of their own is compiled by the build whose
/// compile_commands.json is given.
[[nodiscard]] Violations CheckCompiled(const SourceTree& tree, const std::string& root,
                                       const std::string& compile_commands);

/// Every header is included by another file.
[[nodiscard]] Violations CheckDeadHeaders(const SourceTree& tree);

}  // namespace crashlab::style
