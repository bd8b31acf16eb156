#!/usr/bin/env bash
# clang-tidy on agent/ with the flags of a build. A file that passed is passed over until it, a header of the project
# that it includes, .clang-tidy or this script changes; FULL=1 looks at every file again. Says how many it looked at.
# usage: tidy.sh <build folder that compiles each file by itself, its target `generated` built> [path prefix, default: agent/]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: tidy.sh <build folder> [path prefix]} prefix=${2:-agent/}
stamps=$build/tidy
[[ ${FULL:-0} == 0 ]] || rm -rf "$stamps"
mkdir -p "$stamps"

# "<source> <header of the project>..." for each source that the build compiles.
dependencies() { python3 -B tests/check/includes.py "$build/compile_commands.json" "$prefix"; }

# Headers that the build made are not here: what they are made of is.
state_of() { { cat .clang-tidy tests/check/tidy.sh tests/check/includes.py "$@" 2>/dev/null || true; } | sha256sum | cut -d' ' -f1; }

todo=() all=0
declare -A want=()
while read -r source headers; do
  all=$((all + 1))
  # shellcheck disable=SC2086  # a list of paths, none with a space
  want[$source]=$(state_of "$source" $headers)
  [[ $(cat "$stamps/${source//\//_}" 2>/dev/null) == "${want[$source]}" ]] || todo+=("$source")
done < <(dependencies)
((all > 0)) || { echo "tidy: $build compiles no file of $prefix by itself: cmake --preset files" >&2; exit 2; }

# One file: its findings, if any; its stamp, if none.
look_at() {
  local source=$1 stamp=$2 state=$3 build=$4 output
  if output=$(clang-tidy-14 --quiet -p "$build" "$source" 2>/dev/null); then
    echo "$state" >"$stamp"
  else
    printf '%s\n' "${output:-$source: clang-tidy-14 could not run: clang-tidy-14 -p $build $source}"
    return 1
  fi
}
export -f look_at

echo "tidy: ${#todo[@]} of $all files have changed since they last passed"
((${#todo[@]} > 0)) || exit 0
for source in "${todo[@]}"; do
  printf '%s\0' "$source" "$stamps/${source//\//_}" "${want[$source]}" "$build"
done | xargs -0 -n 4 -P "$(nproc)" bash -c 'look_at "$@"' tidy ||
  { echo "tidy: findings above; mend them, or NOLINT(check) with the reason" >&2; exit 1; }
echo "tidy: clean"
