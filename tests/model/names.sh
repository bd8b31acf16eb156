#!/usr/bin/env bash
# The models speak of the code's functions by name: each name of an action, and each that a comment or a step gives with
# its parentheses, is a function of bpf/, include/ or agent/. What is the model's own is named model_... . Prints
# what is not there; fails where there is any.
# usage: names.sh [folder of models, default: this one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "${1:-$here}" && pwd)
cd "$here/../.."
bad=0

names() {
  grep -ohE '^inline [A-Za-z_0-9]+' "$folder"/*.pml | cut -d' ' -f2
  sed 's/run [a-z]*(//; s/^proctype [a-z]*(//' "$folder"/*.pml | grep -oE '\b[A-Za-z_0-9]+\(\)' | tr -d '()' || true
  grep -ohE '"> (agent|cpu%d) [a-z_0-9]+' "$folder"/*.pml | sed -E 's/.* //; /^(verdict|dies|fails)$/d' || true
}

while IFS= read -r name; do
  grep -rqE "\b$name\(" bpf include agent && continue
  echo "$folder: $name(): the code has no such function: give the action the code's name, or call it model_$name"
  bad=1
done < <(names | sort -u | grep -v '^model_')
exit "$bad"
