#!/usr/bin/env bash
# The preset arm64 is one, and its toolchain file can be read: it is content, or says what makes what it lacks.
# usage: arm64.sh <cmake>
set -euo pipefail
cmake=${1:-cmake}
cd "$(dirname "$0")/../.."
"$cmake" --list-presets=configure | grep -q '"arm64"' || { echo "CMakePresets.json: no preset arm64"; exit 1; }
[[ -e build/sysroots/arm64/list ]] && made=yes || made=no
if said=$("$cmake" -P cmake/arm64.cmake 2>&1); then
  [[ $made == yes ]] || { echo "cmake/arm64.cmake: takes a root that deploy/sysroot.sh has not made"; exit 1; }
else
  [[ $made == no && $said == *deploy/sysroot.sh* ]] || { echo "cmake/arm64.cmake: $said"; exit 1; }
fi
