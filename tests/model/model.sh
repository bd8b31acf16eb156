#!/usr/bin/env bash
# Goes through every state of the models of this folder (spin), each with the sizes below. A model that is whole has no
# counterexample; one in which a step of the law is left out has one, or the model could not have found it.
# What a model finds is printed as the way there.
# usage: model.sh [words of the rows that are wanted]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
ran=0

rows=$(grep -v '^#' "$here/rows.txt")

# Sets `found` to yes or no, and `states`.
search() {
  local model=$1
  shift
  rm -f "$work"/pan*
  (cd "$work" && spin -a "$@" "$here/$model.pml") >"$work/spin.out" 2>&1 || { cat "$work/spin.out" >&2; return 1; }
  # Compiling is all that a small search costs: tcc does it in a fiftieth of the time.
  tcc -w -DSAFETY -DVECTORSZ=1024 -DMEMLIM=1500 -o "$work/pan" "$work/pan.c"
  (cd "$work" && ./pan -m100000 -w22) >"$work/pan.out" 2>&1 || true
  states=$(sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' "$work/pan.out")
  case $(grep -oE 'errors: [0-9]+' "$work/pan.out") in
    'errors: 0') found=no ;;
    'errors: '*) found=yes ;;
    *) found= ;;
  esac
  # What was cut off is not searched, and a read outside of an array is no counterexample.
  if [[ -z $found ]] || grep -qE 'max search depth too small|out of memory|memory limit|indexing' "$work/pan.out"; then
    cat "$work/pan.out" >&2
    return 1
  fi
}

while read -r model kind options; do
  [[ "$model $kind $options" == *"${1:-}"* ]] || continue
  ran=$((ran + 1))
  read -ra flags <<<"$options"
  search "$model" "${flags[@]}"
  case $kind/$found in
    whole/no | broken/yes) printf '%s %s %s: %s states\n' "$model" "$kind" "$options" "$states" ;;
    whole/yes)
      bad=1
      echo "$model.pml $options: a packet meets what it must not. The way there:"
      (cd "$work" && spin -t -p -k "$model.pml.trail" "${flags[@]}" "$here/$model.pml" | grep -E 'proc|assert' | tail -80)
      ;;
    *)
      bad=1
      echo "$model.pml $options: a step of the law is left out, and the model does not find what comes of it"
      ;;
  esac
done <<<"$rows"
((ran > 0)) || { echo "no row of rows.txt has '${1:-}'" >&2; exit 2; }
exit "$bad"
