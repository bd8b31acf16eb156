#!/usr/bin/env bash
# SECURITY.md names, for each line of what somebody cannot do, the tests that hold it: there is at least one, and each is
# there. As `Suite.Name` of GoogleTest, `file_test.test_name` of Python, `name` of ctest, or a file of tests/.
# Prints what offends; fails where there is any.
# usage: security.sh [root of the tree, default: this one]
# shellcheck disable=SC2016  # backticks are Markdown's
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"
page=SECURITY.md
bad=0

complain() {
  echo "$page:$*"
  bad=1
}

gtests=$(grep -rhoE '^TEST(_F|_P)?\([A-Za-z0-9_]+, *[A-Za-z0-9_]+\)' tests --include='*_test.cc' | sed -E 's/.*\((.*), *(.*)\)/\1.\2/' | sort -u)
ctests=$(grep -rhoE '\b(check|deploy)_[a-z_]+' tests --include=CMakeLists.txt | sort -u)

is_there() { # <name>
  case $1 in
    tests/*) [[ -f $1 ]] ;;
    *_test.test_*) grep -rqE "^ +def ${1#*.}\(" tests --include="${1%%.*}.py" ;;
    *.*) grep -qxF "$1" <<<"$gtests" ;;
    check_*) grep -qxF "$1" <<<"$ctests" || [[ -f tests/check/${1#check_}.sh || -f tests/check/${1#check_}.py ]] ;;
    *) grep -qxF "$1" <<<"$ctests" ;;
  esac
}

number=0 holds=''
while IFS= read -r line; do
  number=$((number + 1))
  case $line in
    '| cannot | held by |') holds=1 ;;
    '|---'*) ;;
    '|'*)
      [[ $holds ]] || continue
      names=${line%|} names=${names##*|}
      [[ $names == *'`'* ]] || complain "$number: names no test that holds it"
      while IFS= read -r name; do
        is_there "$name" || complain "$number: there is no test $name"
      done < <(grep -oE '`[^`]+`' <<<"$names" | tr -d '`')
      ;;
    *) holds='' ;;
  esac
done <"$page"
exit "$bad"
