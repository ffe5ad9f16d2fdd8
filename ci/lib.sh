# shellcheck shell=bash
# What the commands of this folder share; sourced, never run.
#
# A command says `ci/NAME: …` before each step and ends with one such line when something is wrong.

export LC_ALL=C.UTF-8
export CXX="${CXX:-g++}"

CI_COMMAND="ci/$(basename "$0")"
CI_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
readonly CI_COMMAND CI_ROOT

say() { printf '%s: %s\n' "$CI_COMMAND" "$*"; }

die() {
  printf '%s: error: %s\n' "$CI_COMMAND" "$*" >&2
  exit 2
}

# help_if_asked TEXT ARGUMENTS…: prints the text and ends, if one argument is --help or -h.
help_if_asked() {
  local text="$1" argument
  shift
  for argument in "$@"; do
    case "$argument" in
      --help | -h)
        printf '%s\n' "$text"
        exit 0
        ;;
    esac
  done
}

no_arguments() { [ "$#" -eq 0 ] || die "unknown argument '$1' (see --help)"; }

# The name of every package of ci/packages.txt, one a line.
required_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$CI_ROOT/ci/packages.txt"; }

# Those of them that are not installed.
missing_packages() {
  local installed
  # dpkg-query fails when it doesn't know one of the names, and still lists the others.
  # shellcheck disable=SC2046  # one word a package
  installed="$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $(required_packages) \
    2>/dev/null | sed -n 's/^installed //p' | sort -u)" || true
  comm -23 <(required_packages | sort -u) <(printf '%s\n' "$installed")
}

# version_at_least HAVE WANT
version_at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# configure_and_build PRESET [TARGET…]
configure_and_build() {
  local preset="$1" build_dir="$CI_ROOT/build/$1" fresh=() home
  shift
  home="$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build_dir/CMakeCache.txt" 2>/dev/null)" ||
    true
  if [ -n "$home" ] && [ "$home" != "$CI_ROOT" ]; then
    say "the build folder came from another place ($home); configuring anew"
    fresh=(--fresh)
  fi
  cd "$CI_ROOT" || return
  say "configure $preset"
  cmake --preset "$preset" "${fresh[@]}" -DCRASHLAB_WERROR=ON
  say "build $preset ${*:-(everything)}"
  cmake --build "$build_dir" --parallel "$(nproc)" ${1:+--target "$@"}
}

# run_ctest PRESET [ARGUMENTS…]
run_ctest() {
  local preset="$1"
  shift
  cd "$CI_ROOT" || return
  say "test $preset"
  ctest --preset "$preset" -j "$(nproc)" --no-tests=error "$@"
}

# run_program PRESET NAME: one test program.
run_program() {
  local program
  program="$(find "$CI_ROOT/build/$1/tests" -type f -name "$2" -perm -u+x -print -quit)"
  [ -n "$program" ] || die "there is no test program '$2'"
  say "test $1: $2"
  "$program"
}

# check_canary CRASHLAB: an engine that keeps nothing must be seen to fail, by the very program that
# is about to say that others do not. (Not grep -q: it leaves at the first match, and the signal
# that the writer then gets would be the failure of the pipe.)
check_canary() {
  "$1" run "$CI_ROOT/scenarios/known-bad/canary.toml" --progress never --minimize 0 \
    --out "$(mktemp -d)" 2>&1 | grep 'found as expected: LOST_ACKED' >/dev/null ||
    die "the canary was not caught: this crashlab checks nothing"
}
