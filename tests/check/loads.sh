#!/usr/bin/env bash
# Which libraries a program asks the loader for: none of those that it does without, or every one of its users has them.
# usage: loads.sh <program> <regular expression of what it must not load>
set -euo pipefail
program=${1:?usage: loads.sh <program> <regular expression>} unwanted=${2:?usage: loads.sh <program> <regular expression>}
loaded=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
if found=$(grep -E "$unwanted" <<<"$loaded"); then
  echo "${program##*/} loads ${found//$'\n'/, }: see what its target links, and APART in docs/building.md" >&2
  exit 1
fi
