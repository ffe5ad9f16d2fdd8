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

# reads TEXT WHAT [MODEL…]: what models.pl says of the report, or of what is wrong with it.
reads() {
  local said expected="$1"
  shift
  said="$(perl "$root/ci/exam/models.pl" "$1" "$work/report" "${@:2}" 2>&1)" || said="1: $said"
  said="${said//"$work/"/}"
  said="${said//$'\n'/ }"
  if [ "$said" != "$expected" ]; then
    printf '%s: "%s" instead of "%s"\n' "$*" "$said" "$expected"
    failed=1
  fi
}

# scenario STATUS MODELS: a line of a report; model NAME VERDICTS CLEAN: one of its models.
scenario() {
  printf '{"type":"scenario","name":"a","status":"%s","reason":"","models":[%s],"coverage":[]}\n' \
    "$1" "$2"
}
model() { printf '{"name":"%s","verdicts":[%s],"clean":%s,"programs":1}' "$1" "$2" "$3"; }
end='{"type":"summary","scenarios":2}'
{
  scenario unexpected "$(model posix '"HOLE"' false),$(model btrfs '' true),$(model xfs '' false)"
  printf '{"type":"finding","detail":"\\"models\\":[{\\"name\\":\\"prefix\\"}]"}\n'
  scenario unexpected "$(model posix '' true),$(model btrfs '"HOLE","CRASH"' false)"
  printf '%s\n' "$end"
} >"$work/report"
reads 'posix btrfs' shown
reads 'posix btrfs' shown posix btrfs xfs prefix
reads 'xfs' unjudged
reads 'xfs' unjudged xfs btrfs posix
reads 'xfs prefix' unjudged posix prefix

# A model on which nothing was recovered, as when its run died, is not clean; nor is any, where the
# whole was not decided and nothing was found.
printf '%s\n' "$(scenario as-expected "$(model posix '' true),$(model xfs '' false)")" "$end" \
  >"$work/report"
reads '' shown
reads 'xfs' unjudged
printf '%s\n' "$(scenario not-decided "$(model posix '' true),$(model xfs '' false)")" "$end" \
  >"$work/report"
reads 'posix xfs' unjudged
printf '%s\n' "$(scenario left-out '')" "$(scenario as-expected "$(model posix '' true)")" "$end" \
  >"$work/report"
reads '' unjudged posix

# What cannot be read fails; it does not say that nothing shows.
for what in shown unjudged; do
  scenario as-expected "$(model posix '' true)" >"$work/report"
  reads '1: report: it has no end' "$what"
  : >"$work/report"
  reads '1: report: it has no end' "$what"
  printf '%s\n' "$end" >"$work/report"
  reads '1: report: no models' "$what"
  printf '{"type":"scenario","status":"unexpected"}\n%s\n' "$end" >"$work/report"
  reads '1: report: no models' "$what"
  printf '{"type":"scenario","models":[],"coverage":[]}\n%s\n' "$end" >"$work/report"
  reads '1: report: no status' "$what"
  rm "$work/report"
  reads '1: cannot read report' "$what"
done
exit "$failed"
