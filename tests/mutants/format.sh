#!/usr/bin/env bash
# What stands at the head of a mutant is checked, and the exam reads from a report what it is to.
set -euo pipefail
root="$1"
work="$(mktemp -d)"
trap 'rm -r "$work"' EXIT
failed=0

# expect TEXT HEAD: planting a mutant with this head says this, or nothing.
expect() {
  local said
  mkdir -p "$work/tree"
  printf 'one\n' >"$work/tree/a.cc"
  printf '%s\nfile: a.cc\nfind:\none\nreplace:\ntwo\n' "$2" >"$work/m"
  said="$(perl "$root/ci/exam/plant.pl" "$work/m" "$work/tree" 2>&1)" || true
  said="${said#"$work/m: "}"
  if [ "$said" != "$1" ]; then
    printf 'of a head that reads\n%s\nit says "%s" instead of "%s"\n' "$2" "$said" "$1"
    failed=1
  fi
}

expect '' 'why: a bug'
expect '' $'why: a bug\nmodels: posix btrfs\nmodels-why: names have no order there'
expect 'needs a line why:' 'fault: P'
expect "no key 'fualt'" $'why: a bug\nfualt: P'
expect 'no line KEY: TEXT: a bug' 'a bug'
expect 'no line KEY: TEXT: models: ' $'why: a bug\nmodels: '
expect 'why: is there twice' $'why: a bug\nwhy: a bug'
expect 'models: and models-why: stand together' $'why: a bug\nmodels: posix'
expect 'models: and models-why: stand together' $'why: a bug\nmodels-why: so it is'
expect "models: no model 'ext4'" $'why: a bug\nmodels: posix ext4\nmodels-why: so it is'
expect "models: 'xfs' is there twice" $'why: a bug\nmodels: xfs xfs\nmodels-why: so it is'
all='posix prefix ext4-writeback ext4-ordered ext4-journal btrfs xfs'
expect 'models: these are all; leave the line out' \
  "$(printf 'why: a bug\nmodels: %s\nmodels-why: so it is' "$all")"

# reads WHAT TEXT: of a report of two scenarios.
reads() {
  local said
  said="$(perl "$root/ci/exam/models.pl" "$1" "$work/report" | tr '\n' ' ')"
  if [ "$said" != "$2" ]; then
    printf '%s: "%s" instead of "%s"\n' "$1" "$said" "$2"
    failed=1
  fi
}

model() { printf '{"name":"%s","verdicts":[%s],"clean":%s,"programs":1}' "$1" "$2" "$3"; }
{
  printf '{"type":"scenario","models":[%s,%s,%s],"coverage":[]}\n' "$(model posix '"HOLE"' false)" \
    "$(model btrfs '' true)" "$(model xfs '' false)"
  printf '{"type":"finding","detail":"\\"models\\":[{\\"name\\":\\"prefix\\"}]"}\n'
  printf '{"type":"scenario","models":[%s,%s],"coverage":[]}\n' "$(model posix '' true)" \
    "$(model btrfs '"HOLE","CRASH"' false)"
} >"$work/report"
reads shown 'posix btrfs '
reads unjudged 'xfs '
exit "$failed"
