#!/usr/bin/env bash
# tests/unit mirrors agent/: agent/X/y.cc has tests/unit/X/y_test.cc (of X its last folder), or tests/unit/covered.txt
# says which tests cover it. So has a header that is alone and holds code. Prints what offends; fails where there is any.
# usage: units.sh [root of the tree, default: this one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

list=tests/unit/covered.txt
code='^[^/]*(\breturn\b|\) *(const|noexcept| )*\{)'  # of a header: a function's body
declare -A covered=()  # source -> the tests that cover it
bad=0

complain() {
  echo "$*"
  bad=1
}

# Sets `own` to where the test of a source's own name would stand.
own_test_of() {
  local folder=${1%/*} name=${1##*/}
  own=tests/unit/${folder##*/}/${name%.*}_test.cc
}

read_list() {
  local line source number=0 test
  [[ -e $list ]] || return 0
  while IFS= read -r line; do
    number=$((number + 1))
    [[ -n $line && $line != '#'* ]] || continue
    source=${line%%: *}
    own_test_of "$source"
    [[ -e $source ]] || complain "$list:$number: $source: there is no such file: strike the line"
    [[ ! -e $own ]] || complain "$list:$number: $source: has $own: strike the line"
    [[ -z ${covered[$source]:-} ]] || complain "$list:$number: $source: stands here twice"
    for test in ${line#*: }; do
      [[ -e $test && $test == tests/* ]] || complain "$list:$number: $source: there is no test $test"
    done
    covered[$source]=${line#*: }
  done <"$list"
}

check_source() {
  own_test_of "$1"
  [[ -e $own || -n ${covered[$1]:-} ]] || complain "$1: no $own: write it, or say in $list what covers it"
}

read_list
while IFS= read -r file; do
  if [[ $file == *.h ]]; then
    if [[ -e ${file%.h}.cc ]] || ! grep -qE "$code" "$file"; then continue; fi
  fi
  check_source "$file"
done < <(find agent -name '*.cc' -o -name '*.c' -o -name '*.h' | sort)
exit "$bad"
