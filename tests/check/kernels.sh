#!/usr/bin/env bash
# The kernels that README.md and docs/ name as booted are those of docs/kernels.md, which `make kernels` wrote, and
# these are those of tests/kernels/kernels.txt.
# usage: kernels.sh [root of the tree, default: this one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"
bad=0
complain() {
  echo "$*"
  bad=1
}

mapfile -t booted < <(sed -n 's/^|  *| \(\*\*.*\) |$/\1/p' docs/kernels.md | tr -d '* ' | tr '|' '\n')
((${#booted[@]} > 1)) || { complain "docs/kernels.md: names no kernels: run make kernels"; exit 1; }
listed=$(printf '%s, ' "${booted[@]:0:${#booted[@]}-1}")
listed="${listed%, } and ${booted[-1]}"

for file in README.md docs/operating.md; do
  grep -q "booted on Linux" "$file" || complain "$file: does not say on which kernels Sluice was booted: booted on Linux $listed"
done
while IFS= read -r hit; do
  [[ ${hit#*:} == "booted on Linux $listed" ]] ||
    complain "${hit%%:*}: says '${hit#*:}', docs/kernels.md says 'booted on Linux $listed'"
done < <(grep -oHE 'booted on Linux [0-9][0-9., and]*[0-9]' README.md docs/*.md || true)
while read -r name _; do
  [[ $name == [0-9]* ]] || continue
  [[ " ${booted[*]} " == *" $name "* ]] || complain "docs/kernels.md: lacks $name of tests/kernels/kernels.txt: run make kernels"
done < <(grep -v '^#' tests/kernels/kernels.txt)
((!bad))
