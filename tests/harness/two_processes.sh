#!/usr/bin/env bash
# One seed, one result: the same scenarios in processes of their own, on one worker and on two, give
# the same report but for its timings, and the same finding leaves the same bytes in every file.
#   two_processes.sh CRASHLAB SCENARIOS WORK_FOLDER
# The digests in the report cover every event, every step of every trace and every byte written.
# Processes of their own, because hash seeds and addresses differ between them and not within one.
set -euo pipefail
crashlab=$1 scenarios=$2 work=$3
rm -rf "$work"
mkdir -p "$work"

report() { # NAME JOBS
  "$crashlab" run "$scenarios/ci" "$scenarios/known-bad" --runs 20 --jobs "$2" --progress never \
    --out "$work/findings-$1" --json "$work/$1.json" >"$work/$1.out" || [ $? -eq 3 ]
  sed -E 's/,"seconds":.*$//' "$work/$1.json" >"$work/$1.stripped"
}
report one-worker 1
report two-workers 2
report again 2
[ "$(grep -c '"digest"' "$work/again.stripped")" -ge 40 ]
cmp "$work/one-worker.stripped" "$work/two-workers.stripped"
cmp "$work/two-workers.stripped" "$work/again.stripped"
diff -r "$work/findings-one-worker" "$work/findings-two-workers"

finding=$(find "$work/findings-again" -name 'lying-disk-sync-*.toml' | sort | head -n 1)
"$crashlab" export "$finding" --out "$work/disk-1" >"$work/disk-1.out"
"$crashlab" export "$finding" --out "$work/disk-2" >"$work/disk-2.out"
[ "$(find "$work/disk-1" -name '*.wal' -size +0 | wc -l)" -ge 1 ]
diff -r "$work/disk-1" "$work/disk-2"
echo "equal: $(grep -c '"digest"' "$work/again.stripped") scenarios"
