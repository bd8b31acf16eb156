#!/usr/bin/env bash
# Builds everything that is shipped twice, from two copies of the commit in folders of different names, and compares the
# programs and the packages byte by byte. Without a compiler cache, which would take the second from the first.
# usage: reproduce.sh [--keep]
#   --keep  leaves both folders below build/reproduce
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)

fail() {
  echo "reproduce: $*" >&2
  exit 2
}

case ${1:-} in
  "" | --keep) ;;
  --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0"; exit 0 ;;
  *) fail "'$1' is no option: --keep" ;;
esac
git -C "$root" rev-parse --verify --quiet HEAD >/dev/null || fail "$root is no clone: what is built is a commit"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1
work=$root/build/reproduce
rm -rf "$work"
[[ ${1:-} ]] || trap 'rm -rf "$work"' EXIT
folders=("$work/one" "$work/a/longer/name/of/two")

for folder in "${folders[@]}"; do
  echo "reproduce: $folder"
  mkdir -p "$folder"
  git -C "$root" archive HEAD | tar -x -C "$folder"
  (cd "$folder" && cmake --preset release --log-level=WARNING && cmake --build --preset release --target programs >/dev/null &&
    deploy/deb/build.sh --programs build/release/agent/apps --out build/deb >/dev/null)
done

bad=0
for file in build/release/agent/apps/{sluiced,sluicectl,sluice-watcher,sluice-cni,kubectl-sluice} build/deb; do
  if ! diff -rq "${folders[0]}/$file" "${folders[1]}/$file"; then bad=1; fi
done
((bad == 0)) && echo "reproduce: the same bytes"
exit "$bad"
