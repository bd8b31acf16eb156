#!/usr/bin/env bash
# Runs every libFuzzer program of a build for some seconds each. New inputs are kept in the build folder, crashes are
# written there too and named in the last lines; put what crashed into tests/fuzz/corpus/<target>/ with its fix.
# usage: run.sh <build folder of the fuzz preset> <seconds a target>
set -euo pipefail
build=$(realpath "$1") seconds=$2
corpus=$(cd "$(dirname "$0")/corpus" && pwd)

shopt -s nullglob
targets=("$build"/tests/fuzz/fuzz_*)
failed=() ran=0
for target in "${targets[@]}"; do
  name=$(basename "$target")
  [[ -f $target && -x $target && $name != fuzz_replay_* ]] || continue
  seeds=$corpus/${name#fuzz_} found=$build/found/$name
  mkdir -p "$found"
  [[ -d $seeds ]] || { echo "fuzz: $name has no seed corpus: add $seeds" >&2; exit 2; }
  echo "fuzz: $name, $seconds s from $(find "$seeds" -type f | wc -l) seeds"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$found.crash-" "$found" "$seeds" </dev/null || failed+=("$name")
  ran=$((ran + 1))
done
((ran > 0)) || { echo "fuzz: no fuzz_* program in $build/tests/fuzz: build the target 'fuzzers' first" >&2; exit 2; }
echo "fuzz: $((ran - ${#failed[@]})) passed, ${#failed[@]} failed"
((${#failed[@]} == 0)) || { echo "fuzz: failed: ${failed[*]}; inputs in $build/found/*.crash-*" >&2; exit 1; }
