#!/usr/bin/env bash
# A program's line to the linker names none of what it must not be made of. That the linker leaves out what nobody calls
# is no wall: a call more, and it is in.
# usage: links.sh <build folder> <target> <regular expression of a word of the line that must not be there>
set -euo pipefail
usage='usage: links.sh <build folder> <target> <regular expression>'
build=${1:?$usage} target=${2:?$usage} unwanted=${3:?$usage}
line=$(ninja -C "$build" -t commands -s "$target" | tail -1)
[[ " $line" == *" -o $target "* ]] || { echo "$target: ninja gives no line to the linker: '$line'"; exit 1; }
if found=$(tr -s ' ' '\n' <<<"$line" | grep -E "^($unwanted)$" | sort -u); then
  echo "${target##*/} is linked with ${found//$'\n'/, }: strike it from its LINKS, or from what they link (docs/design.md)"
  exit 1
fi
