#!/usr/bin/env bash
# The kernel contract of include/sluice as text (maps, enums, struct layouts as clang sees them for BPF)
# against abi.txt, where it is written down together with its version: what is pinned in a running kernel outlives the
# program that wrote it, so a change of layout without a new SLUICE_LAYOUT_VERSION fails.
# Before the first release the first version may be written anew: delete abi.txt, then --update.
# usage: abi.sh [--update] [include folder and golden file, default: this tree's]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
update=0
[[ ${1:-} == --update ]] && update=1 && shift
include=${1:-$here/../../include}
golden=${2:-$here/abi.txt}

clang() {
  clang-14 -target bpf -std=gnu11 -I"$include" -isystem "/usr/include/$(gcc -print-multiarch)" "$@" "$here/abi.c"
}

describe() {
  clang -E -P -DABI_LINES | tr -s '\n ' ' ' | sed 's/;/;\n/g' |
    sed -nE 's/^ *ABI (.*);$/\1/p; s/^ *(enum [a-z_]* ?\{[^}]*\}).*/\1/p' | sed -E '/^enum/s/([,{]) /\1\n  /g' | sed 's/ *$//'
  # Blocks of "offset | member" lines; those of the project's own structs.
  clang -fsyntax-only -Xclang -fdump-record-layouts-complete |
    awk '/^\*\*\*/ { own = 0; next }
         /\| struct sluice_/ && $1 == "0" { own = 1 }
         own && NF { print }'
}

now=$(describe)
version() { sed -n 's/^version //p' | head -1; }
new=$(version <<<"$now")
[[ -n $new ]] || { echo "abi.sh: no SLUICE_LAYOUT_VERSION in $include/sluice: is the folder right?" >&2; exit 2; }
old=none
[[ -f $golden ]] && old=$(version <"$golden")

if [[ -f $golden ]] && diff -u --label "abi.txt (version $old)" --label "include/sluice (version $new)" \
  "$golden" - <<<"$now"; then
  exit 0
fi
if [[ $new == "$old" ]]; then
  echo "abi.sh: the layout changed and its version did not: raise SLUICE_LAYOUT_VERSION in include/sluice/limits.h" >&2
  exit 1
fi
if ((!update)); then
  echo "abi.sh: a new version: write it down with tests/check/abi.sh --update" >&2
  exit 1
fi
printf '%s\n' "$now" >"$golden"
echo "abi.sh: version $new written to $golden"
