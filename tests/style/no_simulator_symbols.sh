#!/usr/bin/env bash
# usage: no_simulator_symbols.sh PROGRAM ARCHIVE…
#
# Fails if PROGRAM defines a symbol that one of the archives (faultfs' rooms sim, fault and crash)
# defines: a program that only uses the store must not carry the simulator.
set -euo pipefail
export LC_ALL=C

# Strong definitions: inline functions and templates may be anybody's.
defined() {
  nm --defined-only --extern-only --format=posix "$@" | sed -n 's/^\([^ ]*\) [TBDR] .*/\1/p'
}

program="$1"
shift
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
defined "$@" | sort -u >"$work/simulator"
defined "$program" | sort -u >"$work/program"

# A comparison with nothing finds nothing.
[ -s "$work/simulator" ] || { echo "no symbol in: $*"; exit 1; }
grep -q . "$work/program" || { echo "no symbol in $program: stripped?"; exit 1; }

comm -12 "$work/simulator" "$work/program" >"$work/both"
if [ -s "$work/both" ]; then
  echo "$program carries the simulator:"
  c++filt <"$work/both"
  exit 1
fi
echo "$(wc -l <"$work/program") symbols, none of the simulator's $(wc -l <"$work/simulator")"
