#!/usr/bin/env bash
# Every mutant still fits the source that it changes: what it looks for is there exactly once. What
# no longer fits must be seen with the change that moved it, not with the next whole exam.
set -euo pipefail
root="$1"
failed=0
for mutant in "$root"/tests/mutants/*.mutant "$root"/tests/mutants/oracle/*.mutant; do
  tree="$(mktemp -d)"
  sed -n 's/^file: //p' "$mutant" | sort -u | while read -r file; do
    mkdir -p "$tree/$(dirname "$file")"
    cp "$root/$file" "$tree/$file"
  done
  perl "$root/ci/exam/plant.pl" "$mutant" "$tree" || failed=1
  rm -r "$tree"
done
exit "$failed"
