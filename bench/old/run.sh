#!/usr/bin/env bash
# What the kernel's own tables would give: the programs as they were before Sluice had tables of its own, built from the
# history and measured by their own bench_packet, in turns with the present one. Needs root, and a clone with history.
# usage: run.sh [--rounds N] [--turns N] [REV]     (default: 5 rounds, 3 turns, the last commit with kernel tables)
# Writes build/bench/old.json, of which `make bench-report` makes a table. Without that commit: one line, and exit 0.
set -euo pipefail

rev=7052848defec91a8f974c755c2664c884b2213d1
rounds=5 turns=3
while (($# > 0)); do
  case $1 in
    --rounds) rounds=$2 && shift 2 ;;
    --turns) turns=$2 && shift 2 ;;
    -*) echo "bench/old: $1: no such option: usage: run.sh [--rounds N] [--turns N] [REV]" >&2 && exit 2 ;;
    *) rev=$1 && shift ;;
  esac
done

cd "$(dirname "$0")/../.."
top=$PWD out=$PWD/build/bench/old
rm -rf "$out" "$out.json"
history() { git -c safe.directory="$top" "$@"; }
if ! commit=$(history rev-parse --verify --quiet "$rev^{commit}"); then
  echo "bench/old: commit $rev is not in this clone (git fetch --unshallow): the old programs are left out"
  exit 0
fi

sources=$top/build/old/$commit
if [[ ! -e $sources/.whole ]]; then
  rm -rf "$sources"
  mkdir -p "$sources"
  history archive "$commit" | tar -x -C "$sources"
  touch "$sources/.whole"
fi
(cd "$sources" && CCACHE_BASEDIR=$sources cmake --preset release --log-level=WARNING &&
  CCACHE_BASEDIR=$sources cmake --build --preset release --target bench_packet)
cmake --build "$top/build/release" --target bench_packet

# Few remotes from the groups that --quick has; of the others those that both have, under the names of either.
measure() {
  local program=$1 name=$2
  "$program" --quick --rounds "$rounds" --filter '^base$' --out "$out/$name-few.json" >/dev/null
  "$program" --rounds "$rounds" --filter '^(spread|cold)(-cidrs)?$|^tuples-65536$|^fill-100$' \
    --out "$out/$name-many.json" >/dev/null
}
mkdir -p "$out"
for ((turn = 1; turn <= turns; ++turn)); do
  echo "bench/old: turn $turn of $turns"
  measure "$sources/build/release/bench/bench_packet" "old-$turn"
  measure "$top/build/release/bench/bench_packet" "new-$turn"
done
bench/report/old.py --out "$out.json" --commit "$commit" --old "$out"/old-*.json --new "$out"/new-*.json
