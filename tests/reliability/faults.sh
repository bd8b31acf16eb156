#!/usr/bin/env bash
# Each row of faults.txt is whole, and each test that it names is there. Prints what offends; fails where there is any.
# usage: faults.sh [root of the tree, default: this one]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
list=tests/reliability/faults.txt
bad=0 number=0

complain() {
  echo "$list:$number: $*"
  bad=1
}

check_test() {
  local file=${1%%:*} test=
  [[ -f $file ]] || return 1
  [[ $1 != *:* ]] && return 0
  test=${1#*:}
  [[ $test != row_* ]] || { grep -q "^$test()" "$file"; return; }
  grep -qE "^TEST(_[FP])?\(${test%%.*}, ${test#*.}\)" "$file"
}

while IFS= read -r line; do
  number=$((number + 1))
  [[ -n $line && $line != '#'* ]] || continue
  IFS='|' read -ra cells <<<"$line"
  tests=${cells[3]:-}
  if [[ -z ${tests// /} || ${#cells[@]} -ne 4 ]]; then
    complain "no row of four: name | what breaks | what must hold | test"
    continue
  fi
  IFS=', ' read -ra names <<<"$tests"
  for test in "${names[@]}"; do
    [[ -z $test ]] || check_test "$test" || complain "$test is no test: name one as FILE:SUITE.NAME"
  done
done <"$list"
exit $bad
