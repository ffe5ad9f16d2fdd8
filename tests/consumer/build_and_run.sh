#!/usr/bin/env bash
# Installs Crashlab from a build folder, builds this project from the package alone, runs it.
#   build_and_run.sh BUILD_FOLDER SOURCE_FOLDER WORK_FOLDER
set -euo pipefail
build=$1 source=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log"
cmake --build "$work/build"
"$work/build/mylab" run "$source/scenarios" --progress never --out "$work/findings"
"$work/build/mylab" list adapters
